//! One client for all HTTP that this process sends by itself: to API processes, and whole requests to other services.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connector::Connector;
use crate::tls::{self, TlsError};

/// A connection whose other side is gone is noticed within this.
const USER_TIMEOUT: Duration = Duration::from_secs(5);
/// Probes of an idle connection.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// The largest answer that is read whole.
const ANSWER_LIMIT_BYTES: usize = 64 * 1024;

/// A client over pooled connections. `https` is spoken with who shows a certificate of `authority`, or without one of those
/// that browsers believe.
///
/// # Errors
/// When the authority's file cannot be used.
pub(crate) fn client(authority: Option<&Path>, connect: Duration) -> Result<Client<Connector, Full<Bytes>>, TlsError> {
    let tls = tls::connector(authority)?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(connect));
    connector.set_keepalive(Some(KEEPALIVE));
    connector.set_keepalive_interval(Some(KEEPALIVE));
    connector.set_tcp_user_timeout(Some(USER_TIMEOUT));
    Ok(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(Connector::new(connector, tls)))
}

/// Sends whole requests and reads whole answers.
#[derive(Clone, Debug)]
pub struct Outgoing {
    client: Client<Connector, Full<Bytes>>,
    most: Duration,
}

impl Outgoing {
    /// Speaks `https` with who shows a certificate of `authority` (a PEM file), or without one of those that browsers
    /// believe. A request may take as long as `most`.
    ///
    /// # Errors
    /// When the authority's file cannot be used.
    pub fn new(authority: Option<&Path>, most: Duration) -> Result<Self, TlsError> {
        Ok(Self { client: client(authority, most)?, most })
    }

    /// Sends a request and reads its answer, whatever its status, up to 64 KiB.
    ///
    /// # Errors
    /// In words, when there is no answer in time.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let asked = async {
            let response = self.client.request(request.map(Full::new)).await.map_err(|error| told(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT_BYTES).collect().await.map_err(|error| error.to_string())?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let late = |_| format!("no answer within {} ms", self.most.as_millis());
        tokio::time::timeout(self.most, asked).await.map_err(late)?
    }
}

/// An error with its causes; the library's own first words say little.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}
