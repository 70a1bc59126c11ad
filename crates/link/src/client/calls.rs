//! One call after another over pooled connections, to the API process that answered last; another is tried when it does
//! not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{LinkError, LinkSettings};
use crate::connector::Connector;
use crate::outgoing::{self, told};
use crate::wire::Refusal;

/// The largest answer but for the snapshot's: changes of a great many accounts at once.
const ANSWER_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Calls to the API processes.
#[derive(Debug)]
pub(super) struct Calls {
    client: Client<Connector, Full<Bytes>>,
    urls: Vec<Uri>,
    /// Which of them is used.
    current: AtomicUsize,
    authorization: HeaderValue,
    answer: Duration,
    snapshot_pause: Duration,
}

/// One call.
#[derive(Clone, Copy)]
struct Call<'a> {
    method: &'a Method,
    path: &'a str,
    body: &'a Bytes,
    /// How long its answer may take.
    most: Duration,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The API process refuses it.
    #[error("{}", .0.told)]
    Refused(Refusal),
    /// No answer, or none that can be read.
    #[error("{0}")]
    Broken(String),
}

impl Calls {
    pub(super) fn new(settings: &LinkSettings, urls: Vec<Uri>, credential: &str) -> Result<Self, LinkError> {
        let client = outgoing::client(settings.ca.as_deref(), Duration::from_millis(settings.connect_ms))?;
        let bearer = Zeroizing::new(format!("Bearer {credential}"));
        let mut authorization = HeaderValue::from_str(&bearer).map_err(|_| LinkError::Credential)?;
        authorization.set_sensitive(true);
        Ok(Self {
            client,
            urls,
            current: AtomicUsize::new(0),
            authorization,
            answer: Duration::from_millis(settings.answer_ms),
            snapshot_pause: Duration::from_millis(settings.snapshot_pause_ms),
        })
    }

    pub(super) const fn snapshot_pause(&self) -> Duration {
        self.snapshot_pause
    }

    /// A call without a body.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let nothing = Bytes::new();
        self.anywhere(Call { method: &Method::GET, path, body: &nothing, most: self.answer }).await
    }

    /// A call that does no harm when it comes twice: each API process is tried.
    pub(super) async fn post<I: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        input: &I,
    ) -> Result<T, Failure> {
        self.anywhere(Call { method: &Method::POST, path, body: &written(input)?, most: self.answer }).await
    }

    /// The same, for an answer that comes after as long as `patience` by intention.
    pub(super) async fn post_and_wait<I: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        input: &I,
        patience: Duration,
    ) -> Result<T, Failure> {
        let most = self.answer.saturating_add(patience);
        self.anywhere(Call { method: &Method::POST, path, body: &written(input)?, most }).await
    }

    /// A call that must not come twice: one API process is tried, the next call goes to another if it does not answer.
    pub(super) async fn post_once<I: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        input: &I,
    ) -> Result<T, Failure> {
        let place = self.current.load(Ordering::Relaxed);
        let call = Call { method: &Method::POST, path, body: &written(input)?, most: self.answer };
        let outcome = self.answered(place, call).await;
        self.learn(place, outcome.as_ref().err());
        outcome
    }

    /// The beginning of an answer that is read piece by piece.
    pub(super) async fn begin(&self, path: &str) -> Result<Response<Incoming>, Failure> {
        let mut last = Failure::Broken("no API process".to_owned());
        for _ in &self.urls {
            let place = self.current.load(Ordering::Relaxed);
            let nothing = Bytes::new();
            let call = Call { method: &Method::GET, path, body: &nothing, most: self.snapshot_pause };
            let outcome = within(call.most, self.send(place, call)).await;
            self.learn(place, outcome.as_ref().err());
            match outcome {
                Err(failure @ Failure::Broken(_)) => last = failure,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    async fn anywhere<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        let mut last = Failure::Broken("no API process".to_owned());
        for _ in &self.urls {
            let place = self.current.load(Ordering::Relaxed);
            let outcome = self.answered(place, call).await;
            self.learn(place, outcome.as_ref().err());
            match outcome {
                Err(failure) if failure.may_be_local() => last = failure,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    /// Goes on with another API process after a failure, unless that happened meanwhile.
    fn learn(&self, place: usize, failure: Option<&Failure>) {
        if failure.is_some_and(Failure::may_be_local) {
            let next = place.wrapping_add(1);
            self.current.compare_exchange(place, next, Ordering::Relaxed, Ordering::Relaxed).ok();
        }
    }

    async fn answered<T: DeserializeOwned>(&self, place: usize, call: Call<'_>) -> Result<T, Failure> {
        within(call.most, async {
            let response = self.send(place, call).await?;
            let body = whole(response.into_body()).await?;
            serde_json::from_slice(&body).map_err(|error| Failure::Broken(format!("an answer cannot be read: {error}")))
        })
        .await
    }

    async fn send(&self, place: usize, call: Call<'_>) -> Result<Response<Incoming>, Failure> {
        let url = place.checked_rem(self.urls.len()).and_then(|place| self.urls.get(place));
        let base = url.map(Uri::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(call.method)
            .uri(format!("{}{}", base.trim_end_matches('/'), call.path))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(call.body.clone()))
            .map_err(|error| Failure::Broken(error.to_string()))?;
        let response =
            self.client.request(request).await.map_err(|error| Failure::Broken(format!("{base}: {}", told(&error))))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = whole(response.into_body()).await?;
        Err(serde_json::from_slice(&body)
            .map_or_else(|_| Failure::Broken(format!("{base} answers {status}")), Failure::Refused))
    }
}

impl Failure {
    /// Whether another API process may do better.
    const fn may_be_local(&self) -> bool {
        match self {
            Self::Broken(_) => true,
            Self::Refused(refusal) => matches!(refusal.why, crate::wire::Why::Busy),
        }
    }
}

fn written<I: Serialize>(input: &I) -> Result<Bytes, Failure> {
    serde_json::to_vec(input).map(Bytes::from).map_err(|error| Failure::Broken(error.to_string()))
}

async fn within<T>(most: Duration, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_| Failure::Broken(format!("no answer within {} ms", most.as_millis()));
    tokio::time::timeout(most, call).await.map_err(late)?
}

async fn whole(body: Incoming) -> Result<Bytes, Failure> {
    let collected = Limited::new(body, ANSWER_LIMIT_BYTES).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| Failure::Broken(error.to_string()))
}
