//! What is said of a connection that nobody makes is what becomes of one that is made: the same status, the same words, and where it
//! is certain the same exit.

use std::fmt::Write as _;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use turnpike_domain::connection::Protocol as Speaks;
use turnpike_domain::directory::HeldIp;
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Provenance, Route, UpstreamPassword};
use turnpike_domain::explain::{Check, Considered, Explanation, Hypothesis, WayKind, WayOut};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_domain::question::{Answer, Ask};
use turnpike_domain::time::Span;
use turnpike_testkit::client::{Protocol, ProxyError};
use turnpike_testkit::wire::Wire;

use crate::support::{CUSTOMER, House, NOW, PASSWORD, Store, USER, within};

/// How many logins are tried; the environment may name more.
const LOGINS: u32 = 400;
const LOGINS_VARIABLE: &str = "TURNPIKE_EXPLAIN_LOGINS";

fn exit(id: u8, place: &str, state: ExitState) -> ExitEntry {
    ExitEntry {
        id: ExitId::new(i64::from(id)),
        route: Route::parse(&format!("127.0.1.{id}"), None, UpstreamPassword::default()).unwrap(),
        places: vec![ExitPlace::parse(place).unwrap()],
        product_types: vec![ProductType::DynamicTraffic],
        capacity: None,
        weight: 1,
        state,
        provenance: Provenance::Owned,
    }
}

/// Exits in every state: Italy's is full, France's is not there.
fn exits(store: &Store) {
    use ExitState::{Active, Down, Draining, Maintenance};
    for (id, place, state) in [
        (1, "US/Texas/Austin", Active),
        (2, "US/Texas/Dallas", Active),
        (3, "US/Oregon/Portland", Draining),
        (4, "DE/Berlin/Berlin", Active),
        (5, "DE/Hesse/Frankfurt", Maintenance),
        (6, "SG//Singapore", Down),
    ] {
        store.set_exit(exit(id, place, state));
    }
    store.set_exit(ExitEntry { capacity: Some(1), ..exit(7, "IT", Active) });
    let elsewhere = Route::parse("192.0.2.77", None, UpstreamPassword::default()).unwrap();
    store.set_exit(ExitEntry { route: elsewhere, ..exit(8, "FR", Active) });
}

fn held(ip: &str, minutes: i64, exit: Option<i64>) -> HeldIp {
    HeldIp {
        ip: ip.parse().unwrap(),
        product_type: ProductType::StaticDatacenterIp,
        place: ExitPlace::parse("JP/Tokyo/Chiyoda").unwrap(),
        expires_at: NOW.plus(Span::from_secs(minutes * 60)),
        exit: exit.map(ExitId::new),
    }
}

/// Accounts in every state, each by its name.
const ACCOUNTS: [&str; 9] = [USER, USER, "disabled", "suspended", "unverified", "poor", "crowded", "hurried", "static"];

fn accounts(store: &Store) {
    store.add_account(CUSTOMER, "disabled", PASSWORD);
    store.change_account("disabled", |entry| entry.enabled = false);
    for (customer, name) in (2..).zip(["suspended", "unverified", "poor", "crowded", "hurried"]) {
        store.add_customer(customer);
        store.add_account(customer, name, PASSWORD);
        if name != "poor" {
            store.add_package(customer, 1 << 40);
        }
    }
    store.change_customer(2, |entry| entry.suspended = true);
    store.change_customer(3, |entry| entry.verified = false);
    store.change_customer(5, |entry| entry.max_tunnels = Some(0));
    store.change_customer(6, |entry| entry.max_connections_per_second = Some(0));
    store.add_account(CUSTOMER, "static", PASSWORD);
    store.change_account("static", |entry| entry.product_type = ProductType::StaticDatacenterIp);
    store.change_customer(CUSTOMER, |entry| {
        entry.static_ips = vec![
            held("127.0.2.1", 60, None),
            held("127.0.2.2", -1, None),
            held("127.0.2.3", 60, Some(1)),
            // Accounts that leave by any of theirs have another kind.
            HeldIp { product_type: ProductType::StaticResidentialIp, ..held("127.0.2.4", 60, Some(6)) },
        ];
    });
}

/// The gateway once France's exit is out and Italy's taken; the tunnel keeps it so.
async fn house() -> (House, Wire) {
    let house = House::with(1 << 40, |store, _| {
        exits(store);
        accounts(store);
    })
    .await;
    let italian = house.proxy(&format!("{USER}_area-IT"), PASSWORD);
    let italian = italian.tunnel(Protocol::Connect, house.origin.address()).await.unwrap();
    let french = house.proxy(&format!("{USER}_area-FR"), PASSWORD);
    within(async {
        while !matches!(
            french.tunnel(Protocol::Connect, house.origin.address()).await,
            Err(ProxyError::Status { status: 503, .. })
        ) {}
    })
    .await;
    (house, italian)
}

async fn explained(house: &House, login: &str, target: &str, protocol: Speaks) -> Explanation {
    let denial = house.store.would_deny(login.split('_').next().unwrap());
    let case = Hypothesis { login: login.to_owned(), target: target.to_owned(), protocol, denial };
    match house.store.ask(Ask::Explain(Box::new(case))).await {
        Answer::Explained(explanation) => *explanation,
        answer => panic!("{answer:?}"),
    }
}

/// A login with parameters of all kinds, most of them good.
fn login(random: &mut SmallRng) -> String {
    let mut login = (*ACCOUNTS.choose(random).unwrap()).to_owned();
    let places = [
        "",
        "",
        "_area-US",
        "_area-DE",
        "_area-SG",
        "_area-IT",
        "_area-FR",
        "_area-MX",
        "_city-Austin",
        "_area-US_state-Texas",
        "_state-Oregon",
        "_area-DE_city-Frankfurt",
        "_area-JP",
        "_area-US_city-Houston",
    ];
    login.push_str(places.choose(random).unwrap());
    if random.random_ratio(1, 3) {
        write!(login, "_session-s{}", random.random_range(0..40)).unwrap();
    }
    if random.random_ratio(1, 8) {
        write!(login, "_ip-127.0.2.{}", random.random_range(1..=5)).unwrap();
    }
    if random.random_ratio(1, 20) {
        login.push_str(["_life-0", "_session-.", "_ip-nowhere", "_zip-1", "_life-30"].choose(random).unwrap());
    }
    login
}

/// What a client is told, or the address that the origin sees.
async fn done(house: &House, login: &str, target: std::net::SocketAddr, protocol: Protocol) -> Result<String, Told> {
    match house.proxy(login, PASSWORD).tunnel(protocol, target).await {
        Ok(mut wire) => {
            wire.send(b"SOURCE\n").await.unwrap();
            while wire.fill().await.unwrap() > 0 {}
            Ok(String::from_utf8(wire.pending().to_vec()).unwrap().trim().to_owned())
        }
        Err(ProxyError::Status { status, text }) => Err(Told::Http(status, text)),
        Err(ProxyError::Socks(reply)) => Err(Told::Socks(reply)),
        Err(error) => panic!("{login}: {error}"),
    }
}

#[derive(Debug)]
enum Told {
    Http(u16, String),
    Socks(u16),
}

/// The address that an explanation says the origin would see, if it is certain.
fn due(way: &WayOut) -> Option<String> {
    match way {
        WayOut { kind: WayKind::StaticIp, exit: None, ip, fixed: true, .. } => ip.map(|ip| ip.to_string()),
        WayOut { kind: WayKind::StaticIp | WayKind::Exit, exit: Some(exit), fixed: true, .. } => {
            Some(format!("127.0.1.{exit}"))
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_explained_is_what_happens() {
    let (house, _italian) = house().await;
    let logins = std::env::var_os(LOGINS_VARIABLE).map_or(LOGINS, |number| number.to_str().unwrap().parse().unwrap());
    let mut random = SmallRng::seed_from_u64(u64::from(logins));
    let mut outcomes = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..logins {
        let login = login(&mut random);
        let mut target = house.origin.address();
        match random.random_range(0..12) {
            0 => target.set_port(if target.port() == 25 { 26 } else { 25 }),
            1 => target.set_ip("10.0.0.1".parse().unwrap()),
            2 => target.set_ip("169.254.169.254".parse().unwrap()),
            _ => {}
        }
        let (speaks, protocol) =
            *[(Speaks::Connect, Protocol::Connect), (Speaks::Socks5, Protocol::Socks5)].choose(&mut random).unwrap();
        let explanation = explained(&house, &login, &target.to_string(), speaks).await;
        let outcome = &explanation.outcome;
        match done(&house, &login, target, protocol).await {
            Ok(source) => {
                assert_eq!((outcome.status, outcome.socks_reply), (200, 0), "{login} {target}: {explanation:?}");
                let way = explanation.way.as_ref().unwrap();
                assert_eq!(due(way).unwrap_or_else(|| source.clone()), source, "{login}: {explanation:?}");
            }
            Err(Told::Http(status, text)) => {
                assert_eq!(outcome.status, status, "{login} {target}: {text} {explanation:?}");
                assert!(text.contains(&format!("\"{}\"", outcome.text)), "{login}: {text} {explanation:?}");
            }
            Err(Told::Socks(reply)) => {
                assert_eq!(u16::from(outcome.socks_reply), reply, "{login} {target}: {explanation:?}");
            }
        }
        *outcomes.entry(outcome.reason.clone().unwrap_or_default()).or_default() += 1;
    }
    for reason in [
        "",
        "account_disabled",
        "customer_suspended",
        "customer_unverified",
        "no_traffic",
        "too_many_tunnels",
        "too_many_connections",
        "place_not_served",
        "no_exit",
        "static_ip_not_held",
        "target_denied",
        "bad_login",
    ] {
        assert!(outcomes.contains_key(reason), "{reason}: {outcomes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_tells_its_steps_and_the_exits_of_the_place() {
    let (house, _italian) = house().await;
    let target = house.origin.address().to_string();
    let let_in = explained(&house, &format!("{USER}_area-US"), &target, Speaks::Connect).await;
    assert!(let_in.steps.iter().all(|step| step.passed));
    assert_eq!(let_in.steps.last().unwrap().check, Check::Exit);
    let exits = Considered { in_place: 3, usable: 2, draining: 1, ..Considered::default() };
    assert_eq!(let_in.exits, Some(exits));
    let refused = explained(&house, &format!("{USER}_area-IT"), &target, Speaks::Socks5).await;
    assert_eq!(refused.exits, Some(Considered { in_place: 1, full: 1, ..Considered::default() }));
    let last = refused.steps.last().unwrap();
    assert_eq!((last.check, last.passed, refused.outcome.socks_reply), (Check::Exit, false, 1));
    let out = explained(&house, &format!("{USER}_area-FR"), &target, Speaks::Connect).await;
    assert_eq!(out.exits, Some(Considered { in_place: 1, out: 1, ..Considered::default() }));
    let unknown = explained_of_nobody(&house, &target).await;
    assert_eq!((unknown.outcome.status, unknown.steps.len()), (407, 1));
}

async fn explained_of_nobody(house: &House, target: &str) -> Explanation {
    let (login, target) = ("nobody".to_owned(), target.to_owned());
    let case = Hypothesis { login, target, protocol: Speaks::Connect, denial: None };
    match house.store.ask(Ask::Explain(Box::new(case))).await {
        Answer::Explained(explanation) => *explanation,
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn explaining_counts_and_keeps_nothing() {
    let house = House::with(1 << 40, |store, _| {
        exits(store);
        store.change_customer(CUSTOMER, |entry| entry.max_connections_per_second = Some(1));
    })
    .await;
    let target = house.origin.address().to_string();
    for _ in 0..5 {
        let explanation = explained(&house, &format!("{USER}_session-a"), &target, Speaks::Connect).await;
        assert_eq!((explanation.outcome.status, explanation.session), (200, None));
        assert_eq!(explanation.limits.unwrap().open, 0);
    }
    assert_eq!(house.gateway.status().totals.accepted, 0);
    assert_eq!(house.origin.ledger().connections(), 0);
    let login = format!("{USER}_area-US_session-a");
    let first = explained(&house, &login, &target, Speaks::Connect).await;
    let source = done(&house, &login, house.origin.address(), Protocol::Connect).await.unwrap();
    assert_eq!(due(first.way.as_ref().unwrap()), Some(source), "a session's exit is known before its first connection");
}
