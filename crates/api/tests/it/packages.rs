//! Packages: pages and sums.

use std::time::{Duration, Instant};

use turnpike_domain::product::ProductType;
use turnpike_testkit::each_store;

use crate::given::Given;

const MONTH: [&str; 2] = ["2026-03-01", "2026-04-01"];

each_store! {
    async fn packages_are_listed_page_by_page(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        for _ in 0..4 {
            given.package(&anna, ProductType::DynamicTraffic, MONTH).await;
        }
        given.package(&anna, ProductType::IdcTraffic, ["2026-03-02 01:02:03", "2026-03-12"]).await;
        given.package(&ben, ProductType::DynamicTraffic, MONTH).await;

        let first = given.get(&anna, "/user-product/list?size=1").await;
        let trade_no = first.json()["data"]["list"][0]["trade_no"].as_str().unwrap().to_owned();
        assert!(trade_no.len() == 28 && trade_no.starts_with("20260310120000"));
        assert_eq!(first.to_string().replace(&trade_no, "TRADE_NO"), r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"id":5,"created_at":"2026-03-02 01:02:03","expired_at":"2026-03-12 00:00:00","product_type":12,"trade_no":"TRADE_NO","order":{"created_at":"2026-03-10 12:00:00","pay_at":"2026-03-10 12:00:00","title":"Starter"}}],"page":1,"page_size":1,"total_count":5,"total_page":5}}"#);

        let ids = async |query: &str| {
            let data = given.get(&anna, &format!("/user-product/list?{query}")).await.data();
            let ids: Vec<i64> = data["list"].as_array().unwrap().iter().map(|package| package["id"].as_i64().unwrap()).collect();
            (ids, data["page"].as_u64().unwrap(), data["page_size"].as_u64().unwrap(), data["total_count"].as_u64().unwrap(), data["total_page"].as_u64().unwrap())
        };
        assert_eq!(ids("").await, (vec![5, 4, 3, 2, 1], 1, 20, 5, 1));
        assert_eq!(ids("page=2&size=2").await, (vec![3, 2], 2, 2, 5, 3));
        assert_eq!(ids("page=3&size=2").await, (vec![1], 3, 2, 5, 3));
        assert_eq!(ids("page=4&size=2").await, (vec![], 4, 2, 5, 3));
        assert_eq!(ids("size=1000").await.2, 1000);
        assert_eq!(ids("size=1001").await.2, 1000);
        assert_eq!(ids("size=9223372036854775808&page=").await.2, 1000);
        assert_eq!(ids("product_type=9&size=3").await, (vec![4, 3, 2], 1, 3, 4, 2));
        assert_eq!(ids(&format!("trade_no={trade_no}")).await, (vec![5], 1, 20, 1, 1));

        let began = Instant::now();
        for page in ["1000000000", "4294967295", "9223372036854775807", "1e400"] {
            let (list, _, _, total, pages) = ids(&format!("page={page}&size=1000")).await;
            assert_eq!((list.len(), total, pages), (0, 5, 1));
        }
        assert!(began.elapsed() < Duration::from_secs(1));

        let long = "9".repeat(50_000);
        let other = given.get(&ben, "/user-product/list").await.data()["list"][0]["trade_no"].as_str().unwrap().to_owned();
        for trade_no in [&trade_no[..27], &trade_no[1..], &other, "%25", "_", "*", "20260310120000%25", "'", &long] {
            assert_eq!(ids(&format!("trade_no={trade_no}")).await.3, 0, "{}", &trade_no[..trade_no.len().min(40)]);
        }
        for (name, value) in [("page", "0"), ("page", "-1"), ("page", "1.5"), ("page", "1%20OR%201=1"), ("size", "0"), ("size", "-1"), ("size", "x"), ("product_type", "1")] {
            let answer = given.get(&anna, &format!("/user-product/list?{name}={value}")).await;
            assert_eq!((answer.code(), answer.errors(name).len()), (400, 1), "{name}={value}");
        }
    }

    async fn packages_are_summed_up(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let nothing = given.get(&anna, "/user-product/summary").await;
        nothing.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"total":0,"total_count":0,"effective":0,"effective_count":0,"effective_total":0,"effective_used":0,"temporary":0,"temporary_count":0,"expired":0,"expired_count":0,"used":0}}"#);
        given.package(&anna, ProductType::DynamicTraffic, MONTH).await;
        given.package(&anna, ProductType::DynamicTraffic, ["2026-03-01", "2026-03-12"]).await;
        given.package(&anna, ProductType::DynamicTraffic, ["2026-01-01", "2026-02-01"]).await;
        given.package(&anna, ProductType::IdcTraffic, MONTH).await;
        given.package(&anna, ProductType::StaticTraffic, MONTH).await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        given.bill(&anna, "a", 10 * 1024 + 1).await;
        let traffic = given.get(&anna, "/user-product/summary?product_type=9").await;
        traffic.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"total":3145728,"total_count":3,"effective":2097142,"effective_count":2,"effective_total":2097152,"effective_used":10,"temporary":1048566,"temporary_count":1,"expired":1048576,"expired_count":1,"used":10}}"#);
        let count = async |query: &str| given.get(&anna, &format!("/user-product/summary{query}")).await.data()["total_count"].as_u64();
        assert_eq!(count("").await, Some(4));
        assert_eq!(count("?product_type=12").await, Some(1));
        assert_eq!(count("?product_type=").await, Some(4));
        for product_type in ["0", "3", "11", "16", "25", "-9", "9.5", "x", "true"] {
            let answer = given.get(&anna, &format!("/user-product/summary?product_type={product_type}")).await;
            assert_eq!((answer.code(), answer.errors("product_type").len()), (400, 1), "{product_type}");
        }
    }
}
