//! Exits by an IPv6 prefix that is routed to the host: every session has an address of its own there. In a network of their own, for
//! no test may change the routes of whoever runs it.

use std::collections::BTreeSet;
use std::net::{Ipv6Addr, SocketAddr};
use std::process::Command;

use turnpike_domain::destination::PortSet;
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Provenance, Route, UpstreamPassword};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_testkit::client::{Protocol, ProxyError};
use turnpike_testkit::origin::Origin;

use crate::support::{House, PASSWORD, USER};

const PREFIX: &str = "fd7a:115c:a1e0::/48";

fn exit() -> ExitEntry {
    ExitEntry {
        id: ExitId::new(1),
        route: Route::parse(PREFIX, None, UpstreamPassword::default()).unwrap(),
        places: vec![ExitPlace::parse("NL").unwrap()],
        product_types: vec![ProductType::DynamicTraffic],
        capacity: None,
        weight: 1,
        state: ExitState::Active,
        provenance: Provenance::Owned,
    }
}

/// The address that the origin sees.
async fn source(house: &House, parameters: &str, origin: &Origin) -> Result<Ipv6Addr, ProxyError> {
    let proxy = house.proxy(&format!("{USER}{parameters}"), PASSWORD);
    let mut wire = proxy.tunnel(Protocol::Connect, origin.address()).await?;
    wire.send(b"SOURCE\n").await?;
    while wire.fill().await? > 0 {}
    Ok(String::from_utf8(wire.pending().to_vec()).unwrap().trim().parse().unwrap())
}

#[test]
fn every_session_has_an_address_of_the_prefix() {
    let script = format!(
        "ip link set lo up && ip -6 route add local {PREFIX} dev lo && \
         exec \"$0\" --ignored --exact prefixes::within_a_network_of_its_own --test-threads 1"
    );
    let mut command = Command::new("unshare");
    let ran = command.args(["-Urn", "sh", "-c", &script]).arg(std::env::current_exe().unwrap()).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    if !ran.status.success() && !text.contains("running 1 test") {
        eprintln!("skipped: there is no network of its own to be had: {}", String::from_utf8_lossy(&ran.stderr));
        return;
    }
    assert!(ran.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of its own, where the test before runs it"]
async fn within_a_network_of_its_own() {
    let origin = Origin::start(&[SocketAddr::from((Ipv6Addr::LOCALHOST, 0))], 1).unwrap();
    let house = House::with(1 << 40, |store, settings| {
        store.set_exit(exit());
        let ports = settings.destinations.allow_ports.iter().chain([origin.address().port()]).collect::<Vec<_>>();
        settings.destinations.allow_ports = PortSet::new(ports).unwrap();
        settings.destinations.allow_cidrs.push("::1/128".parse().unwrap());
    })
    .await;
    let prefix: ipnet::Ipv6Net = PREFIX.parse().unwrap();
    let mut all = BTreeSet::new();
    for number in 0..20 {
        let session = format!("_area-NL_session-s{number}");
        let first = source(&house, &session, &origin).await.unwrap();
        assert!(prefix.contains(&first) && first != prefix.network(), "{first}");
        for _ in 0..3 {
            assert_eq!(source(&house, &session, &origin).await.unwrap(), first, "{session}");
        }
        assert!(all.insert(first), "{first} is another session's");
    }
    for _ in 0..20 {
        all.insert(source(&house, "", &origin).await.unwrap());
    }
    assert!(all.len() > 35, "without a session every connection has another: {}", all.len());
    // IPv4 cannot be reached from there, and nothing else is tried.
    let refused = house.proxy(USER, PASSWORD).tunnel(Protocol::Connect, house.origin.address()).await;
    assert!(matches!(refused, Err(ProxyError::Status { status: 502 | 503, .. })), "{refused:?}");
    assert_eq!(house.origin.ledger().connections(), 0);
}
