//! What an upstream hears of a customer, and what comes through it right behind its answer.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use turnpike_domain::exit::UpstreamPassword;

use super::*;

const BANNER: &[u8] = b"220 ready\r\n\r\n";

/// An HTTP upstream that lets everybody through to nowhere: it tells what it heard, and says the same in every target's name.
async fn eager() -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (at, (told, heard)) = (listener.local_addr().unwrap(), mpsc::unbounded_channel());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, told.clone()));
        }
    });
    (at, heard)
}

async fn serve(mut stream: TcpStream, told: mpsc::UnboundedSender<String>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
    stream.write_all(&[b"HTTP/1.1 200 OK\r\n\r\n", BANNER].concat()).await.unwrap();
    told.send(String::from_utf8(head).unwrap()).unwrap();
    let mut rest = Vec::new();
    // Whoever asked may be gone already.
    stream.read_to_end(&mut rest).await.ok();
    told.send(String::from_utf8_lossy(&rest).into_owned()).ok();
}

fn route(at: SocketAddr) -> Route {
    Route::parse(&format!("http://{at}"), None, UpstreamPassword::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_says_first_reaches_the_client_and_is_billed() {
    let (at, mut heard) = eager().await;
    let house = house(route(at)).await;
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        let mut wire = house.try_tunnel(protocol).await.unwrap();
        while wire.pending().len() < BANNER.len() {
            assert!(within(wire.fill()).await.unwrap() > 0);
        }
        assert_eq!(wire.pending(), BANNER);
        wire.send(b"quit").await.unwrap();
        wire.finish_sending().unwrap();
        assert!(heard.recv().await.unwrap().starts_with("CONNECT "));
        assert_eq!(heard.recv().await.unwrap(), "quit");
        assert_eq!(within(wire.fill()).await.unwrap(), 0);
    }
    let due = 2 * (u64::try_from(BANNER.len()).unwrap() + 4);
    let standing = house.store.until(USER, |standing| standing.used >= due).await;
    assert_eq!(standing.used, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_customers_login_is_heard() {
    let (at, mut heard) = eager().await;
    let house = house(route(at)).await;
    let secrets = [USER, PASSWORD, "session", "my-own", "Proxy-Authorization"];
    let login = house.proxy(&format!("{USER}_session-my-own"), PASSWORD);
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        drop(login.tunnel(protocol, house.origin.address()).await.unwrap());
        for _ in 0..2 {
            let text = heard.recv().await.unwrap();
            assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        }
    }
    let mut exchange = login.http().await.unwrap();
    exchange.send_get(&format!("http://{}/", house.origin.address())).await.unwrap();
    assert!(heard.recv().await.unwrap().starts_with("CONNECT "));
    // What came before it was asked for is no answer, and the client is told so.
    let answer = exchange.answer().await.unwrap();
    assert_eq!(answer.status, 502);
    let text = heard.recv().await.unwrap();
    assert!(text.starts_with("GET / HTTP/1.1\r\n") && secrets.iter().all(|secret| !text.contains(secret)), "{text}");
}
