//! Extracting endpoints: ports of the gateway that are a session each (contract §4, `ip/v3`).

mod replace;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::time::Instant;
use turnpike_domain::endpoint::{EntryName, LARGEST_BATCH, LONGEST_LIFE_MINUTES, SHORTEST_LIFE_MINUTES};
use turnpike_domain::ids::{CustomerId, EndpointBatchId, EndpointId};
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::endpoint::{self, Ports, Tenancy};
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, account, allow_list, audit, customer_profile, exit, package};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::extraction::Entry;
use crate::service::{Service, require_active};
use crate::source::draw;

/// What endpoints draw on and whose exits they leave by.
pub(crate) const PRODUCT_TYPE: ProductType = ProductType::DynamicTraffic;
/// How long a gateway has to listen on the ports.
const BOUND_WITHIN: Duration = Duration::from_secs(5);

/// What endpoints are wished for.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// Whence the call came: it must be on the customer's allow list.
    pub source: IpAddr,
    /// Where the exits shall be.
    pub place: PlaceWish,
    /// How many; more than [`LARGEST_BATCH`] counts as that.
    pub count: u32,
    /// For how long, in minutes; what is out of range counts as the nearest that is not.
    pub life_minutes: u32,
    /// Under which entry.
    pub entry: Option<EntryName>,
}

/// An extraction with all that is drawn for it.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) service: Service,
    pub(super) customer: CustomerId,
    pub(super) wish: Extraction,
    pub(super) batch: EndpointBatchId,
    /// Whether exits serve the place.
    pub(super) is_served: bool,
    pub(super) name: EntryName,
    pub(super) entry: Entry,
    pub(super) now: Timestamp,
    pub(super) ends_at: Timestamp,
}

impl Service {
    /// Gives out ports, and waits until a gateway listens on them: fewer than wished when fewer are free, or the customer may have
    /// fewer.
    ///
    /// # Errors
    /// [`ServiceError::ExtractedTooOften`]; [`ServiceError::Unverified`]; [`ServiceError::Suspended`];
    /// [`ServiceError::SourceNotListed`]; [`ServiceError::NoTraffic`]; [`ServiceError::PlaceNotServed`];
    /// [`ServiceError::NoFreePort`]; [`ServiceError::EntryUnserved`] when no gateway listens in time.
    pub async fn extract(&self, customer: CustomerId, wish: Extraction) -> Result<Vec<(Ipv4Addr, u16)>, ServiceError> {
        let now = self.now();
        self.shared.extractions.admit(customer, now).map_err(|wait| ServiceError::ExtractedTooOften { wait })?;
        let (name, entry) = self.extraction_rules().entry(wish.entry.as_ref());
        let minutes = wish.life_minutes.clamp(SHORTEST_LIFE_MINUTES, LONGEST_LIFE_MINUTES);
        let ends_at = now.plus(Span::from_secs(i64::from(minutes).saturating_mul(60)));
        let is_served = self.served_places().await?.of(PRODUCT_TYPE).iter().any(|place| place.serves(&wish.place));
        let until = Instant::now() + BOUND_WITHIN;
        let waiting = self.await_batch();
        let work =
            Work { service: self.clone(), customer, wish, batch: waiting.batch, is_served, name, entry, now, ends_at };
        let given = self.store.write(work.clone(), |work, tx| Box::pin(give(work, tx))).await?;
        let ports = self.listening(work, given, (waiting, until)).await?;
        Ok(ports.into_iter().map(|port| (entry.address, port)).collect())
    }
}

async fn give(work: &Work, tx: &mut Tx) -> Result<Vec<(EndpointId, u16)>, ServiceError> {
    let Work { customer, wish, now, .. } = work;
    require_active(tx, *customer).await?;
    if !allow_list::lists(tx, *customer, wish.source).await? {
        return Err(ServiceError::SourceNotListed(wish.source));
    }
    if !package::has_usable(tx, *customer, PRODUCT_TYPE, *now).await? {
        return Err(ServiceError::NoTraffic);
    }
    let by_host = wish.place.is_anywhere() && !exit::are_there_any(tx).await?;
    if !(work.is_served || by_host) {
        return Err(ServiceError::PlaceNotServed);
    }
    let given = allot(work, wish.count.min(LARGEST_BATCH), tx).await?;
    if given.is_empty() {
        return Err(ServiceError::NoFreePort);
    }
    let detail = format!("{} of {} until {}{}", given.len(), work.name, work.ends_at.ms(), told(&wish.place));
    audit::insert(tx, &Actor::Customer(*customer).did("endpoint.extract", *customer, detail, *now)).await?;
    Ok(given)
}

/// Gives out free ports, as many as the customer may still have.
pub(super) async fn allot(work: &Work, count: u32, tx: &mut Tx) -> Result<Vec<(EndpointId, u16)>, ServiceError> {
    let Work { service, customer, wish, batch, name, entry, now, ends_at, .. } = work;
    endpoint::lock_entry(tx, name).await?;
    customer_profile::lock_quotas(tx, *customer).await?;
    let live = endpoint::count_extracted(tx, *customer, *now).await?;
    let most = service.extraction_rules().most_live.saturating_sub(live).min(count);
    let (account, is_new) = account::nameless(tx, *customer, PRODUCT_TYPE, *now).await.map_err(look_again)?;
    endpoint::open_batch(tx, *batch, *now).await?;
    let ports = Ports { entry: name.clone(), range: entry.ports, shuffle: service.shuffle() };
    let tenancy = Tenancy { customer: *customer, account, product_type: PRODUCT_TYPE, batch: *batch, created_at: *now };
    let given = endpoint::allot(tx, &ports, &tenancy, (&wish.place, *ends_at), most).await.map_err(look_again)?;
    if is_new {
        tx.announce(Changed::Account(account), *now);
    }
    tx.announce(Changed::Endpoints(*batch), *now);
    Ok(given)
}

impl Service {
    /// The order in which ports are taken.
    pub(crate) fn shuffle(&self) -> (i64, i64) {
        let [factor, summand]: [u16; 2] = std::array::from_fn(|_| u16::from_be_bytes(draw(self.random())));
        (i64::from(factor) + 1, i64::from(summand))
    }
}

/// A place, for the audit.
fn told(place: &PlaceWish) -> String {
    let names = [&place.country, &place.state, &place.city];
    let words: Vec<_> = names.into_iter().flatten().map(PlaceName::as_str).collect();
    if words.is_empty() { String::new() } else { format!(" in {}", words.join("/")) }
}
