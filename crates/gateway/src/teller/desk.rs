//! Where accounts lie that the teller has to see to soon, and what all permits of a gateway share.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::account::Account;
use crate::activity::Activity;
use crate::allowance::Allowance;
use crate::ports::Clock;
use crate::registry::Registry;
use crate::seats::Rank;
use crate::settings::Deadlines;

/// Shared by all threads of a gateway.
#[derive(Debug)]
pub(crate) struct Desk {
    queue: Mutex<Vec<Arc<Account>>>,
    bell: Notify,
    /// Accounts that the usher has to see to soon.
    pub(crate) rank: Rank,
    pub(crate) deadlines: ArcSwap<Deadlines>,
    pub(crate) registry: Registry,
    pub(crate) activity: Activity,
    /// For whoever watches; the teller writes it down with every thorough round.
    pub(crate) books: Mutex<Standing>,
}

/// How the leases stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Since when the oldest unsettled lease is held.
    pub(crate) oldest: Option<Instant>,
    /// Bytes written of leases and not booked by the store yet.
    pub(crate) unsettled: u64,
}

impl Standing {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        let oldest = self.oldest.into_iter().chain(other.oldest).min();
        Self { oldest, unsettled: self.unsettled.saturating_add(other.unsettled) }
    }
}

impl Desk {
    pub(crate) fn new(deadlines: Deadlines, clock: Clock) -> Self {
        Self {
            queue: Mutex::new(Vec::new()),
            bell: Notify::new(),
            rank: Rank::default(),
            deadlines: ArcSwap::from_pointee(deadlines),
            registry: Registry::default(),
            activity: Activity::new(clock),
            books: Mutex::default(),
        }
    }

    /// Puts an account on the desk, unless it lies there. The queue is thus never longer than there are accounts.
    pub(crate) fn report_soon(&self, account: &Arc<Account>, allowance: &Allowance) {
        if !allowance.queued.swap(true, Ordering::AcqRel) {
            self.queue.lock().push(Arc::clone(account));
            self.bell.notify_one();
        }
    }

    /// Resolves when something lies on the desk.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Clears the desk.
    pub(crate) fn take(&self) -> Vec<Arc<Account>> {
        let accounts = std::mem::take(&mut *self.queue.lock());
        for account in &accounts {
            if let Some(used) = account.if_used() {
                used.allowance.queued.store(false, Ordering::Release);
            }
        }
        accounts
    }
}
