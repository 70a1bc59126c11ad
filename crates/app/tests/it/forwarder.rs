//! A network between two processes that a test can trouble: connections go on, hang without a word, or are reset.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// Everything goes through.
    Fair,
    /// Nothing goes through, and nobody is told; as with a stopped process or a cut cable.
    Silent,
    /// Connections are reset, new ones too; as with a server that was killed.
    Broken,
}

/// Forwards what connects to it. It ends when dropped.
pub(crate) struct Forwarder {
    address: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
    _tasks: JoinSet<()>,
}

impl Forwarder {
    /// Forwards to an address.
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, weather) = (listener.local_addr().unwrap(), Arc::new(watch::Sender::new(Weather::Fair)));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, to, Arc::clone(&weather)));
        Self { address, weather, _tasks: tasks }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets everything through again.
    pub(crate) fn mend(&self) {
        self.weather.send_replace(Weather::Fair);
    }

    /// Lets nothing through, without a word.
    pub(crate) fn silence(&self) {
        self.weather.send_replace(Weather::Silent);
    }

    /// Resets everything.
    pub(crate) fn break_off(&self) {
        self.weather.send_replace(Weather::Broken);
    }
}

async fn accept(listener: TcpListener, to: SocketAddr, weather: Arc<watch::Sender<Weather>>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(forward(client, to, weather.subscribe()));
        while connections.try_join_next().is_some() {}
    }
}

async fn forward(client: TcpStream, to: SocketAddr, weather: watch::Receiver<Weather>) {
    let broken = || {
        let mut weather = weather.clone();
        async move { weather.wait_for(|now| *now == Weather::Broken).await.map(drop) }
    };
    let fair = || {
        let mut weather = weather.clone();
        async move { weather.wait_for(|now| *now == Weather::Fair).await.map(drop) }
    };
    // Closing resets.
    client.set_zero_linger().unwrap();
    tokio::select! {
        _ = broken() => return,
        _ = fair() => {}
    }
    let Ok(server) = TcpStream::connect(to).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        _ = broken() => {}
        _ = copy(from_client, to_server, weather.clone()) => {}
        _ = copy(from_server, to_client, weather.clone()) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        // The end of a connection does not get through either.
        weather.wait_for(|now| *now == Weather::Fair).await.map_err(io::Error::other)?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read]).await?;
    }
}
