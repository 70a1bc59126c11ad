//! The shop's books as tables.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use serde_json::json;
use turnpike_domain::ids::{CustomerId, PaymentMethod, ProductId};
use turnpike_operator::PREFIX;
use turnpike_service::{Actor, StaticIpSheet, Wish};
use turnpike_testkit::each_store;

use crate::given::{Given, operator};

/// The lines of a table, without trade numbers, which are drawn.
async fn table(given: &Given, path: &str) -> Vec<String> {
    let answer = given.get(&format!("/exports/{path}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let name = path.split('?').next().unwrap();
    assert_eq!(answer.headers["content-disposition"], format!("attachment; filename=\"{name}.csv\""));
    let drawn = |word: &str| word.len() == 28 && word.bytes().all(|byte| byte.is_ascii_digit());
    let plain =
        |line: &str| line.split(',').map(|word| if drawn(word) { "…" } else { word }).collect::<Vec<_>>().join(",");
    answer.body.lines().map(plain).collect()
}

/// A customer with 50 to spend that has bought traffic for 5 of it.
async fn shop(given: &Given) -> i64 {
    let gb = json!({"code": "gb", "type": 9, "name": "=Traffic", "price": "5", "size_kb": 1_048_576});
    given.put("/catalogue", json!({"products": [gb]})).await.is(200);
    let customer = given.customer("anna").await;
    let gift = json!({"amount": "50", "why": "+1 to \"begin\""});
    given.post(&format!("/customers/{customer}/adjustments"), gift).await.is(201);
    let owner = CustomerId::new(customer);
    let wish = Wish::of(ProductId::new(1), PaymentMethod::new(1));
    given.service.create_order(&Actor::Customer(owner), owner, wish).await.unwrap();
    customer
}

each_store! {
    async fn orders_and_the_ledger_are_written(store: &TestStore) {
        let given = Given::over(store).await;
        shop(&given).await;
        let orders = table(&given, "orders").await;
        assert_eq!(orders[0], "trade_no,customer,product,product_type,product_name,title,amount,status,total_fee,pay_fee,\
            received,refunded,method,created_at,paid_at,ended_at");
        assert_eq!(orders[1..], ["…,1,1,9,'=Traffic,'=Traffic,1,paid,5.00,5.00,0.00,0.00,1,2026-03-10T12:00:00Z,\
            2026-03-10T12:00:00Z,"]);
        assert_eq!(table(&given, "orders?status=awaiting").await.len(), 1);
        let ledger = table(&given, "ledger").await;
        assert_eq!(ledger[0], "entry,at,cause,order,detail,book,customer,amount");
        assert_eq!(ledger[1..3], [
            "2,2026-03-10T12:00:00Z,order:1:pay,1,…,wallet,1,-5.00", "2,2026-03-10T12:00:00Z,order:1:pay,1,…,sales,,5.00",
        ]);
        assert!(ledger[3].ends_with("\"'+1 to \"\"begin\"\"\",wallet,1,50.00"), "{}", ledger[3]);
        assert_eq!(table(&given, "ledger?since=2026-03-11T00:00:00Z").await.len(), 1);
    }

    async fn a_table_of_many_pages_is_whole(store: &TestStore) {
        let given = Given::over(store).await;
        let rows: Vec<_> = (0..2500).map(|n| format!("10.0.{}.{},14,US,,,for_sale,-,,,\n", n / 250, n % 250)).collect();
        let rows = rows.concat();
        let head = "ip,kind,country,region,city,state,note,exit,customer,expires_at";
        let sheet = StaticIpSheet::read(format!("{head}\n{rows}").as_bytes());
        given.service.import_static_ips(&operator(), sheet, Arc::default()).await.unwrap();
        let written = table(&given, "static-ips").await;
        assert_eq!((written.len(), written[0].as_str()), (2501, head));
        assert_eq!(written[1..].join("\n"), rows.replace(",-,", ",'-,").trim_end());
        assert_eq!(table(&given, "static-ips?country=JP").await, [head]);
    }

    async fn payments_and_coupons_are_written(store: &TestStore) {
        let given = Given::over(store).await;
        shop(&given).await;
        let coupon = json!({"code": "SPRING", "off": "12.5%", "expires_at": "2026-06-01T00:00:00Z", "name": "@home"});
        given.post("/coupons", coupon).await.is(201);
        let coupons = table(&given, "coupons").await;
        assert_eq!(coupons[1..], ["1,SPRING,'@home,12.50%,,,2026-03-10T12:00:00Z,2026-06-01T00:00:00Z,,,,true,true,0"]);
        assert_eq!(table(&given, "payments").await, ["payment,at,provider,reference,trade_no,amount,currency,state,why"]);
    }

    async fn an_export_asks_what_any_reading_does(store: &TestStore) {
        let given = Given::over(store).await;
        let writer = given.token("writer", "write", 1).await.0;
        given.ask("GET", "/exports/orders", &writer, None).await.problem(403);
        given.ask("GET", "/exports/orders", "nobody", None).await.problem(401);
        assert_eq!(given.get("/exports/orders?status=lost").await.problem(400)["errors"][0]["parameter"], "status");
        let asks_json = Request::get(format!("{PREFIX}/exports/orders"))
            .header("authorization", format!("Bearer {}", given.all))
            .header("accept", "application/json");
        assert_eq!(given.send(asks_json.body(Body::empty()).unwrap()).await.problem(406)["detail"], "accept text/csv");
        given.post("/exports/orders", json!({})).await.problem(405);
    }
}
