//! One endpoint, and who may come by it: whoever is on its customer's allow list without a login, and that customer's own accounts
//! from anywhere.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use turnpike_domain::connection::Protocol;
use turnpike_domain::endpoint::EndpointEntry;
use turnpike_domain::ids::{CustomerId, EndpointId};
use turnpike_domain::login::Login;
use turnpike_domain::session::SessionKey;
use turnpike_domain::time::Timestamp;

use crate::account::Account;
use crate::admit::admit_wishes;
use crate::exits::Sticky;
use crate::line::Arrival;
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::wishes::Wishes;

/// An endpoint that lives.
#[derive(Debug)]
pub(crate) struct Tenant {
    entry: ArcSwap<EndpointEntry>,
    /// The place of its entry among the gateway's.
    place: usize,
    id: EndpointId,
    port: u16,
    ends_at: Option<Timestamp>,
    /// What traffic without a login is booked to.
    account: Arc<Account>,
    /// Cancelled at its end.
    closing: CancellationToken,
}

impl Tenant {
    pub(super) fn new(entry: EndpointEntry, place: usize, account: Arc<Account>) -> Self {
        let (id, port, ends_at) = (entry.id, entry.port, entry.ends_at);
        let closing = CancellationToken::new();
        Self { entry: ArcSwap::from_pointee(entry), place, id, port, ends_at, account, closing }
    }

    pub(crate) const fn id(&self) -> EndpointId {
        self.id
    }

    pub(super) const fn place(&self) -> usize {
        self.place
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) const fn ends_at(&self) -> Option<Timestamp> {
        self.ends_at
    }

    pub(super) const fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Takes over where it leads now. Its port and its end never change.
    pub(super) fn update(&self, entry: EndpointEntry) {
        self.entry.store(Arc::new(entry));
    }

    pub(super) fn close(&self) {
        self.closing.cancel();
    }

    /// What traffic without a login is booked to.
    pub(crate) const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    fn customer(&self) -> CustomerId {
        self.account.customer().id()
    }

    /// Whether its time is not over.
    ///
    /// # Errors
    /// [`Refusal::EndpointEnded`].
    pub(crate) fn check_open(&self) -> Result<(), Refusal> {
        if self.closing.is_cancelled() { Err(Refusal::EndpointEnded) } else { Ok(()) }
    }

    /// What is wished of the way out, whoever comes: nothing that a login says changes it.
    fn wishes(&self, front: &Front, permit: &Permit) -> Wishes {
        let entry = self.entry.load();
        let sticky = entry.ends_at.filter(|_| entry.ip.is_none()).map(|end| Sticky {
            key: SessionKey::of_endpoint(self.id, permit.product_type()),
            life: end.since(front.directory.exits().now()),
        });
        Wishes { place: entry.place.clone(), sticky, ip: entry.ip }
    }
}

/// Lets somebody in without a login, whose source is on the list.
///
/// # Errors
/// [`Refusal::Credentials`] when it is not: a login would do; [`Refusal::EndpointEnded`]; else what stands in the way.
pub(crate) fn admit_source(
    front: &Front,
    tenant: &Arc<Tenant>,
    comer: (&Arrival, Protocol),
) -> Result<Permit, Refusal> {
    tenant.check_open()?;
    let permit = front.directory.admit_listed(&tenant.account, comer).map_err(|refusal| match refusal {
        Refusal::SourceNotListed => Refusal::Credentials,
        refusal => refusal,
    })?;
    let wishes = tenant.wishes(front, &permit);
    admit_wishes(front, permit, Some(Box::new(wishes)))
}

/// Lets an account of the endpoint's customer in.
///
/// # Errors
/// [`Refusal::Credentials`], for another customer's account too; [`Refusal::EndpointEnded`]; else what stands in the way.
pub(crate) fn admit_login(
    front: &Front,
    tenant: &Arc<Tenant>,
    comer: (&Arrival, Protocol),
    (login, password): (&Login, &[u8]),
) -> Result<Permit, Refusal> {
    tenant.check_open()?;
    let permit = front.directory.admit_of(Some(tenant.customer()), login, password, comer)?;
    let wishes = tenant.wishes(front, &permit);
    admit_wishes(front, permit, Some(Box::new(wishes)))
}
