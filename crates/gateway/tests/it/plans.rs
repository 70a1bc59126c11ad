//! Time plans: a bandwidth and a number of connections that all gateways share.

use std::time::{Duration, Instant};

use turnpike_gateway::{Gateway, Ports};
use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::wire::Wire;

use crate::support::{CUSTOMER, House, PASSWORD, USER, within};

/// A house with a plan, and another gateway beside it.
async fn two_gateways(kbps: Option<u64>, tunnels: Option<u32>) -> (House, Gateway) {
    let house = House::with(0, |store, _| store.set_plan(CUSTOMER, kbps, tunnels)).await;
    let other = house.another(|_| {}, |settings| Ports::bind(settings).unwrap()).await;
    (house, other)
}

async fn open(house: &House, gateway: &Gateway, protocol: Protocol) -> Result<Wire, ProxyError> {
    let proxy = Proxy { address: gateway.local_addr(), login: Some(Login::new(USER, PASSWORD)) };
    proxy.tunnel(protocol, house.origin.address()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tunnels_of_all_gateways_share_a_plans_bandwidth() {
    const KBPS: u64 = 16_000;
    let (house, other) = two_gateways(Some(KBPS), None).await;
    let mut wires = Vec::new();
    for turn in 0..8 {
        let gateway = if turn % 2 == 0 { &house.gateway } else { &other };
        let protocol = if turn % 4 < 2 { Protocol::Connect } else { Protocol::Socks5 };
        let mut wire = open(&house, gateway, protocol).await.unwrap();
        wire.send(b"DOWN 1000000000\n").await.unwrap();
        wires.push(wire);
    }
    let (began, span) = (Instant::now(), Duration::from_secs(4));
    let pulls = wires.into_iter().map(|mut wire| async move {
        let mut got = 0;
        while let Some(left) = span.checked_sub(began.elapsed()) {
            match tokio::time::timeout(left, wire.discard_some()).await {
                Ok(Ok(bytes)) if bytes > 0 => got += bytes,
                Ok(ended) => panic!("a tunnel ended: {ended:?}"),
                Err(_) => break,
            }
        }
        got
    });
    let got: Vec<u64> = futures_util::future::join_all(pulls).await;
    let (all, whole) = (got.iter().sum::<u64>(), KBPS * 4000 / 8);
    // At the beginning a plan gives a third of a second more.
    assert!((whole * 90 / 100..whole * 112 / 100).contains(&all), "{all} of {whole}: {got:?}");
    assert!(got.iter().all(|bytes| *bytes > 0), "{got:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_has_its_seats_over_all_gateways_and_no_more() {
    let (house, other) = two_gateways(None, Some(3)).await;
    let first = open(&house, &house.gateway, Protocol::Connect).await.unwrap();
    let _second = open(&house, &other, Protocol::Socks5).await.unwrap();
    let _third = open(&house, &other, Protocol::Connect).await.unwrap();
    for gateway in [&house.gateway, &other] {
        let refused = open(&house, gateway, Protocol::Connect).await;
        assert!(matches!(refused, Err(ProxyError::Status { status: 429, .. })), "{refused:?}");
    }
    assert_eq!(house.store.seats(), 3);
    drop(first);
    // What one gateway has no use for, the other gets.
    within(async { while open(&house, &other, Protocol::Connect).await.is_err() {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_plan_of_fewer_seats_ends_what_is_beyond_them_within_a_second() {
    let house = House::with(0, |store, _| store.set_plan(CUSTOMER, None, Some(5))).await;
    let mut wires = Vec::new();
    for _ in 0..4 {
        wires.push(house.tunnel().await);
    }
    let newest = wires.pop().unwrap();
    house.store.set_plan(CUSTOMER, None, Some(3));
    let (began, mut newest) = (Instant::now(), newest);
    assert!(within(newest.fill()).await.map_or(true, |bytes| bytes == 0));
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    for wire in &mut wires {
        wire.send(b"ECHO\nx").await.unwrap();
        assert_eq!(within(wire.fill()).await.unwrap(), 1);
    }
}
