//! The one task that talks to the store about traffic: it asks for leases, reports what was used of them, takes back
//! what is not used, and settles what is finished.

pub(crate) mod book;
pub(crate) mod desk;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use turnpike_domain::back_off::BackOff;
use turnpike_domain::ids::{AccountId, LeaseId};
use turnpike_domain::lease::{Lease as Grant, LeaseGrant, LeaseReport, LeaseRequest};
use turnpike_domain::quota::Denial;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_spool::{SlotHeader, Spool};

use crate::account::{Account, Used};
use crate::allowance::Verdict;
use crate::allowance::lease::Lease;
use crate::fencing::Fencing;
use crate::ports::{Exchange, Fence, Leases, PortError};
use crate::teller::book::{Book, LOOK_AGAIN, Ripening};
use crate::teller::desk::{Desk, Standing};

/// How often what changed is reported.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// An exchange that takes longer counts as failed.
const EXCHANGE_PATIENCE: Duration = Duration::from_secs(10);
/// After a failed exchange: at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Reports, and requests, in one exchange at most. What is left goes into the next one.
const EXCHANGE_SIZE: usize = 1024;
/// How long closing may take.
const CLOSING_PATIENCE: Duration = Duration::from_secs(10);
/// Between two rounds of closing.
const CLOSING_PAUSE: Duration = Duration::from_millis(20);

/// Accounts that were told to come again at the same time do so within so many milliseconds.
const SPREAD_MS: u64 = 16;

/// Keeps the books of all accounts in use.
pub(crate) struct Teller {
    port: Arc<dyn Leases>,
    spool: Spool,
    desk: Arc<Desk>,
    books: HashMap<AccountId, Book>,
    /// Accounts to see to in the next exchange, before the next regular report.
    touched: BTreeSet<AccountId>,
    /// When to ask again for accounts whose traffic was contended.
    again: Vec<(Instant, AccountId)>,
    /// When leases may be used that were granted ahead.
    ripening: Vec<(Instant, AccountId)>,
    /// Reports of leases that found no slot.
    unplaced: Vec<LeaseReport>,
    /// Until when the store is left alone, when it does not answer.
    trouble: Option<Instant>,
    back_off: BackOff,
    /// The number of the last exchange.
    number: u64,
    /// Whether the answer to an exchange was lost, with grants in it perhaps.
    lost: bool,
    fencing: Fencing,
}

/// An exchange in the making.
#[derive(Default)]
struct Draft {
    /// Reports, and whose book each is from.
    reports: Vec<(AccountId, LeaseReport)>,
    /// Reports of leases that found no slot.
    unplaced: Vec<LeaseReport>,
    /// The accounts that ask.
    requests: HashMap<AccountId, Asked>,
}

/// An account that asks for a lease.
struct Asked {
    want: Bytes,
    /// How the account stood then.
    revision: (u64, i64),
}

impl Draft {
    fn exchange(&self, number: u64, held: Option<Vec<LeaseId>>) -> Exchange {
        let reports = self.reports.iter().map(|(_, report)| report).chain(&self.unplaced);
        let requests =
            self.requests.iter().map(|(account, asked)| LeaseRequest { account: *account, want: asked.want });
        Exchange { number, reports: reports.cloned().collect(), requests: requests.collect(), held }
    }

    fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.unplaced.is_empty() && self.requests.is_empty()
    }

    fn is_full(&self) -> bool {
        self.reports.len() >= EXCHANGE_SIZE || self.requests.len() >= EXCHANGE_SIZE
    }
}

impl Teller {
    /// `fencing` is told when this gateway's leases turn out to be another's; then nothing may be relayed any more.
    pub(crate) fn new(port: Arc<dyn Leases>, spool: Spool, desk: Arc<Desk>, fencing: Fencing) -> Self {
        // Each gateway has a number of its own, so that they do not all come back at the same moment.
        let back_off = BackOff::new(BACK_OFF.0, BACK_OFF.1, spool.incarnation().node.get().cast_unsigned());
        Self {
            port,
            spool,
            desk,
            books: HashMap::new(),
            touched: BTreeSet::new(),
            again: Vec::new(),
            ripening: Vec::new(),
            unplaced: Vec::new(),
            trouble: None,
            back_off,
            number: 0,
            lost: false,
            fencing,
        }
    }

    /// Works until `stop`, then settles everything; all tunnels must have ended by then. One that is fenced stops at once.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(REPORT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let thorough = tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => true,
                () = self.desk.rung() => false,
                () = at(self.next_retry()) => false,
            };
            self.round(thorough).await;
            if self.fencing.is_fenced() {
                return;
            }
        }
        self.close().await;
    }

    /// When something is due before the next tick.
    fn next_retry(&self) -> Option<Instant> {
        let ripe = self.ripening.iter().map(|(due, _)| *due).min();
        let retry = self.trouble.or_else(|| self.again.iter().map(|(due, _)| *due).min());
        ripe.into_iter().chain(retry).min()
    }

    /// Sees to what lies on the desk, and to everything when `thorough`.
    async fn round(&mut self, thorough: bool) {
        let now = Instant::now();
        self.open_ripe(now);
        self.clear_desk(now);
        if thorough {
            let standings = self.books.values().map(Book::standing);
            *self.desk.books.lock() = standings.fold(Standing::default(), Standing::and);
            self.recall_due(now, self.trouble.is_none());
            self.touched.extend(self.books.keys());
        }
        if self.trouble.is_some_and(|until| now < until) {
            return;
        }
        loop {
            let draft = self.draw_up();
            if draft.is_empty() {
                // Nothing to try the store with: whatever comes next will.
                self.trouble = None;
                self.back_off.reset();
                break;
            }
            let asked_at = Instant::now();
            self.number = self.number.saturating_add(1);
            let held = self.lost.then(|| self.books.values().flat_map(Book::leases).collect());
            match self.send(draft.exchange(self.number, held)).await {
                Ok(grants) => self.apply(draft, grants, asked_at),
                Err(PortError::Fenced(why)) => return self.fence(why),
                Err(error) => return self.postpone(draft, &error),
            }
        }
        self.books.retain(|_, book| !book.is_empty(now));
    }

    fn clear_desk(&mut self, now: Instant) {
        for account in self.desk.take() {
            self.touched.insert(account.id());
            self.books.entry(account.id()).or_insert_with(|| Book::new(account));
        }
        let (touched, books) = (&mut self.touched, &self.books);
        self.again.retain_mut(|(due, account)| {
            if *due > now {
                return true;
            }
            if books.get(account).is_some_and(|book| !book.is_worth_asking(now)) {
                *due = now.checked_add(LOOK_AGAIN).unwrap_or(now);
                return true;
            }
            touched.insert(*account);
            // Nobody waits for it any more: whoever comes next will ask.
            let used = books.get(account).and_then(|book| book.account.if_used());
            used.filter(|used| !used.allowance.refill.is_awaited()).inspect(|used| used.allowance.answered());
            false
        });
    }

    fn recall_due(&mut self, now: Instant, store_answers: bool) {
        for book in self.books.values_mut() {
            if store_answers {
                book.recall_due(now);
            } else {
                book.recall_expired(now);
            }
            if let Some(used) = book.account.if_used() {
                used.allowance.prune();
            }
        }
    }

    /// What to tell and ask the store next.
    fn draw_up(&mut self) -> Draft {
        let now = Instant::now();
        let mut draft = Draft { unplaced: std::mem::take(&mut self.unplaced), ..Draft::default() };
        while !draft.is_full() {
            let Some(id) = self.touched.pop_first() else { break };
            let Some(book) = self.books.get(&id) else { continue };
            draft.reports.extend(book.reports(now).map(|report| (id, report)));
            let waits = self.again.iter().any(|(_, account)| *account == id);
            if !waits && !book.is_ripening() && book.account.if_used().is_some_and(|used| used.allowance.is_wanting()) {
                draft.requests.insert(id, Asked { want: book.want(now), revision: book.account.revision() });
            }
        }
        draft
    }

    /// Sends an exchange; meanwhile leases are taken back in time.
    async fn send(&mut self, exchange: Exchange) -> Result<Vec<LeaseGrant>, PortError> {
        let port = Arc::clone(&self.port);
        let mut answer = port.exchange(self.spool.incarnation(), exchange);
        let deadline = tokio::time::sleep(EXCHANGE_PATIENCE);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                result = &mut answer => return result,
                () = &mut deadline => return Err(PortError::Unreachable("no answer in time".to_owned())),
                () = tokio::time::sleep(REPORT_EVERY) => self.recall_due(Instant::now(), false),
            }
        }
    }

    fn apply(&mut self, draft: Draft, grants: Vec<LeaseGrant>, asked_at: Instant) {
        if self.trouble.take().is_some() {
            self.back_off.reset();
            tracing::info!("the store answers again");
        }
        self.lost = false;
        for (id, report) in &draft.reports {
            if let Some(book) = self.books.get_mut(id) {
                book.booked(report, asked_at);
            }
        }
        let mut unanswered = draft.requests;
        for grant in grants {
            let Some(Asked { revision, .. }) = unanswered.remove(&grant.account) else { continue };
            match grant.outcome {
                Ok(lease) => self.take_in((grant.account, revision), &lease, asked_at),
                Err(denial) => self.refuse(grant.account, Verdict::new(denial, revision, Instant::now())),
            }
        }
        for (account, Asked { revision, .. }) in unanswered {
            self.refuse(account, Verdict::new(Denial::Contended, revision, Instant::now()));
        }
    }

    /// Puts a lease into the spool, and then into use.
    fn take_in(&mut self, (id, revision): (AccountId, (u64, i64)), grant: &Grant, asked_at: Instant) {
        let Some(book) = self.books.get_mut(&id) else { return };
        let account = Arc::clone(&book.account);
        let Some(used) = account.if_used() else { return };
        let header = SlotHeader { lease: grant.id, account: id, granted: grant.bytes };
        let Some(slot) = self.spool.claim(&header) else {
            tracing::error!(capacity = self.spool.capacity(), "no lease slot is free; raise spool_slots");
            self.unplaced.push(LeaseReport::void(grant.id));
            let verdict = Verdict::new(Denial::Contended, account.revision(), Instant::now());
            return self.refuse(id, verdict);
        };
        let refill = Arc::clone(&used.allowance.refill);
        let lease = Arc::new(Lease::new(grant, slot, asked_at, refill));
        let now = Instant::now();
        let low_water = book.add(Arc::clone(&lease), now, now.saturating_duration_since(asked_at));
        used.allowance.note_paced(grant.paced.is_some());
        let wait = grant.paced.map_or(Duration::ZERO, Span::to_duration);
        let ripening = Ripening { lease, due: now.checked_add(wait).unwrap_or(now), low_water, revision };
        if wait.is_zero() {
            return open(&account, used, ripening);
        }
        self.ripening.push((ripening.due, id));
        book.let_ripen(ripening);
    }

    /// Puts leases into use whose turn has come.
    fn open_ripe(&mut self, now: Instant) {
        let books = &mut self.books;
        self.ripening.retain(|(due, account)| {
            if *due > now {
                return true;
            }
            let ripe = books.get_mut(account).and_then(|book| Some((book.take_ripe(now)?, Arc::clone(&book.account))));
            if let Some((ripening, account)) = ripe
                && let Some(used) = account.if_used()
            {
                open(&account, used, ripening);
            }
            false
        });
    }

    fn refuse(&mut self, id: AccountId, mut verdict: Verdict) {
        let Some(book) = self.books.get_mut(&id) else { return };
        let account = Arc::clone(&book.account);
        let Some(used) = account.if_used() else { return };
        if let Denial::Paced(again) = verdict.denial {
            // Not all at the same moment.
            let later = Duration::from_millis(id.get().unsigned_abs() % SPREAD_MS);
            let due = Instant::now() + again.after.to_duration() + later;
            book.pace_until(due);
            self.again.push((due, id));
        } else if verdict.passing {
            let now = Instant::now();
            verdict.passing = !book.contended(now);
            verdict.ours = book.holds() > 0;
            self.again.push((now.checked_add(LOOK_AGAIN).unwrap_or(now), id));
        }
        used.allowance.refuse(verdict);
    }

    /// Sees to it that everything is told and asked again. Reports are drawn up anew, for they are absolute.
    fn postpone(&mut self, draft: Draft, error: &PortError) {
        if self.trouble.is_none() {
            tracing::warn!(%error, "the store does not answer; traffic goes on while leases last");
        }
        let now = Instant::now();
        self.trouble = Some(now.checked_add(self.back_off.pause()).unwrap_or(now));
        self.lost = true;
        self.touched.extend(self.books.keys());
        self.unplaced.extend(draft.unplaced);
    }

    /// This process may relay nothing any more. What its slots hold is left as it is: it is not this process's to settle.
    fn fence(&mut self, why: Fence) {
        tracing::error!(node = %self.spool.incarnation(), %why, "fenced; resetting all connections");
        self.books.values().for_each(Book::recall_all);
        self.fencing.fence(why);
    }

    /// Hands everything back.
    async fn close(mut self) {
        let closing = async {
            loop {
                self.books.values().for_each(Book::recall_all);
                self.round(true).await;
                let settled = self.books.values().all(Book::is_settled) && self.unplaced.is_empty();
                if settled || self.fencing.is_fenced() {
                    return;
                }
                tokio::time::sleep(CLOSING_PAUSE).await;
            }
        };
        if tokio::time::timeout(CLOSING_PATIENCE, closing).await.is_err() {
            tracing::warn!("leases are left unsettled; the spool keeps them for the next start");
        }
    }
}

/// Puts a lease into use, unless it was asked for under other circumstances.
fn open(account: &Account, used: &Used, ripening: Ripening) {
    let Ripening { lease, low_water, revision, .. } = ripening;
    if lease.is_paced() && revision != account.revision() {
        lease.meter().recall();
        return used.allowance.answered();
    }
    let mut leases = used.allowance.giving();
    leases.push(lease);
    used.allowance.install(leases, low_water);
}

/// Resolves then; never for `None`.
async fn at(then: Option<Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}

/// Settles what a process of this node left behind, before the first lease is asked for.
///
/// # Errors
/// [`PortError`] when the store does not answer or a later process has settled.
pub(crate) async fn settle_found(
    port: &dyn Leases,
    spool: &Spool,
    found: Vec<turnpike_spool::Found>,
) -> Result<(), PortError> {
    let reports = found.iter().map(|found| LeaseReport::last(found.header.lease, found.delivered));
    port.settle(spool.incarnation(), reports.collect()).await?;
    for found in &found {
        found.slot.mark_settled();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
