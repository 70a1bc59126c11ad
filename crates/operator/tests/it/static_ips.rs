//! The inventory of static IPs, from a table to a customer and back.

use serde_json::{Value, json};
use turnpike_domain::catalogue::{Catalogue, Draft, Listed, Terms};
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, PaymentMethod, ProductId};
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_service::{Actor, Adjustment, Wish};
use turnpike_testkit::each_store;

use crate::given::Given;

const TABLE: &str = "ip,kind,country,region,city,note\n\
    192.0.2.1,25,JP,Tokyo,Chiyoda,rack 7\n192.0.2.2,residential,jp,,,\n2001:db8::1,14,US,,,\n192.0.2.3,25,US,,,\n";

/// Sells residential addresses for nothing to speak of, to a customer with enough to spend.
async fn buyer(given: &Given) -> CustomerId {
    let draft = Draft {
        id: Some(ProductId::new(1)),
        code: "ip".to_owned(),
        product_type: ProductType::StaticResidentialIp,
        name: "Static IP".to_owned(),
        title: "Static IP".to_owned(),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: Money::from_minor(100).unwrap(),
        size: None,
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 100,
        stock: None,
        terms: Terms::default(),
    };
    let catalogue = Catalogue { products: vec![Listed { draft, keeps_stock: false }], tiers: None };
    let operator = Actor::Operator("test".to_owned());
    given.service.load_catalogue(&operator, catalogue).await.unwrap();
    let customer = CustomerId::new(given.customer("anna").await);
    let amount = Money::from_minor(10_000).unwrap();
    let adjustment = Adjustment { customer, amount, key: None, reason: "for the test".to_owned() };
    given.service.adjust_balance(&operator, adjustment).await.unwrap();
    customer
}

async fn buy(given: &Given, customer: CustomerId, code: &str) {
    let regions = vec![(CountryCode::parse(code).unwrap(), 1)];
    let wish = Wish { regions, ..Wish::of(ProductId::new(1), PaymentMethod::new(1)) };
    given.service.create_order(&Actor::Customer(customer), customer, wish).await.unwrap();
}

async fn listed(given: &Given, query: &str) -> Vec<String> {
    let items = given.pages(&format!("/static-ips{query}"), 2).await.concat();
    items.iter().map(|one| one["ip"].as_str().unwrap().to_owned()).collect()
}

each_store! {
    async fn a_table_is_taken_over_and_listed_by_every_filter(store: &TestStore) {
        let given = Given::over(store).await;
        let rehearsed = given.post("/static-ips?dry_run=true", json!({"csv": TABLE})).await.is(200);
        assert_eq!(rehearsed, json!({"added": 4, "dry_run": true}));
        assert!(listed(&given, "").await.is_empty());
        assert_eq!(given.post("/static-ips", json!({"csv": TABLE})).await.is(201), json!({"added": 4}));
        let mut shown = given.get("/static-ips/192.0.2.1").await.is(200);
        // Numbers that a rehearsal drew are not given again.
        shown.as_object_mut().unwrap().remove("id");
        assert_eq!(shown, json!({
            "ip": "192.0.2.1", "product_type": 25, "country": "JP", "region": "Tokyo", "city": "Chiyoda",
            "state": "for_sale", "note": "rack 7", "exit": null, "holder": null,
        }));
        given.get("/static-ips/192.0.2.9").await.problem(404);
        given.get("/static-ips/nonsense").await.problem(404);
        assert_eq!(listed(&given, "").await.len(), 4);
        assert_eq!(listed(&given, "?country=us").await, ["2001:db8::1", "192.0.2.3"]);
        assert_eq!(listed(&given, "?product_type=14").await, ["2001:db8::1"]);
        assert_eq!(listed(&given, "?ip=2001:db8:0::1").await, ["2001:db8::1"]);
        assert!(listed(&given, "?state=held").await.is_empty());
        for (query, name) in [("country=USA", "country"), ("product_type=9", "product_type"), ("state=sold", "state")] {
            let problem = given.get(&format!("/static-ips?{query}")).await.problem(400);
            assert_eq!(problem["errors"][0]["parameter"], name);
        }
    }

    async fn every_wrong_row_is_told_and_nothing_taken_over(store: &TestStore) {
        let given = Given::over(store).await;
        given.post("/static-ips", json!({"csv": TABLE})).await.is(201);
        let table = "ip,kind,country\n192.0.2.7,25,JP\n192.0.2.7,25,JP\n1.2.3,25,JP\n192.0.2.2,25,JP\n";
        let problem = given.post("/static-ips", json!({"csv": table})).await.problem(422);
        let told: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["detail"].as_str().unwrap()).collect();
        assert_eq!(told, [
            "line 3: ip: 192.0.2.7 stands on line 2 too", "line 4: ip: is no IPv4 or IPv6 address",
            "line 5: ip: 192.0.2.2 is in the inventory already",
        ]);
        assert_eq!(problem["errors"][0]["pointer"], "#/csv");
        assert_eq!(listed(&given, "").await.len(), 4);
        let problem = given.post("/static-ips", json!({"csv": "address\n192.0.2.7\n"})).await.problem(422);
        assert_eq!(problem["errors"].as_array().unwrap().len(), 4);
    }

    async fn an_address_goes_out_of_service_and_its_holder_gets_another(store: &TestStore) {
        let given = Given::over(store).await;
        given.post("/static-ips", json!({"csv": TABLE})).await.is(201);
        let anna = buyer(&given).await;
        buy(&given, anna, "JP").await;
        let held = given.get("/static-ips?customer=1").await.is(200)["items"][0].clone();
        assert_eq!((&held["ip"], &held["state"]), (&json!("192.0.2.1"), &json!("held")));
        assert_eq!(held["holder"], json!({"holding": 1, "customer": 1, "expires_at": "2026-04-09T12:00:00Z"}));
        let path = "/static-ips/192.0.2.1";
        let in_maintenance = given.patch(&format!("{path}?reason=flaky"), json!({"duty": "maintenance"})).await.is(200);
        assert_eq!((&in_maintenance["state"], &in_maintenance["holder"]), (&json!("maintenance"), &held["holder"]));
        let problem = given.patch(path, json!({"duty": "withdrawn"})).await.problem(409);
        assert_eq!(problem["detail"], "a customer holds the address; give it another one first");
        given.patch(path, json!({"duty": "sold"})).await.problem(422);
        given.post(&format!("{path}/replacement"), json!({"country": "DE"})).await.problem(409);
        let rehearsed = given.post(&format!("{path}/replacement?dry_run=true"), json!({"country": "US"})).await.is(200);
        assert_eq!(rehearsed["ip"], "192.0.2.3");
        let other = given.post(&format!("{path}/replacement"), json!({"country": "US"})).await.is(201);
        assert_eq!((&other["ip"], &other["holder"]), (&json!("192.0.2.3"), &held["holder"]));
        given.post(&format!("{path}/replacement"), json!({"country": "US"})).await.problem(409);
        let withdrawn = given.patch(path, json!({"duty": "withdrawn"})).await.is(200);
        assert_eq!((&withdrawn["state"], &withdrawn["holder"]), (&json!("withdrawn"), &Value::Null));
        assert_eq!(given.patch(path, json!({"duty": "normal"})).await.is(200)["state"], "for_sale");
        let acts = given.get("/audit?act=static-ip.state").await.is(200);
        let (first, reason) = (&acts["items"][2], &acts["items"][2]["reason"]);
        assert_eq!((&first["detail"], reason, &first["customer"]), (&json!("192.0.2.1: held to maintenance"), &json!("flaky"), &json!(1)));
    }
}
