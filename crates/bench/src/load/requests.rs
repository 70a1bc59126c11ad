//! Plain HTTP GET requests of 1 KB, one after the other on each of a number of kept connections.

use std::sync::Arc;

use anyhow::Result;
use turnpike_testkit::client::{Exchange, ProxyError};

use super::{Figures, Job, Progress};

/// The size of an answer's body.
const BODY_BYTES: u64 = 1024;

pub(super) async fn run(job: &Job, at_once: usize) -> Result<Figures> {
    let progress = Arc::new(Progress::default());
    for turn in 0..at_once {
        let url = format!("http://{}/bytes/{BODY_BYTES}", job.origin(turn)?);
        let mut exchange = job.proxy().http().await?;
        let progress = Arc::clone(&progress);
        tokio::spawn(async move {
            while !progress.is_over() {
                match one(&mut exchange, &url).await {
                    Ok(()) => progress.add(1),
                    Err(error) => return progress.fail(&error),
                }
            }
        });
    }
    job.window(&progress).await
}

async fn one(exchange: &mut Exchange, url: &str) -> Result<(), ProxyError> {
    let answer = exchange.get(url).await?;
    if answer.closes {
        return Err(ProxyError::Garbled("the connection was not kept"));
    }
    match (answer.status, answer.body, answer.right) {
        (200, BODY_BYTES, true) => Ok(()),
        (200, ..) => Err(ProxyError::Garbled("another body")),
        (status, ..) => Err(ProxyError::Status { status, text: url.to_owned() }),
    }
}
