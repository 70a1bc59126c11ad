//! Exits: a connection leaves in the place that was asked for or not at all, sessions keep their exit, and what is taken away moves
//! nobody else.

use std::collections::BTreeSet;

use turnpike_domain::directory::HeldIp;
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Provenance, Route, UpstreamPassword};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_testkit::client::{Protocol, ProxyError};

use crate::support::{CUSTOMER, House, NOW, PASSWORD, Store, USER, within};

/// An exit by an address of this host.
fn exit(id: u8, place: &str) -> ExitEntry {
    ExitEntry {
        id: ExitId::new(i64::from(id)),
        route: Route::parse(&format!("127.0.1.{id}"), None, UpstreamPassword::default()).unwrap(),
        places: vec![ExitPlace::parse(place).unwrap()],
        product_types: vec![ProductType::DynamicTraffic],
        capacity: None,
        weight: 1,
        state: ExitState::Active,
        provenance: Provenance::Owned,
    }
}

const PLACES: [&str; 6] = [
    "US/Texas/Austin",
    "US/Texas/Dallas",
    "US/Oregon/Portland",
    "DE/Berlin/Berlin",
    "DE/Hesse/Frankfurt",
    "SG//Singapore",
];

fn everywhere(store: &Store) {
    for (id, place) in (1..).zip(PLACES) {
        store.set_exit(exit(id, place));
    }
}

async fn house() -> House {
    House::with(1 << 40, |store, _| everywhere(store)).await
}

/// The address that the origin sees of a login, or the status that it is refused with.
async fn seen(house: &House, parameters: &str, protocol: Protocol) -> Result<String, u16> {
    let proxy = house.proxy(&format!("{USER}{parameters}"), PASSWORD);
    match proxy.tunnel(protocol, house.origin.address()).await {
        Ok(mut wire) => {
            wire.send(b"SOURCE\n").await.unwrap();
            while wire.fill().await.unwrap() > 0 {}
            Ok(String::from_utf8(wire.pending().to_vec()).unwrap().trim().to_owned())
        }
        Err(ProxyError::Status { status, .. }) => Err(status),
        Err(ProxyError::Socks(reply)) => Err(reply),
        Err(error) => panic!("{error}"),
    }
}

async fn address(house: &House, parameters: &str) -> String {
    seen(house, parameters, Protocol::Connect).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origin_sees_an_address_of_the_place_asked_for() {
    let house = house().await;
    let wishes: [(&str, &[u8]); 8] = [
        ("", &[1, 2, 3, 4, 5, 6]),
        ("_area-US", &[1, 2, 3]),
        ("_area-us_state-Texas", &[1, 2]),
        ("_area-US_state-TEXAS_city-austin", &[1]),
        ("_city-Frank-furt", &[5]),
        ("_area-DE_session-a1", &[4, 5]),
        ("_area-SG_city-Singapore", &[6]),
        ("_state-Oregon", &[3]),
    ];
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        for (parameters, exits) in wishes {
            let due: BTreeSet<_> = exits.iter().map(|id| format!("127.0.1.{id}")).collect();
            for _ in 0..8 {
                let source = seen(&house, parameters, protocol).await.unwrap();
                assert!(due.contains(&source), "{parameters}: {source}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_no_exit_serves_is_refused() {
    let house = house().await;
    for parameters in
        ["_area-FR", "_area-US_state-Berlin", "_area-US_city-Houston", "_state-Austin", "_area-SG_state-Texas"]
    {
        assert_eq!(seen(&house, parameters, Protocol::Connect).await, Err(503), "{parameters}");
    }
    assert_eq!(seen(&house, "_area-FR", Protocol::Socks5).await, Err(1));
    let proxy = house.proxy(&format!("{USER}_area-US_city-Houston"), PASSWORD);
    let Err(ProxyError::Status { text, .. }) = proxy.tunnel(Protocol::Connect, house.origin.address()).await else {
        panic!("there is no exit in Houston")
    };
    assert!(text.contains("the nearest that is served is US/Texas/Austin; "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_every_connection_may_leave_by_another() {
    let house = house().await;
    let mut all = BTreeSet::new();
    within(async {
        while all.len() < PLACES.len() {
            all.insert(address(&house, "").await);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_its_exit_on_every_gateway_and_over_restarts() {
    let house = house().await;
    let sessions: Vec<_> = (0..20).map(|number| format!("_session-s{number}")).collect();
    let mut before = Vec::new();
    for session in &sessions {
        before.push(address(&house, session).await);
    }
    assert!(before.iter().collect::<BTreeSet<_>>().len() > 2, "{before:?}");
    house.store.pinned(sessions.len()).await;
    // More exits come, which would be chosen otherwise.
    for id in 10..40 {
        house.store.set_exit(exit(id, "US/Texas/Austin"));
    }
    let house = house.crash_and_restart(|_| {}).await;
    for (session, due) in sessions.iter().zip(&before) {
        assert_eq!(&address(&house, session).await, due);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_that_is_taken_away_moves_its_sessions_and_no_other() {
    let house = house().await;
    let sessions: Vec<_> = (0..24).map(|number| format!("_area-US_session-s{number}")).collect();
    let mut before = Vec::new();
    for session in &sessions {
        before.push(address(&house, session).await);
    }
    house.store.set_exit(ExitEntry { state: ExitState::Down, ..exit(2, PLACES[1]) });
    until_gone(&house, "_area-US_city-Dallas").await;
    let mut moved = Vec::new();
    for (session, due) in sessions.iter().zip(&before) {
        let now = address(&house, session).await;
        assert!(now == *due || due == "127.0.1.2", "{session}: {due} -> {now}");
        assert_ne!(now, "127.0.1.2");
        moved.push(now);
    }
    assert!(before.contains(&"127.0.1.2".to_owned()));
    house.store.set_exit(exit(2, PLACES[1]));
    within(async { while seen(&house, "_city-Dallas", Protocol::Connect).await.is_err() {} }).await;
    for (session, due) in sessions.iter().zip(&moved) {
        assert_eq!(&address(&house, session).await, due, "what is given back moves nobody");
    }
    house.store.remove_exit(ExitId::new(2));
    until_gone(&house, "_area-US_city-Dallas").await;
}

async fn until_gone(house: &House, parameters: &str) {
    within(async { while seen(house, parameters, Protocol::Connect).await.is_ok() {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_takes_no_more_than_it_has_room_for() {
    let house = House::with(1 << 40, |store, _| {
        store.set_exit(ExitEntry { capacity: Some(1), ..exit(1, "US") });
    })
    .await;
    let first = house.tunnel().await;
    assert_eq!(house.status().await, 503);
    drop(first);
    house.until_status(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_exit_keeps_its_tunnels_and_one_in_maintenance_does_not() {
    let house = House::with(1 << 40, |store, _| store.set_exit(exit(1, "US"))).await;
    let mut tunnel = house.idle_tunnel().await;
    house.store.set_exit(ExitEntry { state: ExitState::Draining, ..exit(1, "US") });
    house.until_status(503).await;
    tunnel.send(b"y").await.unwrap();
    assert_eq!(tunnel.fill().await.unwrap(), 1);
    house.store.set_exit(ExitEntry { state: ExitState::Maintenance, ..exit(1, "US") });
    let ended = within(tunnel.fill()).await;
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_here_is_no_way_out_and_nothing_falls_back() {
    let elsewhere = Route::parse("192.0.2.77", None, UpstreamPassword::default()).unwrap();
    let house = House::with(1 << 40, |store, _| store.set_exit(ExitEntry { route: elsewhere, ..exit(1, "US") })).await;
    for _ in 0..5 {
        let status = house.status().await;
        assert!(matches!(status, 502 | 503), "{status}");
    }
    assert_eq!(house.origin.ledger().connections(), 0);
}

fn held(ip: &str, minutes: i64) -> HeldIp {
    HeldIp {
        ip: ip.parse().unwrap(),
        product_type: ProductType::StaticDatacenterIp,
        place: ExitPlace::parse("JP/Tokyo/Chiyoda").unwrap(),
        expires_at: NOW.plus(Span::from_secs(minutes * 60)),
        exit: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_ip_is_left_by_as_long_as_it_is_held() {
    let house = House::with(1 << 40, |store, _| {
        everywhere(store);
        store.change_customer(CUSTOMER, |entry| entry.static_ips = vec![held("127.0.2.1", 60), held("127.0.2.2", -1)]);
    })
    .await;
    assert_eq!(address(&house, "_ip-127.0.2.1").await, "127.0.2.1");
    assert_eq!(address(&house, "_ip-127.0.2.1_area-JP_session-x").await, "127.0.2.1");
    for parameters in ["_ip-127.0.2.2", "_ip-127.0.2.3", "_ip-127.0.1.1", "_ip-127.0.2.1_area-US"] {
        assert_eq!(seen(&house, parameters, Protocol::Connect).await, Err(503), "{parameters}");
    }
    let proxy = house.proxy(&format!("{USER}_ip-127.0.2.1"), PASSWORD);
    let mut tunnel = proxy.tunnel(Protocol::Connect, house.origin.address()).await.unwrap();
    house.store.change_customer(CUSTOMER, |entry| entry.static_ips = vec![held("127.0.2.9", 60)]);
    let ended = within(tunnel.fill()).await;
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(address(&house, "_ip-127.0.2.9").await, "127.0.2.9");
}
