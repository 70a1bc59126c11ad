//! Where an exit is, spelled as customers read it (contract §4), and every spelling it answers to.

use serde::{Deserialize, Serialize};

use crate::country::{CountryCode, CountryError};
use crate::place::{PlaceError, PlaceName, PlaceWish};

/// A place: a country, and as far as it is known the state and the city. Written `US/California/LosAngeles`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExitPlace {
    /// The country.
    pub country: CountryCode,
    /// The state or province; `None` where it is not known, or the country has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The city, in English without blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Box<str>>,
}

/// A state or province.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Region {
    /// Its name, in English without blanks.
    pub name: Box<str>,
    /// What follows the country in its ISO 3166-2 code: `CA` of `US-CA`; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Box<str>>,
}

impl ExitPlace {
    /// Reads `COUNTRY[/State[/City]]`; a state may be left empty. Names are kept as they are, without blanks.
    ///
    /// # Errors
    /// [`ExitPlaceError`].
    pub fn parse(text: &str) -> Result<Self, ExitPlaceError> {
        let mut parts = text.split('/');
        let country = CountryCode::parse(parts.next().unwrap_or_default().trim())?;
        let [region, city] =
            [parts.next(), parts.next()].map(|part| part.map(str::trim).filter(|part| !part.is_empty()));
        if parts.next().is_some() {
            return Err(ExitPlaceError::Parts);
        }
        let region = region.map(spelled).transpose()?.map(|name| Region { name, code: None });
        Ok(Self { country, region, city: city.map(spelled).transpose()? })
    }

    /// Only its country.
    pub const fn of_country(country: CountryCode) -> Self {
        Self { country, region: None, city: None }
    }

    /// The state's name, as written to customers; empty where there is none.
    pub fn state(&self) -> &str {
        self.region.as_ref().map_or("", |region| &region.name)
    }

    /// The city's name, as written to customers; empty where there is none.
    pub fn city(&self) -> &str {
        self.city.as_deref().unwrap_or("")
    }

    /// Every spelling of the state: its name, and its ISO code with and without the country.
    pub fn state_spellings(&self) -> Vec<PlaceName> {
        let Some(Region { name, code }) = &self.region else { return Vec::new() };
        let full = code.as_ref().map(|code| format!("{}-{code}", self.country));
        let spellings = [Some(&**name), code.as_deref(), full.as_deref()];
        let mut names: Vec<_> =
            spellings.into_iter().flatten().filter_map(|text| PlaceName::parse(text).ok()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether somebody who wishes that is served here.
    pub fn serves(&self, wish: &PlaceWish) -> bool {
        let named = |text: &str, wish: &PlaceName| PlaceName::parse(text).is_ok_and(|name| name == *wish);
        wish.country.as_ref().is_none_or(|country| named(self.country.as_str(), country))
            && wish.state.as_ref().is_none_or(|state| self.state_spellings().contains(state))
            && wish.city.as_ref().is_none_or(|city| named(self.city(), city))
    }
}

/// A name as customers write it: without blanks.
fn spelled(name: &str) -> Result<Box<str>, ExitPlaceError> {
    PlaceName::parse(name)?;
    let spelled: String = name.chars().filter(|character| !character.is_whitespace()).collect();
    if spelled.contains(['_', '/', '|', ',']) {
        return Err(ExitPlaceError::Character);
    }
    Ok(spelled.into())
}

impl std::fmt::Display for ExitPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.region, &self.city) {
            (None, None) => write!(f, "{}", self.country),
            (Some(region), None) => write!(f, "{}/{}", self.country, region.name),
            (_, Some(city)) => write!(f, "{}/{}/{city}", self.country, self.state()),
        }
    }
}

/// Why a text is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExitPlaceError {
    /// The country.
    #[error("the country {0}")]
    Country(#[from] CountryError),
    /// The state or the city.
    #[error("a name {0}")]
    Name(#[from] PlaceError),
    /// Signs that logins and lists of places are parted by.
    #[error("a name must not hold _ / | or ,")]
    Character,
    /// More than three parts.
    #[error("write COUNTRY, COUNTRY/State or COUNTRY/State/City")]
    Parts,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> ExitPlace {
        ExitPlace::parse(text).unwrap()
    }

    fn wish(country: &str, state: &str, city: &str) -> PlaceWish {
        let name = |text: &str| PlaceName::parse(text).ok();
        PlaceWish { country: name(country), state: name(state), city: name(city) }
    }

    #[test]
    fn a_place_reads_what_it_writes() {
        for text in ["US", "US/California", "US/California/LosAngeles", "SG//Singapore"] {
            assert_eq!(place(text).to_string(), text);
        }
        assert_eq!(place("us/North Carolina/New Bern").to_string(), "US/NorthCarolina/NewBern");
        assert_eq!(place("US//").to_string(), "US");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        assert!(matches!(ExitPlace::parse(""), Err(ExitPlaceError::Country(_))));
        assert!(matches!(ExitPlace::parse("USA"), Err(ExitPlaceError::Country(_))));
        assert_eq!(ExitPlace::parse("US/a/b/c"), Err(ExitPlaceError::Parts));
        assert_eq!(ExitPlace::parse("US/a_b"), Err(ExitPlaceError::Character));
        assert_eq!(ExitPlace::parse("US/--"), Err(ExitPlaceError::Name(PlaceError::Empty)));
    }

    #[test]
    fn every_spelling_is_served_and_no_other_place() {
        let mut angeles = place("US/California/LosAngeles");
        angeles.region.as_mut().unwrap().code = Some("CA".into());
        for (country, state, city) in [
            ("", "", ""),
            ("us", "", ""),
            ("US", "california", ""),
            ("US", "ca", ""),
            ("US", "us-ca", "los angeles"),
            ("", "", "Los-Ángeles"),
        ] {
            assert!(angeles.serves(&wish(country, state, city)), "{country} {state} {city}");
        }
        for (country, state, city) in [("CA", "", ""), ("US", "Texas", ""), ("US", "CA", "SanDiego"), ("", "us", "")] {
            assert!(!angeles.serves(&wish(country, state, city)), "{country} {state} {city}");
        }
    }
}
