//! Many requests on one connection: each is authenticated, and none is mistaken for another.

use super::client::{Client, header, status};
use super::origin::Origin;
use super::{LOGIN, connect, start, start_with};
use crate::support::{CUSTOMER, House, USER};

const RESPONSE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// The login of an account `bob` with password `hidden`.
const BOB: &str = "Proxy-Authorization: Basic Ym9iOmhpZGRlbg==\r\n";
/// The usual login with a session.
const SESSION: &str = "Proxy-Authorization: Basic YWxpY2Vfc2Vzc2lvbi14OnNlY3JldA==\r\n";

async fn serve(far: &mut Client) -> String {
    let head = far.receive_head().await;
    far.send(RESPONSE).await;
    head
}

fn get(origin: &Origin, login: &str) -> String {
    let at = origin.address();
    format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{login}\r\n")
}

async fn begin() -> (House, Origin, Client, Client) {
    let house = start().await;
    house.store.add_account(CUSTOMER, "bob", "hidden");
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    // The new account comes through the feed; until then its login is unknown.
    crate::support::within(async { while house.status_for("bob", "hidden").await == 407 {} }).await;
    client.send(get(&origin, LOGIN)).await;
    let mut far = origin.accept().await;
    serve(&mut far).await;
    assert_eq!(client.receive_response().await.1, "ok");
    (house, origin, client, far)
}

#[tokio::test]
async fn each_request_needs_its_login() {
    let (_house, origin, mut client, mut far) = begin().await;
    client.send(get(&origin, "")).await;
    let (head, body) = client.receive_response().await;
    assert_eq!(status(&head), 407);
    assert_eq!(body, "turnpike: send the username and password of a proxy account.\n");
    assert_eq!(header(&head, "proxy-authenticate"), Some("Basic realm=\"turnpike\", charset=\"UTF-8\""));
    // The right login again goes on over the same connections.
    client.send(get(&origin, LOGIN)).await;
    serve(&mut far).await;
    assert_eq!(client.receive_response().await.1, "ok");
    assert_eq!(origin.connections(), 1);
}

#[tokio::test]
async fn another_login_gets_another_connection_to_the_origin() {
    let (house, mut origin, mut client, mut far) = begin().await;
    for login in [BOB, SESSION, LOGIN] {
        client.send(get(&origin, login)).await;
        assert_eq!(far.receive_to_end().await.unwrap(), b"", "{login}");
        far = origin.accept().await;
        serve(&mut far).await;
        assert_eq!(client.receive_response().await.1, "ok");
    }
    drop(client);
    let one = u64::try_from(get(&origin, "").len() - "http://127.0.0.1:".len() + RESPONSE.len()).unwrap();
    assert!(house.store.settled("bob").await > one / 2, "both accounts are billed for their own");
    assert!(house.store.settled(USER).await > 2 * house.store.settled("bob").await);
}

#[tokio::test]
async fn another_origin_gets_its_own_connection() {
    let (_house, origin, mut client, mut far) = begin().await;
    let mut second = Origin::start().await;
    client.send(get(&second, LOGIN)).await;
    let mut other = second.accept().await;
    serve(&mut other).await;
    assert_eq!(client.receive_response().await.1, "ok");
    assert_eq!(far.receive_to_end().await.unwrap(), b"");
    assert_eq!((origin.connections(), second.connections()), (1, 1));
}

#[tokio::test]
async fn a_connection_the_origin_has_closed_is_replaced() {
    let (_house, mut origin, mut client, mut far) = begin().await;
    // Closed while idle.
    drop(far);
    client.send(get(&origin, LOGIN)).await;
    far = origin.accept().await;
    serve(&mut far).await;
    assert_eq!(client.receive_response().await.1, "ok");
    // Closed upon the request: a GET is sent again, once.
    client.send(get(&origin, LOGIN)).await;
    far.receive_head().await;
    drop(far);
    far = origin.accept().await;
    serve(&mut far).await;
    assert_eq!(client.receive_response().await.1, "ok");
    // A POST is not.
    let at = origin.address();
    client.send(format!("POST http://{at}/ HTTP/1.1\r\nHost: {at}\r\nContent-Length: 1\r\n{LOGIN}\r\nx")).await;
    far.receive_head().await;
    drop(far);
    assert_eq!(status(&client.receive_response().await.0), 502);
    assert_eq!(origin.connections(), 3);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (_house, origin, mut client, mut far) = begin().await;
    let at = origin.address();
    let request = |number| format!("GET http://{at}/{number} HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n");
    client.send((0..100).map(request).collect::<Vec<_>>().concat()).await;
    for number in 0..100 {
        let head = far.receive_head().await;
        assert!(head.starts_with(&format!("GET /{number} ")), "{head}");
        far.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{number:03}")).await;
        assert_eq!(client.receive_response().await.1, format!("{number:03}"));
    }
    assert_eq!(origin.connections(), 1);
}

#[tokio::test]
async fn what_follows_a_refused_connect_is_not_read() {
    let house = start().await;
    let origin = Origin::start().await;
    let smuggled = get(&origin, LOGIN);
    let refused = [
        format!("CONNECT {} HTTP/1.1\r\n\r\n{smuggled}", origin.address()),
        format!("CONNECT 10.0.0.1:443 HTTP/1.1\r\n{LOGIN}\r\n{smuggled}"),
        format!("CONNECT {} HTTP/1.1\r\nContent-Length: {}\r\n{LOGIN}\r\n{smuggled}", origin.address(), smuggled.len()),
    ];
    for (request, expected) in refused.iter().zip([407, 403, 400]) {
        let mut client = connect(&house).await;
        client.send(request).await;
        let (head, _) = client.receive_response().await;
        assert_eq!((status(&head), header(&head, "connection")), (expected, Some("close")));
        assert_eq!(client.receive_to_end().await.unwrap(), b"");
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn the_body_of_a_refused_request_is_not_read_as_another() {
    let house = start().await;
    let origin = Origin::start().await;
    let mut client = connect(&house).await;
    let smuggled = get(&origin, LOGIN);
    let (at, length) = (origin.address(), smuggled.len());
    client
        .send(format!("POST http://{at}/ HTTP/1.1\r\nHost: {at}\r\nContent-Length: {length}\r\n\r\n{smuggled}"))
        .await;
    let (head, _) = client.receive_response().await;
    assert_eq!((status(&head), header(&head, "connection")), (407, Some("close")));
    assert_eq!(client.receive_to_end().await.unwrap(), b"");
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn a_tunnel_may_follow_requests() {
    let (_house, mut origin, mut client, mut far) = begin().await;
    client.send(format!("CONNECT {} HTTP/1.1\r\n{LOGIN}\r\n", origin.address())).await;
    assert_eq!(status(&client.receive_head().await), 200);
    assert_eq!(far.receive_to_end().await.unwrap(), b"");
    let mut tunnel = origin.accept().await;
    client.send("GET nonsense").await;
    assert_eq!(tunnel.receive(12).await, b"GET nonsense");
}

#[tokio::test]
async fn a_revoked_login_ends_an_idle_connection() {
    let (house, _origin, mut client, _far) = begin().await;
    house.store.change_account(USER, |account| account.enabled = false);
    assert_eq!(client.receive_to_end().await.unwrap(), b"");
}

#[tokio::test]
async fn a_revoked_login_resets_a_transfer() {
    let (house, origin, mut client, mut far) = begin().await;
    client.send(get(&origin, LOGIN)).await;
    far.receive_head().await;
    far.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello").await;
    assert_eq!(header(&client.receive_head().await, "content-length"), Some("1000000"));
    house.store.delete_account(USER);
    let (body, reset) = client.receive_until_reset().await;
    assert!(body.len() <= 5 && reset);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let house = start_with(|settings| settings.deadlines.keep_alive_s = 1).await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    client.send(get(&origin, LOGIN)).await;
    let mut far = origin.accept().await;
    serve(&mut far).await;
    assert_eq!(client.receive_response().await.1, "ok");
    assert_eq!(client.receive_to_end().await.unwrap(), b"");
}

#[tokio::test]
async fn no_byte_prolongs_the_handshake() {
    let house = start_with(|settings| settings.deadlines.handshake_ms = 300).await;
    for opening in [&b""[..], b"GET http://a/ HTTP/1.1\r\nA: ", b"\x05\x01\x02\x01"] {
        let mut client = connect(&house).await;
        client.send(opening).await;
        let begun = std::time::Instant::now();
        let dribble = async {
            let mut every = tokio::time::interval(std::time::Duration::from_millis(20));
            loop {
                every.tick().await;
                if !opening.is_empty() && socket2::SockRef::from(&client.stream).send(b"a").is_err() {
                    break;
                }
                if client.stream.try_read(&mut [0; 64]).is_ok_and(|length| length == 0) {
                    break;
                }
            }
        };
        crate::support::within(dribble).await;
        assert!(begun.elapsed() < std::time::Duration::from_secs(3));
        client.end_sending();
    }
}

#[tokio::test]
async fn draining_ends_what_is_idle_and_lets_transfers_finish() {
    let (house, origin, mut client, mut far) = begin().await;
    let mut idle = connect(&house).await;
    idle.send("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(status(&idle.receive_response().await.0), 407);
    client.send(get(&origin, LOGIN)).await;
    far.receive_head().await;
    let drain = house.gateway.drain(std::time::Duration::from_secs(20));
    let transfer = async {
        far.send(RESPONSE).await;
        assert_eq!(client.receive_response().await.1, "ok");
        assert_eq!(client.receive_to_end().await.unwrap(), b"");
    };
    let begun = std::time::Instant::now();
    tokio::join!(drain, transfer);
    assert!(begun.elapsed() < std::time::Duration::from_secs(15));
}
