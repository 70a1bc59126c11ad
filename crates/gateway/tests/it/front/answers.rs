//! The table of answers, over both protocols, and which check comes first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::client::{header, status};
use super::origin::Origin;
use super::{LOGIN, connect, start, start_with};
use crate::support::{CUSTOMER, House, PASSWORD, USER};

/// What a tunnel to the origin is answered with: the head and text of CONNECT, and the bytes of SOCKS5.
async fn ask(house: &House, origin: &Origin, name: &str, password: &str) -> (String, String, Vec<u8>) {
    let mut http = connect(house).await;
    let login = STANDARD.encode(format!("{name}:{password}"));
    http.send(format!("CONNECT {} HTTP/1.1\r\nProxy-Authorization: Basic {login}\r\n\r\n", origin.address())).await;
    let (head, text) = http.receive_response().await;
    let mut socks = connect(house).await;
    let counted = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let port = origin.address().port().to_be_bytes();
    let login = [&b"\x05\x01\x02\x01"[..], &counted(name), &counted(password)].concat();
    socks.send([&login[..], b"\x05\x01\x00\x01\x7f\x00\x00\x01", &port].concat()).await;
    socks.end_sending();
    (head, text, socks.receive_to_end().await.unwrap())
}

/// The same, when the login is right: status, `error`, text, and reply.
async fn refused(house: &House, origin: &Origin, name: &str) -> (u16, String, String, u8) {
    let (head, text, socks) = ask(house, origin, name, PASSWORD).await;
    let error = header(&head, "proxy-status").unwrap().split(';').nth(1).unwrap().trim().to_owned();
    assert_eq!(socks.get(..4), Some(&[5, 2, 1, 0][..]), "the login itself is taken");
    (status(&head), error, text, socks[5])
}

fn expected(status: u16, error: &str, text: &str, reply: u8) -> (u16, String, String, u8) {
    (status, format!("error={error}"), format!("turnpike: {text}.\n"), reply)
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_bytes() {
    let house = start().await;
    let origin = Origin::start().await;
    let wrong_password = ask(&house, &origin, USER, "wrong").await;
    for (name, password) in
        [("nobody", PASSWORD), (USER, ""), ("", PASSWORD), ("a b", PASSWORD), ("alice_area-??", "x")]
    {
        let (head, text, socks) = ask(&house, &origin, name, password).await;
        assert_eq!((&head, &text), (&wrong_password.0, &wrong_password.1), "{name}:{password}");
        assert_eq!(socks, [5, 2, 1, 1], "{name}:{password}");
    }
    assert_eq!(status(&wrong_password.0), 407);
    assert_eq!(wrong_password.2, [5, 2, 1, 1]);
}

#[tokio::test]
async fn other_schemes_and_malformed_logins_get_407_too() {
    let house = start().await;
    for value in
        ["Basic", "Basic !", "Basic YWxpY2U=", "Bearer YWxpY2U6c2VjcmV0", "Digest username=\"alice\"", "NTLM x", ""]
    {
        let mut client = connect(&house).await;
        client.send(format!("GET http://a.example/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: {value}\r\n\r\n")).await;
        let (head, _) = client.receive_response().await;
        assert_eq!(status(&head), 407, "{value}");
        assert_eq!(header(&head, "connection"), None);
    }
    // What is meant for the origin does not count here.
    let mut client = connect(&house).await;
    client.send("GET http://a.example/ HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n").await;
    assert_eq!(status(&client.receive_response().await.0), 407);
}

#[tokio::test]
async fn each_state_has_its_answer() {
    let house = start().await;
    let origin = Origin::start().await;
    let of = |name: &'static str| refused(&house, &origin, name);
    let bad = |text: &str| format!("the username has a bad parameter: {text}");
    let (status, error, text, reply) = of("alice_life-x").await;
    assert_eq!((status, error.as_str(), reply), (400, "error=http_request_error", 1));
    assert!(text.starts_with(&format!("turnpike: {}", bad(""))), "{text}");
    let place = "no exit serves that place; choose another or leave it out";
    assert_eq!(of("alice_area-US").await, expected(503, "destination_unavailable", place, 1));
    let held = "none of this customer's static IPs that are in use fits; check _ip-, its expiry, and the place in the username";
    assert_eq!(of("alice_ip-192.0.2.1").await, expected(503, "destination_unavailable", held, 1));

    house.store.change_account(USER, |account| account.enabled = false);
    house.until_status(403).await;
    let disabled = "this proxy account is disabled; enable it to use it";
    // The state comes before the parameters.
    assert_eq!(of("alice_area-US").await, expected(403, "http_request_denied", disabled, 2));
    house.store.change_account(USER, |account| account.enabled = true);
    house.until_status(200).await;

    house.store.change_customer(CUSTOMER, |customer| customer.suspended = true);
    house.until_status(403).await;
    let suspended = "this customer is suspended; ask the operator";
    assert_eq!(of("alice_life-x").await, expected(403, "http_request_denied", suspended, 2));
    house.store.change_customer(CUSTOMER, |customer| (customer.suspended, customer.verified) = (false, false));
    let unverified =
        expected(403, "http_request_denied", "this customer is not verified yet; finish verification first", 2);
    crate::support::within(async { while of("alice").await != unverified {} }).await;
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn no_traffic_is_402_and_comes_after_the_target() {
    let house =
        House::with(0, |_, settings| settings.destinations.allow_cidrs = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let mut client = connect(&house).await;
    let at = house.origin.address();
    client.send(format!("CONNECT {at} HTTP/1.1\r\n{LOGIN}\r\n")).await;
    let (head, text) = client.receive_response().await;
    assert_eq!(status(&head), 402);
    assert_eq!(text, "turnpike: no package with traffic left; buy traffic or raise the limit.\n");
    let mut client = connect(&house).await;
    client.send(format!("CONNECT 10.0.0.1:{} HTTP/1.1\r\n{LOGIN}\r\n", at.port())).await;
    assert_eq!(status(&client.receive_response().await.0), 403);
    // A request that is refused for that keeps its connection.
    let mut client = connect(&house).await;
    for _ in 0..2 {
        client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n")).await;
        assert_eq!(status(&client.receive_response().await.0), 402);
    }
}

#[tokio::test]
async fn too_many_connections_are_429_with_a_time_to_come_back() {
    let house = start().await;
    let origin = Origin::start().await;
    house.store.change_customer(CUSTOMER, |customer| customer.max_connections_per_second = Some(1));
    let limited = expected(429, "http_request_denied", "connections are opened too fast; try again in 1 s", 1);
    crate::support::within(async { while house.status().await != 429 {} }).await;
    let (head, text, _) = ask(&house, &origin, USER, PASSWORD).await;
    assert_eq!((status(&head), text), (limited.0, limited.2));
    assert_eq!(header(&head, "retry-after"), Some("1"));
}

#[tokio::test]
async fn traffic_that_runs_out_within_a_response_cuts_it_short() {
    let house = House::with(100_000, |_, settings| settings.threads = 1).await;
    let at = house.origin.address();
    let mut client = connect(&house).await;
    client.send(format!("GET http://{at}/bytes/1000000 HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n")).await;
    let head = client.receive_head().await;
    assert_eq!(status(&head), 200, "{head}");
    let (body, reset) = client.receive_until_reset().await;
    assert!(reset && body.len() < 100_000 && !body.is_empty(), "{} {reset}", body.len());
    drop(client);
    assert!(house.store.settled(USER).await <= 100_000);
}

#[tokio::test]
async fn a_target_that_refuses_or_is_silent_is_told_apart() {
    let house = start_with(|settings| settings.deadlines.connect_ms = 300).await;
    let origin = Origin::start().await;
    let port = origin.address().port();
    drop(origin);
    let mut client = connect(&house).await;
    client.send(format!("GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: a\r\n{LOGIN}\r\n")).await;
    let (head, text) = client.receive_response().await;
    assert_eq!(status(&head), 502);
    assert!(header(&head, "proxy-status").unwrap().contains("error=connection_refused;"), "{head}");
    assert_eq!(text, "turnpike: the target refused the connection.\n");
}
