//! What is billed is what both ends counted.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use turnpike_testkit::client::Protocol;
use turnpike_testkit::wire::Wire;

use crate::support::{House, MIB, PASSWORD, USER, within};

/// What one client saw of its tunnel.
async fn transfer(house: &House, rng: &mut SmallRng) -> u64 {
    let protocol = if rng.random() { Protocol::Connect } else { Protocol::Socks5 };
    let mut wire = house.try_tunnel(protocol).await.unwrap();
    let size = [0, 1, 1000, 65_536, 300_000, 3 * MIB][rng.random_range(0..6)];
    let size = rng.random_range(0..=size);
    match rng.random_range(0..5) {
        0 => {
            wire.send(format!("DOWN {size}\n").as_bytes()).await.unwrap();
            assert_eq!(wire.check(u64::MAX).await.unwrap(), (size, true));
        }
        1 => {
            wire.send(format!("UP {size}\n").as_bytes()).await.unwrap();
            wire.send_pattern(0, size).await.unwrap();
            wire.discard(u64::MAX).await.unwrap();
        }
        2 => half_closed_upload(&mut wire, size).await,
        3 => {
            wire.send(b"ECHO\n").await.unwrap();
            assert!(wire.exchange(size, true).await.unwrap());
            assert_eq!(wire.received(), size);
        }
        _ => {
            wire.send(format!("BOTH {size}\n").as_bytes()).await.unwrap();
            wire.exchange(size, false).await.unwrap();
        }
    }
    wire.received() + wire.sent()
}

/// Ends its direction first; the answer still comes.
async fn half_closed_upload(wire: &mut Wire, size: u64) {
    wire.send(b"VERIFY\n").await.unwrap();
    wire.send_pattern(0, size).await.unwrap();
    wire.finish_sending().unwrap();
    let answer = format!("{size} right\n");
    while wire.pending().len() < answer.len() {
        assert!(wire.fill().await.unwrap() > 0);
    }
    assert_eq!(wire.pending(), answer.as_bytes());
    wire.consume(answer.len());
    assert_eq!(wire.fill().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn billed_bytes_are_what_both_ends_counted() {
    let house = House::with_package(1 << 40).await;
    let rounds = (0..8_u64).map(|seed| {
        let house = &house;
        async move {
            let mut rng = SmallRng::seed_from_u64(seed);
            let mut sum = 0;
            for _ in 0..25 {
                sum += transfer(house, &mut rng).await;
            }
            sum
        }
    });
    let clients: u64 = within(futures_util::future::join_all(rounds)).await.into_iter().sum();
    assert!(house.origin.settled(crate::support::PATIENCE).await);
    let origin = house.origin.ledger().total();
    assert_eq!(clients, origin.received + origin.sent);
    assert_eq!(house.store.settled(USER).await, clients);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_shows_while_the_tunnel_is_open() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.tunnel().await;
    wire.send(b"HANG 100000\n").await.unwrap();
    wire.discard(100_000).await.unwrap();
    house.store.until(USER, |standing| standing.used == 100_012).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_resets_pays_for_what_its_kernel_acknowledged() {
    let house = House::with_package(1 << 40).await;
    let mut expected = (0, 0);
    for round in 0..30_u64 {
        let mut wire = house.narrow_tunnel().await;
        wire.send(b"DOWN 50000000\n").await.unwrap();
        wire.discard(round * 20_000).await.unwrap();
        // Whatever the kernel still accepts between this look and the reset, at most its window, is in doubt.
        let acknowledged = wire.received() + wire.waiting().unwrap() + wire.sent();
        expected = (expected.0 + acknowledged, expected.1 + acknowledged + 64 * 1024);
        wire.reset().unwrap();
    }
    let billed = house.store.settled(USER).await;
    assert!(billed <= expected.1, "{billed} billed, at most {} acknowledged", expected.1);
    assert!(billed >= expected.0 / 2, "{billed} billed, {} acknowledged", expected.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_resets_an_http_answer_holds_no_quota_afterwards() {
    let house = House::with_package(1 << 40).await;
    for round in 0..10_u64 {
        let proxy = house.proxy(USER, PASSWORD);
        let mut http = proxy.http_on(Wire::connect_narrow(proxy.address, 32 * 1024).await.unwrap());
        http.send_get(&format!("http://{}/bytes/50000000", house.origin.address())).await.unwrap();
        assert_eq!(http.answer_start(round * 20_000).await.unwrap(), 200);
        http.into_wire().reset().unwrap();
    }
    // Within the patience of a test, which is shorter than the linger deadline.
    house.store.settled(USER).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_origin_that_resets_is_passed_on_as_a_reset_after_what_it_sent() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.tunnel().await;
    wire.send(b"RESET 5000\n").await.unwrap();
    let end = within(wire.discard(u64::MAX)).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let billed = house.store.settled(USER).await;
    assert_eq!(billed, wire.received() + wire.sent());
}
