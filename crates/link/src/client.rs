//! The gateway's end: its two ports over HTTP, towards whichever API process answers.

mod calls;
mod lines;
mod news;
mod ports;

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use turnpike_domain::back_off::BackOff;
use turnpike_domain::secret::MacKey;
use zeroize::Zeroizing;

use crate::tls::TlsError;
use crate::wire::{Hello, Why, path};
use calls::{Calls, Failure};
use news::Newest;

/// Between two tries to find an API process that takes the credential: at first and at most.
const HELLO_AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// How a gateway reaches the API processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkSettings {
    /// The API processes' nodes listeners, such as `https://api-1.example.com:8603`. One is used while it answers.
    pub urls: Vec<String>,
    /// The authority that their certificates are believed on, as a PEM file; those that browsers believe when not set.
    pub ca: Option<PathBuf>,
    /// Whether plain `http` may be spoken beyond this machine: only where the network itself is private.
    pub insecure: bool,
    /// How long a connection may take to come about.
    pub connect_ms: u64,
    /// How long an answer may take, but for the snapshot's.
    pub answer_ms: u64,
    /// How long the snapshot may pause.
    pub snapshot_pause_ms: u64,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            ca: None,
            insecure: false,
            connect_ms: 2_000,
            answer_ms: 5_000,
            snapshot_pause_ms: 10_000,
        }
    }
}

/// What keeps a link from being set up.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No API process is named.
    #[error("link.api.urls: name at least one API process, as https://HOST:PORT")]
    NoUrl,
    /// A URL that cannot be used.
    #[error("link.api.urls: {url:?}: {why}")]
    Url {
        /// What was written.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The authority's file cannot be used.
    #[error("link.api.ca: {0}")]
    Tls(#[from] TlsError),
    /// The credential cannot stand in a header.
    #[error("the credential must be what `turnpike node add` printed: 64 hex characters")]
    Credential,
    /// The credential is not or no longer taken.
    #[error("{0}")]
    Refused(String),
}

/// A gateway's link to the API processes. Clones share it.
#[derive(Clone, Debug)]
pub struct Link {
    calls: Arc<Calls>,
    newest: Arc<Newest>,
    /// Each machine tries again at moments of its own.
    seed: u64,
}

impl Link {
    /// Sets up a link; nothing is sent yet.
    ///
    /// # Errors
    /// [`LinkError`], when the settings or the credential cannot be used.
    pub fn new(settings: &LinkSettings, credential: &Zeroizing<String>) -> Result<Self, LinkError> {
        let urls = settings.urls.iter().map(|url| check_url(url, settings.insecure)).collect::<Result<Vec<_>, _>>()?;
        if urls.is_empty() {
            return Err(LinkError::NoUrl);
        }
        if credential.len() != 64 || !credential.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(LinkError::Credential);
        }
        let calls = Calls::new(settings, urls, credential)?;
        let mut hasher = std::hash::DefaultHasher::new();
        credential.as_str().hash(&mut hasher);
        Ok(Self { calls: Arc::new(calls), newest: Arc::new(Newest::default()), seed: hasher.finish() })
    }

    /// Waits for an API process that takes the credential: the key that passwords are compared with.
    ///
    /// # Errors
    /// [`LinkError::Refused`], when one answers that does not take it.
    pub async fn hello(&self) -> Result<MacKey, LinkError> {
        let mut back_off = BackOff::new(HELLO_AGAIN.0, HELLO_AGAIN.1, self.seed);
        loop {
            let failure = match self.calls.get::<Hello>(path::HELLO).await {
                Ok(hello) => return key(&hello).ok_or(LinkError::Credential),
                Err(failure) => failure,
            };
            if let Failure::Refused(refusal) = &failure
                && matches!(refusal.why, Why::Unknown | Why::Revoked)
            {
                return Err(LinkError::Refused(refusal.told.clone()));
            }
            tracing::warn!(error = %failure, "no API process answers; trying again");
            tokio::time::sleep(back_off.pause()).await;
        }
    }

    /// Waits for news on behalf of the gateway, until `stop`.
    pub async fn follow_news(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.newest.follow(&self.calls, self.seed)).await;
    }
}

fn key(hello: &Hello) -> Option<MacKey> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(&hello.password_key, &mut *key).ok()?;
    Some(MacKey::new(&key))
}

/// A base URL without a path. Plain HTTP shows the credential to whoever listens, so it stays on this machine unless the
/// operator says that the network is private.
fn check_url(url: &str, insecure: bool) -> Result<Uri, LinkError> {
    let wrong = |why| LinkError::Url { url: url.to_owned(), why };
    let uri: Uri = url.trim_end_matches('/').parse().map_err(|_| wrong("it is no URL"))?;
    let authority = uri.authority().ok_or(wrong("write https://HOST:PORT"))?;
    let secret = uri.scheme() == Some(&Scheme::HTTPS);
    if !secret && uri.scheme() != Some(&Scheme::HTTP) {
        return Err(wrong("write https://HOST:PORT"));
    }
    if uri.path() != "/" && !uri.path().is_empty() || uri.query().is_some() || authority.as_str().contains('@') {
        return Err(wrong("write no path, query or name in it"));
    }
    if !secret && !insecure && !is_this_machine(authority.host()) {
        return Err(wrong(
            "plain http goes to this machine only: write https, or say with link.api.insecure that the network is private",
        ));
    }
    Ok(uri)
}

fn is_this_machine(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine_unless_the_network_is_private() {
        for near in [
            "https://api.example.com:8603",
            "https://10.0.0.5",
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://localhost:1/",
            "http://127.9.9.9",
        ] {
            assert!(check_url(near, false).is_ok(), "{near}");
        }
        assert!(check_url("http://10.0.0.5:8603", false).is_err());
        assert!(check_url("http://10.0.0.5:8603", true).is_ok());
        for wrong in
            ["", "10.0.0.5:8603", "ftp://127.0.0.1", "http://127.0.0.1/x", "http://127.0.0.1?x", "http://a@127.0.0.1"]
        {
            assert!(check_url(wrong, true).is_err(), "{wrong}");
        }
    }
}
