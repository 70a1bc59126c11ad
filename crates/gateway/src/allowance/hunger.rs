//! Waiting for traffic: who finds nothing free is woken when the store has answered or somebody handed bytes back.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::task::{Context, Poll, ready};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;
use turnpike_domain::quota::Denial;

use crate::account::{Account, Used};
use crate::allowance::Verdict;
use crate::allowance::lease::Reservation;

/// Wakes who waits for traffic of one account.
#[derive(Debug, Default)]
pub(crate) struct Refill {
    notify: Arc<Notify>,
    waiting: AtomicUsize,
}

impl Refill {
    pub(crate) fn wake(&self) {
        self.notify.notify_waiters();
    }

    /// Wakes who has waited longest, or whoever waits next.
    pub(crate) fn pass_on(&self) {
        self.notify.notify_one();
    }

    /// Cheap when nobody waits.
    pub(crate) fn wake_if_hungry(&self) {
        if self.is_awaited() {
            self.wake();
        }
    }

    pub(crate) fn is_awaited(&self) -> bool {
        // Pairs with the fence in `Place::new`: either the waiter sees what was handed back, or it is seen waiting.
        fence(Ordering::SeqCst);
        self.waiting.load(Ordering::Relaxed) > 0
    }
}

/// Who waits for traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// A new connection: it is told soon that there is none.
    NewConnection,
    /// An open one: it waits while this gateway itself holds what is contended.
    OpenConnection,
}

/// A place among those who wait. Nothing is allocated before anybody has to.
#[derive(Debug, Default)]
pub(crate) struct Hunger(Option<Pin<Box<Place>>>);

pin_project_lite::pin_project! {
    #[derive(Debug)]
    struct Place {
        #[pin]
        notified: OwnedNotified,
        refill: Arc<Refill>,
    }

    impl PinnedDrop for Place {
        fn drop(this: Pin<&mut Self>) {
            this.refill.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Place {
    fn new(refill: &Arc<Refill>) -> Pin<Box<Self>> {
        refill.waiting.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let notified = Arc::clone(&refill.notify).notified_owned();
        let mut place = Box::pin(Self { notified, refill: Arc::clone(refill) });
        place.as_mut().project().notified.enable();
        place
    }
}

impl Hunger {
    /// Whether it waits.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.0.is_some()
    }

    /// Takes up to `want` bytes, waiting for some to come free.
    pub(crate) fn poll_reserve(
        &mut self,
        cx: &mut Context<'_>,
        source: (&Arc<Account>, &Used),
        want: u64,
        waiter: Waiter,
    ) -> Poll<Result<Reservation, Denial>> {
        let (account, used) = source;
        if used.allowance.is_paced() {
            return self.poll_in_turn(cx, source, want).map(Ok);
        }
        loop {
            let now = Instant::now();
            if let Some(reservation) = used.allowance.reserve(account, want, now) {
                self.0 = None;
                return Poll::Ready(Ok(reservation));
            }
            let Some(place) = &mut self.0 else {
                // Looks once more from its place, so that nothing handed back meanwhile is missed.
                self.0 = Some(Place::new(&used.allowance.refill));
                continue;
            };
            if let Some(denial) = used.allowance.verdict(account, now).and_then(|verdict| waiter.heeds(&verdict)) {
                self.0 = None;
                return Poll::Ready(Err(denial));
            }
            used.allowance.ask(account);
            ready!(place.as_mut().project().notified.poll(cx));
            self.0 = Some(Place::new(&used.allowance.refill));
        }
    }

    /// The same where a plan's bandwidth is short of what everybody would take: who comes waits behind those who wait, is woken
    /// by who came before and wakes who comes next.
    fn poll_in_turn(
        &mut self,
        cx: &mut Context<'_>,
        (account, used): (&Arc<Account>, &Used),
        want: u64,
    ) -> Poll<Reservation> {
        let refill = &used.allowance.refill;
        let mut its_turn = match &mut self.0 {
            None => !refill.is_awaited(),
            Some(place) => place.as_mut().project().notified.poll(cx).is_ready(),
        };
        loop {
            if its_turn && let Some(reservation) = used.allowance.reserve(account, want, Instant::now()) {
                self.0 = None;
                refill.pass_on();
                return Poll::Ready(reservation);
            }
            if its_turn {
                self.0 = None;
            }
            let place = self.0.get_or_insert_with(|| Place::new(refill));
            used.allowance.ask(account);
            ready!(place.as_mut().project().notified.poll(cx));
            its_turn = true;
        }
    }
}

impl Waiter {
    /// What a verdict means for this one; `None` to go on waiting.
    fn heeds(self, verdict: &Verdict) -> Option<Denial> {
        match self {
            _ if verdict.passing => None,
            // There is traffic; this gateway's slow clients hold it just now.
            Self::NewConnection if verdict.ours => Some(verdict.denial),
            Self::NewConnection if verdict.denial.is_passing() => Some(Denial::NoTraffic),
            Self::OpenConnection if verdict.ours => None,
            Self::NewConnection | Self::OpenConnection => Some(verdict.denial),
        }
    }
}
