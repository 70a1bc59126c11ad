//! Lists of places that are kept as they were told last, until other places are served.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use turnpike_domain::exit::ExitPlace;
use turnpike_domain::product::ProductType;
use turnpike_service::ServedPlaces;

use super::rows::{CountryAreas, CountryCities, CountryStates, ServedCountry};
use crate::call::Caller;
use crate::envelope::{ListOf, Success, Written};
use crate::error::ApiError;
use crate::kept::Kept;
use crate::language::Language;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum List {
    Cities,
    States,
    Areas,
    Countries,
}

/// A list, of whom, and in which language its message is. There are a few of each, so what is kept is bounded.
type Wanted = (List, ProductType, usize);

/// What was told, and of which places.
type Told = (Arc<ServedPlaces>, Arc<Kept>);

/// The lists.
#[derive(Default)]
pub(crate) struct PlaceLists {
    kept: Mutex<HashMap<Wanted, Told>>,
    /// Held by whoever writes a list, so that all others wait for what comes of it.
    writing: tokio::sync::Mutex<()>,
}

impl PlaceLists {
    /// What is kept, if it is of these places.
    fn current(&self, wanted: Wanted, served: &Arc<ServedPlaces>) -> Option<Arc<Kept>> {
        let kept = self.kept.lock();
        kept.get(&wanted).filter(|(of, _)| Arc::ptr_eq(of, served)).map(|(_, kept)| Arc::clone(kept))
    }
}

/// The list of what is served now.
pub(super) async fn tell(caller: &Caller, list: List, product_type: ProductType) -> Result<Arc<Kept>, ApiError> {
    let (lists, success, language) = (&caller.desk.place_lists, caller.desk.success, caller.desk.language);
    let served = caller.service.served_places().await?;
    let wanted = (list, product_type, language.place());
    if let Some(kept) = lists.current(wanted, &served) {
        return Ok(kept);
    }
    let _writing = lists.writing.lock().await;
    if let Some(kept) = lists.current(wanted, &served) {
        return Ok(kept);
    }
    let places = Arc::clone(&served);
    // Tens of thousands of places take a thread for a while.
    let write = move || list.write(places.of(product_type), success, language);
    let kept = Arc::new(tokio::task::spawn_blocking(write).await.map_err(|_| ApiError::Internal)?);
    lists.kept.lock().insert(wanted, (served, Arc::clone(&kept)));
    Ok(kept)
}

impl List {
    fn write(self, places: &[ExitPlace], success: Success, language: Language) -> Kept {
        Kept::of(match self {
            Self::Cities => Written::success(success, &ListOf { list: CountryCities::list(places) }, language),
            Self::States => Written::success(success, &ListOf { list: CountryStates::list(places) }, language),
            Self::Areas => Written::success(success, &ListOf { list: CountryAreas::list(places) }, language),
            Self::Countries => Written::success(success, &ListOf { list: ServedCountry::list(places) }, language),
        })
    }
}
