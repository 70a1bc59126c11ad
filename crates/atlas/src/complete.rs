//! What operators leave out or write in their own way: codes, a city's state, blanks and accents.

use turnpike_domain::exit::{self, ExitPlace};

use crate::atlas::{Atlas, City, Country, Region};
use crate::spelling::spelled;

impl Atlas {
    /// A place as customers read it: names in the atlas' spelling, the state's code, and the state of a city that is in
    /// one only. A state or city that the atlas does not know is kept, in ASCII where it can be; so is a country.
    pub fn complete(&self, place: &ExitPlace) -> ExitPlace {
        let Some(country) = self.country(place.country) else { return place.clone() };
        let city = place.city.as_deref().and_then(|city| self.city_named(country, place.region.as_ref(), city));
        let region = match &place.region {
            Some(region) => Some(self.region_named(country, region)),
            None => city.and_then(|city| self.region_of(city)).map(told),
        };
        let city = place.city.as_deref().map(|name| city.map_or_else(|| plain(name), |city| city.spelled().into()));
        ExitPlace { country: place.country, region, city }
    }

    /// The city of a name: in a state, or in the only one that has such a city.
    fn city_named(&self, country: &Country, region: Option<&exit::Region>, name: &str) -> Option<&City> {
        let mut found = self.find_cities(country, name).iter();
        match region {
            Some(region) => {
                let region = self.find_region(country, &region.name)?;
                found.find(|city| self.region_of(city) == Some(region))
            }
            None => found.next().filter(|_| found.next().is_none()),
        }
    }

    fn region_named(&self, country: &Country, region: &exit::Region) -> exit::Region {
        let by_code = || region.code.as_deref().and_then(|code| self.find_region(country, code));
        match self.find_region(country, &region.name).or_else(by_code) {
            Some(known) => told(known),
            None => exit::Region { name: plain(&region.name), code: region.code.clone() },
        }
    }
}

fn told(region: &Region) -> exit::Region {
    exit::Region { name: region.spelled().into(), code: region.code.map(Into::into) }
}

/// A name in ASCII, or as it is when nothing of it would be left.
fn plain(name: &str) -> Box<str> {
    let plain = spelled(name);
    if plain.is_empty() { name.into() } else { plain.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use turnpike_domain::place::{PlaceName, PlaceWish};

    use super::*;
    use crate::atlas;

    fn completed(text: &str) -> (String, Option<String>) {
        let place = atlas().complete(&ExitPlace::parse(text).unwrap());
        let code = place.region.as_ref().and_then(|region| region.code.as_deref()).map(str::to_owned);
        (place.to_string(), code)
    }

    #[test]
    fn codes_names_and_states_are_filled_in() {
        for (text, expected, code) in [
            ("us", "US", None),
            ("US/ca", "US/California", Some("CA")),
            ("US/us-ca/los angeles", "US/California/LosAngeles", Some("CA")),
            ("US//Los Angeles", "US/California/LosAngeles", Some("CA")),
            ("US//Springfield", "US//Springfield", None),
            ("US/Illinois/springfield", "US/Illinois/Springfield", Some("IL")),
            ("US/NY/NewYorkCity", "US/NewYork/NewYork", Some("NY")),
            ("BR/São Paulo/São Paulo", "BR/SaoPaulo/SaoPaulo", Some("SP")),
            ("SG//singapore", "SG//Singapore", None),
            ("US/Texas/Nowhere Crossing", "US/Texas/NowhereCrossing", Some("TX")),
            ("US/Absaroka", "US/Absaroka", None),
            ("DE//Düsseldorf", "DE/NorthRhine-Westphalia/Dusseldorf", Some("NW")),
            ("DE//Bärenklau", "DE//Barenklau", None),
        ] {
            assert_eq!(completed(text), (expected.to_owned(), code.map(str::to_owned)), "{text}");
        }
    }

    proptest! {
        /// Whoever wished the place as it was written gets it as it is completed, and completing is done once.
        #[test]
        fn completing_loses_no_wish(index in 0_usize..33_000) {
            let united = atlas().country("US".parse().unwrap()).unwrap();
            let cities = atlas().cities(united);
            let city = &cities[index % cities.len()];
            let region = atlas().region_of(city).unwrap();
            let mut place = ExitPlace::parse(&format!("US/{}", region.code.unwrap())).unwrap();
            place.city = Some(city.name.into());
            let full = atlas().complete(&place);
            let name = |text: &str| PlaceName::parse(text).ok();
            for state in [region.name, region.code.unwrap()] {
                let wish = PlaceWish { country: name("us"), state: name(state), city: name(&city.spelled()) };
                prop_assert!(full.serves(&wish), "{} {}", full, city.name);
            }
            prop_assert_eq!(atlas().complete(&full), full);
        }
    }
}
