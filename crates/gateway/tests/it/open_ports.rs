//! Ports for clients without credentials: who is listed may do all that a login may, and nobody else anything.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use turnpike_gateway::settings::OpenPort;
use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};

use crate::support::{CUSTOMER, House, PASSWORD, Store, USER, within};

const OTHER: i64 = 2;

/// A gateway with a port of its own for `account`, on `listen`.
async fn house_on(listen: &str, account: &str, prepare: impl FnOnce(&Store)) -> House {
    House::with(1 << 40, |store, settings| {
        settings.open = vec![OpenPort { listen: listen.parse().unwrap(), account: account.to_owned() }];
        store.add_customer(OTHER);
        store.add_account(OTHER, "mallory", "sesame");
        store.add_package(OTHER, 1 << 30);
        prepare(store);
    })
    .await
}

/// The usual account's port; the customer's list says `sources`.
async fn house(sources: &[&str]) -> House {
    house_on("127.0.0.1:0", USER, |store| list(store, sources)).await
}

fn list(store: &Store, sources: &[&str]) {
    let sources = sources.iter().map(|source| source.parse().unwrap()).collect();
    store.change_customer(CUSTOMER, |entry| entry.sources = sources);
}

fn port(house: &House) -> SocketAddr {
    house.gateway.open_addrs()[0]
}

fn without_login(house: &House) -> Proxy {
    Proxy { address: port(house), login: None }
}

/// The status of a CONNECT at the open port, 200 when it becomes a tunnel.
async fn status(house: &House, login: Option<Login>) -> u16 {
    let proxy = Proxy { address: port(house), login };
    match proxy.tunnel(Protocol::Connect, house.origin.address()).await {
        Ok(_) => 200,
        Err(ProxyError::Status { status, .. }) => status,
        Err(error) => panic!("{error}"),
    }
}

/// Everything that is answered to these bytes.
async fn answer(house: &House, bytes: &[u8]) -> Vec<u8> {
    let mut client = TcpStream::connect(port(house)).await.unwrap();
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // A reset says as much as an end.
    within(client.read_to_end(&mut answer)).await.ok();
    answer
}

fn socks_request(to: SocketAddr) -> Vec<u8> {
    [&[5, 1, 0, 1, 127, 0, 0, 1][..], &to.port().to_be_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listed_source_needs_no_login_for_http_connect_and_socks5() {
    let house = house(&["192.0.2.7", "127.0.0.1"]).await;
    let proxy = without_login(&house);
    let mut billed = 0;
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        let mut wire = proxy.tunnel(protocol, house.origin.address()).await.unwrap();
        wire.send(b"DOWN 5000\n").await.unwrap();
        assert_eq!(wire.check(u64::MAX).await.unwrap(), (5000, true));
        billed += wire.sent() + wire.received();
    }
    let before = house.store.settled(USER).await;
    assert_eq!(before, billed);
    let mut http = proxy.http().await.unwrap();
    for _ in 0..2 {
        assert_eq!(http.get(&format!("http://{}/bytes/300", house.origin.address())).await.unwrap().status, 200);
    }
    drop(http);
    assert!(house.store.settled(USER).await >= before + 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_else_is_refused_and_reaches_nothing() {
    let house = house(&["127.0.0.2", "::1", "192.0.2.7"]).await;
    let target = house.origin.address();
    let connect = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let get = format!("GET http://{target}/bytes/5 HTTP/1.1\r\nHost: {target}\r\n\r\n");
    for request in [connect, get] {
        let refusal = String::from_utf8(answer(&house, request.as_bytes()).await).unwrap();
        assert!(refusal.starts_with("HTTP/1.1 403 Forbidden\r\nProxy-Status: turnpike; error=http_request_denied;"));
        assert!(!refusal.contains("Proxy-Authenticate"), "{refusal}");
    }
    let socks = [&[5, 1, 0][..], &socks_request(target)].concat();
    assert_eq!(answer(&house, &socks).await, [5, 0xff]);
    assert_eq!(house.origin.ledger().connections(), 0);
    assert_eq!(house.gateway.status().totals.refused.get("source_not_listed"), Some(&3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_fail_from_a_listed_source_too() {
    let house = house(&["127.0.0.1"]).await;
    let target = house.origin.address();
    for login in [Login::new(USER, "wrong"), Login::new("nobody", PASSWORD), Login::new("", "")] {
        assert_eq!(status(&house, Some(login)).await, 407);
    }
    for value in ["Bearer dTpw", "Basic !", ""] {
        let request = format!("CONNECT {target} HTTP/1.1\r\nProxy-Authorization: {value}\r\n\r\n");
        let refusal = String::from_utf8(answer(&house, request.as_bytes()).await).unwrap();
        assert!(refusal.starts_with("HTTP/1.1 407 "), "{value:?} gave {refusal}");
    }
    // It would also go without a login, and yet the one it has is wrong.
    let login = [&[5, 2, 0, 2][..], b"\x01\x05alice\x05wrong", &socks_request(target)].concat();
    assert_eq!(answer(&house, &login).await, [5, 2, 1, 1]);
    assert_eq!(house.origin.ledger().connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_credentials_work_from_anywhere_and_pay_for_themselves() {
    let house = house(&["192.0.2.7"]).await;
    assert_eq!(status(&house, Some(Login::new(USER, PASSWORD))).await, 200);
    list(&house.store, &["127.0.0.1"]);
    within(async { while status(&house, None).await != 200 {} }).await;
    let before = house.store.settled(USER).await;
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        let proxy = Proxy { address: port(&house), login: Some(Login::new("mallory", "sesame")) };
        let mut wire = proxy.tunnel(protocol, house.origin.address()).await.unwrap();
        wire.send(b"DOWN 1000\n").await.unwrap();
        assert_eq!(wire.check(u64::MAX).await.unwrap(), (1000, true));
    }
    assert_eq!(house.store.settled("mallory").await, 2 * (1000 + 10));
    assert_eq!(house.store.settled(USER).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_leaves_the_list_is_cut_within_a_second_and_logins_are_not() {
    let house = house(&["127.0.0.1"]).await;
    let proxy = without_login(&house);
    let mut idle = proxy.tunnel(Protocol::Connect, house.origin.address()).await.unwrap();
    let mut busy = proxy.tunnel(Protocol::Socks5, house.origin.address()).await.unwrap();
    busy.send(b"DOWN 100000000000\n").await.unwrap();
    busy.discard(1_000_000).await.unwrap();
    let mut kept = proxy.http().await.unwrap();
    kept.get(&format!("http://{}/bytes/5", house.origin.address())).await.unwrap();
    let mut with_login = house.idle_tunnel().await;
    // Another address comes and goes without harm.
    list(&house.store, &["127.0.0.1", "192.0.2.7"]);
    list(&house.store, &["127.0.0.1"]);
    idle.send(b"ECHO\nx").await.unwrap();
    assert_eq!(idle.fill().await.unwrap(), 1);
    idle.consume(1);

    let changed = std::time::Instant::now();
    list(&house.store, &["192.0.2.7"]);
    for wire in [&mut idle, &mut busy, kept.wire()] {
        let end = within(wire.discard(u64::MAX)).await;
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    assert!(changed.elapsed() < std::time::Duration::from_secs(1), "{:?}", changed.elapsed());
    assert_eq!(status(&house, None).await, 403);
    with_login.send(b"y").await.unwrap();
    assert_eq!(with_login.fill().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_s_state_and_limits_count_as_with_a_login() {
    let house = house(&["127.0.0.1"]).await;
    let mut wire = without_login(&house).tunnel(Protocol::Connect, house.origin.address()).await.unwrap();
    house.store.change_account(USER, |entry| entry.enabled = false);
    assert_eq!(within(wire.fill()).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(status(&house, None).await, 403);
    let socks = without_login(&house).tunnel(Protocol::Socks5, house.origin.address()).await;
    assert!(matches!(socks, Err(ProxyError::Socks(2))), "{socks:?}");
    house.store.change_account(USER, |entry| entry.enabled = true);
    house.store.change_customer(CUSTOMER, |entry| entry.max_tunnels = Some(1));
    within(async { while status(&house, None).await != 200 {} }).await;
    let _only = within(async {
        loop {
            // The one before may not be gone yet.
            if let Ok(wire) = without_login(&house).tunnel(Protocol::Connect, house.origin.address()).await {
                return wire;
            }
        }
    })
    .await;
    assert_eq!(status(&house, None).await, 429);
    house.store.change_customer(CUSTOMER, |entry| entry.suspended = true);
    within(async { while status(&house, None).await != 403 {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_yet_to_come_refuses_until_it_does() {
    let house = house_on("127.0.0.1:0", "later", |store| list(store, &["127.0.0.1"])).await;
    assert_eq!(status(&house, None).await, 403);
    house.store.add_account(CUSTOMER, "later", "x");
    within(async { while status(&house, None).await != 200 {} }).await;
    house.store.delete_account("later");
    within(async { while status(&house, None).await != 403 {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_are_compared_by_what_they_mean() {
    let house = house_on("[::]:0", USER, |store| list(store, &["127.0.0.1"])).await;
    let at = |ip: &str| Proxy { address: SocketAddr::new(ip.parse().unwrap(), port(&house).port()), login: None };
    // An IPv4 client of a port for both families has an IPv4 address all the same.
    assert!(at("127.0.0.1").tunnel(Protocol::Connect, house.origin.address()).await.is_ok());
    let refused = at("::1").tunnel(Protocol::Connect, house.origin.address()).await;
    assert!(matches!(refused, Err(ProxyError::Status { status: 403, .. })), "{refused:?}");
    list(&house.store, &["::1"]);
    let v6 = at("::1");
    within(async { while v6.tunnel(Protocol::Socks5, house.origin.address()).await.is_err() {} }).await;
    let refused = at("127.0.0.1").tunnel(Protocol::Connect, house.origin.address()).await;
    assert!(matches!(refused, Err(ProxyError::Status { status: 403, .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_relayed_to_the_port_itself() {
    let house = House::with(1 << 30, |store, settings| {
        settings.open = vec![OpenPort { listen: "127.0.0.1:0".parse().unwrap(), account: USER.to_owned() }];
        settings.destinations.allow_ports = turnpike_domain::destination::PortSet::new(1..=u16::MAX).unwrap();
        list(store, &["127.0.0.1"]);
    })
    .await;
    for own in [port(&house), house.gateway.local_addr()] {
        let loops = without_login(&house).tunnel(Protocol::Connect, own).await;
        assert!(matches!(loops, Err(ProxyError::Status { status: 403, .. })), "{loops:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_neither_http_nor_socks5_gets_nothing_from_a_listed_source() {
    let house = house(&["127.0.0.1"]).await;
    let cases: [&[u8]; 12] = [
        b"\x16\x03\x01\x02\x00\x01",
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
        b"\x05",
        b"\x05\x00",
        b"\x05\x01\x01",
        b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50",
        b"\x05\x01\x00\x05\x01\x00\x09",
        b"\x05\x01\x00\x04\x01\x00\x01",
        b"\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50",
        b"CONNECT\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ];
    for bytes in cases {
        let answer = answer(&house, bytes).await;
        let refused = answer.is_empty()
            || answer == [5, 0xff]
            || (answer.starts_with(&[5, 0]) && (answer.len() == 2 || answer.get(3).is_some_and(|reply| *reply != 0)))
            || answer.starts_with(b"HTTP/1.1 4");
        assert!(refused, "{bytes:?} gave {answer:?}");
    }
    assert_eq!(house.origin.ledger().connections(), 0);
    assert_eq!(status(&house, None).await, 200);
}
