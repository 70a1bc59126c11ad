//! The way of a batch to the collector: by our own HTTP client, on the thread that makes batches.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use turnpike_link::Outgoing;

/// Sends batches, and says so once when the collector does not take them.
#[derive(Debug)]
pub(super) struct Sender {
    /// The thread that calls has no runtime, and outlives the process' own.
    runtime: tokio::runtime::Runtime,
    outgoing: Outgoing,
    /// Whether the last batch was not taken.
    failing: AtomicBool,
}

impl Sender {
    /// # Errors
    /// When there is no descriptor for a runtime.
    pub(super) fn new(outgoing: Outgoing) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { runtime: runtime.context("traces")?, outgoing, failing: AtomicBool::new(false) })
    }

    fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let answer = self.runtime.block_on(self.outgoing.send(request));
        let fault = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(error.clone()),
        };
        let failed_before = self.failing.swap(fault.is_some(), Ordering::Relaxed);
        match fault {
            Some(error) if !failed_before => tracing::warn!(error, "the collector does not take traces; they are lost"),
            None if failed_before => tracing::info!("the collector takes traces again"),
            _ => {}
        }
        answer
    }
}

impl HttpClient for Sender {
    fn send_bytes<'s, 'f>(&'s self, request: Request<Bytes>) -> BoxFuture<'f, Result<Response<Bytes>, HttpError>>
    where
        's: 'f,
        Self: 'f,
    {
        async { self.post(request).map_err(HttpError::from) }.boxed()
    }
}
