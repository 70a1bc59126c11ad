//! A process that runs out of descriptors: accepting waits instead of spinning, and goes on when some are free.

use std::fs::File;
use std::io::{Read, Seek};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use turnpike_api::{ServerSettings, Surface, serve};

use crate::alone;

/// How long the server is watched while it can accept nothing.
const WATCHED: Duration = Duration::from_millis(500);
/// The CPU time it may take meanwhile, in clock ticks of 10 ms. Spinning takes 50. A pause of 0 ms does not spin: the
/// runtime's timer still waits for its next millisecond.
const MOST_TICKS: u64 = 10;

#[test]
fn a_server_without_descriptors_waits_and_recovers() {
    alone::run("ulimit -n 64", "descriptors::story");
}

#[tokio::test]
#[ignore = "the test above runs it with few descriptors"]
async fn story() {
    let mut ticks = File::open("/proc/self/stat").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(async || "hello"));
    tokio::spawn(serve(listener, Surface::new(router, ServerSettings::default()), CancellationToken::new()));

    let spare = ticks.try_clone().unwrap();
    let mut clients = Vec::new();
    while let Ok(client) = TcpStream::connect(address).await {
        clients.push(client);
    }
    assert!((10..60).contains(&clients.len()), "{}", clients.len());
    // The last client takes the last descriptor, so that none is left for its other end.
    drop(spare);
    let mut last = TcpStream::connect(address).await.unwrap();
    last.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
    let before = cpu_ticks(&mut ticks);
    let mut answer = String::new();
    assert!(timeout(WATCHED, last.read_to_string(&mut answer)).await.is_err());
    assert!(cpu_ticks(&mut ticks) - before <= MOST_TICKS);

    drop(clients);
    timeout(Duration::from_secs(5), last.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.ends_with("hello"), "{answer}");
}

/// User and system time of this process: fields 14 and 15, counted after the parenthesised name.
fn cpu_ticks(stat: &mut File) -> u64 {
    let mut text = String::new();
    stat.rewind().unwrap();
    stat.read_to_string(&mut text).unwrap();
    let fields: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
