//! The one task that talks to the store about seats: it asks for those that connections wait for, and gives back those that
//! nobody uses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use turnpike_domain::back_off::BackOff;
use turnpike_domain::ids::{AccountId, Incarnation};
use turnpike_domain::seats::{SeatGrant, SeatRequest, SeatRound};

use crate::account::Account;
use crate::fencing::Fencing;
use crate::ports::{Leases, PortError};
use crate::seats::{ASK_AGAIN, Occasion};
use crate::teller::desk::Desk;

/// Seats that nobody wanted between two ticks, nor between the two before, are given back.
const TICK: Duration = Duration::from_millis(300);
/// A round that takes longer counts as failed.
const ROUND_PATIENCE: Duration = Duration::from_secs(10);
/// After a failed round: at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Requests in one round at most. What is left goes into the next one.
const ROUND_SIZE: usize = 1024;
/// How long giving back the last seats may take.
const CLOSING_PATIENCE: Duration = Duration::from_secs(2);

/// Shows connections of time plans to their seats.
pub(crate) struct Usher {
    port: Arc<dyn Leases>,
    node: Incarnation,
    desk: Arc<Desk>,
    /// Accounts that have seats, or want some.
    accounts: BTreeMap<AccountId, Arc<Account>>,
    touched: BTreeSet<AccountId>,
    /// The number of the last round.
    number: u64,
    next_tick: Instant,
    /// Until when the store is left alone, when it does not answer.
    trouble: Option<Instant>,
    back_off: BackOff,
    fencing: Fencing,
}

/// What is asked for: with each request how its account stood.
type Draft = Vec<(SeatRequest, (u64, i64))>;

impl Usher {
    pub(crate) fn new(port: Arc<dyn Leases>, node: Incarnation, desk: Arc<Desk>, fencing: Fencing) -> Self {
        Self {
            port,
            node,
            desk,
            accounts: BTreeMap::new(),
            touched: BTreeSet::new(),
            number: 0,
            next_tick: Instant::now(),
            trouble: None,
            back_off: BackOff::new(BACK_OFF.0, BACK_OFF.1, node.node.get().cast_unsigned()),
            fencing,
        }
    }

    /// Works until `stop`, then gives everything back; all connections must have ended by then. One that is fenced stops at
    /// once.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.desk.rank.rung() => {}
                () = tokio::time::sleep_until(self.next_look()), if !self.accounts.is_empty() => {}
            }
            let now = Instant::now();
            let occasion = if now >= self.next_tick { Occasion::Tick } else { Occasion::Bell };
            if occasion == Occasion::Tick {
                self.next_tick = now.checked_add(TICK).unwrap_or(now);
            }
            self.look(now, occasion).await;
            if self.fencing.is_fenced() {
                return;
            }
        }
        self.trouble = None;
        let closing = self.look(Instant::now(), Occasion::End);
        if tokio::time::timeout(CLOSING_PATIENCE, closing).await.is_err() {
            tracing::warn!(
                "seats of time plans are left; they are free again once this gateway has been silent for long"
            );
        }
    }

    fn next_look(&self) -> Instant {
        if let Some(trouble) = self.trouble {
            return trouble;
        }
        let awaited = |account: &Arc<Account>| account.if_used().is_some_and(|used| used.seats.is_awaited());
        let soon = Instant::now().checked_add(ASK_AGAIN).unwrap_or(self.next_tick);
        if self.accounts.values().any(awaited) { soon.min(self.next_tick) } else { self.next_tick }
    }

    /// Sees to those that lie before it, and at a tick and in the end to all.
    async fn look(&mut self, now: Instant, occasion: Occasion) {
        for account in self.desk.rank.take() {
            self.touched.insert(account.id());
            self.accounts.insert(account.id(), account);
        }
        let all = occasion != Occasion::Bell;
        let awaited = |account: &&Arc<Account>| account.if_used().is_some_and(|used| used.seats.is_awaited());
        self.touched.extend(self.accounts.values().filter(|one| all || awaited(one)).map(|account| account.id()));
        self.expire(now);
        if self.trouble.is_some_and(|until| now < until) {
            return;
        }
        while !self.touched.is_empty() {
            let draft = self.draw_up(now, occasion);
            if draft.is_empty() {
                continue;
            }
            let asked_at = Instant::now();
            match self.send(&draft).await {
                Ok(grants) => self.apply(&draft, &grants, asked_at),
                Err(PortError::Fenced(why)) => return self.fencing.fence(why),
                Err(error) => return self.postpone(&draft, &error),
            }
        }
        self.accounts.retain(|_, account| account.if_used().is_some_and(|used| !used.seats.is_idle()));
    }

    /// Seats that the store may soon give to others are used no more.
    fn expire(&self, now: Instant) {
        for account in self.accounts.values() {
            if account.if_used().is_some_and(|used| used.seats.expire(now)) {
                self.desk.registry.close_newest(account.id(), 0);
            }
        }
    }

    fn draw_up(&mut self, now: Instant, occasion: Occasion) -> Draft {
        let mut draft = Draft::new();
        while draft.len() < ROUND_SIZE {
            let Some(id) = self.touched.pop_first() else { break };
            let Some(account) = self.accounts.get(&id) else { continue };
            let revision = account.revision();
            let wish = account.if_used().and_then(|used| used.seats.draft(now, revision, occasion));
            draft.extend(wish.map(|want| (SeatRequest { account: id, want }, revision)));
        }
        draft
    }

    async fn send(&mut self, draft: &Draft) -> Result<Vec<SeatGrant>, PortError> {
        self.number = self.number.saturating_add(1);
        let requests = draft.iter().map(|(request, _)| *request).collect();
        let answer = self.port.seats(self.node, SeatRound { number: self.number, requests });
        let late = |_| PortError::Unreachable("no answer in time".to_owned());
        tokio::time::timeout(ROUND_PATIENCE, answer).await.map_err(late)?
    }

    fn apply(&mut self, draft: &Draft, grants: &[SeatGrant], asked_at: Instant) {
        if self.trouble.take().is_some() {
            self.back_off.reset();
            tracing::info!("the store answers again about seats");
        }
        let revisions: BTreeMap<_, _> = draft.iter().map(|(request, revision)| (request.account, *revision)).collect();
        for SeatGrant { account: id, terms } in grants {
            let (Some(account), Some(revision)) = (self.accounts.get(id), revisions.get(id)) else { continue };
            let Some(used) = account.if_used() else { continue };
            if let Some(keep) = used.seats.apply(terms, asked_at, *revision) {
                tracing::info!(account = %id, keep, "more connections are open than the plan has seats; resetting the newest");
                self.desk.registry.close_newest(*id, keep);
            }
        }
    }

    /// Everything is asked again: what was granted in an answer that was lost is not known.
    fn postpone(&mut self, draft: &Draft, error: &PortError) {
        if self.trouble.is_none() {
            tracing::warn!(%error, "the store does not answer about seats");
        }
        let now = Instant::now();
        self.trouble = Some(now.checked_add(self.back_off.pause()).unwrap_or(now));
        self.touched.extend(draft.iter().map(|(request, _)| request.account));
    }
}
