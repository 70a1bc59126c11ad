//! Where connections go and where they never do: names, addresses, the gateway itself.

use super::client::status;
use super::name_server::{Answer, NameServer};
use super::origin::Origin;
use super::{LOGIN, connect, start, start_with};
use crate::support::House;

/// The status of a CONNECT, and the reply of SOCKS5, for a target.
async fn outcomes(house: &House, host: &str, port: u16) -> (u16, u8) {
    let mut http = connect(house).await;
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    http.send(format!("CONNECT {authority} HTTP/1.1\r\n{LOGIN}\r\n")).await;
    let status = status(&http.receive_head().await);
    let mut socks = connect(house).await;
    let length = u8::try_from(host.len()).unwrap();
    socks
        .send(
            [
                b"\x05\x01\x02\x01\x05alice\x06secret\x05\x01\x00\x03",
                &[length][..],
                host.as_bytes(),
                &port.to_be_bytes(),
            ]
            .concat(),
        )
        .await;
    let reply = socks.receive(14).await[5];
    (status, reply)
}

async fn start_with_names(names: &NameServer) -> House {
    let server = names.address;
    start_with(|settings| {
        settings.resolver.servers = vec![server];
        settings.resolver.query_ms = 300;
        settings.resolver.attempts = 1;
    })
    .await
}

#[tokio::test]
async fn a_name_is_resolved_classified_and_dialled() {
    let names = NameServer::start().await;
    let house = start_with_names(&names).await;
    let mut origin = Origin::start().await;
    names.set("good.example", &["127.0.0.1"]);
    let port = origin.address().port();
    assert_eq!(outcomes(&house, "good.example", port).await, (200, 0));
    assert_eq!(outcomes(&house, "GOOD.Example.", port).await, (200, 0));
    let mut client = connect(&house).await;
    client.send(format!("GET http://good.example:{port}/ HTTP/1.1\r\nHost: other\r\n{LOGIN}\r\n")).await;
    for _ in 0..4 {
        origin.accept().await;
    }
    let mut far = origin.accept().await;
    assert_eq!(far.receive_head().await, format!("GET / HTTP/1.1\r\nHost: good.example:{port}\r\n\r\n"));
}

#[tokio::test]
async fn denied_addresses_are_dropped_from_an_answer() {
    let names = NameServer::start().await;
    let house = start_with_names(&names).await;
    let origin = Origin::start().await;
    let port = origin.address().port();
    names.set("mixed.example", &["10.0.0.1", "127.0.0.1", "169.254.169.254", "fd00::1"]);
    assert_eq!(outcomes(&house, "mixed.example", port).await, (200, 0));
    names.set("inward.example", &["10.0.0.1", "192.168.0.1", "169.254.169.254", "fe80::1", "::ffff:10.0.0.1"]);
    assert_eq!(outcomes(&house, "inward.example", port).await, (403, 2));
    // The address that was judged is the address that is dialled, however often the answer changes.
    for round in 0..20 {
        names.set("flips.example", if round % 2 == 0 { &["10.0.0.1"] } else { &["127.0.0.1"] });
        let expected = if round % 2 == 0 { (403, 2) } else { (200, 0) };
        assert_eq!(outcomes(&house, "flips.example", port).await, expected);
    }
}

#[tokio::test]
async fn names_without_an_answer_are_told_apart() {
    let names = NameServer::start().await;
    let house = start_with_names(&names).await;
    names.answer("broken.example", Answer::Broken);
    names.answer("silent.example", Answer::Silence);
    names.set("empty.example", &[]);
    for (name, expected) in
        [("missing.example", 502), ("empty.example", 502), ("broken.example", 502), ("silent.example", 504)]
    {
        assert_eq!(outcomes(&house, name, 443).await, (expected, 4), "{name}");
    }
}

#[tokio::test]
async fn only_so_many_addresses_are_looked_at() {
    let names = NameServer::start().await;
    let house = start_with_names(&names).await;
    let origin = Origin::start().await;
    let mut addresses = vec!["10.0.0.1"; 16];
    addresses.push("127.0.0.1");
    names.set("many.example", &addresses);
    assert_eq!(outcomes(&house, "many.example", origin.address().port()).await, (403, 2));
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let names = NameServer::start().await;
    let house = start_with_names(&names).await;
    let mut origin = Origin::start_at("127.0.0.2:0").await;
    let port = origin.address().port();
    names.set("twice.example", &["::1", "127.0.0.1", "127.0.0.2"]);
    assert_eq!(outcomes(&house, "twice.example", port).await, (200, 0));
    origin.accept().await;
    names.set("closed.example", &["127.0.0.1", "127.0.0.3"]);
    assert_eq!(outcomes(&house, "closed.example", port).await, (502, 5));
}

#[tokio::test]
async fn special_purpose_and_metadata_addresses_are_denied() {
    let house = start().await;
    let denied = [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.0.1",
        "172.16.0.1",
        "192.0.0.192",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
        "fd00:ec2::254",
    ];
    for address in denied {
        assert_eq!(outcomes(&house, address, 443).await, (403, 2), "{address}");
    }
}

#[tokio::test]
async fn ports_that_are_not_open_are_denied_before_anything_is_resolved() {
    let names = NameServer::start().await;
    let server = names.address;
    names.answer("silent.example", Answer::Silence);
    let house = start_with(|settings| {
        settings.resolver.servers = vec![server];
        settings.destinations.allow_ports = turnpike_domain::destination::PortSet::default();
    })
    .await;
    assert_eq!(outcomes(&house, "silent.example", 25).await, (403, 2));
    assert_eq!(outcomes(&house, "127.0.0.1", 22).await, (403, 2));
}

#[tokio::test]
async fn the_gateway_itself_and_other_own_listeners_are_denied_even_within_an_allowed_range() {
    let other = Origin::start().await;
    let address = other.address();
    let house = start_with(|settings| {
        settings.listen = "0.0.0.0:0".parse().unwrap();
        settings.destinations.own_listeners = vec![address];
        settings.destinations.allow_cidrs = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    })
    .await;
    let own = house.gateway.local_addr().port();
    for host in ["127.0.0.1", "127.1.2.3", "0.0.0.0", "::ffff:127.0.0.1", "localhost"] {
        assert_eq!(outcomes(&house, host, own).await, (403, 2), "{host}");
    }
    assert_eq!(outcomes(&house, "127.0.0.1", address.port()).await, (403, 2));
    assert_eq!(outcomes(&house, "169.254.169.254", 80).await, (403, 2));
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_bound_exit_leaves_by_its_address_and_by_no_other() {
    let house = start_with(|settings| settings.exit.bind = Some("127.0.0.77".parse().unwrap())).await;
    let mut origin = Origin::start().await;
    assert_eq!(outcomes(&house, "127.0.0.1", origin.address().port()).await, (200, 0));
    assert_eq!(origin.accept().await.stream.peer_addr().unwrap().ip().to_string(), "127.0.0.77");
    // Nothing leaves by the host's own IPv6 address instead.
    let other_family = Origin::start_at("[::1]:0").await;
    assert_eq!(outcomes(&house, "::1", other_family.address().port()).await, (502, 3));
    assert_eq!(other_family.connections(), 0);
}

#[tokio::test]
async fn an_exit_whose_address_is_not_there_connects_nothing() {
    let house = start_with(|settings| settings.exit.bind = Some("192.0.2.7".parse().unwrap())).await;
    let origin = Origin::start().await;
    assert_eq!(outcomes(&house, "127.0.0.1", origin.address().port()).await, (502, 1));
    assert_eq!(origin.connections(), 0);
}
