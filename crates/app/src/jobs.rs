//! Background work: leases lapse, packages begin, usage is rolled up, the change feed is trimmed. Each job has a pace of
//! its own; one that fails says so and tries again at its next turn.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_service::{Service, ServiceError};

use crate::settings::JobSettings;

/// What is done again and again.
struct Job {
    name: &'static str,
    every_s: u64,
    act: fn(&Service) -> BoxFuture<'_, Result<(), ServiceError>>,
}

/// Starts every job as a task of `tasks`, until `stop`.
pub(crate) fn start(service: &Service, settings: &JobSettings, tasks: &TaskTracker, stop: &CancellationToken) {
    let jobs = [
        Job {
            name: "announce packages that begin",
            every_s: settings.start_packages_every_s,
            act: |service| async { service.start_packages().await.map(drop) }.boxed(),
        },
        Job {
            name: "roll up usage",
            every_s: settings.roll_up_every_s,
            act: |service| async { service.roll_up_usage().await.map(drop) }.boxed(),
        },
        Job {
            name: "trim the change feed",
            every_s: settings.trim_feed_every_s,
            act: |service| async { service.trim_feed().await.map(drop) }.boxed(),
        },
    ];
    tasks.spawn(watch_leases(settings.lapse_every_s, service.clone(), stop.clone()));
    for job in jobs {
        tasks.spawn(repeat(job, service.clone(), stop.clone()));
    }
}

async fn repeat(job: Job, service: Service, stop: CancellationToken) {
    let mut turns = turns(job.every_s);
    while stop.run_until_cancelled(turns.tick()).await.is_some() {
        tell(job.name, (job.act)(&service).await);
    }
}

/// Lapses leases that went silent. What the watch has seen is gone with the process; its successor waits anew.
async fn watch_leases(every_s: u64, service: Service, stop: CancellationToken) {
    let (mut watch, began, mut turns) = (service.lapse_watch(), Instant::now(), turns(every_s));
    while stop.run_until_cancelled(turns.tick()).await.is_some() {
        tell("lapse leases", service.lapse_leases(&mut watch, began.elapsed()).await.map(drop));
    }
}

fn turns(every_s: u64) -> Interval {
    let mut turns = tokio::time::interval(Duration::from_secs(every_s.max(1)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns
}

fn tell(job: &'static str, outcome: Result<(), ServiceError>) {
    if let Err(error) = outcome {
        tracing::warn!(job, %error, "a job failed and will be tried again");
    }
}
