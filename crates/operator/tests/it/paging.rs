//! Paging: everything is seen once, whatever comes and goes meanwhile; a damaged cursor is told from a good one.

use serde_json::{Value, json};
use turnpike_testkit::each_store;

use crate::given::Given;

fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

each_store! {
    async fn items_that_come_and_go_move_nothing(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        let path = format!("/customers/{customer}/accounts");
        for number in 1..=5 {
            given.account(customer, &format!("user{number}")).await;
        }
        let first = given.get(&format!("{path}?limit=2")).await.is(200);
        assert_eq!(ids(&first), [1, 2]);
        // One that was seen goes, one that was not seen goes, one comes.
        given.delete(&format!("{path}/user2")).await.is(200);
        given.delete(&format!("{path}/user3")).await.is(200);
        given.account(customer, "user6").await;
        let next = |page: &Value| format!("{path}?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
        let second = given.get(&next(&first)).await.is(200);
        assert_eq!(ids(&second), [4, 5]);
        let third = given.get(&next(&second)).await.is(200);
        assert_eq!((ids(&third), &third["next_cursor"]), (vec![6], &Value::Null));
        // The same cursor gives the same page again.
        assert_eq!(given.get(&next(&first)).await.is(200), second);
    }

    async fn the_audit_is_read_backwards_while_it_grows(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        for limit in 1..=4 {
            given.patch(&format!("/customers/{customer}"), json!({"max_tunnels": limit})).await.is(200);
        }
        let first = given.get("/audit?act=customer.limit&limit=2").await.is(200);
        given.patch(&format!("/customers/{customer}"), json!({"max_tunnels": 9})).await.is(200);
        let path = format!("/audit?act=customer.limit&limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
        let second = given.get(&path).await.is(200);
        let details: Vec<_> = [&first, &second].iter().flat_map(|page| page["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap().to_owned())).collect();
        let expected: Vec<_> = [4, 3, 2, 1].iter().map(|limit| format!("tunnels {limit}, connections per second unlimited")).collect();
        assert_eq!((details, &second["next_cursor"]), (expected, &Value::Null));
    }

    async fn the_audit_is_filtered_by_actor_act_customer_and_time(store: &TestStore) {
        let given = Given::over(store).await;
        let (anna, _) = (given.customer("anna").await, given.customer("ben").await);
        let count = async |filter: &str| ids(&given.get(&format!("/audit?{filter}")).await.is(200)).len();
        assert_eq!(count("actor=operator:test").await, 1);
        assert_eq!(count("actor=token:all").await, 4);
        assert_eq!(count("actor=token:all&act=customer.add").await, 2);
        assert_eq!(count(&format!("customer={anna}")).await, 2);
        assert_eq!(count("since=2026-03-10T12:00:00Z&until=2026-03-10T12:00:00Z").await, 5);
        assert_eq!(count("since=2026-03-10T12:00:01Z").await + count("until=2026-03-10T11:59:59Z").await, 0);
    }

    async fn a_cursor_that_is_damaged_or_another_lists_is_refused(store: &TestStore) {
        let given = Given::over(store).await;
        for name in ["anna", "ben"] {
            let customer = given.customer(name).await;
            given.account(customer, &format!("{name}1")).await;
            given.account(customer, &format!("{name}2")).await;
        }
        let cursor = given.get("/customers?limit=1").await.is(200)["next_cursor"].as_str().unwrap().to_owned();
        given.get(&format!("/customers?cursor={cursor}")).await.is(200);
        let mut damaged: Vec<String> = (0..cursor.len()).map(|place| {
            let digit = if cursor.as_bytes()[place] == b'0' { "1" } else { "0" };
            format!("{}{digit}{}", &cursor[..place], &cursor[place + 1..])
        }).collect();
        damaged.extend(["", "0", "zz", &cursor[2..], &format!("{cursor}00"), "%00"].map(str::to_owned));
        for wrong in damaged {
            let problem = given.get(&format!("/customers?cursor={wrong}")).await.problem(400);
            assert_eq!(problem["type"], "urn:turnpike:problem:cursor", "{wrong}");
        }
        for other in ["/tokens", "/audit", "/connections", "/machines", "/customers/1/accounts"] {
            given.get(&format!("{other}?cursor={cursor}")).await.problem(400);
        }
        let anna = given.get("/customers/1/accounts?limit=1").await.is(200)["next_cursor"].as_str().unwrap().to_owned();
        given.get(&format!("/customers/2/accounts?cursor={anna}")).await.problem(400);
        for limit in ["0", "501", "x", "-1", ""] {
            given.get(&format!("/customers?limit={limit}")).await.problem(400);
        }
    }

    async fn customers_are_filtered(store: &TestStore) {
        let given = Given::over(store).await;
        for name in ["anna", "ben", "carl"] {
            given.customer(name).await;
        }
        given.post("/customers", json!({"email": "dora@example.com", "password": "a long password"})).await.is(201);
        given.patch("/customers/2", json!({"suspended": true})).await.is(200);
        let found = async |filter: &str| ids(&given.get(&format!("/customers?{filter}")).await.is(200));
        assert_eq!(found("email=BEN@example.com").await, [2]);
        assert_eq!(found("email=nobody@example.com").await, Vec::<i64>::new());
        assert_eq!(found("suspended=true").await, [2]);
        assert_eq!(found("suspended=false&verified=true").await, [1, 3]);
        assert_eq!(found("verified=false").await, [4]);
        assert_eq!(given.pages("/customers", 3).await.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
    }
}
