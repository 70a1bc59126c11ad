//! The catalogue, coupons, tiers, articles and invitations, as programs of the operator manage them.

use serde_json::{Value, json};
use turnpike_testkit::each_store;

use crate::given::Given;

/// What a traffic product needs.
fn traffic(code: &str) -> Value {
    json!({"code": code, "type": 9, "name": "Traffic", "price": "5", "size_kb": 1_048_576})
}

fn codes(products: &Value) -> Vec<&str> {
    products.as_array().unwrap().iter().map(|product| product["code"].as_str().unwrap()).collect()
}

each_store! {
    async fn a_catalogue_is_put_in_force_and_read_back(store: &TestStore) {
        let given = Given::over(store).await;
        let mut plan = json!({"code": "plan", "type": 11, "name": "Plan", "price": "20.00", "stock": 7});
        plan["bandwidth"] = json!([{"id": 1, "title": "10 Mbit/s", "value": 10_000, "price": "0"}]);
        let mut gb = traffic("gb");
        gb["steps"] = json!([{"from": 10, "price": "4.50"}]);
        let tiers = json!([{"amount": "100", "ratio": "1.05"}]);
        let wish = json!({"products": [gb, plan], "tiers": tiers});
        let loaded = given.put("/catalogue", wish).await.is(200);
        assert_eq!((codes(&loaded["added"]), loaded["unchanged"].as_u64()), (vec!["gb", "plan"], Some(0)));

        let whole = given.get("/catalogue").await.is(200);
        let expected = json!({
            "products": [
                {
                    "id": 1, "code": "gb", "type": 9, "name": "Traffic", "title": "Traffic", "description": "",
                    "on_sale": true, "rank": 0, "price": "5.00", "size_kb": 1_048_576, "validity_s": 2_592_000,
                    "ip_type": null, "least": 1, "most": 500, "stock": null,
                    "steps": [{"from": 10, "price": "4.50"}], "countries": {}, "only_countries": false,
                    "bandwidth": [], "concurrency": []
                },
                {
                    "id": 2, "code": "plan", "type": 11, "name": "Plan", "title": "Plan", "description": "",
                    "on_sale": true, "rank": 0, "price": "20.00", "size_kb": null, "validity_s": 2_592_000,
                    "ip_type": null, "least": 1, "most": 500, "stock": 7,
                    "steps": [], "countries": {}, "only_countries": false,
                    "bandwidth": [{"id": 1, "title": "10 Mbit/s", "value": 10_000, "price": "0.00"}],
                    "concurrency": []
                }
            ],
            "tiers": [{"amount": "100.00", "ratio": "1.05"}]
        });
        assert_eq!(whole, expected);
        // What is read can be given back, and changes nothing.
        let again = given.put("/catalogue", whole).await.is(200);
        assert_eq!(again, json!({"added": [], "changed": [], "withdrawn": [], "unchanged": 2}));

        let fewer = given.put("/catalogue", json!({"products": [traffic("gb")]})).await.is(200);
        assert_eq!((codes(&fewer["changed"]), codes(&fewer["withdrawn"])), (vec!["gb"], vec!["plan"]));
        let whole = given.get("/catalogue").await.is(200);
        assert_eq!((whole["products"][1]["on_sale"].as_bool(), whole["products"][1]["stock"].as_u64()), (Some(false), Some(7)));
        assert_eq!(whole["tiers"][0]["ratio"], "1.05");
    }

    async fn a_dry_run_tells_what_would_change(store: &TestStore) {
        let given = Given::over(store).await;
        let wish = json!({"products": [traffic("gb")]});
        let told = given.ask("PUT", "/catalogue?dry_run=true", &given.all, Some(wish)).await.is(200);
        assert_eq!((told["dry_run"].as_bool(), codes(&told["added"])), (Some(true), vec!["gb"]));
        assert_eq!(given.get("/catalogue").await.is(200)["products"], json!([]));
    }

    async fn everything_that_is_wrong_is_told_where_it_is(store: &TestStore) {
        let given = Given::over(store).await;
        let pointers = |problem: &Value| {
            let errors = problem["errors"].as_array().unwrap();
            errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut wrong = traffic("Upper");
        wrong["price"] = json!("5.001");
        wrong["steps"] = json!([{"from": 1, "price": "1"}, 7]);
        wrong["colour"] = json!("red");
        let problem = given.put("/catalogue", json!({"products": [traffic("gb"), wrong, 3]})).await.is(422);
        let expected = [
            "#/products/1/code", "#/products/1/price", "#/products/1/steps/0/from", "#/products/1/steps/1",
            "#/products/1/colour", "#/products/2",
        ];
        assert_eq!(pointers(&problem), expected);
        assert_eq!(pointers(&given.put("/catalogue", json!({"tiers": []})).await.is(422)), ["#/products"]);

        // Right by themselves, wrong together.
        let mut sizeless = traffic("idc");
        sizeless.as_object_mut().unwrap().remove("size_kb");
        sizeless["steps"] = json!([{"from": 5, "price": "1"}, {"from": 5, "price": "1"}]);
        let problem = given.put("/catalogue", json!({"products": [traffic("gb"), sizeless, traffic("gb")]})).await.is(409);
        assert_eq!(pointers(&problem), ["#/products/1/size_kb", "#/products/1/steps/1/from", "#/products/2/code"]);
        let tiers = json!({"tiers": [{"amount": "5", "ratio": "1.1"}, {"amount": "5", "ratio": "1.2"}]});
        assert_eq!(pointers(&given.put("/recharge-tiers", tiers).await.is(409)), ["#/tiers/1/amount"]);

        given.put("/catalogue", json!({"products": [traffic("gb")]})).await.is(200);
        let mut other = traffic("gb");
        other["type"] = json!(12);
        let problem = given.put("/catalogue", json!({"products": [other]})).await.is(409);
        assert_eq!(pointers(&problem), ["#/products/0/type"]);
    }

    async fn recharge_tiers_are_set_as_a_whole(store: &TestStore) {
        let given = Given::over(store).await;
        assert_eq!(given.get("/recharge-tiers").await.is(200), json!({"tiers": []}));
        let wish = json!({"tiers": [{"amount": "50.00", "ratio": "1.1"}, {"amount": "100.00", "ratio": "1.2"}]});
        assert_eq!(given.put("/recharge-tiers", wish.clone()).await.is(200), wish);
        assert_eq!(given.get("/recharge-tiers").await.is(200), wish);
        given.put("/recharge-tiers", json!({"tiers": []})).await.is(200);
        assert_eq!(given.get("/recharge-tiers").await.is(200), json!({"tiers": []}));
    }

    async fn coupons_are_made_listed_and_changed(store: &TestStore) {
        let given = Given::over(store).await;
        given.put("/catalogue", json!({"products": [traffic("gb")]})).await.is(200);
        let wish = json!({
            "code": "spring-26", "off": "12.5%", "products": ["gb"], "expires_at": "2026-04-01T00:00:00Z", "most_uses": 100
        });
        let made = given.post("/coupons", wish.clone()).await.is(201);
        let expected = json!({
            "id": 1, "code": "SPRING-26", "name": "SPRING-26", "off": "12.50%", "products": ["gb"], "types": [],
            "starts_at": "2026-03-10T12:00:00Z", "expires_at": "2026-04-01T00:00:00Z", "most_uses": 100,
            "most_uses_each": null, "customer": null, "listed": true, "enabled": true, "uses": 0
        });
        assert_eq!(made, expected);
        assert_eq!(given.get("/coupons/1").await.is(200), made);
        assert_eq!(given.post("/coupons", wish).await.is(409)["detail"], "a coupon with the code SPRING-26 exists");
        let amount = json!({"code": "FIVE", "name": "Five", "off": "5", "expires_at": "2026-04-01T00:00:00Z"});
        let amount = given.post("/coupons", amount).await.is(201);
        assert_eq!((amount["off"].as_str(), amount["listed"].as_bool()), (Some("5.00"), Some(true)));
        let pages = given.pages("/coupons", 1).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(given.get("/coupons?code=five").await.is(200)["items"][0]["code"], "FIVE");

        let changed = given.patch("/coupons/1", json!({"enabled": false, "most_uses": null})).await.is(200);
        assert_eq!((changed["enabled"].as_bool(), &changed["most_uses"]), (Some(false), &Value::Null));
        assert_eq!(given.get("/coupons/9").await.is(404)["detail"], "no such coupon");
        given.patch("/coupons/9", json!({"enabled": true})).await.is(404);
        given.patch("/coupons/1", json!({})).await.is(422);
        given.patch("/coupons/1", json!({"expires_at": "2026-01-01T00:00:00Z"})).await.is(409);
        let unknown = json!({"code": "NONE", "off": "5", "products": ["nothing"], "expires_at": "2026-04-01T00:00:00Z"});
        assert_eq!(given.post("/coupons", unknown).await.is(409)["detail"], "no product has the code nothing");
        let stranger = json!({"code": "NONE", "off": "5", "customer": 9, "expires_at": "2026-04-01T00:00:00Z"});
        given.post("/coupons", stranger).await.is(404);
        for off in ["0", "0%", "101%", "5.123", "x"] {
            let wish = json!({"code": "WRONG", "off": off, "expires_at": "2026-04-01T00:00:00Z"});
            given.post("/coupons", wish).await.is(422);
        }
        let acts = given.get("/audit?limit=3").await.is(200);
        assert_eq!(acts["items"][0]["act"], "coupon.change");
        assert_eq!(acts["items"][0]["detail"], "SPRING-26: uses without a limit, enabled false");
    }

    async fn articles_are_published_changed_and_withdrawn(store: &TestStore) {
        let given = Given::over(store).await;
        let made = given.post("/articles", json!({"title": "News", "content": "Two\nlines"})).await.is(201);
        let expected = json!({
            "id": 1, "title": "News", "content": "Two\nlines", "created_at": "2026-03-10T12:00:00Z", "withdrawn_at": null
        });
        assert_eq!(made, expected);
        let withdrawn = given.patch("/articles/1", json!({"withdrawn": true, "title": "Old news"})).await.is(200);
        assert_eq!((withdrawn["title"].as_str(), withdrawn["withdrawn_at"].as_str()), (Some("Old news"), Some("2026-03-10T12:00:00Z")));
        assert_eq!(given.get("/articles").await.is(200)["items"], json!([withdrawn]));
        let back = given.patch("/articles/1", json!({"withdrawn": false})).await.is(200);
        assert_eq!(back["withdrawn_at"], Value::Null);
        given.get("/articles/2").await.is(404);
        for (title, content) in [("", "x"), ("a\nb", "x"), ("a", " "), ("a", "\u{7}")] {
            given.post("/articles", json!({"title": title, "content": content})).await.is(422);
        }
    }

    async fn a_customer_is_invited_once_and_not_by_itself(store: &TestStore) {
        let given = Given::over(store).await;
        let (anna, ben) = (given.customer("anna").await, given.customer("ben").await);
        let nothing = json!({"code": null, "invited_by": null, "order": null});
        assert_eq!(given.get(&format!("/customers/{anna}/invitation")).await.is(200), nothing);
        let code = given.post(&format!("/customers/{anna}/invite-code"), json!({})).await.is(201)["code"].clone();
        assert_eq!(given.post(&format!("/customers/{anna}/invite-code"), json!({})).await.is(201)["code"], code);
        let text = code.as_str().unwrap();
        assert!(text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{text}");

        let wish = json!({"code": text.to_lowercase()});
        given.post(&format!("/customers/{anna}/invitation"), wish.clone()).await.is(409);
        let invited = given.post(&format!("/customers/{ben}/invitation"), wish.clone()).await.is(201);
        assert_eq!(invited, json!({"code": null, "invited_by": anna, "order": null}));
        let twice = given.post(&format!("/customers/{ben}/invitation"), wish).await.is(409);
        assert_eq!(twice["detail"], "the customer was invited before");
        given.get("/customers/99/invitation").await.is(404);
        given.post("/customers/99/invite-code", json!({})).await.is(404);
    }
}
