//! CONNECT and SOCKS5, from handshake to the end of the tunnel.

use super::client::status;
use super::origin::Origin;
use super::{LOGIN, billed, connect, start};

#[tokio::test]
async fn connect_opens_a_tunnel_and_only_its_payload_is_billed() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    client.send(format!("CONNECT {} HTTP/1.1\r\nHost: x\r\n{LOGIN}\r\n", origin.address())).await;
    assert_eq!(client.receive_head().await, "HTTP/1.1 200 Connection established\r\n\r\n");
    let mut far = origin.accept().await;
    client.send("ping").await;
    assert_eq!(far.receive(4).await, b"ping");
    far.send("pong!").await;
    assert_eq!(client.receive(5).await, b"pong!");
    drop(client);
    assert_eq!(far.receive_to_end().await.unwrap(), b"");
    drop(far);
    assert_eq!(billed(house).await, 9);
}

#[tokio::test]
async fn bytes_sent_before_the_tunnel_is_open_reach_the_origin() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    client.send(format!("CONNECT {} HTTP/1.1\r\n{LOGIN}\r\nearly", origin.address())).await;
    assert_eq!(status(&client.receive_head().await), 200);
    assert_eq!(origin.accept().await.receive(5).await, b"early");
}

#[tokio::test]
async fn socks5_opens_a_tunnel_step_by_step() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    client.send([5, 1, 2]).await;
    assert_eq!(client.receive(2).await, [5, 2]);
    client.send(b"\x01\x05alice\x06secret").await;
    assert_eq!(client.receive(2).await, [1, 0]);
    let port = origin.address().port().to_be_bytes();
    client.send([&[5, 1, 0, 1, 127, 0, 0, 1][..], &port].concat()).await;
    assert_eq!(client.receive(10).await, [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    client.send("ping").await;
    assert_eq!(origin.accept().await.receive(4).await, b"ping");
    drop(client);
    assert_eq!(billed(house).await, 4);
}

#[tokio::test]
async fn socks5_takes_the_whole_handshake_and_payload_at_once() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    let port = origin.address().port().to_be_bytes();
    let messages = [&b"\x05\x01\x02\x01\x05alice\x06secret\x05\x01\x00\x03\x09localhost"[..], &port, b"ping"].concat();
    client.send(messages).await;
    assert_eq!(client.receive(14).await, [5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(origin.accept().await.receive(4).await, b"ping");
}
