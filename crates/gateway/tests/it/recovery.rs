//! Restarts: what the spool holds is settled first, and nothing is billed twice.

use std::time::Duration;

use crate::support::{House, USER, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_in_the_spool_is_billed_once() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.idle_tunnel().await;
    house.store.until(USER, |standing| standing.used == 7).await;
    // From here on no report gets through.
    house.store.set_out_of_order(true);
    wire.send(&vec![b'z'; 50_000]).await.unwrap();
    wire.discard(50_000).await.unwrap();
    let house = house
        .crash_and_restart(|store| {
            assert_eq!(store.standing(USER).used, 7);
            store.set_out_of_order(false);
        })
        .await;
    assert_eq!(house.store.settled(USER).await, 100_007);
    let house = house.crash_and_restart(|_| ()).await;
    assert_eq!(house.store.settled(USER).await, 100_007);
    assert_eq!(house.status().await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draining_waits_for_tunnels_and_settles_everything() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.idle_tunnel().await;
    let drained = house.gateway.drain(Duration::from_mins(1));
    let client = async {
        wire.send(b"last words").await.unwrap();
        wire.finish_sending().unwrap();
        wire.discard(u64::MAX).await.unwrap()
    };
    let ((), echoed) = within(async { tokio::join!(drained, client) }).await;
    assert_eq!(echoed, 10);
    let standing = house.store.standing(USER);
    assert_eq!((standing.used, standing.held), (27, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draining_resets_what_outlasts_the_grace() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.idle_tunnel().await;
    // The client's kernel may take its time with the acknowledgement.
    house.store.until(USER, |standing| standing.used == 7).await;
    within(house.gateway.drain(Duration::from_millis(10))).await;
    assert_eq!(wire.fill().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let standing = house.store.standing(USER);
    assert_eq!((standing.used, standing.held), (7, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_holds_no_traffic() {
    let house = House::with_package(1 << 20).await;
    let mut wire = house.idle_tunnel().await;
    house.store.until(USER, |standing| standing.used == 7).await;
    // What is granted now never arrives. Were it not freed, the next grants would find nothing left.
    house.store.set_loses_answers(true);
    wire.send(&vec![b'z'; 400_000]).await.unwrap();
    house.store.until_lost(5).await;
    house.store.set_loses_answers(false);
    wire.discard(400_000).await.unwrap();
    let standing = house.store.until(USER, |standing| standing.used == 800_007).await;
    assert!(standing.used + standing.held <= 1 << 20, "{standing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fenced_gateway_resets_its_tunnels_and_accepts_nothing() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.idle_tunnel().await;
    house.store.fence_gateways();
    within(house.gateway.fenced()).await;
    assert_eq!(within(wire.fill()).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    // Until the last thread has closed its socket one may still be reset.
    let refused = |error: std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    let connect = || tokio::net::TcpStream::connect(house.gateway.local_addr());
    within(async { while !connect().await.is_err_and(refused) {} }).await;
    within(house.gateway.drain(Duration::from_mins(1))).await;
}
