//! Background work: leases lapse, packages begin, usage is rolled up, the change feed is trimmed. Each job has a pace of
//! its own; one that fails says so and tries again at its next turn.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::MissedTickBehavior;
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
            name: "lapse leases",
            every_s: settings.lapse_every_s,
            act: |service| async { service.lapse_leases().await.map(drop) }.boxed(),
        },
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
    for job in jobs {
        tasks.spawn(repeat(job, service.clone(), stop.clone()));
    }
}

async fn repeat(job: Job, service: Service, stop: CancellationToken) {
    let mut turns = tokio::time::interval(Duration::from_secs(job.every_s.max(1)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(turns.tick()).await.is_some() {
        if let Err(error) = (job.act)(&service).await {
            tracing::warn!(job = job.name, %error, "a job failed and will be tried again");
        }
    }
}
