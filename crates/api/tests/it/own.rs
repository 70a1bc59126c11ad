//! What a customer sees of itself, and an account changed at once.

use turnpike_domain::product::ProductType;
use turnpike_testkit::each_store;

use crate::given::{Given, operator};

each_store! {
    async fn a_customer_sees_who_it_is(store: &TestStore) {
        let given = Given::over(store);
        let new = given.unverified_customer("new@example.com").await;
        let info = given.get(&new, "/user/info").await;
        info.must_be(r#"200 {"code":0,"msg":"Success","message":"Success","data":{"id":1,"email":"new@example.com","phone":"","balance":0,"status":1,"is_real_name":false,"created_at":"2026-03-10T12:00:00Z"}}"#);
        given.service.verify_customer(&operator(), new.id).await.unwrap();
        given.service.suspend_customer(&operator(), new.id).await.unwrap();
        let info = given.get(&new, "/user/info").await.data_0();
        assert_eq!((&info["status"], &info["is_real_name"]), (&0.into(), &true.into()));
        let keys = given.get(&new, "/api-keys").await.data_0();
        assert_eq!(keys, serde_json::json!({"list": [{"app_key": new.key, "created_at": "2026-03-10T12:00:00Z"}]}));
    }

    async fn traffic_in_all_is_told_in_the_unit_asked_for(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let nothing = given.get(&anna, "/user-usage-flow/flow-total").await;
        nothing.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"unit":"KB","total":0,"used":0,"remaining":0}}"#);
        given.package(&anna, ProductType::DynamicTraffic, ["2026-03-01", "2026-04-01"]).await;
        given.package(&anna, ProductType::StaticTraffic, ["2026-01-01", "2026-02-01"]).await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        given.bill(&anna, "a", 1024 * 1024 + 1023).await;
        let flow = async |query: &str| given.get(&anna, &format!("/user-usage-flow/flow-total{query}")).await;
        flow("").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"unit":"KB","total":2097152,"used":1024,"remaining":1047552}}"#);
        flow("?unit=gb").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"unit":"GB","total":2,"used":0,"remaining":0.99}}"#);
        flow("?unit=MB").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"unit":"MB","total":2048,"used":1,"remaining":1023}}"#);
        for unit in ["B", "KiB", "1", "KB ", "%00"] {
            let answer = flow(&format!("?unit={}", unit.replace(' ', "+"))).await;
            assert_eq!(answer.errors("unit"), ["must be one of KB, MB, GB, TB and PB"], "{unit}");
        }
    }

    async fn an_account_is_changed_at_once(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p","limit":5,"remark":"old"}"#).await.data();
        let wish = r#"{"account":"a","password":"newpass1","limit":"7","daily_limit":2,"status":"0","udp":"true"}"#;
        let changed = given.post(&anna, "/proxy-account/change", wish).await;
        changed.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"id":1,"username":"a","limit":7,"daily_limit":2,"used":0,"status":0,"udp":true}}"#);
        let account = async || given.get(&anna, "/whitelist-account/list").await.data()["list"][0].take();
        let listed = account().await;
        assert_eq!((&listed["password"], &listed["remark"], &listed["limit_flow"], &listed["status"]), (&"newpass1".into(), &"old".into(), &7.into(), &0.into()));
        // What is not given or given empty stays; an empty remark clears it.
        let wish = r#"{"account":"a","password":"","limit":"","status":true,"remark":""}"#;
        given.post(&anna, "/proxy-account/change", wish).await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"id":1,"username":"a","limit":7,"daily_limit":2,"used":0,"status":1,"udp":true}}"#);
        let listed = account().await;
        assert_eq!((&listed["password"], &listed["remark"]), (&"newpass1".into(), &"".into()));
        let missing = given.post(&ben, "/proxy-account/change", r#"{"account":"a","status":0}"#).await;
        missing.must_be(r#"200 {"code":404,"msg":"There is no proxy account named a","message":"There is no proxy account named a","data":null,"errors":{}}"#);
        assert_eq!(account().await["status"], 1);
    }

    async fn a_bad_change_changes_nothing(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        let bad = [
            ("password", r#""short""#), ("password", r#""seventeenletters1""#), ("password", r#""sp ace1""#), ("password", "123456"), ("limit", "-1"), ("limit", "102401"),
            ("limit", "1.5"), ("daily_limit", r#""x""#), ("status", "2"), ("status", r#""on""#), ("status", "[]"), ("udp", r#""yes""#), ("udp", "2"), ("remark", "1"),
            ("remark", r#""\n""#), ("account", r#""""#), ("account", r#""a b""#), ("wait", r#""forever""#), ("wait", "true"),
        ];
        for (name, value) in bad {
            let account = if name == "account" { "" } else { r#""account":"a","# };
            let wish = format!(r#"{{"limit":9,{account}"{name}":{value}}}"#);
            let answer = given.post(&anna, "/proxy-account/change", wish).await;
            assert_eq!((answer.code(), answer.errors(name).len()), (400, 1), "{name} {value}");
        }
        assert_eq!(given.get(&anna, "/whitelist-account/list").await.data()["list"][0]["limit_flow"], 0);
    }
}
