//! The eight calls on proxy accounts, as stories.

use turnpike_api::ApiSettings;
use turnpike_testkit::each_store;

use crate::given::{Given, operator};

each_store! {
    async fn accounts_that_were_added_are_listed(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let added = given.post(&anna, "/whitelist-account/add", r#"{"accounts":"user01:pass1, user02:pass2,"}"#).await;
        added.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":null}"#);
        let wish = r#"{"accounts":"user03:pass3","remark":"备注 3","product_type":"25","limit":10,"daily_limit":"2"}"#;
        given.post(&anna, "/whitelist-account/add", wish).await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":null}"#);

        let listed = given.get(&anna, "/whitelist-account/list").await;
        listed.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"id":3,"username":"user03","password":"pass3","created_at":"2026-03-10 12:00:00","remark":"备注 3","product_type":25,"usage_flow":0,"limit_flow":10,"status":1},{"id":2,"username":"user02","password":"pass2","created_at":"2026-03-10 12:00:00","remark":"","product_type":9,"usage_flow":0,"limit_flow":0,"status":1},{"id":1,"username":"user01","password":"pass1","created_at":"2026-03-10 12:00:00","remark":"","product_type":9,"usage_flow":0,"limit_flow":0,"status":1}]}}"#);
        let filtered = given.get(&anna, "/whitelist-account/list?product_type=25").await.data();
        assert_eq!(filtered["list"].as_array().unwrap().len(), 1);
        let nothing = given.get(&anna, "/whitelist-account/list?product_type=12").await;
        nothing.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[]}}"#);
    }

    async fn a_list_of_several_parts_is_one_answer(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        for hundreds in (0..4_500_u32).step_by(500) {
            let accounts: Vec<_> = (hundreds..hundreds + 500).map(|number| format!("u{number}:pass")).collect();
            given.post(&anna, "/whitelist-account/add", format!(r#"{{"accounts":"{}"}}"#, accounts.join(","))).await.data();
        }
        let expected: Vec<_> = (0..4_500).rev().map(|number| format!("u{number}")).collect();
        assert_eq!(given.usernames(&anna).await, expected);
    }

    async fn names_are_meant_with_or_without_the_prefix(store: &TestStore) {
        let account_prefix = "tp".to_owned().try_into().unwrap();
        let given = Given::with(store, ApiSettings { account_prefix, ..ApiSettings::default() });
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p,tpb:p"}"#).await.data();
        assert_eq!(given.usernames(&anna).await, ["tpb", "tpa"]);
        for (call, json) in [
            ("/whitelist-account/disable", r#"{"accounts":"a,b"}"#), ("/whitelist-account/enable", r#"{"accounts":"tpa,tpb"}"#),
            ("/whitelist-account/change-password", r#"{"account":"a","password":"q"}"#), ("/whitelist-account/change-remark", r#"{"account":"a","remark":"r"}"#),
            ("/whitelist-account/change-limit", r#"{"account":"tpa","limit":1}"#), ("/proxy-account/change", r#"{"account":"a","udp":1}"#),
        ] {
            given.post(&anna, call, json).await.data();
        }
        given.get(&anna, "/user-usage-flow/total?username=a").await.data();
        let twice = given.post(&anna, "/whitelist-account/delete", r#"{"accounts":"a,tpa"}"#).await;
        assert_eq!(twice.errors("accounts"), ["the name tpa is there twice"]);
        let taken = given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await;
        assert_eq!((taken.code(), taken.json()["msg"].as_str()), (409, Some("The proxy account name tpa is already taken")));
        let long = format!(r#"{{"accounts":"{}:p"}}"#, "u".repeat(31));
        assert_eq!(given.post(&anna, "/whitelist-account/add", long).await.errors("accounts"), ["item 1, name: must not be longer than 32 characters"]);
        given.post(&anna, "/whitelist-account/delete", r#"{"accounts":"a,b"}"#).await.data();
    }

    async fn a_batch_is_added_whole_or_not_at_all(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.post(&ben, "/whitelist-account/add", r#"{"accounts":"taken:pass"}"#).await.data();
        let refused = given.post(&anna, "/whitelist-account/add", r#"{"accounts":"free:pass,taken:pass"}"#).await;
        refused.must_be(r#"200 {"code":409,"msg":"The proxy account name taken is already taken","message":"The proxy account name taken is already taken","data":null,"errors":{}}"#);
        let refused = given.post(&anna, "/whitelist-account/add", r#"{"accounts":"free:pass,other:pa-ss"}"#).await;
        refused.must_be(r#"200 {"code":400,"msg":"Some parameters are not valid","message":"Some parameters are not valid","data":null,"errors":{"accounts":["item 2, password: may hold only the letters A to Z and a to z and the digits 0 to 9"]}}"#);
        assert_eq!(given.usernames(&anna).await, Vec::<String>::new());
    }

    async fn accounts_are_disabled_enabled_and_deleted(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p,b:p,c:p"}"#).await.data();
        let statuses = async || {
            let list = given.get(&anna, "/whitelist-account/list").await.data()["list"].take();
            let status = |account: &serde_json::Value| format!("{}{}", account["username"].as_str().unwrap(), account["status"]);
            list.as_array().unwrap().iter().map(status).collect::<Vec<_>>().join(" ")
        };
        for _ in 0..2 {
            given.post(&anna, "/whitelist-account/disable", r#"{"accounts":"a, c"}"#).await.data();
            assert_eq!(statuses().await, "c0 b1 a0");
        }
        given.post(&anna, "/whitelist-account/enable", r#"{"accounts":"a"}"#).await.data();
        assert_eq!(statuses().await, "c0 b1 a1");
        given.post(&anna, "/whitelist-account/delete", r#"{"accounts":"a,c"}"#).await.data();
        assert_eq!(statuses().await, "b1");
        // A deleted name may be used again.
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        assert_eq!(statuses().await, "a1 b1");
    }

    async fn password_remark_and_limit_are_changed(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p","remark":"old"}"#).await.data();
        given.post(&anna, "/whitelist-account/change-password", r#"{"account":"a","password":"new"}"#).await.data();
        given.post(&anna, "/whitelist-account/change-remark", r#"{"account":"a","remark":"<b>new"}"#).await.data();
        given.post(&anna, "/whitelist-account/change-limit", r#"{"account":"a","limit":102400}"#).await.data();
        let account = async || given.get(&anna, "/whitelist-account/list").await.data()["list"][0].take();
        let changed = account().await;
        assert_eq!((&changed["password"], &changed["remark"]), (&"new".into(), &"<b>new".into()));
        assert_eq!(changed["limit_flow"], 102_400);
        given.post(&anna, "/whitelist-account/change-remark", r#"{"account":"a","remark":""}"#).await.data();
        given.post(&anna, "/whitelist-account/change-limit", r#"{"account":"a","limit":"0"}"#).await.data();
        let cleared = account().await;
        assert_eq!((&cleared["remark"], &cleared["limit_flow"]), (&"".into(), &0.into()));
    }

    async fn what_is_not_yours_does_not_exist(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"mine:p"}"#).await.data();
        let calls = [
            ("delete", r#"{"accounts":"mine,his"}"#),
            ("disable", r#"{"accounts":"mine,his"}"#),
            ("enable", r#"{"accounts":"mine,his"}"#),
            ("change-password", r#"{"account":"his","password":"p"}"#),
            ("change-remark", r#"{"account":"his","remark":"r"}"#),
            ("change-limit", r#"{"account":"his","limit":1}"#),
        ];
        let mut missing = Vec::new();
        for (call, json) in calls {
            missing.push(given.post(&anna, &format!("/whitelist-account/{call}"), json).await.body);
        }
        given.post(&ben, "/whitelist-account/add", r#"{"accounts":"his:p"}"#).await.data();
        for ((call, json), missing) in calls.into_iter().zip(missing) {
            let answer = given.post(&anna, &format!("/whitelist-account/{call}"), json).await;
            assert_eq!(answer.body, missing, "{call}");
            answer.must_be(r#"200 {"code":404,"msg":"There is no proxy account named his","message":"There is no proxy account named his","data":null,"errors":{}}"#);
        }
        assert_eq!(given.usernames(&anna).await, ["mine"]);
        assert_eq!(given.usernames(&ben).await, ["his"]);
    }

    async fn usage_is_told_in_kilobytes_and_a_name_used_again_begins_at_zero(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let month = ["2026-03-01", "2026-04-01"];
        given.package(&anna, turnpike_domain::product::ProductType::DynamicTraffic, month).await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        given.bill(&anna, "a", 3 * 1024 - 1).await;
        let flow = async || given.get(&anna, "/whitelist-account/list").await.data()["list"][0]["usage_flow"].take();
        assert_eq!(flow().await, 2);
        given.post(&anna, "/whitelist-account/delete", r#"{"accounts":"a"}"#).await.data();
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        assert_eq!(flow().await, 0);
    }

    async fn whoever_may_not_change_anything_is_told_before_anything_about_parameters_is(store: &TestStore) {
        let given = Given::over(store);
        let new = given.unverified_customer("new@example.com").await;
        let refused = given.post(&new, "/whitelist-account/add", "{").await;
        refused.must_be(r#"200 {"code":156,"msg":"Please complete the identity verification of your account first","message":"Please complete the identity verification of your account first","data":null,"errors":{}}"#);
        given.service.suspend_customer(&operator(), new.id).await.unwrap();
        assert_eq!(given.post(&new, "/whitelist-account/add", "{").await.code(), 156);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        given.service.suspend_customer(&operator(), anna.id).await.unwrap();
        let refused = given.post(&anna, "/whitelist-account/delete", r#"{"accounts":"a"}"#).await;
        refused.must_be(r#"200 {"code":403,"msg":"Your account is suspended, please contact support","message":"Your account is suspended, please contact support","data":null,"errors":{}}"#);
        assert_eq!(given.usernames(&anna).await, ["a"]);
    }
}
