//! `wait=applied`: on how many gateways a change is in force.

use turnpike_api::ApiSettings;
use turnpike_domain::ids::{Incarnation, NodeId};
use turnpike_testkit::each_store;

use crate::given::Given;

const NODE: Incarnation = Incarnation { node: NodeId::new(77), boot: 1 };

/// Each call that waits when it is asked to, in an order in which they all succeed.
const CALLS: [(&str, &str); 7] = [
    ("/whitelist-account/disable", r#""accounts":"a""#),
    ("/whitelist-account/enable", r#""accounts":"a""#),
    ("/whitelist-account/change-password", r#""account":"a","password":"q""#),
    ("/whitelist-account/change-limit", r#""account":"a","limit":1"#),
    ("/proxy-ip/add", r#""ips":"8.8.8.8""#),
    ("/proxy-ip/delete", r#""ips":"8.8.8.8""#),
    ("/whitelist-account/delete", r#""accounts":"a""#),
];

each_store! {
    async fn a_change_says_on_how_many_gateways_it_is_in_force(store: &TestStore) {
        let given = Given::with(store, ApiSettings { wait_limit_ms: 0, ..ApiSettings::default() });
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p,b:p"}"#).await.data();
        let disabled = given.post(&anna, "/whitelist-account/disable", r#"{"accounts":"a","wait":"applied"}"#).await;
        disabled.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"effective":"0/0"}}"#);
        given.service.settle_node(NODE, Vec::new()).await.unwrap();
        for (path, parameters) in CALLS {
            let json = format!(r#"{{{parameters},"wait":"applied"}}"#);
            assert_eq!(given.post(&anna, path, json).await.data()["effective"], "0/1", "{path}");
        }
        let change = r#"{"account":"b","limit":2,"wait":"applied"}"#;
        given.post(&anna, "/proxy-account/change", change).await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"id":2,"username":"b","limit":2,"daily_limit":0,"used":0,"status":1,"udp":false,"effective":"0/1"}}"#);
        // Whoever does not ask is not told.
        given.post(&anna, "/whitelist-account/disable", r#"{"accounts":"b","wait":""}"#).await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":null}"#);
    }

    async fn an_answer_waits_for_the_gateway_and_is_kept_as_it_was(store: &TestStore) {
        let given = Given::with(store, ApiSettings { wait_limit_ms: 20_000, ..ApiSettings::default() });
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        given.service.settle_node(NODE, Vec::new()).await.unwrap();
        let service = given.service.clone();
        let before = service.directory_snapshot().await.unwrap().seq;
        let following = tokio::spawn(async move {
            service.wait_for_news(before).await;
            service.note_applied(NODE, service.directory_snapshot().await.unwrap().seq);
        });
        let wish = r#"{"accounts":"a","wait":"applied"}"#;
        let disabled = given.post_once(&anna, "/whitelist-account/disable", "k", wish).await;
        assert_eq!(disabled.data()["effective"], "1/1");
        following.await.unwrap();
        // Another gateway since then changes nothing about what was said.
        given.service.settle_node(Incarnation { node: NodeId::new(78), boot: 1 }, Vec::new()).await.unwrap();
        assert_eq!(given.post_once(&anna, "/whitelist-account/disable", "k", wish).await.body, disabled.body);
    }

    async fn there_is_nothing_else_to_wait_for(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        for (path, parameters) in CALLS {
            let answer = given.post(&anna, path, format!(r#"{{{parameters},"wait":"all"}}"#)).await;
            assert_eq!(answer.errors("wait"), ["must be applied"], "{path}");
        }
    }
}
