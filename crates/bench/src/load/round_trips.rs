//! Round trips of 64 bytes through one tunnel, one after the other.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{Figures, Job, WARM_UP, nanoseconds};

const MESSAGE: [u8; 64] = [b'.'; 64];

pub(super) async fn run(job: &Job) -> Result<Figures> {
    let mut wire = job.proxy().tunnel(job.protocol(), job.origin(0)?).await?;
    wire.send(b"ECHO\n").await?;
    let begin = Instant::now();
    let mut times = Vec::new();
    let over = WARM_UP.saturating_add(Duration::from_millis(job.window_ms));
    while begin.elapsed() < over {
        let sent = Instant::now();
        wire.send(&MESSAGE).await?;
        while wire.pending().len() < MESSAGE.len() {
            ensure!(wire.fill().await? > 0, "the echo ended");
        }
        let took = sent.elapsed();
        ensure!(wire.pending() == MESSAGE, "not the bytes that were sent");
        wire.consume(MESSAGE.len());
        if begin.elapsed() > WARM_UP {
            times.push(nanoseconds(took));
        }
    }
    times.sort_unstable();
    let at = |percent: usize| {
        let index = times.len().saturating_mul(percent) / 100;
        times.get(index.min(times.len().saturating_sub(1))).copied().context("no round trip")
    };
    Ok(Figures {
        count: u64::try_from(times.len())?,
        elapsed_ns: nanoseconds(begin.elapsed().saturating_sub(WARM_UP)),
        p50_ns: at(50)?,
        p99_ns: at(99)?,
        ..Figures::default()
    })
}
