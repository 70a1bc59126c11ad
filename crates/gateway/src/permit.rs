//! Leave to use the gateway, for as long as one connection lasts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::Guard;
use tokio::sync::futures::Notified;
use turnpike_domain::account::Username;
use turnpike_domain::ids::AccountId;
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::Denial;

use crate::account::{Account, Used};
use crate::allowance::hunger::{Hunger, Waiter};
use crate::customer::{Customer, Seat};
use crate::exits::Outing;
use crate::line::Line;
use crate::refusal::Refusal;
use crate::settings::Deadlines;
use crate::tab::Tab;
use crate::wishes::Wishes;

/// How long a new connection waits for the store to answer at all. Shorter than the handshake's deadline.
const STORE_PATIENCE: Duration = Duration::from_secs(8);

/// One connection's leave to relay for one account. While it lives the connection is on the register and counts against
/// its customer's limits. It ends when the account is disabled or deleted, its password changed, its customer suspended,
/// or the connection kicked.
#[derive(Debug)]
pub struct Permit {
    leave: Leave,
    _seat: Seat,
    wishes: Option<Box<Wishes>>,
    /// A tunnel's place at its exit.
    outing: Option<Outing>,
}

/// What a permit and its tabs share.
#[derive(Clone, Debug)]
pub(crate) struct Leave(Arc<Line>);

impl Permit {
    pub(crate) const fn new(leave: Leave, seat: Seat) -> Self {
        Self { leave, _seat: seat, wishes: None, outing: None }
    }

    /// With what its client wishes of the way out.
    pub(crate) fn wishing(mut self, wishes: Option<Box<Wishes>>) -> Self {
        self.wishes = wishes;
        self
    }

    /// What its client wishes of the way out.
    pub(crate) fn wishes(&self) -> Option<&Wishes> {
        self.wishes.as_deref()
    }

    /// It is a tunnel from here on, which leaves by that: nothing is wished for any more.
    pub(crate) fn settle(&mut self, outing: Option<Outing>) {
        (self.wishes, self.outing) = (None, outing);
    }

    /// Whose account it is.
    pub(crate) fn customer(&self) -> &Customer {
        self.leave.account().customer()
    }

    /// The type of the account.
    pub(crate) fn product_type(&self) -> ProductType {
        self.leave.account().product_type()
    }

    /// A number as likely as any other, another one each time.
    pub(crate) fn chance(&self) -> u64 {
        self.leave.line().chance()
    }

    /// Which account.
    pub fn account(&self) -> AccountId {
        self.leave.account().id()
    }

    /// Its name, for the log.
    pub fn username(&self) -> &Username {
        self.leave.account().username()
    }

    /// The connection, as the register has it.
    pub(crate) fn line(&self) -> &Line {
        &self.leave.0
    }

    /// Whether the permit has ended.
    pub fn is_revoked(&self) -> bool {
        self.leave.is_revoked()
    }

    /// Resolves when the permit has ended.
    pub fn revoked(&self) -> impl Future<Output = ()> + Send {
        self.leave.revoked()
    }

    /// Waits for a seat of the account's time plan, where it has one that limits them.
    ///
    /// # Errors
    /// [`Refusal::TooManyTunnels`], or what says that the store did not answer.
    pub(crate) async fn ensure_seat(&self) -> Result<(), Refusal> {
        if self.product_type() != ProductType::DynamicTimePlan || self.line().is_seated() {
            return Ok(());
        }
        let (account, used) = (self.leave.account(), self.leave.used());
        used.seats.take(account, &used.desk).await?;
        self.line().take_seat();
        Ok(())
    }

    /// Waits until the account has traffic.
    ///
    /// # Errors
    /// Why there is none. What other gateways hold for too long counts as none; [`Denial::Contended`] says that slow
    /// clients of this one hold it, or that the store did not answer.
    pub async fn ensure_traffic(&self) -> Result<(), Denial> {
        // Those that are open already may take all there is for a while; whoever is new gets its share like them.
        if self.leave.used().allowance.is_at_its_pace() {
            return Ok(());
        }
        let mut hunger = Hunger::default();
        let source = (self.leave.account(), self.leave.used());
        let found = std::future::poll_fn(|cx| hunger.poll_reserve(cx, source, 1, Waiter::NewConnection));
        tokio::time::timeout(STORE_PATIENCE, found).await.unwrap_or(Err(Denial::Contended)).map(drop)
    }

    /// A new tab for this permit's connection. It ends with the permit too.
    pub fn tab(&self) -> Tab {
        Tab::new(self.leave.clone())
    }

    pub(crate) fn deadlines(&self) -> Guard<Arc<Deadlines>> {
        self.leave.deadlines()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.leave.0.desk.registry.leave(&self.leave.0);
        if self.leave.0.is_seated() {
            let (account, used) = (self.leave.account(), self.leave.used());
            used.seats.leave(account, &used.desk);
        }
    }
}

impl Leave {
    /// For a connection that is on the register.
    pub(crate) fn new(line: Arc<Line>) -> Self {
        // Made before the permit is out, so that a revocation finds it.
        line.account.used(&line.desk);
        Self(line)
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.0.account
    }

    pub(crate) fn line(&self) -> &Line {
        &self.0
    }

    pub(crate) fn used(&self) -> &Used {
        self.0.account.used(&self.0.desk)
    }

    /// The deadlines in force now.
    pub(crate) fn deadlines(&self) -> Guard<Arc<Deadlines>> {
        self.0.desk.deadlines.load()
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.0.is_over()
    }

    /// Resolves when it has ended.
    pub(crate) fn revoked(&self) -> Revoked<'_> {
        Revoked { line: &self.0, woken: self.used().revoked.notified() }
    }
}

pin_project_lite::pin_project! {
    /// Waits for the end of a permit. Every open tunnel has one, so it is written by hand: an `async` block is larger.
    #[derive(Debug)]
    pub(crate) struct Revoked<'l> {
        line: &'l Line,
        #[pin]
        woken: Notified<'l>,
    }
}

impl Future for Revoked<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            let woken = this.woken.as_mut().poll(cx).is_ready();
            // After it has put itself down, so that no end is missed.
            if this.line.is_over_for_sleeper() {
                return Poll::Ready(());
            }
            if !woken {
                return Poll::Pending;
            }
            this.woken.set(this.line.account.used(&this.line.desk).revoked.notified());
        }
    }
}
