//! `proxy-ip/*` and the quotas, as stories.

use turnpike_api::ApiSettings;
use turnpike_testkit::each_store;

use crate::given::Given;

each_store! {
    async fn addresses_are_added_listed_and_deleted(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let added = given.post(&anna, "/proxy-ip/add", r#"{"ips":"8.8.8.8\n2001:4860:4860:0::8888","remark":"office","product_type":"9"}"#).await;
        added.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":null}"#);
        given.post(&anna, "/proxy-ip/add", r#"{"ips":"::ffff:9.9.9.9, 8.8.8.8"}"#).await.data();
        let list = given.get(&anna, "/proxy-ip/list").await.data()["list"].take();
        let rows: Vec<String> = list.as_array().unwrap().iter().map(|row| {
            format!("{} {} {}", row["ip"].as_str().unwrap(), row["remark"].as_str().unwrap(), row["created_at"].as_str().unwrap())
        }).collect();
        let mut sorted = rows.clone();
        sorted.sort();
        assert_eq!(sorted, [
            "2001:4860:4860::8888 office 2026-03-10T12:00:00Z", "8.8.8.8 office 2026-03-10T12:00:00Z", "9.9.9.9  2026-03-10T12:00:00Z",
        ]);
        let quota = r#"200 {"code":0,"msg":"Success","message":"Success","data":{"quota":100,"used":3,"remaining":97}}"#;
        given.get(&anna, "/white-ip/quota").await.must_be(quota);
        given.get(&anna, "/white-ip/quotas").await.must_be(quota);
        given.post(&anna, "/proxy-ip/delete", r#"{"ips":"8.8.8.8,9.9.9.9"}"#).await.data();
        let refused = given.post(&anna, "/proxy-ip/delete", r#"{"ips":"8.8.8.8,2001:4860:4860::8888"}"#).await;
        refused.must_be(r#"200 {"code":404,"msg":"The address 8.8.8.8 is not on your allow list","message":"The address 8.8.8.8 is not on your allow list","data":null,"errors":{}}"#);
        assert_eq!(given.get(&anna, "/proxy-ip/list").await.data()["list"].as_array().unwrap().len(), 1);
    }

    async fn every_bad_entry_is_told_and_nothing_is_added(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let refused = given.post(&anna, "/proxy-ip/add", r#"{"ips":"8.8.8.8,10.0.0.1\nnonsense,0.0.0.0,::1"}"#).await;
        assert_eq!(refused.code(), 400);
        assert_eq!(refused.errors("ips"), [
            "item 2: 10.0.0.1 is a private or special-purpose address", "item 3: is not an IPv4 or IPv6 address",
            "item 4: nobody can connect from 0.0.0.0", "item 5: ::1 is a private or special-purpose address",
        ]);
        assert_eq!(given.get(&anna, "/proxy-ip/list").await.data()["list"].as_array().unwrap().len(), 0);
        for ips in ["", ",", "8.8.8.0/24", "8.8.8.8:80", "example.com", "08.8.8.8", "8.8.8.8 9.9.9.9", "８.8.8.8"] {
            for call in ["add", "delete"] {
                let answer = given.post(&anna, &format!("/proxy-ip/{call}"), format!(r#"{{"ips":"{ips}"}}"#)).await;
                assert_eq!((answer.code(), answer.errors("ips").len()), (400, 1), "{call} {ips}");
            }
        }
        for body in [r#"{"ips":1}"#, r#"{"ips":["8.8.8.8"]}"#, r#"{"ips":null}"#, r#"{"ips":"8.8.8.8","product_type":1}"#, r#"{"ips":"8.8.8.8","remark":"\u0000"}"#] {
            assert_eq!(given.post(&anna, "/proxy-ip/add", body).await.code(), 400, "{body}");
        }
        let many = vec!["8.8.8.8"; 501].join(",");
        let answer = given.post(&anna, "/proxy-ip/add", format!(r#"{{"ips":"{many}"}}"#)).await;
        assert_eq!(answer.errors("ips"), ["must not hold more than 500 items"]);
    }

    async fn quotas_hold_and_are_told(store: &TestStore) {
        let settings = ApiSettings { most_accounts: 2, most_allowed_sources: 2, allow_special_sources: true, ..ApiSettings::default() };
        let given = Given::with(store, settings);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/proxy-ip/add", r#"{"ips":"10.0.0.1,127.0.0.1"}"#).await.data();
        let full = given.post(&anna, "/proxy-ip/add", r#"{"ips":"8.8.8.8"}"#).await;
        full.must_be(r#"200 {"code":403,"msg":"Your allow list may hold at most 2 addresses","message":"Your allow list may hold at most 2 addresses","data":null,"errors":{}}"#);
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        let full = given.post(&anna, "/whitelist-account/add", r#"{"accounts":"b:p,c:p"}"#).await;
        full.must_be(r#"200 {"code":403,"msg":"You may have at most 2 proxy accounts","message":"You may have at most 2 proxy accounts","data":null,"errors":{}}"#);
        let quota = given.get(&anna, "/whitelist-account/quotas").await.data_0();
        assert_eq!(quota, serde_json::json!({"quota": 2, "used": 1, "remaining": 1}));
        assert_eq!(given.get(&anna, "/whitelist-account/quota").await.data_0(), quota);
    }

    async fn what_is_another_s_is_not_there(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let missing = given.post(&anna, "/proxy-ip/delete", r#"{"ips":"8.8.8.8"}"#).await;
        given.post(&ben, "/proxy-ip/add", r#"{"ips":"8.8.8.8"}"#).await.data();
        assert_eq!(given.post(&anna, "/proxy-ip/delete", r#"{"ips":"8.8.8.8"}"#).await.body, missing.body);
        assert_eq!(given.get(&ben, "/proxy-ip/list").await.data()["list"].as_array().unwrap().len(), 1);
        // The same address on two lists is two entries.
        given.post(&anna, "/proxy-ip/add", r#"{"ips":"8.8.8.8"}"#).await.data();
    }
}
