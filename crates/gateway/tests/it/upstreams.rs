//! Exits that are other proxies: they carry what is sent through them, they are out when they fail, and they come back.

mod heard;
mod programs;

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;
use turnpike_domain::destination::PortSet;
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Provenance, Route};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_testkit::client::{Protocol, ProxyError};
use turnpike_testkit::wire::Wire;

use self::programs::{Kind, Program};
use crate::support::{House, MIB, PASSWORD, USER, within};

fn exit(id: i64, route: Route) -> ExitEntry {
    ExitEntry {
        id: ExitId::new(id),
        route,
        places: vec![ExitPlace::parse("US/Texas/Austin").unwrap()],
        product_types: vec![ProductType::DynamicTraffic],
        capacity: None,
        weight: 1,
        state: ExitState::Active,
        provenance: Provenance::Contracted,
    }
}

async fn house(route: Route) -> House {
    House::with(1 << 40, |store, _| store.set_exit(exit(1, route))).await
}

/// The address that the origin sees.
async fn source(house: &House, protocol: Protocol) -> Result<String, ProxyError> {
    let proxy = house.proxy(&format!("{USER}_area-US_session-a"), PASSWORD);
    let mut wire = proxy.tunnel(protocol, house.origin.address()).await?;
    wire.send(b"SOURCE\n").await.unwrap();
    while wire.fill().await.unwrap() > 0 {}
    Ok(String::from_utf8(wire.pending().to_vec()).unwrap().trim().to_owned())
}

/// Reads to the end: how that came.
async fn end_of(wire: &mut Wire) -> std::io::Result<()> {
    within(async {
        while wire.discard_some().await? > 0 {}
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_others_carry_tunnels_and_plain_requests() {
    for kind in Kind::ALL {
        let Some(program) = Program::start(kind).await else { continue };
        let house = house(program.route()).await;
        for protocol in [Protocol::Connect, Protocol::Socks5] {
            assert_eq!(source(&house, protocol).await.unwrap(), kind.leaves_by(), "{kind:?}");
            let mut wire = house.try_tunnel(protocol).await.unwrap();
            wire.send(format!("DOWN {}\n", 4 * MIB).as_bytes()).await.unwrap();
            assert_eq!(wire.check(u64::MAX).await.unwrap(), (4 * MIB, true), "{kind:?}");
        }
        let mut exchange = house.proxy(USER, PASSWORD).http().await.unwrap();
        let url = format!("http://{}/bytes/100000", house.origin.address());
        for _ in 0..3 {
            let answer = exchange.get(&url).await.unwrap();
            assert_eq!((answer.status, answer.body, answer.right), (200, 100_000, true), "{kind:?}");
        }
        let counts = house.gateway.status().exits;
        assert_eq!((counts.outs, counts.failed_probes), (0, 0), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_a_proxy_refuses_takes_the_exit_out_and_nothing_falls_back() {
    for kind in Kind::ALL {
        let Some(program) = Program::start(kind).await else { continue };
        let house = house(program.route_with("wrong")).await;
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(house.status().await);
        }
        assert_eq!(statuses.first(), Some(&502), "{kind:?}");
        assert_eq!(statuses.last(), Some(&503), "{kind:?}");
        assert_eq!(house.origin.ledger().connections(), 0, "{kind:?}");
        let faults = house.gateway.status().exits.faults;
        assert!(faults.contains(&("login", 3)), "{kind:?}: {faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_refuses_takes_no_proxy_out() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    for kind in Kind::ALL {
        let Some(program) = Program::start(kind).await else { continue };
        let house = House::with(1 << 40, |store, settings| {
            store.set_exit(exit(1, program.route()));
            let origin = settings.destinations.allow_ports.clone();
            settings.destinations.allow_ports = PortSet::new(origin.iter().chain([closed.port()])).unwrap();
        })
        .await;
        for _ in 0..5 {
            let refused = house.proxy(USER, PASSWORD).tunnel(Protocol::Connect, closed).await;
            assert!(matches!(refused, Err(ProxyError::Status { status: 502, .. })), "{kind:?}: {refused:?}");
        }
        assert_eq!(house.status().await, 200, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_dies_ends_what_it_carried_and_comes_back_when_it_does() {
    for kind in Kind::ALL {
        let Some(mut program) = Program::start(kind).await else { continue };
        let house = house(program.route()).await;
        let mut exchange = house.proxy(USER, PASSWORD).http().await.unwrap();
        exchange.send_get(&format!("http://{}/bytes/1000000000000", house.origin.address())).await.unwrap();
        let mut tunnel = house.tunnel().await;
        tunnel.send(b"DOWN 1000000000000\n").await.unwrap();
        for wire in [exchange.wire(), &mut tunnel] {
            assert!(wire.discard(MIB).await.unwrap() >= MIB, "{kind:?}");
        }
        program.kill();
        // What has a length must not look as if it were complete; of what has none only its two ends know whether it is.
        let cut = end_of(exchange.wire()).await.unwrap_err();
        assert_eq!(cut.kind(), std::io::ErrorKind::ConnectionReset, "{kind:?}");
        end_of(&mut tunnel).await.ok();
        house.until_status(503).await;
        program.start_again().await;
        house.until_status(200).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_freezes_is_out_and_its_tunnels_are_reset() {
    for kind in [Kind::Microsocks, Kind::Tinyproxy] {
        let Some(program) = Program::start(kind).await else { continue };
        let house = house(program.route()).await;
        let mut idle = house.idle_tunnel().await;
        program.freeze();
        let begun = Instant::now();
        assert_eq!(house.status().await, 504, "{kind:?}");
        if kind == Kind::Microsocks {
            assert!(begun.elapsed() < Duration::from_millis(2_500), "{:?}", begun.elapsed());
        }
        house.until_status(503).await;
        let ended = within(idle.fill()).await;
        assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{kind:?}");
        program.thaw();
        house.until_status(200).await;
    }
}
