//! The places that exits serve now, by whose traffic they take. Kept in memory, and read anew after the feed told of exits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use turnpike_domain::account::Username;
use turnpike_domain::exit::ExitPlace;
use turnpike_domain::ids::{CustomerId, FeedSeq};
use turnpike_domain::product::ProductType;
use turnpike_store::account::details;
use turnpike_store::{Tx, exit, feed};

use crate::error::ServiceError;
use crate::service::Service;

/// Places, each once and in order, by the type of the accounts that are served there. Without any made exit there are none.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ServedPlaces {
    by_type: BTreeMap<ProductType, Vec<ExitPlace>>,
}

impl ServedPlaces {
    /// Where accounts of a type are served.
    pub fn of(&self, product_type: ProductType) -> &[ExitPlace] {
        self.by_type.get(&product_type).map_or(&[], Vec::as_slice)
    }

    fn gathered(stretches: Vec<(Vec<ExitPlace>, Vec<ProductType>)>) -> Self {
        let mut by_type: BTreeMap<_, BTreeSet<ExitPlace>> = BTreeMap::new();
        for (places, types) in stretches {
            for product_type in types {
                by_type.entry(product_type).or_default().extend(places.iter().cloned());
            }
        }
        let sorted = by_type.into_iter().map(|(product_type, places)| (product_type, places.into_iter().collect()));
        Self { by_type: sorted.collect() }
    }
}

/// What this process knows of them.
#[derive(Default)]
pub(crate) struct ServedMemory {
    known: Mutex<Option<Known>>,
    /// Held by whoever asks the store, so that all others wait for what comes of it.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Known {
    /// Nothing in the feed up to there makes them others.
    upto: Option<FeedSeq>,
    places: Arc<ServedPlaces>,
}

impl Service {
    /// Where customers are served now, as far as this process has heard. The same `Arc` as long as nothing changes.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn served_places(&self) -> Result<Arc<ServedPlaces>, ServiceError> {
        if let Some(places) = self.places_if_current() {
            return Ok(places);
        }
        let _asking = self.shared.served.asking.lock().await;
        if let Some(places) = self.places_if_current() {
            return Ok(places);
        }
        let before = self.shared.served.known.lock().clone();
        let known = self.store.snapshot(async |tx| read(tx, before).await).await?;
        *self.shared.served.known.lock() = Some(known.clone());
        Ok(known.places)
    }

    /// The type of a customer's account of that name.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], or the store's.
    pub async fn account_type(&self, customer: CustomerId, name: &Username) -> Result<ProductType, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| details::by_name(tx, customer, name).await).await?;
        found.map(|account| account.product_type).ok_or(ServiceError::NotFound(*name))
    }

    fn places_if_current(&self) -> Option<Arc<ServedPlaces>> {
        let known = self.shared.served.known.lock();
        let known = known.as_ref().filter(|known| known.upto >= self.store.newest_news())?;
        Some(Arc::clone(&known.places))
    }
}

/// What is known then; what is the same as before is the same in memory.
async fn read(tx: &mut Tx, before: Option<Known>) -> Result<Known, ServiceError> {
    let upto = feed::reach(tx).await?.newest;
    let Some(before) = before else {
        return Ok(Known { upto, places: Arc::new(ServedPlaces::gathered(exit::served(tx).await?)) });
    };
    if !feed::exits_changed(tx, before.upto).await? {
        return Ok(Known { upto, places: before.places });
    }
    let places = ServedPlaces::gathered(exit::served(tx).await?);
    let places = if places == *before.places { before.places } else { Arc::new(places) };
    Ok(Known { upto, places })
}
