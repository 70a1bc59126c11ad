//! Settings exchanged while tunnels are open: all of them or none, for what comes after.

use std::net::SocketAddr;

use turnpike_domain::destination::PortSet;
use turnpike_gateway::ReloadError;
use turnpike_gateway::port::Port;
use turnpike_gateway::settings::{OpenPort, Settings};
use turnpike_testkit::client::{Protocol, Proxy};

use crate::support::{CUSTOMER, House, USER, within};

type Change = fn(&mut Settings);

async fn reload(house: &House, change: impl FnOnce(&mut Settings)) -> Result<(), ReloadError> {
    let mut settings = house.settings().clone();
    change(&mut settings);
    let next = settings.clone();
    house.gateway.reload(settings, |_, wish: &OpenPort| Port::bind(wish.listen, &next)).await
}

fn open(listen: SocketAddr) -> OpenPort {
    OpenPort { listen, account: USER.to_owned() }
}

/// An address where nobody listens.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_connections_go_by_the_new_settings_at_once_and_open_tunnels_live() {
    let house = House::with_package(1 << 30).await;
    let mut wire = house.idle_tunnel().await;
    for _ in 0..20 {
        reload(&house, |settings| settings.destinations.allow_ports = PortSet::new([1]).unwrap()).await.unwrap();
        for _ in 0..4 {
            assert_eq!(house.status().await, 403);
        }
        reload(&house, |_| {}).await.unwrap();
        for _ in 0..4 {
            assert_eq!(house.status().await, 200);
        }
    }
    wire.send(b"y").await.unwrap();
    assert_eq!(wire.fill().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_change_is_refused_by_name_and_nothing_changes() {
    let house = House::with_package(1 << 30).await;
    let denied = PortSet::new([1]).unwrap();
    let changes: [(&str, Change); 5] = [
        ("gateway.listen", |settings| settings.listen = ([127, 0, 0, 1], 1).into()),
        ("gateway.threads", |settings| settings.threads = 7),
        ("gateway.backlog", |settings| settings.backlog = 7),
        ("gateway.spool", |settings| settings.spool = "elsewhere".into()),
        ("gateway.spool_slots", |settings| settings.spool_slots = 7),
    ];
    for (key, change) in changes {
        let outcome = reload(&house, |settings| {
            change(settings);
            settings.destinations.allow_ports = denied.clone();
        });
        let told = outcome.await.unwrap_err().to_string();
        assert!(told.starts_with(&format!("{key}: ")), "{told}");
        assert_eq!(house.status().await, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ports_for_listed_sources_come_and_go_without_touching_others() {
    let house = House::with(1 << 30, |store, _| {
        store.change_customer(CUSTOMER, |entry| entry.sources = vec!["127.0.0.1".parse().unwrap()]);
    })
    .await;
    let (first, second) = (free(), free());
    let mut other = house.idle_tunnel().await;
    reload(&house, |settings| settings.open = vec![open(first)]).await.unwrap();
    let proxy = |address| Proxy { address, login: None };
    let mut kept = proxy(first).tunnel(Protocol::Connect, house.origin.address()).await.unwrap();
    reload(&house, |settings| settings.open = vec![open(first), open(second)]).await.unwrap();
    assert!(proxy(second).tunnel(Protocol::Socks5, house.origin.address()).await.is_ok());
    assert_eq!(house.gateway.open_addrs(), [first, second]);
    reload(&house, |settings| settings.open = vec![open(first)]).await.unwrap();
    within(async { while proxy(second).tunnel(Protocol::Connect, house.origin.address()).await.is_ok() {} }).await;
    for wire in [&mut kept, &mut other] {
        if wire.sent() == 0 {
            wire.send(b"ECHO\n").await.unwrap();
        }
        wire.send(b"y").await.unwrap();
        assert_eq!(wire.fill().await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_refuses_the_whole() {
    let house = House::with_package(1 << 30).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let fresh = free();
    let outcome = reload(&house, |settings| {
        settings.open = vec![open(fresh), open(taken.local_addr().unwrap())];
        settings.destinations.allow_ports = PortSet::new([1]).unwrap();
    });
    let told = outcome.await.unwrap_err().to_string();
    assert!(told.starts_with("gateway.open: cannot listen on"), "{told}");
    assert_eq!(house.status().await, 200);
    assert!(house.gateway.open_addrs().is_empty());
    assert!(tokio::net::TcpStream::connect(fresh).await.is_err());
    let outcome = reload(&house, |settings| {
        settings.open = vec![OpenPort { listen: fresh, account: "no account".to_owned() }];
    });
    assert!(outcome.await.is_err());
}
