//! The one task that keeps the directory as the store has it: a snapshot at first, then the change feed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_domain::back_off::BackOff;
use turnpike_domain::directory::{Changed, Changes, SnapshotPart};
use turnpike_domain::ids::{FeedSeq, Incarnation};
use turnpike_domain::question::{Answer, Ask, Question};

use crate::directory::Directory;
use crate::endpoints::{Endpoints, Report};
use crate::exit::Checker;
use crate::explain::Explainer;
use crate::fencing::Fencing;
use crate::ports::{Admission, PortError};

/// How often the feed is asked without news, so that a gateway that hears nothing is told apart from one that is cut off.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// After a failure: at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Batches of changes taken in at once; more are taken up in the next round.
const BATCHES: usize = 1000;

/// Follows the change feed.
pub(crate) struct Follower {
    port: Arc<dyn Admission>,
    directory: Arc<Directory>,
    endpoints: Arc<Endpoints>,
    explainer: Arc<Explainer>,
    checker: Arc<Checker>,
    node: Incarnation,
    fencing: Fencing,
    /// Answers that are on their way.
    answers: TaskTracker,
    seq: Option<FeedSeq>,
}

impl Follower {
    /// Loads the first snapshot.
    ///
    /// # Errors
    /// [`PortError`] when the store does not answer.
    pub(crate) async fn start(
        port: Arc<dyn Admission>,
        (directory, endpoints, explainer, checker): (Arc<Directory>, Arc<Endpoints>, Arc<Explainer>, Arc<Checker>),
        node: Incarnation,
        fencing: Fencing,
    ) -> Result<Self, PortError> {
        let answers = TaskTracker::new();
        let mut follower = Self { port, directory, endpoints, explainer, checker, node, fencing, answers, seq: None };
        follower.load().await?;
        Ok(follower)
    }

    /// Works until `stop`, or until the gateway turns out to be fenced.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        // Each gateway has a number of its own, so that they do not all come back at the same moment.
        let mut back_off = BackOff::new(BACK_OFF.0, BACK_OFF.1, self.node.node.get().cast_unsigned());
        let mut failing = false;
        while stop.run_until_cancelled(self.wait(failing.then(|| back_off.pause()))).await.is_some() {
            let Some(result) = stop.run_until_cancelled(self.catch_up()).await else { return };
            match result {
                Ok(()) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!("the change feed answers again");
                    }
                    back_off.reset();
                }
                Err(PortError::Fenced(why)) => {
                    tracing::error!(node = %self.node, %why, "fenced; resetting all connections");
                    return self.fencing.fence(why);
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "the change feed does not answer");
                    }
                }
            }
        }
    }

    /// Waits for news, at most until the next poll; after a failure, for so long.
    async fn wait(&self, pause: Option<Duration>) {
        if let Some(pause) = pause {
            return tokio::time::sleep(pause).await;
        }
        tokio::select! {
            () = self.port.news(self.seq) => {}
            () = tokio::time::sleep(POLL_EVERY) => {}
        }
    }

    async fn catch_up(&mut self) -> Result<(), PortError> {
        for _ in 0..BATCHES {
            match self.port.changes(self.node, self.seq).await? {
                Changes::Since { seq, changed } => {
                    let changed = *changed;
                    let Changed { exits, gone_exits, pins, customers, accounts, gone_accounts, .. } = changed;
                    self.directory.apply_exits(exits, &gone_exits);
                    self.directory.exits().take_pins(pins);
                    self.directory.apply(customers, &accounts, gone_accounts);
                    let reports = self.endpoints.apply(changed.endpoints, &changed.ended_endpoints);
                    self.seq = Some(seq);
                    self.directory.note_place(self.seq);
                    self.tell_bound(reports);
                    self.respond(changed.questions);
                }
                Changes::None => break,
                Changes::TooOld => self.load().await?,
            }
        }
        self.directory.note_contact();
        Ok(())
    }

    async fn load(&mut self) -> Result<(), PortError> {
        // Whoever is not told of is gone; a directory that is empty has nobody to lose.
        let mut known = (!self.directory.is_empty()).then(HashSet::new);
        let (mut begin, mut exits, mut endpoints) = (None, Vec::new(), Vec::new());
        let mut parts = self.port.snapshot();
        while let Some(part) = parts.next().await {
            match part? {
                SnapshotPart::Begin(seq) => begin = seq,
                SnapshotPart::Exits(some) => exits.extend(some),
                SnapshotPart::Endpoints(some) => endpoints.extend(some),
                SnapshotPart::Pins(pins) => self.directory.exits().take_pins(pins),
                SnapshotPart::Customers(customers) => self.directory.apply(customers, &[], Vec::new()),
                SnapshotPart::Accounts(accounts) => {
                    self.directory.apply(Vec::new(), &accounts, Vec::new());
                    if let Some(known) = &mut known {
                        known.extend(accounts.iter().map(|entry| entry.id));
                    }
                }
            }
        }
        drop(parts);
        self.directory.replace_exits(exits);
        if let Some(known) = known {
            self.directory.keep_only(&known);
        }
        self.endpoints.replace(endpoints);
        self.directory.note_contact();
        self.seq = begin;
        self.directory.note_place(begin);
        Ok(())
    }

    /// Says which ports are listened on, beside following the feed: somebody waits for it.
    fn tell_bound(&self, reports: Vec<Report>) {
        for Report { batch, failed } in reports {
            let (port, node) = (Arc::clone(&self.port), self.node);
            self.answers.spawn(async move {
                if let Err(error) = port.bound(node, batch, failed).await {
                    tracing::warn!(%error, "it could not be told that endpoints are bound");
                }
            });
        }
    }

    /// Answers what is asked, beside following the feed.
    fn respond(&self, questions: Vec<Question>) {
        for Question { id, ask } in questions {
            let answer = self.directory.desk().registry.answer(&ask, self.node.node);
            let (port, node, explainer) = (Arc::clone(&self.port), self.node, Arc::clone(&self.explainer));
            let checker = Arc::clone(&self.checker);
            self.answers.spawn(async move {
                let answer = match (answer, ask) {
                    (Some(answer), _) => answer,
                    (None, Ask::Explain(case)) => Answer::Explained(Box::new(explainer.explain(&case).await)),
                    (None, Ask::CheckExit(wish)) => Answer::Checked(checker.check(&wish).await),
                    (None, _) => return,
                };
                if let Err(error) = port.answer(node, id, answer).await {
                    tracing::warn!(%error, "an answer to the operator was lost");
                }
            });
        }
    }
}
