//! Background work: leases lapse, packages begin, usage is rolled up, the change feed and kept answers are trimmed. Each job has a pace of
//! its own; one that fails says so and tries again at its next turn.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_service::{Service, ServiceError};

use crate::settings::JobSettings;

/// What is done again and again.
struct Job {
    name: &'static str,
    every_s: fn(&JobSettings) -> u64,
    act: fn(&Service) -> BoxFuture<'_, Result<(), ServiceError>>,
}

/// The jobs that need no memory of their last turn.
const JOBS: [Job; 12] = [
    Job {
        name: "announce packages that begin",
        every_s: |settings| settings.start_packages_every_s,
        act: |service| async { service.start_packages().await.map(drop) }.boxed(),
    },
    Job {
        name: "close orders whose time is over",
        every_s: |settings| settings.expire_orders_every_s,
        act: |service| async { service.expire_orders().await.map(drop) }.boxed(),
    },
    Job {
        name: "end static IPs whose grace time is over",
        every_s: |settings| settings.end_static_ips_every_s,
        act: |service| async { service.end_static_ips().await.map(drop) }.boxed(),
    },
    Job {
        name: "free the ports of endpoints whose time is over",
        every_s: |settings| settings.end_endpoints_every_s,
        act: |service| async { service.end_endpoints().await.map(drop) }.boxed(),
    },
    Job {
        name: "give ports to static IPs that have none",
        every_s: |settings| settings.roll_up_every_s,
        act: |service| async { service.provide_static_ip_ports().await.map(drop) }.boxed(),
    },
    Job {
        name: "buy again what nears its end",
        every_s: |settings| settings.buy_again_every_s,
        act: |service| async { service.buy_again().await.map(drop) }.boxed(),
    },
    Job {
        name: "roll up usage",
        every_s: |settings| settings.roll_up_every_s,
        act: |service| async { service.roll_up_usage().await.map(drop) }.boxed(),
    },
    Job {
        name: "trim the change feed",
        every_s: |settings| settings.trim_feed_every_s,
        act: |service| async { service.trim_feed().await.map(drop) }.boxed(),
    },
    Job {
        name: "forget sessions that have ended",
        every_s: |settings| settings.trim_feed_every_s,
        act: |service| async { service.trim_pins().await.map(drop) }.boxed(),
    },
    Job {
        name: "forget old questions",
        every_s: |settings| settings.roll_up_every_s,
        act: |service| async { service.trim_questions().await.map(drop) }.boxed(),
    },
    Job {
        name: "forget what became of connections",
        every_s: |settings| settings.trim_feed_every_s,
        act: |service| async { service.trim_activity().await.map(drop) }.boxed(),
    },
    Job {
        name: "drop old answers",
        every_s: |settings| settings.trim_feed_every_s,
        act: |service| async { service.trim_answers().await.map(drop) }.boxed(),
    },
];

/// Starts every job as a task of `tasks`, until `stop`. A pace that is changed holds from the next turn on.
pub(crate) fn start(
    service: &Service,
    paces: &watch::Sender<JobSettings>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let turns = |every_s| Turns::new(paces.subscribe(), every_s, stop.clone());
    tasks.spawn(watch_leases(turns(|settings| settings.lapse_every_s), service.clone()));
    for job in JOBS {
        tasks.spawn(repeat(turns(job.every_s), job, service.clone()));
    }
    tasks.spawn(tell_places(service.clone(), stop.clone()));
}

/// How soon the store hears how far gateways have come; other API processes wait for that in receipts.
const TELL_PLACES_AFTER: Duration = Duration::from_millis(15);

async fn tell_places(service: Service, stop: CancellationToken) {
    stop.run_until_cancelled(service.tell_places(TELL_PLACES_AFTER)).await;
}

async fn repeat(mut turns: Turns, job: Job, service: Service) {
    while turns.next().await {
        tell(job.name, (job.act)(&service).await);
    }
}

/// Lapses leases that went silent, and frees the seats of such gateways. What the watch has seen is gone with the process; its successor waits anew.
async fn watch_leases(mut turns: Turns, service: Service) {
    let (mut watch, mut silence, began) = (service.lapse_watch(), service.silence_watch(), Instant::now());
    while turns.next().await {
        tell("free seats", service.free_seats(&mut silence, began.elapsed()).await.map(drop));
        tell("lapse leases", service.lapse_leases(&mut watch, began.elapsed()).await.map(drop));
    }
}

/// When it is a job's turn again.
struct Turns {
    paces: watch::Receiver<JobSettings>,
    every_s: fn(&JobSettings) -> u64,
    stop: CancellationToken,
    interval: tokio::time::Interval,
}

impl Turns {
    fn new(paces: watch::Receiver<JobSettings>, every_s: fn(&JobSettings) -> u64, stop: CancellationToken) -> Self {
        let interval = interval(every_s(&paces.borrow()), Instant::now());
        Self { paces, every_s, stop, interval }
    }

    /// Waits for the next turn; false when there is none.
    async fn next(&mut self) -> bool {
        loop {
            tokio::select! {
                _ = self.interval.tick() => return true,
                Ok(()) = self.paces.changed() => {
                    let every_s = (self.every_s)(&self.paces.borrow_and_update());
                    self.interval = interval(every_s, Instant::now() + Duration::from_secs(every_s));
                }
                () = self.stop.cancelled() => return false,
            }
        }
    }
}

fn interval(every_s: u64, first: Instant) -> tokio::time::Interval {
    let mut turns = tokio::time::interval_at(first, Duration::from_secs(every_s.max(1)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns
}

fn tell(job: &'static str, outcome: Result<(), ServiceError>) {
    if let Err(error) = outcome {
        tracing::warn!(job, %error, "a job failed and will be tried again");
    }
}
