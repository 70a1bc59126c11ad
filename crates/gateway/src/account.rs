//! One proxy account as the gateway holds it. An idle one is small; what only a used one needs is made at first use.

use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use turnpike_domain::account::Username;
use turnpike_domain::directory::AccountEntry;
use turnpike_domain::ids::AccountId;
use turnpike_domain::product::ProductType;
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::units::LimitGb;

use crate::allowance::Allowance;
use crate::customer::Customer;
use crate::seats::Seats;
use crate::teller::desk::Desk;

/// One live account.
#[derive(Debug)]
pub(crate) struct Account {
    id: AccountId,
    username: Username,
    customer: Arc<Customer>,
    facts: ArcSwap<Facts>,
    /// Rises whenever open permits end.
    epoch: AtomicU64,
    /// Rises whenever anything of it changes.
    revision: AtomicU64,
    used: OnceLock<Box<Used>>,
}

/// What can change about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) password: PasswordMac,
    pub(crate) enabled: bool,
    product_type: ProductType,
    limit: LimitGb,
    daily_limit: LimitGb,
}

/// What only an account that was used needs.
#[derive(Debug)]
pub(crate) struct Used {
    /// Wakes idle tunnels whose permit has ended.
    pub(crate) revoked: Notify,
    pub(crate) allowance: Allowance,
    pub(crate) seats: Seats,
    pub(crate) desk: Arc<Desk>,
}

impl Account {
    /// The type of package that it draws on.
    pub(crate) fn product_type(&self) -> ProductType {
        self.facts.load().product_type
    }

    pub(crate) fn new(entry: &AccountEntry, customer: Arc<Customer>) -> Self {
        Self {
            id: entry.id,
            username: entry.username,
            customer,
            facts: ArcSwap::from_pointee(Facts::of(entry)),
            epoch: AtomicU64::new(0),
            revision: AtomicU64::new(0),
            used: OnceLock::new(),
        }
    }

    pub(crate) const fn id(&self) -> AccountId {
        self.id
    }

    pub(crate) const fn username(&self) -> &Username {
        &self.username
    }

    pub(crate) const fn customer(&self) -> &Arc<Customer> {
        &self.customer
    }

    pub(crate) fn facts(&self) -> arc_swap::Guard<Arc<Facts>> {
        self.facts.load()
    }

    /// What a used account needs, made now if this is its first use.
    pub(crate) fn used(&self, desk: &Arc<Desk>) -> &Used {
        self.used.get_or_init(|| {
            let (allowance, seats) = (Allowance::new(), Seats::default());
            Box::new(Used { revoked: Notify::new(), allowance, seats, desk: Arc::clone(desk) })
        })
    }

    /// What a used account needs; `None` when it was never used.
    pub(crate) fn if_used(&self) -> Option<&Used> {
        // Pairs with the fence in `Line::is_over_for_sleeper`: whoever misses the other's store has its own seen.
        fence(Ordering::SeqCst);
        self.used.get().map(Box::as_ref)
    }

    /// Which permits are good now. Read it before [`Account::facts`], so that a change between the two ends the permit.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Whether permits of that epoch have ended.
    pub(crate) fn is_past(&self, epoch: u64) -> bool {
        self.epoch.load(Ordering::Acquire) != epoch
    }

    /// What a remembered refusal of traffic depends on.
    pub(crate) fn revision(&self) -> (u64, i64) {
        (self.revision.load(Ordering::Acquire), self.customer.packages_version())
    }

    /// Takes over what the store says now, and ends what that no longer allows.
    pub(crate) fn update(self: &Arc<Self>, entry: &AccountEntry) {
        let new = Facts::of(entry);
        let old = self.facts.swap(Arc::new(new.clone()));
        self.revision.fetch_add(1, Ordering::Release);
        if old.password != new.password || (old.enabled && !new.enabled) {
            self.revoke();
        } else if old.limits() != new.limits() {
            self.recall();
        }
    }

    /// The account is gone. Whoever has looked it up before finds it disabled.
    pub(crate) fn end(self: &Arc<Self>) {
        let last = Facts { enabled: false, ..Facts::clone(&self.facts.load()) };
        self.facts.store(Arc::new(last));
        self.revoke();
    }

    /// Ends all open permits and takes back unused leases.
    pub(crate) fn revoke(self: &Arc<Self>) {
        self.epoch.fetch_add(1, Ordering::Release);
        self.wake_tunnels();
        self.recall();
    }

    /// Makes every tunnel look whether it may go on.
    pub(crate) fn wake_tunnels(&self) {
        if let Some(used) = self.if_used() {
            used.revoked.notify_waiters();
        }
    }

    /// Takes back unused leases; open tunnels ask for new ones.
    fn recall(self: &Arc<Self>) {
        if let Some(used) = self.if_used() {
            used.allowance.recall();
            used.desk.report_soon(self, &used.allowance);
        }
    }
}

impl Facts {
    const fn of(entry: &AccountEntry) -> Self {
        Self {
            password: entry.password,
            enabled: entry.enabled,
            product_type: entry.product_type,
            limit: entry.limit,
            daily_limit: entry.daily_limit,
        }
    }

    /// What leases were cut by.
    const fn limits(&self) -> (ProductType, LimitGb, LimitGb) {
        (self.product_type, self.limit, self.daily_limit)
    }
}
