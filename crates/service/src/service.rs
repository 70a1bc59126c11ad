//! The service: a handle on the store and on all that acts need beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use turnpike_domain::activity::KEPT_FOR;
use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::time::Timestamp;
use turnpike_store::{Store, Tx, customer};

use crate::bindings::Bindings;
use crate::check_exit::ExitRules;
use crate::coupon_guesses::CouponGuesses;
use crate::error::ServiceError;
use crate::extraction::{ExtractionRules, Extractions};
use crate::keys::Keys;
use crate::log_in::LoginThrottle;
use crate::login_password::LoginPasswords;
use crate::once::Underway;
use crate::places::Places;
use crate::quota::Quotas;
use crate::served_places::ServedMemory;
use crate::shop::ShopSettings;
use crate::source::{Random, Source};
use crate::static_ip_rules::StaticIpRules;
use crate::vault::Vault;

/// After how long without contact gateways refuse new connections, unless configured otherwise, in milliseconds.
const STALENESS_MS: u64 = 300_000;

/// Everything that can be done. Clones share it.
#[derive(Clone)]
pub struct Service {
    pub(crate) store: Store,
    pub(crate) shared: Arc<Shared>,
    pub(crate) quotas: Quotas,
}

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) vault: Vault,
    pub(crate) login_passwords: LoginPasswords,
    pub(crate) login_throttle: LoginThrottle,
    pub(crate) coupon_guesses: CouponGuesses,
    pub(crate) zone: Zone,
    lease_policy: RwLock<LeasePolicy>,
    static_ip_rules: RwLock<StaticIpRules>,
    pub(crate) shop: RwLock<Arc<ShopSettings>>,
    pub(crate) exit_rules: RwLock<ExitRules>,
    extraction_rules: RwLock<Arc<ExtractionRules>>,
    /// Who has extracted how often.
    pub(crate) extractions: Extractions,
    /// Who waits for gateways to listen on ports.
    pub(crate) bindings: Bindings,
    /// Requests under an idempotency key.
    pub(crate) underway: Underway,
    /// How far gateways have applied the feed.
    pub(crate) places: Places,
    /// Where customers are served.
    pub(crate) served: ServedMemory,
    staleness_ms: AtomicU64,
    /// For how long it is kept what became of connections.
    pub(crate) activity_kept_ms: AtomicI64,
    source: Source,
}

impl Service {
    /// Over an open store. `zone` is the one in which days begin.
    pub fn new(store: Store, keys: Keys, zone: Zone, lease_policy: LeasePolicy, source: Source) -> Self {
        let shared = Shared {
            vault: Vault::new(keys),
            login_passwords: LoginPasswords::new(),
            login_throttle: LoginThrottle::new(),
            coupon_guesses: CouponGuesses::default(),
            zone,
            lease_policy: RwLock::new(lease_policy),
            static_ip_rules: RwLock::default(),
            shop: RwLock::default(),
            exit_rules: RwLock::default(),
            extraction_rules: RwLock::default(),
            extractions: Extractions::default(),
            bindings: Bindings::default(),
            underway: Underway::default(),
            places: Places::default(),
            served: ServedMemory::default(),
            staleness_ms: AtomicU64::new(STALENESS_MS),
            activity_kept_ms: AtomicI64::new(KEPT_FOR.ms()),
            source,
        };
        Self { store, shared: Arc::new(shared), quotas: Quotas::default() }
    }

    /// The same service, whose acts only show what they would do: they run under every rule and constraint, and are
    /// undone at their end. Nothing is written, audited or announced.
    #[must_use]
    pub fn rehearsing(&self) -> Self {
        Self { store: self.store.rehearsing(), ..self.clone() }
    }

    /// The zone in which days begin.
    pub fn zone(&self) -> &Zone {
        &self.shared.zone
    }

    /// How leases are cut now.
    pub(crate) fn lease_policy(&self) -> LeasePolicy {
        self.shared.lease_policy.read().clone()
    }

    /// Cuts leases otherwise from now on; those that are granted stay as they are. Validity and grace must not change
    /// while gateways hold leases that were granted under others.
    pub fn set_lease_policy(&self, policy: LeasePolicy) {
        *self.shared.lease_policy.write() = policy;
    }

    /// What holds for static IPs now.
    pub(crate) fn static_ip_rules(&self) -> StaticIpRules {
        *self.shared.static_ip_rules.read()
    }

    /// Says what holds for static IPs from now on.
    pub fn set_static_ip_rules(&self, rules: StaticIpRules) {
        *self.shared.static_ip_rules.write() = rules;
    }

    /// What holds for extraction now.
    pub(crate) fn extraction_rules(&self) -> Arc<ExtractionRules> {
        Arc::clone(&self.shared.extraction_rules.read())
    }

    /// Says what holds for extraction from now on. Endpoints that live stay as they are.
    pub fn set_extraction_rules(&self, rules: ExtractionRules) {
        self.shared.extractions.set_pace(rules.pace);
        *self.shared.extraction_rules.write() = Arc::new(rules);
    }

    /// After how long without contact gateways refuse new connections; receipts do not wait for those.
    pub(crate) fn staleness(&self) -> Duration {
        Duration::from_millis(self.shared.staleness_ms.load(Ordering::Relaxed))
    }

    /// Says after how long without contact gateways refuse new connections. 300 s unless told.
    pub fn set_staleness(&self, staleness: Duration) {
        let ms = u64::try_from(staleness.as_millis()).unwrap_or(u64::MAX);
        self.shared.staleness_ms.store(ms, Ordering::Relaxed);
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.shared.source.clock.now()
    }

    /// The source of what nobody can guess.
    pub(crate) fn random(&self) -> &dyn Random {
        &*self.shared.source.random
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Refuses a number that is no customer's.
pub(crate) async fn require_customer(tx: &mut Tx, id: CustomerId) -> Result<(), ServiceError> {
    customer::by_id(tx, id).await?.map(drop).ok_or(ServiceError::NoSuchCustomer)
}

/// Refuses whom the operator has not verified (contract §0.4, code 156).
pub(crate) async fn require_verified(tx: &mut Tx, id: CustomerId) -> Result<customer::Customer, ServiceError> {
    let customer = customer::by_id(tx, id).await?.ok_or(ServiceError::NoSuchCustomer)?;
    if customer.verified { Ok(customer) } else { Err(ServiceError::Unverified) }
}

/// Refuses whom the operator has suspended.
pub(crate) async fn require_unsuspended(tx: &mut Tx, id: CustomerId) -> Result<(), ServiceError> {
    let customer = customer::by_id(tx, id).await?.ok_or(ServiceError::NoSuchCustomer)?;
    if customer.suspended { Err(ServiceError::Suspended) } else { Ok(()) }
}

/// Refuses whoever may not change anything: not verified, or suspended.
pub(crate) async fn require_active(tx: &mut Tx, id: CustomerId) -> Result<(), ServiceError> {
    if require_verified(tx, id).await?.suspended { Err(ServiceError::Suspended) } else { Ok(()) }
}
