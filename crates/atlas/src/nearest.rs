//! Which of the places that can be served lies nearest to one that cannot.

use turnpike_domain::exit::ExitPlace;
use turnpike_domain::place::{PlaceName, PlaceWish};

use crate::atlas::{Atlas, City, Country, Region};
use crate::globe::Point;

/// The most places whose distance is measured for one answer, so that asking stays cheap. Of more, as many are
/// measured, evenly chosen.
const MOST_MEASURED: usize = 2_000;

/// A wish, as far as the atlas knows its places.
struct Wanted<'a> {
    country: &'a Country,
    region: Option<&'a Region>,
    at: Option<Point>,
}

impl Atlas {
    /// Of the places that are served, the one to offer to somebody who wishes another: in the same state, else in the
    /// same country, else anywhere; the nearest there, by cities: a place without one is where the biggest of its state
    /// or country is. `None` when nothing is served, or the atlas does not know where the wish is.
    pub fn nearest<'a>(
        &self,
        wish: &PlaceWish,
        served: impl IntoIterator<Item = &'a ExitPlace, IntoIter: Clone>,
    ) -> Option<&'a ExitPlace> {
        let wanted = self.understand(wish)?;
        let anywhere = served.into_iter();
        let in_country = anywhere.clone().filter(|place| place.country == wanted.country.code);
        let in_state = in_country.clone().filter(|place| {
            let named = place.region.as_ref().and_then(|region| self.find_region(wanted.country, &region.name));
            wanted.region.is_some() && named == wanted.region
        });
        let nearby = self.closest(&wanted, in_state).or_else(|| self.closest(&wanted, in_country));
        nearby.or_else(|| self.closest(&wanted, anywhere))
    }

    fn understand<'a>(&'a self, wish: &PlaceWish) -> Option<Wanted<'a>> {
        let city_name = wish.city.as_ref().map(PlaceName::as_str);
        let country = match &wish.country {
            Some(country) => self.find_country(country.as_str())?,
            None => self.country_of_city(city_name?)?,
        };
        let region = wish.state.as_ref().and_then(|state| self.find_region(country, state.as_str()));
        let city = city_name.and_then(|name| self.city_in(country, region, name));
        let region = region.or_else(|| city.and_then(|city| self.region_of(city)));
        let at = city.or_else(|| self.biggest_city(country, region)).map(|city| city.at);
        Some(Wanted { country, region, at })
    }

    /// The country with the biggest city of that name.
    fn country_of_city(&self, name: &str) -> Option<&Country> {
        let biggest = |country: &&Country| self.find_cities(country, name).first().map(|city| city.inhabitants);
        self.countries().iter().filter(|country| biggest(country).is_some()).max_by_key(biggest)
    }

    /// The biggest city of that name, in the state if one is named.
    fn city_in(&self, country: &Country, region: Option<&Region>, name: &str) -> Option<&City> {
        let mut found = self.find_cities(country, name).iter();
        found.find(|city| region.is_none() || self.region_of(city) == region)
    }

    fn closest<'a>(
        &self,
        wanted: &Wanted<'_>,
        places: impl Iterator<Item = &'a ExitPlace> + Clone,
    ) -> Option<&'a ExitPlace> {
        let step = places.clone().count().div_ceil(MOST_MEASURED).max(1);
        places.step_by(step).min_by_key(|place| apart(wanted, self.city_near(place)))
    }

    /// The city that tells where a place is: its own, or the biggest of its state or country.
    fn city_near(&self, place: &ExitPlace) -> Option<&City> {
        let country = self.country(place.country)?;
        let region = place.region.as_ref().and_then(|region| self.find_region(country, &region.name));
        let own = place.city.as_deref().and_then(|name| self.city_in(country, region, name));
        own.or_else(|| self.biggest_city(country, region))
    }
}

/// How far a city is from what is wanted; what is not known is farthest.
fn apart(wanted: &Wanted<'_>, city: Option<&City>) -> u64 {
    wanted.at.zip(city).map_or(u64::MAX, |(at, city)| at.apart(city.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atlas;

    fn nearest(wish: [&str; 3], served: &[&str]) -> Option<String> {
        let [country, state, city] = wish.map(|text| PlaceName::parse(text).ok());
        let served: Vec<_> = served.iter().map(|text| ExitPlace::parse(text).unwrap()).collect();
        atlas().nearest(&PlaceWish { country, state, city }, &served).map(ToString::to_string)
    }

    #[test]
    fn the_same_state_comes_before_the_same_country_and_that_before_what_is_near() {
        let served =
            ["CA/BritishColumbia/Vancouver", "US/Florida/Miami", "US/Oregon/Portland", "US/Washington/Spokane"];
        for (wish, expected) in [
            (["US", "Washington", "Seattle"], "US/Washington/Spokane"),
            (["US", "wa", ""], "US/Washington/Spokane"),
            (["US", "", "Seattle"], "US/Washington/Spokane"),
            (["US", "Idaho", "Boise"], "US/Washington/Spokane"),
            (["US", "California", ""], "US/Oregon/Portland"),
            (["US", "Georgia", ""], "US/Florida/Miami"),
            (["US", "Hawaii", ""], "US/Oregon/Portland"),
            (["MX", "", ""], "US/Florida/Miami"),
            (["", "", "Calgary"], "CA/BritishColumbia/Vancouver"),
            (["BR", "", ""], "US/Florida/Miami"),
        ] {
            assert_eq!(nearest(wish, &served).as_deref(), Some(expected), "{wish:?}");
        }
    }

    #[test]
    fn a_country_is_where_its_biggest_city_is() {
        let served = ["JP", "DE/Berlin/Berlin", "FR", "AU"];
        for (country, expected) in
            [("KR", "JP"), ("NZ", "AU"), ("BE", "FR"), ("PL", "DE/Berlin/Berlin"), ("PT", "FR"), ("ID", "AU")]
        {
            assert_eq!(nearest([country, "", ""], &served).as_deref(), Some(expected), "{country}");
        }
    }

    #[test]
    fn many_places_are_measured_in_part() {
        let bavaria: Vec<_> = (0..MOST_MEASURED * 3).map(|number| format!("DE/Bavaria/Dorf{number}")).collect();
        let served: Vec<_> = bavaria.iter().map(String::as_str).chain(["US"]).collect();
        assert!(nearest(["AT", "", ""], &served).unwrap().starts_with("DE/Bavaria/"));
    }

    #[test]
    fn nothing_is_offered_for_what_is_nowhere_or_when_nothing_is_served() {
        assert_eq!(nearest(["ZZ", "", ""], &["US"]), None);
        assert_eq!(nearest(["", "", "Nephelokokkygia"], &["US"]), None);
        assert_eq!(nearest(["", "", ""], &["US"]), None);
        assert_eq!(nearest(["US", "", ""], &[]), None);
        assert_eq!(nearest(["US", "Texas", "Nowhere"], &["US/Iowa", "US/Texas"]).as_deref(), Some("US/Texas"));
    }
}
