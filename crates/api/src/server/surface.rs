//! What a listener serves. It can be exchanged while it does: requests that are under way keep what they began with.

use std::sync::Arc;

use axum::Router;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::settings::ServerSettings;

/// A router and how its connections are served. Clones share it.
#[derive(Clone)]
pub struct Surface {
    face: Arc<watch::Sender<Face>>,
    /// For a listener that speaks TLS.
    tls: Option<Arc<watch::Sender<TlsAcceptor>>>,
}

#[derive(Clone, Debug)]
struct Face {
    router: Router,
    settings: Arc<ServerSettings>,
    /// One permit a connection.
    places: Arc<Semaphore>,
}

impl Face {
    fn new(router: Router, settings: ServerSettings) -> Self {
        let places = Arc::new(Semaphore::new(settings.most_connections.min(Semaphore::MAX_PERMITS)));
        Self { router, settings: Arc::new(settings), places }
    }
}

impl Surface {
    /// Serves `router`.
    pub fn new(router: Router, settings: ServerSettings) -> Self {
        Self { face: Arc::new(watch::Sender::new(Face::new(router, settings))), tls: None }
    }

    /// The same over TLS. The handshake counts as part of the first head.
    #[must_use]
    pub fn over_tls(self, tls: TlsAcceptor) -> Self {
        Self { tls: Some(Arc::new(watch::Sender::new(tls))), ..self }
    }

    pub(super) fn tls(&self) -> Option<TlsAcceptor> {
        self.tls.as_ref().map(|tls| tls.borrow().clone())
    }

    /// Shows another certificate to connections that are accepted from now on, where TLS is spoken.
    pub fn replace_tls(&self, tls: TlsAcceptor) {
        if let Some(shown) = &self.tls {
            shown.send_replace(tls);
        }
    }

    /// Serves another router: to every request from now on, on connections that are open, too. Deadlines and limits of
    /// connections hold for those accepted from now on; those already open are not counted among the new most.
    pub fn replace(&self, router: Router, settings: ServerSettings) {
        self.face.send_replace(Face::new(router, settings));
    }

    pub(super) fn router(&self) -> Router {
        self.face.borrow().router.clone()
    }

    pub(super) fn settings(&self) -> Arc<ServerSettings> {
        Arc::clone(&self.face.borrow().settings)
    }

    /// Waits until one more connection may be open.
    pub(super) async fn take_place(&self) -> OwnedSemaphorePermit {
        let mut face = self.face.subscribe();
        loop {
            let places = Arc::clone(&face.borrow_and_update().places);
            // A wait for a place under the old limit ends when there is a new one.
            tokio::select! {
                place = places.acquire_owned() => if let Ok(place) = place { return place },
                () = exchanged(&mut face) => {}
            }
        }
    }
}

/// Waits for the next exchange.
async fn exchanged(face: &mut watch::Receiver<Face>) {
    if face.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn most(most_connections: usize) -> ServerSettings {
        ServerSettings { most_connections, ..ServerSettings::default() }
    }

    #[tokio::test]
    async fn a_raised_limit_lets_a_waiting_connection_in() {
        let surface = Surface::new(Router::new(), most(1));
        let _first = surface.take_place().await;
        let mut second = Box::pin(surface.take_place());
        assert!(second.as_mut().now_or_never().is_none());
        surface.replace(Router::new(), most(2));
        assert!(second.now_or_never().is_some());
    }
}
