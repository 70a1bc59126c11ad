//! Static IPs and automatic renewals, as stories.

use std::sync::Arc;

use turnpike_domain::catalogue::{Catalogue, Draft, Listed, Terms};
use turnpike_domain::ids::ProductId;
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_service::{Adjustment, StaticIpSheet};
use turnpike_testkit::each_store;

use crate::given::{Answer, Customer, Given, operator};

/// Five addresses: two residential in Japan, one in the United States, two of a datacenter there.
const INVENTORY: &str = "ip,kind,country,region,city\n\
    127.25.81.1,25,JP,Tokyo,Chiyoda\n127.25.81.2,25,JP,Tokyo,Chiyoda\n127.25.1.1,25,US,California,LosAngeles\n\
    127.14.1.1,14,US,,\n127.14.1.2,14,US,,\n";

fn product(id: i64, product_type: ProductType, price: i64) -> Draft {
    Draft {
        id: Some(ProductId::new(id)),
        code: format!("p{id}"),
        product_type,
        name: "A product".to_owned(),
        title: format!("Product {id}"),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: Money::from_minor(price * 100).unwrap(),
        size: None,
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 100,
        stock: None,
        terms: Terms::default(),
    }
}

/// Sells residential addresses as product 1, their renewals as 2, changes as 3 and traffic as 4.
async fn shop(given: &Given) -> Customer {
    let residential = Some(ProductType::StaticResidentialIp);
    let products = [
        product(1, ProductType::StaticResidentialIp, 10),
        Draft { ip_type: residential, ..product(2, ProductType::StaticIpRenewal, 8) },
        product(3, ProductType::StaticIpChangeQuota, 1),
        Draft { size: Some(Bytes::new(1 << 30)), ..product(4, ProductType::DynamicTraffic, 5) },
    ];
    let products = products.map(|draft| Listed { draft, keeps_stock: false }).to_vec();
    given.service.load_catalogue(&operator(), Catalogue { products, tiers: None }).await.unwrap();
    let sheet = StaticIpSheet::read(INVENTORY.as_bytes());
    given.service.import_static_ips(&operator(), sheet, Arc::default()).await.unwrap();
    let anna = given.customer("anna@example.com").await;
    let amount = Money::from_minor(100_000).unwrap();
    let adjustment = Adjustment { customer: anna.id, amount, key: None, reason: "for the test".to_owned() };
    given.service.adjust_balance(&operator(), adjustment).await.unwrap();
    anna
}

async fn buy(given: &Given, customer: &Customer, json: &str) -> String {
    let order = given.post(customer, "/order/create", json.to_owned()).await.data_0();
    order["trade_no"].as_str().unwrap().to_owned()
}

/// The same without what is drawn at random.
fn plain(answer: &Answer) -> String {
    let mut json = answer.json();
    for one in json["data"]["list"].as_array_mut().into_iter().flatten() {
        for (key, shown) in [("username", "ip…_ip-…"), ("password", "…"), ("trade_no", "…")] {
            assert!(one[key].as_str().is_none_or(|text| text.is_empty() || text.len() >= 16), "{one}");
            one[key] = shown.into();
        }
        if one["port"].as_u64().is_some_and(|port| (20_000..26_000).contains(&port)) {
            one["port"] = "own".into();
        }
    }
    json.to_string()
}

each_store! {
    async fn bought_addresses_are_listed_as_written(store: &TestStore) {
        let given = Given::over(store);
        let anna = shop(&given).await;
        let trade_no = buy(&given, &anna, r#"{"pid":1,"pm_id":1,"region_list":"JP,1|US,1"}"#).await;
        let listed = given.get(&anna, "/ip/get-static-ip").await;
        assert_eq!(plain(&listed), r#"{"code":200,"msg":"Success","message":"Success","data":{"list":[{"id":2,"ip":"127.25.1.1","port":"own","username":"ip…_ip-…","password":"…","protocol":"http/socks5","country_code":"US","state":"California","city":"LosAngeles","product_type":25,"status":1,"trade_no":"…","remark":"","created_at":"2026-03-10 12:00:00","expired_at":"2026-04-09 12:00:00"},{"id":1,"ip":"127.25.81.1","port":"own","username":"ip…_ip-…","password":"…","protocol":"http/socks5","country_code":"JP","state":"Tokyo","city":"Chiyoda","product_type":25,"status":1,"trade_no":"…","remark":"","created_at":"2026-03-10 12:00:00","expired_at":"2026-04-09 12:00:00"}],"page":1,"page_size":20,"total_count":2,"total_page":1}}"#);
        let first = &listed.data()["list"][0];
        let accounts = given.get(&anna, "/whitelist-account/list?product_type=25").await.data();
        let account = &accounts["list"][0];
        let name = format!("{}_ip-127.25.1.1", account["username"].as_str().unwrap());
        assert_eq!((first["username"].as_str(), &first["password"]), (Some(name.as_str()), &account["password"]));
        let count = async |query: &str| given.get(&anna, &format!("/ip/get-static-ip?{query}")).await.data()["total_count"].clone();
        assert_eq!(count("country_code=jp").await, 1);
        assert_eq!(count("product_type=14").await, 0);
        assert_eq!(count(&format!("trade_no={trade_no}")).await, 2);
        assert_eq!(count("trade_no=7").await, 0);
        assert_eq!(count("status=1").await, 2);
        assert_eq!(count("status=3").await, 0);
        let page = given.get(&anna, "/ip/get-static-ip?page=2&size=1").await.data();
        assert_eq!((page["list"].as_array().unwrap().len(), &page["total_page"]), (1, &2.into()));
        let ben = given.customer("ben@example.com").await;
        assert_eq!(given.get(&ben, "/ip/get-static-ip").await.data()["total_count"], 0);
    }

    async fn filters_that_make_no_sense_are_told(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        for (query, field, told) in [
            ("country_code=Japan", "country_code", "Must be a country code of two letters, such as US"),
            ("product_type=9", "product_type", "Must be 14 or 25"),
            ("product_type=x", "product_type", "must be a whole number"),
            ("status=5", "status", "must be between 1 and 4"),
        ] {
            let answer = given.get(&anna, &format!("/ip/get-static-ip?{query}")).await;
            assert_eq!((answer.code(), answer.errors(field)), (400, vec![told.to_owned()]), "{query}");
        }
        assert_eq!(given.get(&anna, "/static-ip-region?isp=2").await.errors("isp"), ["must be between 0 and 1"]);
    }

    async fn regions_tell_what_can_be_bought(store: &TestStore) {
        let given = Given::over(store);
        let anna = shop(&given).await;
        for path in ["/static-ip-region", "/ip/static-ip-region"] {
            given.get(&anna, path).await.must_be(r#"200 {"code":200,"msg":"Request successful","message":"Request successful","data":{"list":[{"code":"JP","number":2},{"code":"US","number":3}]}}"#);
            let chinese = given.request("GET", &format!("{}{path}?app_key={}&isp=0", crate::given::PREFIX, anna.key)).await;
            chinese.must_be(r#"200 {"code":200,"msg":"请求成功","message":"请求成功","data":{"list":[{"code":"US","number":2}]}}"#);
        }
        buy(&given, &anna, r#"{"pid":1,"pm_id":1,"region_list":"JP,2"}"#).await;
        assert_eq!(given.get(&anna, "/static-ip-region?isp=1").await.data()["list"].to_string(), r#"[{"code":"US","number":1}]"#);
        let refused = given.post(&anna, "/order/create", r#"{"pid":1,"pm_id":1,"region_list":"US,1|JP,1"}"#).await;
        refused.must_be(r#"200 {"code":409,"msg":"Not enough static IPs are in stock in JP","message":"Not enough static IPs are in stock in JP","data":null,"errors":{}}"#);
    }

    async fn addresses_are_renewed_and_changed(store: &TestStore) {
        let given = Given::over(store);
        let anna = shop(&given).await;
        buy(&given, &anna, r#"{"pid":1,"pm_id":1,"region_list":"JP,1"}"#).await;
        let id = given.get(&anna, "/ip/get-static-ip").await.data()["list"][0]["id"].clone();
        let renewed = given.post(&anna, "/order/create", format!(r#"{{"pid":2,"pm_id":1,"upids":"{id}","renew_duration":"2m"}}"#)).await;
        assert_eq!(renewed.data_0()["pay_fee"], 16);
        let change = async |json: String| given.post(&anna, "/ip/change-static-ip", json).await;
        change(format!(r#"{{"id":{id}}}"#)).await.must_be(
            r#"200 {"code":402,"msg":"No IP changes are left, please buy more first","message":"No IP changes are left, please buy more first","data":null,"errors":{}}"#,
        );
        buy(&given, &anna, r#"{"pid":3,"pm_id":1,"amount":2}"#).await;
        let changed = change(format!(r#"{{"id":{id}}}"#)).await.data();
        assert_eq!((&changed["id"], changed["ip"].as_str(), changed["expired_at"].as_str()), (&id, Some("127.25.81.2"), Some("2026-06-09 12:00:00")));
        let elsewhere = change(format!(r#"{{"id":{id},"country_code":"US"}}"#)).await;
        assert_eq!((elsewhere.code(), elsewhere.errors("country_code")), (400, vec!["must be JP, where the static IP is".to_owned()]));
        let once = given.post_once(&anna, "/ip/change-static-ip", "k", &format!(r#"{{"id":"{id}","country_code":"jp"}}"#)).await;
        assert_eq!(once.data()["country_code"], "JP");
        let again = given.post_once(&anna, "/ip/change-static-ip", "k", &format!(r#"{{"id":"{id}","country_code":"jp"}}"#)).await;
        assert_eq!((again.headers["idempotent-replayed"].to_str().unwrap(), again.body), ("true", once.body));
        let missing = r#"200 {"code":404,"msg":"There is no static IP with the id 99","message":"There is no static IP with the id 99","data":null,"errors":{}}"#;
        change(r#"{"id":99}"#.to_owned()).await.must_be(missing);
        let ben = given.customer("ben@example.com").await;
        let foreign = given.post(&ben, "/ip/change-static-ip", format!(r#"{{"id":{id}}}"#)).await;
        assert_eq!(foreign.body, missing.trim_start_matches("200 ").replace("99", &id.to_string()));
        let foreign = given.post(&ben, "/order/check", format!(r#"{{"pid":2,"pm_id":0,"upids":"{id}"}}"#)).await;
        assert_eq!(foreign.code(), 404);
    }

    async fn what_is_bought_again_is_set_and_listed(store: &TestStore) {
        let given = Given::over(store);
        let anna = shop(&given).await;
        buy(&given, &anna, r#"{"pid":1,"pm_id":1,"region_list":"JP,1"}"#).await;
        buy(&given, &anna, r#"{"pid":4,"pm_id":1,"amount":3}"#).await;
        let id = given.get(&anna, "/ip/get-static-ip").await.data()["list"][0]["id"].clone();
        let package = given.get(&anna, "/user-product/list?product_type=9").await.data()["list"][0]["id"].clone();
        let set = async |json: String| given.post(&anna, "/user-product/set-auto-renewal", json).await;
        set(format!(r#"{{"upid":{id},"months":3}}"#)).await.data();
        set(format!(r#"{{"package_id":"{package}"}}"#)).await.data();
        let listed = given.post(&anna, "/user-product/get-auto-renewal", "{}").await;
        listed.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"id":2,"upid":null,"package_id":1,"ip":null,"product_type":9,"product_id":4,"title":"Product 4","amount":3,"enabled":true,"next_at":"2026-04-08 12:00:00","expired_at":"2026-04-09 12:00:00"},{"id":1,"upid":1,"package_id":null,"ip":"127.25.81.1","product_type":25,"product_id":2,"title":"Product 2","amount":3,"enabled":true,"next_at":"2026-04-08 12:00:00","expired_at":"2026-04-09 12:00:00"}],"page":1,"page_size":20,"total_count":2,"total_page":1}}"#);
        set(format!(r#"{{"upid":{id},"enabled":0}}"#)).await.data();
        let listed = given.post(&anna, "/user-product/get-auto-renewal", r#"{"size":1,"page":2}"#).await.data();
        assert_eq!((&listed["list"][0]["enabled"], &listed["total_count"]), (&false.into(), &2.into()));
        let logs = given.post(&anna, "/user-product/auto-renewal-logs", "{}").await;
        logs.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}}"#);
        for (json, told) in [
            ("{}".to_owned(), "Give either upid or package_id"),
            (format!(r#"{{"upid":{id},"package_id":{package}}}"#), "Give either upid or package_id"),
            (r#"{"upid":0}"#.to_owned(), "must be between 1 and 9223372036854775807"),
        ] {
            assert_eq!(set(json.clone()).await.errors("upid"), [told], "{json}");
        }
        assert_eq!(set(format!(r#"{{"upid":{id},"months":37}}"#)).await.errors("months"), ["must be between 1 and 36"]);
        assert_eq!(set(r#"{"upid":99}"#.to_owned()).await.code(), 404);
        assert_eq!(set(r#"{"package_id":99}"#.to_owned()).await.code(), 404);
        assert_eq!(set(format!(r#"{{"upid":{id},"pid":4}}"#)).await.code(), 404);
        let of_addresses = given.get(&anna, "/user-product/list").await.data()["total_count"].clone();
        assert_eq!(of_addresses, 1, "addresses without traffic come without a package");
    }
}
