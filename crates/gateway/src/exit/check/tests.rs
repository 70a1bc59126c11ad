//! Exits proved against real pages and upstreams on this machine.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use turnpike_domain::exit::{ExitPlace, UpstreamPassword};

use super::super::tests::{Desk, Step, nowhere, say, scripted, upstream};
use super::*;

/// A page that answers with its caller's address.
async fn page() -> EchoPage {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, from)) = listener.accept().await {
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}\n", from.ip());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    EchoPage::parse(&format!("http://127.0.0.1:{port}/ip")).unwrap()
}

async fn prove(route: &str, echo: Option<&EchoPage>) -> ExitReport {
    proved(Route::parse(route, None, UpstreamPassword::default()).unwrap(), echo).await
}

async fn proved(route: Route, echo: Option<&EchoPage>) -> ExitReport {
    let place = ExitPlace::parse("US").unwrap();
    let guise = Guise { place: &place, number: 7, life: None };
    Desk::new().dialler.prove(&route, echo, &guise).await
}

fn vendor(at: SocketAddr) -> Route {
    upstream("http", at, Some(("user", "secret")))
}

#[tokio::test]
async fn an_address_of_the_host_is_seen_as_itself() {
    let page = page().await;
    assert_eq!(prove("127.0.0.77", Some(&page)).await, found("127.0.0.77".parse().unwrap()));
    assert_eq!(prove("direct", Some(&page)).await, found("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn what_is_missing_on_the_host_is_named() {
    let page = page().await;
    let own = "192.0.2.77".parse().unwrap();
    assert_eq!(prove("192.0.2.77", Some(&page)).await, lacking(ExitLack::AddressNotHere(own)));
    let report = prove("2001:db8:dead::/48", Some(&page)).await;
    assert!(report.missing.contains(&ExitLack::NoLocalRoute("2001:db8:dead::/48".parse().unwrap())), "{report:?}");
    let report = prove("::1", Some(&page)).await;
    assert_eq!(report, lacking(ExitLack::OtherFamily(page.at.to_string())));
}

#[tokio::test]
async fn what_is_wrong_with_an_upstream_is_named() {
    let page = page().await;
    let refusing = scripted(vec![Step::HearHead, say(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")]).await;
    assert_eq!(proved(vendor(refusing), Some(&page)).await, lacking(ExitLack::CredentialRefused));
    assert_eq!(proved(vendor(nowhere().await), Some(&page)).await, lacking(ExitLack::UpstreamUnreachable));
    let answer = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n203.0.113.9";
    let good = scripted(vec![Step::HearHead, say(answer), Step::HearHead]).await;
    assert_eq!(proved(vendor(good), Some(&page)).await, found("203.0.113.9".parse().unwrap()));
    let mute = scripted(vec![Step::HearHead, say(b"HTTP/1.1 200 OK\r\n\r\nnothing"), Step::HearHead]).await;
    assert_eq!(proved(vendor(mute), Some(&page)).await, lacking(ExitLack::EchoUnreadable(page.to_string())));
}

#[tokio::test]
async fn another_address_than_the_chosen_one_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let page = EchoPage::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n203.0.113.1").await.unwrap();
    });
    let (seen, chosen) = ("203.0.113.1".parse().unwrap(), "127.0.0.77".parse().unwrap());
    let expected = ExitReport { seen: Some(seen), missing: vec![ExitLack::SeenOther { seen, chosen }] };
    assert_eq!(prove("127.0.0.77", Some(&page)).await, expected);
    assert_eq!(prove("127.0.0.77", None).await, lacking(ExitLack::NoEcho));
}
