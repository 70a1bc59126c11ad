//! A customer's life in the operator's hands, and that nobody sees what is another's.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use turnpike_domain::time::Span;
use turnpike_service::ServiceError;
use turnpike_testkit::each_store;

use crate::given::Given;

/// The session that a login gives, when it is taken.
async fn log_in(given: &Given, email: &str, password: &str) -> Result<String, ServiceError> {
    let source = Ipv4Addr::LOCALHOST.into();
    Ok(given.service.log_in(source, email, password).await?.token)
}

each_store! {
    async fn a_customer_is_added_verified_limited_suspended_and_let_go_on(store: &TestStore) {
        let given = Given::over(store).await;
        let wish = json!({"email": "Anna@Example.com", "password": "a long password"});
        let added = given.post("/customers", wish.clone()).await.is(201);
        assert_eq!(added, json!({
            "id": 1, "email": "anna@example.com", "phone": "", "verified": false, "suspended": false,
            "created_at": "2026-03-10T12:00:00Z", "max_tunnels": null, "max_connections_per_second": null,
            "most_accounts": null, "most_sources": null,
        }));
        assert_eq!(given.get("/customers/1").await.is(200), added);
        assert_eq!(given.post("/customers", wish).await.problem(409)["detail"], "a customer with this address exists");
        let changed = given.patch("/customers/1", json!({"verified": true, "max_tunnels": 5, "most_accounts": 2})).await.is(200);
        assert_eq!((&changed["verified"], &changed["max_tunnels"], &changed["most_accounts"]), (&json!(true), &json!(5), &json!(2)));
        // What is left out stays; `null` lifts.
        let changed = given.patch("/customers/1", json!({"max_connections_per_second": 9})).await.is(200);
        assert_eq!((&changed["max_tunnels"], &changed["max_connections_per_second"]), (&json!(5), &json!(9)));
        let changed = given.patch("/customers/1", json!({"max_tunnels": null, "suspended": true})).await.is(200);
        assert_eq!((&changed["max_tunnels"], &changed["max_connections_per_second"], &changed["suspended"]), (&Value::Null, &json!(9), &json!(true)));
        assert_eq!(given.patch("/customers/1", json!({"verified": false})).await.problem(422)["errors"][0]["pointer"], "#/verified");
        assert_eq!(given.patch("/customers/1", json!({})).await.problem(422)["errors"][0]["pointer"], "#");
        given.patch("/customers/2", json!({"suspended": true})).await.problem(404);
        let acts: Vec<_> = given.pages("/audit?customer=1", 3).await.concat().into_iter().map(|act| act["act"].as_str().unwrap().to_owned()).collect();
        assert_eq!(acts, ["customer.limit", "customer.suspend", "customer.limit", "customer.quota", "customer.limit", "customer.verify", "customer.add"]);
    }

    async fn a_key_is_shown_to_those_who_may_see_secrets_and_renewed(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        let path = format!("/customers/{customer}/key");
        let shown = given.get(&path).await.is(200)["app_key"].take();
        let renewed = given.post(&path, json!({})).await.is(201)["app_key"].take();
        assert_ne!(shown, renewed);
        assert_eq!(given.get(&path).await.is(200)["app_key"], renewed);
        assert!(given.service.authenticate(shown.as_str().unwrap()).await.unwrap().is_none());
        let blind = given.token("blind", "write", 1).await.0;
        assert_eq!(given.ask("POST", &path, &blind, None).await.is(201), json!({"customer": customer}));
        let acts = given.get("/audit?act=customer.show-key").await.is(200)["items"].as_array().unwrap().len();
        assert_eq!(acts, 2);
    }

    async fn a_login_password_is_set_and_ends_sessions(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        let email = given.get(&format!("/customers/{customer}")).await.is(200)["email"].as_str().unwrap().to_owned();
        let path = format!("/customers/{customer}/password");
        given.patch(&path, json!({"password": "the first one"})).await.is(200);
        let session = log_in(&given, &email, "the first one").await.unwrap();
        assert!(given.service.authenticate_session(&session).await.unwrap().is_some());
        assert_eq!(given.patch(&path, json!({"password": "short"})).await.problem(422)["errors"][0]["pointer"], "#/password");
        given.patch("/customers/99/password", json!({"password": "long enough"})).await.problem(404);
        // Whoever only rehearses changes nothing.
        given.patch(&format!("{path}?dry_run=true"), json!({"password": "not this one"})).await.is(200);
        assert!(log_in(&given, &email, "not this one").await.is_err());
        given.patch(&path, json!({"password": "the second one"})).await.is(200);
        assert!(log_in(&given, &email, "the first one").await.is_err());
        assert!(log_in(&given, &email, "the second one").await.is_ok());
        assert!(given.service.authenticate_session(&session).await.unwrap().is_none());
        let acts = given.get(&format!("/audit?act=customer.password&customer={customer}")).await.is(200);
        assert_eq!(acts["items"].as_array().unwrap().len(), 2);
        assert!(!acts.to_string().contains("the second one"));
    }

    async fn packages_are_granted_and_shown_with_what_they_hold(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        let path = format!("/customers/{customer}/packages");
        let granted = given.post(&path, json!({"size_kb": 1_048_576, "title": "Promised by phone"})).await.is(201);
        assert_eq!((&granted["size_kb"], &granted["used_kb"], &granted["held_kb"]), (&json!(1_048_576), &json!(0), &json!(0)));
        assert_eq!((&granted["starts_at"], &granted["expires_at"]), (&json!("2026-03-10T12:00:00Z"), &json!("2026-04-09T12:00:00Z")));
        assert_eq!(granted["title"], "Promised by phone");
        assert_eq!(given.get(&format!("/packages/{}", granted["id"])).await.is(200), granted);
        let later = json!({"size_kb": 1, "product_type": 11, "starts_at": "2026-05-01T00:00:00Z", "validity_s": 60});
        let later = given.post(&path, later).await.is(201);
        assert_eq!(later["expires_at"], "2026-05-01T00:01:00Z");
        assert_eq!(given.get(&format!("{path}?product_type=11")).await.is(200)["items"], json!([later]));
        assert_eq!(given.pages(&path, 1).await, [[granted], [later]]);
        given.get("/packages/99").await.problem(404);
        given.get("/customers/99/packages").await.problem(404);
        let wrong = json!({"size_kb": 0, "product_type": 1, "starts_at": "soon", "validity_s": 1.5, "title": " "});
        let told = given.post(&path, wrong).await.problem(422);
        let pointers: Vec<_> = told["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["#/size_kb", "#/product_type", "#/starts_at", "#/validity_s", "#/title"]);
    }

    async fn accounts_are_kept_on_their_customers_behalf(store: &TestStore) {
        let given = Given::over(store).await;
        let (anna, ben) = (given.customer("anna").await, given.customer("ben").await);
        let path = format!("/customers/{anna}/accounts");
        let wish = json!({"username": "user1", "password": "secret", "remark": "备注", "limit_gb": 3});
        let added = given.post(&path, wish.clone()).await.is(201);
        assert_eq!((&added["enabled"], &added["limit_gb"], &added["product_type"], &added["remark"]), (&json!(true), &json!(3), &json!(9), &json!("备注")));
        assert!(added.get("password").is_none());
        given.post(&path, wish).await.problem(409);
        let one = format!("{path}/user1");
        let changed = given.patch(&one, json!({"enabled": false, "password": "other", "udp": true, "daily_limit_gb": 1})).await.is(200);
        assert_eq!((&changed["enabled"], &changed["udp"], &changed["daily_limit_gb"], &changed["limit_gb"]), (&json!(false), &json!(true), &json!(1), &json!(3)));
        assert_eq!(given.get(&one).await.is(200), changed);
        assert_eq!(given.get(&format!("{one}/password")).await.is(200), json!({"username": "user1", "password": "other"}));
        // Another customer's account does not exist.
        for route in [format!("/customers/{ben}/accounts/user1"), format!("/customers/{anna}/accounts/user2"), "/customers/99/accounts/user1".to_owned()] {
            given.get(&route).await.problem(404);
            given.patch(&route, json!({"enabled": true})).await.problem(404);
            given.get(&format!("{route}/password")).await.problem(404);
            given.delete(&route).await.problem(404);
        }
        // Suspension and missing verification bind the customer, not the operator.
        given.patch(&format!("/customers/{anna}"), json!({"suspended": true, "most_accounts": 1})).await.is(200);
        given.post(&path, json!({"username": "user2", "password": "secret"})).await.problem(409);
        assert_eq!(given.get(&format!("{path}?enabled=true")).await.is(200)["items"], json!([]));
        assert_eq!(given.delete(&one).await.is(200), json!({"username": "user1", "deleted": true}));
        given.get(&one).await.problem(404);
        given.account(ben, "user1").await;
    }

    async fn allow_lists_are_kept_on_their_customers_behalf(store: &TestStore) {
        let given = Given::over(store).await;
        let (anna, ben) = (given.customer("anna").await, given.customer("ben").await);
        let path = format!("/customers/{anna}/sources");
        let added = given.post(&path, json!({"ips": ["2001:db8::1", "::ffff:192.0.2.1", "192.0.2.1"], "remark": "office"})).await.is(201);
        assert_eq!(added, json!({"ips": ["192.0.2.1", "2001:db8::1"], "allowed": true}));
        let listed: Vec<_> = given.pages(&path, 1).await.concat().into_iter().map(|source| source["ip"].clone()).collect();
        assert_eq!(listed.len(), 2);
        given.delete(&format!("/customers/{ben}/sources/192.0.2.1")).await.problem(404);
        assert_eq!(given.delete(&format!("{path}/192.0.2.1")).await.is(200), json!({"ips": ["192.0.2.1"], "allowed": false}));
        given.delete(&format!("{path}/192.0.2.1")).await.problem(404);
        given.delete(&format!("{path}/nowhere")).await.problem(404);
        assert_eq!(given.get(&path).await.is(200)["items"][0]["ip"], "2001:db8::1");
        given.post(&path, json!({"ips": ["300.0.0.1"]})).await.problem(422);
        given.post(&path, json!({"ips": []})).await.problem(422);
        given.post("/customers/99/sources", json!({"ips": ["192.0.2.1"]})).await.problem(404);
        given.get("/customers/99/sources").await.problem(404);
        assert_eq!(given.get(&format!("/customers/{ben}/sources")).await.is(200)["items"], json!([]));
    }

    async fn usage_is_shown_by_day(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        given.account(customer, "user1").await;
        let sql = format!("INSERT INTO usage (customer_id, account_id, product_type, span_ms, starts_at, bytes) VALUES ({customer}, 1, 9, 1000, {}, 5000)", given.service.now().ms());
        store.store().run_raw(&sql).await.unwrap();
        given.pass(Span::from_days(1));
        let path = format!("/customers/{customer}/usage");
        let usage = given.get(&format!("{path}?days=2")).await.is(200);
        assert_eq!(usage, json!({"days": [{"day": "2026-03-10", "used_bytes": 5000, "used_kb": 4}, {"day": "2026-03-11", "used_bytes": 0, "used_kb": 0}], "used_bytes": 5000}));
        assert_eq!(given.get(&format!("{path}?until=2026-03-09")).await.is(200)["used_bytes"], 0);
        assert_eq!(given.get(&format!("{path}?until=2026-03-10&days=1&username=user1")).await.is(200)["used_bytes"], 5000);
        assert_eq!(given.get(&format!("{path}?username=user2")).await.is(200)["used_bytes"], 0);
        assert_eq!(given.get(&format!("{path}?days=366")).await.is(200)["days"].as_array().unwrap().len(), 366);
        for wrong in ["days=0", "days=367", "until=2026-02-30", "until=yesterday", "product_type=1"] {
            given.get(&format!("{path}?{wrong}")).await.problem(400);
        }
        given.get("/customers/99/usage").await.problem(404);
    }

    async fn settings_in_force_are_shown_as_they_were_handed_in(store: &TestStore) {
        let given = Given::over(store).await;
        let shown = given.get("/settings").await.is(200);
        assert_eq!(shown, json!({"zone": "UTC", "store": {"uri": "postgres://***@db/t"}}));
    }

    async fn a_machine_is_enrolled_and_its_credential_revoked(store: &TestStore) {
        let given = Given::over(store).await;
        let enrolled = given.post("/machines", json!({"name": "edge-1"})).await.is(201);
        assert_eq!(enrolled["credential"].as_str().unwrap().len(), 64);
        given.post("/machines", json!({"name": "edge-1"})).await.problem(409);
        let blind = given.token("blind", "write", 1).await.0;
        let unseen = given.ask("POST", "/machines", &blind, Some(json!({"name": "edge-2"}))).await.is(201);
        assert_eq!(unseen, json!({"name": "edge-2"}));
        given.delete("/machines/edge-1").await.is(200);
        given.delete("/machines/edge-1").await.problem(404);
        let listed = given.pages("/machines", 1).await.concat();
        assert_eq!(listed.iter().map(|machine| machine["revoked_at"].is_null()).collect::<Vec<_>>(), [false, true]);
    }
}
