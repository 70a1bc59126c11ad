//! No more is delivered than was bought, and all of that.

use std::io::ErrorKind;
use std::time::Duration;

use turnpike_domain::units::LimitGb;
use turnpike_testkit::client::ProxyError;

use crate::support::{CUSTOMER, House, MIB, PATIENCE, USER, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_pulled_by_256_tunnels_gives_all_it_has_and_no_more() {
    const SIZE: u64 = 64 * MIB;
    let house = House::with_package(SIZE).await;
    let tunnels = futures_util::future::join_all((0..256).map(|_| house.tunnel())).await;
    let pulls = tunnels.into_iter().map(|mut wire| async move {
        wire.send(b"DOWN 100000000\n").await.unwrap();
        // A FIN and no reset.
        wire.discard(u64::MAX).await.unwrap()
    });
    let pulled: u64 = within(futures_util::future::join_all(pulls)).await.into_iter().sum();
    assert!(house.origin.settled(PATIENCE).await);
    let delivered = pulled + house.origin.ledger().total().received;
    assert!(delivered <= SIZE, "{delivered}");
    assert!(delivered >= SIZE - SIZE / 1000, "{delivered}");
    assert_eq!(house.store.settled(USER).await, delivered);
    assert_eq!(house.status().await, 402);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_package_opens_the_gate_within_a_second() {
    let house = House::with_package(1000).await;
    let mut wire = house.tunnel().await;
    wire.send(b"DOWN 5000\n").await.unwrap();
    wire.discard(u64::MAX).await.unwrap();
    house.until_status(402).await;
    house.store.add_package(CUSTOMER, MIB);
    house.until_status(200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_package_nothing_is_dialled() {
    let house = House::with_package(0).await;
    assert_eq!(house.status().await, 402);
    assert_eq!(house.origin.ledger().connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_limit_takes_back_what_leases_hold() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.idle_tunnel().await;
    house.store.until(USER, |standing| standing.used == 7 && standing.held > 0).await;
    house.store.change_account(USER, |entry| entry.limit = LimitGb::new(1).unwrap());
    house.store.until(USER, |standing| standing.held == 0).await;
    // The tunnel goes on with the next lease.
    wire.send(b"y").await.unwrap();
    assert_eq!(wire.fill().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_flows_while_the_store_is_away_and_is_billed_afterwards() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.idle_tunnel().await;
    house.store.set_out_of_order(true);
    wire.send(&[b'z'; 10_000]).await.unwrap();
    wire.discard(10_000).await.unwrap();
    let before = house.store.standing(USER).used;
    house.store.set_out_of_order(false);
    let after = house.store.until(USER, |standing| standing.used == 20_007).await.used;
    assert!(before < after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_has_run_out_is_followed_by_another() {
    let house = House::with(1 << 40, |store, _| {
        store.set_policy(|policy| policy.validity = turnpike_domain::time::Span::from_ms(300));
    })
    .await;
    let mut wire = house.idle_tunnel().await;
    let mut billed = 7;
    let started = tokio::time::Instant::now();
    while started.elapsed() < std::time::Duration::from_secs(1) {
        wire.send(b"tick").await.unwrap();
        wire.discard(4).await.unwrap();
        billed += 8;
    }
    drop(wire);
    assert_eq!(house.store.settled(USER).await, billed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tunnels_beyond_the_customers_limit_are_refused_until_one_closes() {
    let house = House::with(1 << 40, |store, _| {
        store.change_customer(CUSTOMER, |entry| entry.max_tunnels = Some(2));
    })
    .await;
    let first = house.idle_tunnel().await;
    let _second = house.idle_tunnel().await;
    assert_eq!(house.status().await, 429);
    drop(first);
    house.until_status(200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_beyond_the_customers_rate_are_told_when_to_come_back() {
    let house = House::with(1 << 40, |store, _| {
        store.change_customer(CUSTOMER, |entry| entry.max_connections_per_second = Some(1));
    })
    .await;
    assert_eq!(house.status().await, 200);
    match house.try_tunnel(turnpike_testkit::client::Protocol::Connect).await {
        Err(ProxyError::Status { status: 429, text }) => assert!(text.contains("Retry-After: 1"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tunnel_without_a_byte_ends_with_a_fin() {
    let house = House::with(1 << 40, |_, settings| settings.deadlines.idle_s = 1).await;
    let mut wire = house.idle_tunnel().await;
    assert_eq!(within(wire.fill()).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_is_reset_after_the_stall_deadline() {
    let house = House::with(1 << 40, |_, settings| settings.deadlines.stall_s = 1).await;
    let mut wire = house.tunnel().await;
    wire.send(b"BOTH 100000000\n").await.unwrap();
    let outcome = within(async {
        loop {
            // Keeps the other direction busy, and reads nothing.
            if let Err(error) = wire.send(&[0; 1000]).await {
                return error;
            }
        }
    })
    .await;
    assert!(matches!(outcome.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{outcome}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_pauses_longer_than_the_user_timeout_goes_on() {
    const BYTES: u64 = 20_000_000;
    let house = House::with(1 << 40, |_, settings| settings.deadlines.user_timeout_s = 3).await;
    let mut wire = house.tunnel().await;
    wire.send(format!("DOWN {BYTES}\n").as_bytes()).await.unwrap();
    // It reads nothing for longer than the kernel would wait; a reset would end this early.
    let reset = wire.stream().ready(tokio::io::Interest::ERROR);
    let paused = tokio::time::timeout(Duration::from_secs(6), reset).await;
    assert!(paused.is_err(), "{paused:?}");
    assert_eq!(within(wire.check(u64::MAX)).await.unwrap(), (BYTES, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_stop_and_vanish_hand_back_what_they_held() {
    // Less than the kernel takes for eight readers that do not read.
    let house = House::with_package(2 * MIB).await;
    let mut readers = futures_util::future::join_all((0..8).map(|_| house.narrow_tunnel())).await;
    for wire in &mut readers {
        wire.send(b"DOWN 100000000\n").await.unwrap();
    }
    // All there is waits for them.
    house.until_status(503).await;
    for wire in readers {
        wire.reset().unwrap();
    }
    house.until_status(200).await;
    let mut wire = house.tunnel().await;
    wire.send(b"DOWN 500000\n").await.unwrap();
    assert_eq!(within(wire.check(u64::MAX)).await.unwrap(), (500_000, true));
}
