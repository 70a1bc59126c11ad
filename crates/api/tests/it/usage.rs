//! Usage per day: windows and their ends.

use turnpike_domain::product::ProductType;
use turnpike_testkit::each_store;

use crate::given::{Customer, Given};

/// Asks for a window and gives first and last day, number of days, and the sum.
async fn window(given: &Given, customer: &Customer, query: &str) -> (String, String, usize, u64) {
    let list = given.get(customer, &format!("/user-usage-flow/total?{query}")).await.data()["list"].take();
    let days = list.as_array().unwrap();
    let day = |day: &serde_json::Value| day["day"].as_str().unwrap().to_owned();
    assert!(days.windows(2).all(|pair| day(&pair[0]) < day(&pair[1])));
    let sum = days.iter().map(|day| day["flow"].as_u64().unwrap()).sum();
    (day(days.first().unwrap()), day(days.last().unwrap()), days.len(), sum)
}

fn expect(first: &str, last: &str, days: usize, sum: u64) -> (String, String, usize, u64) {
    (first.to_owned(), last.to_owned(), days, sum)
}

each_store! {
    async fn usage_is_told_per_day(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.package(&anna, ProductType::DynamicTraffic, ["2026-03-01", "2026-04-01"]).await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p,b:p"}"#).await.data();
        given.bill(&anna, "a", 2048).await;
        given.bill(&anna, "b", 1024 + 1023).await;
        let answer = given.get(&anna, "/user-usage-flow/total?start_time=2026-03-09").await;
        answer.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"day":"2026-03-09","flow":0},{"day":"2026-03-10","flow":3}]}}"#);
        let days = window(&given, &anna, "").await;
        assert_eq!(days, expect("2026-03-04", "2026-03-10", 7, 3));
        assert_eq!(window(&given, &anna, "username=a").await.3, 2);
        assert_eq!(window(&given, &anna, "username=b&product_type=9").await.3, 1);
        assert_eq!(window(&given, &anna, "product_type=14").await.3, 0);
        assert_eq!(window(&given, &anna, "username=nobody").await.3, 0);
        assert_eq!(window(&given, &ben, "username=a").await.3, 0);
        // Deleted and added again: one name, one history.
        given.post(&anna, "/whitelist-account/delete", r#"{"accounts":"a"}"#).await.data();
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        given.bill(&anna, "a", 1024).await;
        assert_eq!(window(&given, &anna, "username=a").await.3, 3);
        assert_eq!(window(&given, &anna, "").await.3, 4);
        assert_eq!(given.usernames(&anna).await, ["a", "b"]);
    }

    async fn a_bare_date_begins_or_ends_with_the_whole_day(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.package(&anna, ProductType::DynamicTraffic, ["2026-03-01", "2026-04-01"]).await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        given.bill(&anna, "a", 1024).await;
        assert_eq!(window(&given, &anna, "start_time=2026-03-10&end_time=2026-03-10").await, expect("2026-03-10", "2026-03-10", 1, 1));
        assert_eq!(window(&given, &anna, "start_time=2026-03-10%2000:00:00&end_time=2026-03-10+11:59:58").await.3, 0);
        assert_eq!(window(&given, &anna, "start_time=2026-03-10%2012:00:01&end_time=2026-03-10+23:59:59").await.3, 0);
        assert_eq!(window(&given, &anna, "end_time=2026-01-31").await, expect("2026-01-25", "2026-01-31", 7, 0));
        assert_eq!(window(&given, &anna, "start_time=&end_time=&username=&product_type=").await.2, 7);
    }

    async fn windows_are_bounded(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        assert_eq!(window(&given, &anna, "start_time=2024-01-01&end_time=2024-12-31").await.2, 366);
        assert_eq!(window(&given, &anna, "start_time=9999-12-30&end_time=9999-12-30").await.2, 1);
        for query in ["start_time=2024-01-01&end_time=2025-01-01", "start_time=1970-01-01", "start_time=0001-01-01&end_time=9999-12-30"] {
            let answer = given.get(&anna, &format!("/user-usage-flow/total?{query}")).await;
            assert_eq!((answer.code(), answer.errors("end_time").len()), (400, 1), "{query}");
        }
        for query in ["start_time=2026-03-10&end_time=2026-03-09", "start_time=2026-03-10%2012:00:01"] {
            let answer = given.get(&anna, &format!("/user-usage-flow/total?{query}")).await;
            assert_eq!(answer.errors("end_time"), ["must not be before start_time"], "{query}");
        }
        let times = [
            "0000-00-00", "2023-02-29", "2026-03-10 24:00:00", "2026-03-10 23:59:60", "2026-13-01", "2026-03-10T12:00:00", "2026-03-10 12:00:00Z",
            "12026-03-10", "1773144000", "10.03.2026", "2026-3-1", "today", "2026-03-10' OR '1'='1", "Tue, 10 Mar 2026 (((((", "2026-03-10%00", "%ff",
        ];
        for time in times {
            for name in ["start_time", "end_time"] {
                let query = time.replace(' ', "%20");
                let answer = given.get(&anna, &format!("/user-usage-flow/total?{name}={query}")).await;
                assert_eq!((answer.code(), answer.errors(name).len()), (400, 1), "{name}={time}");
            }
        }
        for username in ["..", "a-session-1", "a%20b", "%27"] {
            let answer = given.get(&anna, &format!("/user-usage-flow/total?username={username}")).await;
            assert_eq!((answer.code(), answer.errors("username").len()), (400, 1), "{username}");
        }
        for product_type in ["0", "10", "x"] {
            let answer = given.get(&anna, &format!("/user-usage-flow/total?product_type={product_type}")).await;
            assert_eq!((answer.code(), answer.errors("product_type").len()), (400, 1), "{product_type}");
        }
    }
}
