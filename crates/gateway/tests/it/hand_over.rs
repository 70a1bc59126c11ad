//! One process after another on the same sockets: nobody is refused, open tunnels live out their grace, all is billed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use turnpike_gateway::port::Port;
use turnpike_gateway::{Gateway, Ports};
use turnpike_testkit::client::Protocol;

use crate::support::{House, PASSWORD, USER, within};

/// Opens tunnels one after the other until told to stop, each with a little traffic; how many bytes they carried.
async fn come_and_go(house: &House, stop: &AtomicBool, opened: &AtomicU64) -> u64 {
    let proxy = house.proxy(USER, PASSWORD);
    let mut carried = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut wire = proxy.tunnel(Protocol::Connect, house.origin.address()).await.unwrap();
        wire.send(b"DOWN 100\n").await.unwrap();
        assert_eq!(wire.check(u64::MAX).await.unwrap(), (100, true));
        carried += wire.sent() + wire.received();
        opened.fetch_add(1, Ordering::Relaxed);
    }
    carried
}

/// Starts a successor with so many threads on duplicates of `sockets`.
async fn successor(house: &House, sockets: &Port, threads: usize) -> Gateway {
    let ports = |settings: &_| {
        let main = Port::adopt(sockets.duplicates().unwrap(), settings).unwrap();
        Ports { main, open: Vec::new() }
    };
    house.another(|settings| settings.threads = threads, ports).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_refused_while_processes_follow_one_another() {
    let (house, sockets) = House::with_sockets().await;
    let (stop, opened) = (AtomicBool::new(false), AtomicU64::new(0));
    let load = futures_util::future::join_all((0..16).map(|_| come_and_go(&house, &stop, &opened)));
    let swaps = async {
        let mut last: Option<Gateway> = None;
        // Fewer threads than there are sockets, more, and as many.
        for threads in [1, 4, 2, 3] {
            let next = successor(&house, &sockets, threads).await;
            let before = opened.load(Ordering::Relaxed);
            within(last.as_ref().unwrap_or(&house.gateway).hand_over(Duration::from_secs(10))).await;
            last = Some(next);
            // Everything that comes now is the successor's.
            within(async {
                while opened.load(Ordering::Relaxed) < before + 200 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
        stop.store(true, Ordering::Relaxed);
        last
    };
    let (carried, last) = within(async { tokio::join!(load, swaps) }).await;
    within(last.unwrap().drain(Duration::from_secs(10))).await;
    assert_eq!(house.store.settled(USER).await, carried.into_iter().sum::<u64>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tunnel_goes_on_in_the_old_process_until_it_ends() {
    let (house, sockets) = House::with_sockets().await;
    let mut old = house.idle_tunnel().await;
    let next = successor(&house, &sockets, 2).await;
    let handed_over = house.gateway.hand_over(Duration::from_mins(1));
    let use_it = async {
        // The old process has stopped accepting before long.
        for _ in 0..50 {
            let mut new = house.tunnel().await;
            new.send(b"DOWN 10\n").await.unwrap();
            assert_eq!(new.check(u64::MAX).await.unwrap(), (10, true));
        }
        old.send(b"y").await.unwrap();
        assert_eq!(old.fill().await.unwrap(), 1);
        drop(old);
    };
    within(async { tokio::join!(handed_over, use_it) }).await;
    assert_eq!(house.status().await, 200);
    within(next.drain(Duration::from_secs(10))).await;
    assert_eq!(house.store.settled(USER).await, 7 + 2 + 50 * 18);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_beside_left_is_settled_too() {
    let (house, sockets) = House::with_sockets().await;
    let beside = successor(&house, &sockets, 1).await;
    // One of these two has it; both carry it further than the last report.
    let mut wires = Vec::new();
    for _ in 0..20 {
        wires.push(house.idle_tunnel().await);
    }
    house.store.until(USER, |standing| standing.used == 140).await;
    house.store.set_out_of_order(true);
    for wire in &mut wires {
        wire.send(&[b'z'; 1000]).await.unwrap();
        wire.discard(1000).await.unwrap();
    }
    // As if both had been killed: no report gets through, and the files keep what was used.
    drop(beside);
    let house = house.crash_and_restart(|store| store.set_out_of_order(false)).await;
    assert_eq!(house.store.settled(USER).await, 140 + 20 * 2000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_silent_connections_and_waits_for_those_that_speak() {
    let house = House::with_package(1 << 30).await;
    let mut silent = TcpStream::connect(house.gateway.local_addr()).await.unwrap();
    let tunnel = house.idle_tunnel().await;
    let drained = house.gateway.drain(Duration::from_mins(1));
    let ends = async {
        assert_eq!(within(silent.read(&mut [0])).await.unwrap_or(0), 0);
        drop(tunnel);
    };
    within(async { tokio::join!(drained, ends) }).await;
}
