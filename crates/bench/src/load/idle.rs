//! Idle tunnels: each has carried one byte and then waits. What they add to the proxy's resident memory.

use std::time::Duration;

use anyhow::{Result, ensure};
use turnpike_testkit::wire::Wire;

use super::{Figures, Job};
use crate::process;

/// Tunnels opened before the first look, so that what is made once is not counted.
const FIRST: usize = 100;
/// How long a proxy has to come to rest.
const REST: Duration = Duration::from_millis(1500);

pub(super) async fn run(job: &Job, tunnels: usize) -> Result<Figures> {
    let mut held = open(job, FIRST).await?;
    tokio::time::sleep(REST).await;
    let before = process::usage(job.pid)?;
    held.extend(open(job, tunnels).await?);
    tokio::time::sleep(REST).await;
    let after = process::usage(job.pid)?;
    for wire in &mut held {
        ensure!(wire.try_discard()?.is_none(), "an idle tunnel did not stay open");
    }
    Ok(Figures {
        count: u64::try_from(tunnels)?,
        rss_kb: after.rss_kb.saturating_sub(before.rss_kb),
        ..Figures::default()
    })
}

async fn open(job: &Job, tunnels: usize) -> Result<Vec<Wire>> {
    let mut held = Vec::new();
    for turn in 0..tunnels {
        let mut wire = job.proxy().tunnel(job.protocol(), job.origin(turn)?).await?;
        wire.send(b"HANG 1\n").await?;
        ensure!(wire.discard(1).await? == 1, "no byte came through");
        held.push(wire);
    }
    Ok(held)
}
