//! What is offered to somebody who wishes a place that no exit serves: the nearest that is. Anybody with a login can ask for any
//! place, so few places are compared for an answer, and answers are kept.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use turnpike_atlas::atlas;
use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::{ExitPlace, Shelf};
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;

use super::pool::Pool;
use crate::refusal::Refusal;

/// The most places that are compared; of more, as many are, evenly chosen.
const MOST_COMPARED: usize = 1_000;
/// The most answers that are kept.
const MOST_KEPT: usize = 1_000;

impl Pool {
    /// What somebody is told who wishes a place that no exit serves.
    pub(crate) fn not_served(&self, product_type: ProductType, wish: &PlaceWish) -> Refusal {
        let nearest = self.shelf(product_type).and_then(|there| self.offers.nearest((product_type, there), wish));
        Refusal::PlaceNotServed { nearest }
    }
}

/// Answers that were given, as long as exits neither come nor go.
#[derive(Debug, Default)]
pub(super) struct Offers(Mutex<HashMap<(ProductType, PlaceWish), Offer>>);

/// The nearest place; `None` when nobody knows.
type Offer = Option<Box<str>>;

impl Offers {
    /// The nearest place to a wish that is on the shelf; `None` when nothing is, or nobody knows where the wish is.
    pub(super) fn nearest(&self, (product_type, there): (ProductType, &Shelf), wish: &PlaceWish) -> Offer {
        let key = (product_type, wish.clone());
        if let Some(kept) = self.0.lock().get(&key) {
            return kept.clone();
        }
        let nearest = compared(there, wish);
        let mut kept = self.0.lock();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, nearest.clone());
        nearest
    }
}

fn compared(shelf: &Shelf, wish: &PlaceWish) -> Offer {
    let in_country = in_country(shelf.places(), wish);
    let candidates = if in_country.is_empty() { shelf.places() } else { in_country };
    let step = candidates.len().div_ceil(MOST_COMPARED).max(1);
    let nearest = atlas().nearest(wish, candidates.iter().step_by(step).map(|place| &**place))?;
    Some(nearest.to_string().into())
}

/// The stretch of these places, which stand in order, that is in the country that was named.
fn in_country<'p>(places: &'p [Arc<ExitPlace>], wish: &PlaceWish) -> &'p [Arc<ExitPlace>] {
    let named = wish.country.as_ref().and_then(|country| CountryCode::parse(country.as_str()).ok());
    let Some(country) = named else { return &[] };
    let begin = places.partition_point(|place| place.country < country);
    let end = places.partition_point(|place| place.country <= country);
    places.get(begin..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use turnpike_domain::exit::Stand;
    use turnpike_domain::place::PlaceName;

    use super::*;

    fn shelf(places: impl IntoIterator<Item = String>) -> Shelf {
        let stand = |(exit, place): (u32, String)| Stand {
            exit,
            place: Arc::new(ExitPlace::parse(&place).unwrap()),
            weight: 1,
        };
        Shelf::of((0..).zip(places).map(stand).collect())
    }

    fn wish(country: &str, state: &str, city: &str) -> PlaceWish {
        let [country, state, city] = [country, state, city].map(|name| PlaceName::parse(name).ok());
        PlaceWish { country, state, city }
    }

    #[test]
    fn the_nearest_of_the_country_is_offered_and_else_the_nearest_of_all() {
        let shelf = shelf(["CA/Quebec/Montreal", "US/California/SanDiego", "US/Texas/Austin"].map(str::to_owned));
        let offers = Offers::default();
        let offer = |wish: &PlaceWish| offers.nearest((ProductType::DynamicTraffic, &shelf), wish);
        for _ in 0..2 {
            let angeles = wish("us", "California", "Los Angeles");
            assert_eq!(offer(&angeles).as_deref(), Some("US/California/SanDiego"));
            assert_eq!(offer(&wish("MX", "", "")).as_deref(), Some("US/Texas/Austin"));
            assert_eq!(offer(&wish("ZZ", "", "")), None);
        }
        assert_eq!(offers.0.lock().len(), 3);
    }

    #[test]
    fn whoever_asks_for_more_and_more_places_takes_no_more_memory() {
        let (shelf, offers) = (shelf(["US/Texas/Austin".to_owned()]), Offers::default());
        for number in 0..=MOST_KEPT {
            let city = wish("us", "", &format!("Nowhere{number}"));
            assert_eq!(
                offers.nearest((ProductType::DynamicTraffic, &shelf), &city).as_deref(),
                Some("US/Texas/Austin")
            );
        }
        assert!(offers.0.lock().len() <= MOST_KEPT);
    }
}
