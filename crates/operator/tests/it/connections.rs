//! Open connections: gateways are asked over the feed, and end what they are told to.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use turnpike_domain::activity::{ActivityEntry, Aim, Reason};
use turnpike_domain::connection::{Connection, ConnectionId, Protocol};
use turnpike_domain::directory::Changes;
use turnpike_domain::exit::{ExitLack, ExitReport};
use turnpike_domain::explain::{Check, Explanation, Hypothesis, Outcome, Step};
use turnpike_domain::ids::{AccountId, CustomerId, Incarnation, NodeId};
use turnpike_domain::question::{Answer, Ask};
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_operator::OperatorSettings;
use turnpike_service::Service;
use turnpike_testkit::each_store;

use crate::given::Given;

/// A gateway that follows the feed and has connections of account 1 of customer 1.
pub(crate) struct FakeGateway {
    pub(crate) node: NodeId,
    open: Arc<Mutex<Vec<Connection>>>,
    following: JoinHandle<()>,
}

impl FakeGateway {
    pub(crate) async fn start(given: &Given, number: i64) -> Self {
        let node = Incarnation { node: NodeId::new(-number), boot: 1 };
        given.service.settle_node(node, Vec::new()).await.unwrap();
        let place = given.service.directory_snapshot().await.unwrap().seq;
        let open = Arc::new(Mutex::new((1..=3).map(connection).collect::<Vec<_>>()));
        let follow = follow(given.service.clone(), node, place, Arc::clone(&open));
        Self { node: node.node, open, following: tokio::spawn(follow) }
    }

    pub(crate) async fn stop(self) {
        self.following.abort();
        assert!(self.following.await.unwrap_err().is_cancelled());
    }
}

fn connection(id: u64) -> Connection {
    Connection {
        id: ConnectionId::new(id),
        customer: CustomerId::new(1),
        account: AccountId::new(1),
        username: "user1".to_owned(),
        protocol: Protocol::Connect,
        source: "192.0.2.9:4000".parse().unwrap(),
        target: "example.com:443".to_owned(),
        age: Span::from_secs(7),
        to_client: Bytes::new(1000),
        to_origin: Bytes::new(10),
    }
}

async fn follow(
    service: Service,
    node: Incarnation,
    mut place: Option<turnpike_domain::ids::FeedSeq>,
    open: Arc<Mutex<Vec<Connection>>>,
) {
    loop {
        service.wait_for_news(place).await;
        if let Changes::Since { seq, changed } = service.directory_changes(place).await.unwrap() {
            place = Some(seq);
            for question in changed.questions {
                let answer = answer(node.node, question.ask, &mut open.lock());
                service.answer_question(node, question.id, answer).await.unwrap();
            }
        }
    }
}

fn answer(own: NodeId, ask: Ask, open: &mut Vec<Connection>) -> Answer {
    let before = open.len();
    match ask {
        Ask::Connections { customer, account, .. } => {
            let wanted = |open: &&Connection| {
                customer.is_none_or(|customer| customer == open.customer)
                    && account.is_none_or(|account| account == open.account)
            };
            return Answer::Connections(open.iter().filter(wanted).cloned().collect());
        }
        Ask::Kick { node, connection } => open.retain(|open| node != own || open.id != connection),
        Ask::KickAccount(account) => open.retain(|open| open.account != account),
        Ask::CheckExit(_) => return Answer::Checked(proved(own)),
        Ask::Explain(case) => return Answer::Explained(Box::new(explained(&case))),
    }
    Answer::Kicked(u32::try_from(before - open.len()).unwrap())
}

/// What the fakes find: the second is seen, the first is refused.
fn proved(own: NodeId) -> ExitReport {
    match own.get() {
        -2 => ExitReport { seen: "203.0.113.2".parse().ok(), missing: Vec::new() },
        _ => ExitReport { seen: None, missing: vec![ExitLack::CredentialRefused] },
    }
}

/// What the fake makes of any login: the target decides.
fn explained(case: &Hypothesis) -> Explanation {
    let refused = case.target.ends_with(":25");
    let outcome = Outcome {
        reason: refused.then(|| "target_denied".to_owned()),
        status: if refused { 403 } else { 200 },
        socks_reply: if refused { 2 } else { 0 },
        error: String::new(),
        text: case.login.clone(),
        retry_after_s: None,
    };
    Explanation {
        steps: vec![Step { check: Check::Target, passed: !refused }],
        limits: None,
        leased: None,
        addresses: Vec::new(),
        session: None,
        exits: None,
        way: None,
        outcome,
    }
}

fn ids(page: &Value) -> Vec<(String, u64)> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|open| (open["gateway"].as_str().unwrap().to_owned(), open["id"].as_u64().unwrap())).collect()
}

each_store! {
    async fn connections_of_all_gateways_are_listed_page_by_page_and_ended_one_by_one(store: &TestStore) {
        let given = Given::over(store).await;
        let (one, two) = (FakeGateway::start(&given, 1).await, FakeGateway::start(&given, 2).await);
        let all = given.get("/connections").await.is(200);
        assert_eq!(ids(&all).len(), 6);
        assert_eq!(all["items"][0], json!({
            "gateway": "-2", "id": 1, "customer": 1, "account": 1, "username": "user1", "protocol": "connect",
            "source": "192.0.2.9:4000", "target": "example.com:443", "age_s": 7, "to_client_bytes": 1000,
            "to_origin_bytes": 10,
        }));
        let paged: Vec<_> = given.pages("/connections", 4).await.concat();
        assert_eq!(&paged, all["items"].as_array().unwrap());
        assert_eq!(ids(&given.get("/connections?gateway=-1").await.is(200)).len(), 3);
        assert_eq!(ids(&given.get("/connections?customer=2").await.is(200)), []);
        assert_eq!(given.delete("/connections/-1/2").await.is(200), json!({"kicked": 1}));
        given.delete("/connections/-1/2").await.problem(404);
        given.delete("/connections/-3/2").await.problem(404);
        assert_eq!(ids(&given.get("/connections?gateway=-1").await.is(200)), [("-1".to_owned(), 1), ("-1".to_owned(), 3)]);
        assert_eq!(two.open.lock().len(), 3);
        one.stop().await;
        two.stop().await;
    }

    async fn all_connections_of_an_account_are_ended_at_once(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        given.account(customer, "user1").await;
        let (one, two) = (FakeGateway::start(&given, 1).await, FakeGateway::start(&given, 2).await);
        let path = format!("/customers/{customer}/accounts/user1/connections");
        let dry = given.delete(&format!("{path}?dry_run=true")).await.is(200);
        assert_eq!(dry, json!({"kicked": 6, "dry_run": true}));
        assert_eq!(given.delete(&path).await.is(200), json!({"kicked": 6}));
        assert_eq!(given.delete(&path).await.is(200), json!({"kicked": 0}));
        given.delete(&format!("/customers/{customer}/accounts/nobody/connections")).await.problem(404);
        one.stop().await;
        two.stop().await;
    }

    async fn a_login_is_explained_by_every_gateway(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        given.account(customer, "user1").await;
        let (one, two) = (FakeGateway::start(&given, 1).await, FakeGateway::start(&given, 2).await);
        let explained = given.get("/explain?login=user1_area-US&target=example.com:25").await.is(200);
        assert_eq!((&explained["username"], &explained["agreed"]), (&json!("user1"), &json!(true)));
        assert_eq!(explained["customer"], customer);
        let verdicts = explained["gateways"].as_array().unwrap();
        assert_eq!(verdicts.len(), 2);
        assert_eq!(verdicts[0]["outcome"]["reason"], "target_denied");
        assert_eq!(verdicts[0]["outcome"]["text"], "user1_area-US");
        let let_in = given.get("/explain?login=user1&target=example.com:443&protocol=socks5").await.is(200);
        assert_eq!(let_in["gateways"][0]["outcome"]["connected"], true);
        given.get("/explain?login=nobody&target=example.com:443").await.problem(404);
        one.stop().await;
        two.stop().await;
    }

    async fn what_became_of_connections_is_paged_and_filtered(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        let entry = |second: i64, reason| ActivityEntry {
            at: given.service.now().plus(Span::from_secs(second)),
            customer: CustomerId::new(customer),
            account: Some(AccountId::new(1)),
            username: "user1".to_owned(),
            endpoint: None,
            endpoint_port: None,
            protocol: Some(Protocol::Socks5),
            target: Some(Aim { host: "example.com".to_owned(), port: 443 }),
            place: Some("DE/Berlin/Berlin".to_owned()),
            reason,
            status: Some(502),
            count: 1,
        };
        let entries = vec![entry(0, Reason::NoExit), entry(0, Reason::Unreachable), entry(1, Reason::NoExit)];
        assert_eq!(given.service.note_activity(entries).await.unwrap(), 3);
        let path = format!("/customers/{customer}/activity");
        let all = given.get(&path).await.is(200);
        let paged: Vec<_> = given.pages(&path, 1).await.concat();
        assert_eq!(&paged, all["items"].as_array().unwrap());
        let reasons: Vec<_> = paged.iter().map(|one| one["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["no_exit", "unreachable", "no_exit"]);
        let exits = given.get(&format!("{path}?reason=no_exit&username=user1")).await.is(200);
        assert_eq!(exits["items"].as_array().unwrap().len(), 2);
        given.get(&format!("{path}?reason=bad_luck")).await.problem(400);
        given.get("/customers/999/activity").await.problem(404);
    }

    async fn a_gateway_that_does_not_answer_is_said_to_be_silent(store: &TestStore) {
        let given = Given::with(store, OperatorSettings { ask_limit_ms: 50, ..OperatorSettings::default() }).await;
        let one = FakeGateway::start(&given, 1).await;
        one.following.abort();
        given.delete("/connections/-1/2").await.problem(504);
        assert_eq!(ids(&given.get("/connections").await.is(200)), []);
    }

    async fn a_change_that_waits_says_on_how_many_gateways_it_is_in_force(store: &TestStore) {
        let given = Given::with(store, OperatorSettings { wait_limit_ms: 50, ..OperatorSettings::default() }).await;
        let customer = given.customer("anna").await;
        let path = format!("/customers/{customer}?wait=applied");
        // There is no gateway that could be behind.
        assert_eq!(given.patch(&path, json!({"suspended": true})).await.is(200)["effective"], "0/0");
        let node = Incarnation { node: NodeId::new(7), boot: 1 };
        given.service.settle_node(node, Vec::new()).await.unwrap();
        assert_eq!(given.patch(&path, json!({"suspended": false})).await.is(200)["effective"], "0/1");
        assert_eq!(given.patch(&format!("{path}&dry_run=true"), json!({"suspended": true})).await.is(200)["effective"], Value::Null);
        let listed = given.get("/gateways").await.is(200)["items"][0].take();
        assert_eq!((&listed["id"], &listed["state"], &listed["machine"]), (&json!("7"), &json!("live"), &Value::Null));
        given.pass(Span::from_secs(301));
        assert_eq!(given.get("/gateways").await.is(200)["items"][0]["state"], "silent");
        assert_eq!(given.patch(&path, json!({"suspended": false})).await.is(200)["effective"], "0/0");
    }

    async fn a_gateway_that_is_gone_for_good_is_given_up(store: &TestStore) {
        let given = Given::over(store).await;
        let node = Incarnation { node: NodeId::new(-7), boot: 1 };
        given.service.settle_node(node, Vec::new()).await.unwrap();
        let given_up = given.delete("/gateways/-7/escrow").await.is(200);
        assert_eq!((&given_up["gateway"], &given_up["leases"]), (&json!("-7"), &json!(0)));
        assert_eq!(given.get("/audit").await.is(200)["items"][0]["act"], "node.give_up");
        given.delete("/gateways/8/escrow").await.problem(404);
    }
}

/// For the type's sake: patience is given in whole milliseconds.
#[test]
fn questions_take_less_time_than_requests_may() {
    let settings = OperatorSettings::default();
    let [ask, wait, request] = [settings.ask_limit_ms, settings.wait_limit_ms, settings.request_deadline_ms];
    assert!(Duration::from_millis(ask + wait) < Duration::from_millis(request));
}
