//! The seats of one account at this gateway: how many connections its time plan lets it have open here. Taking one that is
//! free takes no answer of the store; who finds none waits for the usher, which asks for more.

pub(crate) mod usher;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use turnpike_domain::quota::Denial;
use turnpike_domain::seats::SeatTerms;

use crate::account::Account;
use crate::refusal::Refusal;
use crate::tab::watch::UNHELD_AT_MOST;
use crate::teller::desk::Desk;

/// How long a connection waits for a seat that others may leave or give back meanwhile.
const SEAT_PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits for the store to answer at all. Shorter than the handshake's deadline.
const STORE_PATIENCE: Duration = Duration::from_secs(8);
/// The store is not asked more often than this for seats that it has just said there are none of.
const ASK_AGAIN: Duration = Duration::from_millis(40);

/// The seats of one account.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    state: Mutex<State>,
    /// Wakes who waits for one.
    freed: Notify,
    /// Whether the account lies before the usher.
    queued: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    in_use: u32,
    waiting: u32,
    /// The most that were wanted since the usher's last tick, and between that and the one before: so many are kept.
    peaks: [u32; 2],
    /// How many may be in use, where that is limited. The store has at least so many down for this gateway.
    granted: u32,
    terms: Option<Terms>,
    /// Rises with every answer of the store.
    answers: u64,
    /// Whether the store may have more down for this gateway than it knows of.
    unsure: bool,
}

/// What the store said last.
#[derive(Clone, Copy, Debug)]
struct Terms {
    limited: bool,
    /// Whether there were more seats to be had.
    spare: bool,
    asked_at: Instant,
    ends_in: Duration,
    held_for: Duration,
    /// How the account stood then.
    revision: (u64, i64),
}

impl Terms {
    fn are_good(&self, now: Instant, revision: (u64, i64)) -> bool {
        self.revision == revision && now.saturating_duration_since(self.asked_at) < self.ends_in
    }
}

impl State {
    const fn wanted(&self) -> u32 {
        self.in_use.saturating_add(self.waiting)
    }

    fn is_limited(&self) -> bool {
        self.terms.is_some_and(|terms| terms.limited)
    }

    fn note_peak(&mut self) {
        let [present, _] = &mut self.peaks;
        *present = (*present).max(self.in_use.saturating_add(self.waiting));
    }
}

impl Seats {
    /// Takes a seat, waiting for one to come free.
    ///
    /// # Errors
    /// [`Refusal::TooManyTunnels`] when all of the plan's are taken.
    pub(crate) async fn take(&self, account: &Arc<Account>, desk: &Desk) -> Result<(), Refusal> {
        if self.try_take(account) {
            return Ok(());
        }
        let (waiter, began) = (Waiting::new(self), Instant::now());
        desk.rank.join(account, self);
        let answers = self.state.lock().answers;
        let mut patience = SEAT_PATIENCE;
        loop {
            let freed = self.freed.notified();
            let mut freed = std::pin::pin!(freed);
            freed.as_mut().enable();
            if self.try_take(account) {
                drop(waiter);
                return Ok(());
            }
            let left = patience.saturating_sub(began.elapsed());
            if tokio::time::timeout(left, freed).await.is_ok() {
                continue;
            }
            if self.state.lock().answers != answers {
                return Err(Refusal::TooManyTunnels);
            }
            if patience == STORE_PATIENCE {
                return Err(Refusal::NoTraffic(Denial::Contended));
            }
            patience = STORE_PATIENCE;
        }
    }

    fn try_take(&self, account: &Account) -> bool {
        let mut state = self.state.lock();
        let good = state.terms.filter(|terms| terms.are_good(Instant::now(), account.revision()));
        let free = good.is_some_and(|terms| !terms.limited || state.in_use < state.granted);
        if free {
            state.in_use = state.in_use.saturating_add(1);
            state.note_peak();
        }
        free
    }

    /// Leaves a seat to whoever comes next.
    pub(crate) fn leave(&self, account: &Arc<Account>, desk: &Desk) {
        let mut state = self.state.lock();
        state.in_use = state.in_use.saturating_sub(1);
        let (awaited, scarce) = (state.waiting > 0, state.terms.is_none_or(|terms| terms.limited && !terms.spare));
        drop(state);
        if awaited {
            self.freed.notify_one();
        } else if scarce {
            desk.rank.join(account, self);
        }
    }

    /// What to ask the store for now; `None` when there is nothing to ask or tell. From here on no more than that is used of
    /// what there is.
    fn draft(&self, now: Instant, revision: (u64, i64), occasion: Occasion) -> Option<u32> {
        let mut state = self.state.lock();
        let wanted = state.wanted();
        let keeps = occasion != Occasion::End && state.terms.is_some_and(|terms| terms.spare);
        let want = if keeps { state.peaks.iter().copied().fold(wanted, u32::max).min(state.granted) } else { 0 };
        let want = want.max(wanted);
        if occasion == Occasion::Tick {
            state.peaks = [wanted, state.peaks[0]];
        }
        let (limited, more) = (state.is_limited(), want > state.granted);
        let due = match state.terms {
            None => wanted > 0,
            Some(terms) => {
                let age = now.saturating_duration_since(terms.asked_at);
                let runs_out = !terms.are_good(now, revision) || age >= terms.held_for / 3;
                let just_asked = more && !terms.spare && age < ASK_AGAIN;
                (runs_out && want > 0) || (limited && want != state.granted && !just_asked)
            }
        };
        if !due && !state.unsure {
            return None;
        }
        state.granted = state.granted.min(want);
        state.unsure = true;
        Some(want)
    }

    /// Takes in the store's answer. When more are in use than there are, only so many may stay.
    fn apply(&self, terms: &SeatTerms, asked_at: Instant, revision: (u64, i64)) -> Option<u32> {
        let mut state = self.state.lock();
        state.granted = terms.seats.unwrap_or(0);
        state.terms = Some(Terms {
            limited: terms.seats.is_some(),
            spare: terms.spare,
            asked_at,
            ends_in: terms.ends_in.to_duration(),
            held_for: terms.held_for.to_duration(),
            revision,
        });
        state.answers = state.answers.wrapping_add(1);
        state.unsure = false;
        let surplus = state.is_limited() && state.in_use > state.granted;
        let granted = state.granted;
        drop(state);
        self.freed.notify_waiters();
        surplus.then_some(granted)
    }

    /// Gives up seats that the store may give to others soon, because nothing was heard of it for too long.
    fn expire(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        let silent = |terms: &Terms| {
            now.saturating_duration_since(terms.asked_at).saturating_sub(terms.held_for) > UNHELD_AT_MOST
        };
        if !state.terms.as_ref().is_some_and(|terms| terms.limited && silent(terms)) {
            return false;
        }
        (state.granted, state.terms, state.unsure) = (0, None, true);
        true
    }

    /// Whether the store has nothing down for this gateway and nothing will be asked.
    fn is_idle(&self) -> bool {
        let state = self.state.lock();
        state.wanted() == 0 && state.granted == 0 && !state.unsure
    }

    fn is_awaited(&self) -> bool {
        self.state.lock().waiting > 0
    }
}

/// Why the usher looks at an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    /// It is time to.
    Tick,
    /// Somebody waits for a seat, or has left one.
    Bell,
    /// The gateway ends.
    End,
}

/// One that waits for a seat.
struct Waiting<'s>(&'s Seats);

impl<'s> Waiting<'s> {
    fn new(seats: &'s Seats) -> Self {
        let mut state = seats.state.lock();
        state.waiting = state.waiting.saturating_add(1);
        state.note_peak();
        Self(seats)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

/// Accounts that the usher has to see to soon.
#[derive(Debug, Default)]
pub(crate) struct Rank {
    queue: Mutex<Vec<Arc<Account>>>,
    bell: Notify,
}

impl Rank {
    /// Puts an account before the usher, unless it lies there. The queue is thus never longer than there are accounts.
    fn join(&self, account: &Arc<Account>, seats: &Seats) {
        if !seats.queued.swap(true, Ordering::AcqRel) {
            self.queue.lock().push(Arc::clone(account));
            self.bell.notify_one();
        }
    }

    async fn rung(&self) {
        self.bell.notified().await;
    }

    fn take(&self) -> Vec<Arc<Account>> {
        let accounts = std::mem::take(&mut *self.queue.lock());
        for account in &accounts {
            if let Some(used) = account.if_used() {
                used.seats.queued.store(false, Ordering::Release);
            }
        }
        accounts
    }
}

#[cfg(test)]
mod tests;
