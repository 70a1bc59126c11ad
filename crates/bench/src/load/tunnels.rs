//! New tunnels: connect, log in, fetch 64 bytes, end. The origin ends first, so no port of the proxy lingers.

use std::sync::Arc;

use anyhow::Result;
use turnpike_testkit::client::{Protocol, Proxy, ProxyError};

use super::{Figures, Job, Progress};

pub(super) async fn run(job: &Job, at_once: usize) -> Result<Figures> {
    let progress = Arc::new(Progress::default());
    for turn in 0..at_once {
        let (proxy, protocol, origin) = (job.proxy(), job.protocol(), job.origin(turn)?);
        let progress = Arc::clone(&progress);
        tokio::spawn(async move {
            while !progress.is_over() {
                match one(&proxy, protocol, origin).await {
                    Ok(()) => progress.add(1),
                    Err(error) => progress.fail(&error),
                }
            }
        });
    }
    job.window(&progress).await
}

async fn one(proxy: &Proxy, protocol: Protocol, origin: std::net::SocketAddr) -> Result<(), ProxyError> {
    let mut wire = proxy.tunnel(protocol, origin).await?;
    wire.send(b"DOWN 64\n").await?;
    match wire.check(u64::MAX).await? {
        (64, true) => Ok(()),
        _ => Err(ProxyError::Garbled("not the 64 bytes asked for")),
    }
}
