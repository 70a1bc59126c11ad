//! Writes over both API processes, again and again, whatever answers come; and which of them were acknowledged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::task::JoinSet;
use turnpike_testkit::product::Api;

use super::super::machines::Machines;
use super::super::rig::PASSWORD;

const WRITERS: usize = 4;
/// How long a writer waits for an answer before it goes on with the next write.
const GIVE_UP_AFTER: Duration = Duration::from_secs(5);
/// Between two writes of one writer.
const REST: Duration = Duration::from_millis(50);
/// How often it is looked whether one was acknowledged.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The writers at work.
pub(super) struct Writers {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    acknowledged: Mutex<(BTreeSet<String>, Vec<Instant>)>,
}

impl Writers {
    /// Starts them, on one API process and the other.
    pub(super) fn start(machines: &Machines, key: &str) -> Self {
        let (shared, mut tasks) = (Arc::new(Shared::default()), JoinSet::new());
        for number in 0..WRITERS {
            let (shared, api) = (Arc::clone(&shared), machines.api(key, number));
            tasks.spawn(async move { shared.write(api, number).await });
        }
        Self { shared, tasks }
    }

    /// How many writes were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        self.shared.acknowledged.lock().0.len()
    }

    /// How long after `moment` the first write was acknowledged; `patience` when none was.
    pub(super) async fn next_after(&self, moment: Instant, patience: Duration) -> Duration {
        while moment.elapsed() < patience {
            let first = self.shared.acknowledged.lock().1.iter().copied().find(|at| *at > moment);
            if let Some(at) = first {
                return at.saturating_duration_since(moment);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        patience
    }

    /// Ends them.
    ///
    /// # Errors
    /// When a task has panicked.
    pub(super) async fn stop(mut self) -> Result<Written> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(Written(std::mem::take(&mut self.shared.acknowledged.lock().0)))
    }
}

impl Shared {
    async fn write(&self, api: Api, writer: usize) {
        let mut number: u64 = 0;
        while !self.stop.load(Ordering::Relaxed) {
            number = number.saturating_add(1);
            let name = format!("w{writer}n{number}");
            let pair = format!("{name}:{PASSWORD}");
            if let Ok(Ok(())) = tokio::time::timeout(GIVE_UP_AFTER, api.add_accounts(&pair)).await {
                let mut acknowledged = self.acknowledged.lock();
                acknowledged.0.insert(name);
                acknowledged.1.push(Instant::now());
            }
            tokio::time::sleep(REST).await;
        }
    }
}

/// The names of the accounts that were acknowledged.
pub(super) struct Written(BTreeSet<String>);

impl Written {
    /// How many.
    pub(super) fn acknowledged(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    /// How many the product no longer knows.
    ///
    /// # Errors
    /// When it does not list its accounts.
    pub(super) async fn missing(&self, api: &Api) -> Result<u64> {
        let data = api.get("whitelist-account/list", "").await?;
        let list = data.get("list").and_then(Value::as_array).context("no list of accounts")?;
        let name = |account: &Value| account.get("username").and_then(Value::as_str).map(str::to_owned);
        let there: BTreeSet<String> = list.iter().filter_map(name).collect();
        let missing: Vec<_> = self.0.difference(&there).collect();
        Ok(u64::try_from(missing.len())?)
    }
}
