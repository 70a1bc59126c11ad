//! An origin that follows a script: each connection is a [`Client`]-like peer in the test's own hands. It counts the
//! connections it was sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::client::Client;

/// A listener whose connections the test takes one by one.
pub(super) struct Origin {
    address: SocketAddr,
    connections: mpsc::UnboundedReceiver<Client>,
    count: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Origin {
    /// On 127.0.0.1 at a free port.
    pub(super) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub(super) async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, connections) = mpsc::unbounded_channel();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                if sender.send(Client::of(stream)).is_err() {
                    return;
                }
            }
        });
        Self { address, connections, count, accepting }
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection that comes in.
    pub(super) async fn accept(&mut self) -> Client {
        self.connections.recv().await.expect("a connection")
    }

    /// How many connections came in so far.
    pub(super) fn connections(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
