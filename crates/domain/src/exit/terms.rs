//! What an operator says of an exit, and how it is read from texts: those of a command, a request or a row of a table.

use super::{
    ExitName, ExitNameError, ExitPlace, ExitPlaceError, ExitState, LARGEST_WEIGHT, LoginTemplate, MOST_PLACES,
    Provenance, Route, RouteError, TemplateError, UpstreamPassword,
};
use crate::product::ProductType;

/// The longest note on whose an exit's addresses are, in characters.
pub const LONGEST_EVIDENCE: usize = 500;

/// What an operator says of an exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitTerms {
    /// How traffic leaves by it.
    pub route: Route,
    /// Where it is, in order and each once. Never empty.
    pub places: Vec<ExitPlace>,
    /// Whose traffic it takes, in order and each once. Never empty.
    pub product_types: Vec<ProductType>,
    /// The most connections open at once, per gateway; `None` is no limit.
    pub capacity: Option<u32>,
    /// Its share of the connections in its place, beside the others'.
    pub weight: u16,
    /// What the operator wants of it.
    pub state: ExitState,
    /// Who the addresses belong to.
    pub provenance: Provenance,
    /// A note on that: a contract, an assignment. May be empty.
    pub evidence: String,
}

/// An exit as texts that may be anything. Lists are parted by `|`; but for the name, the route and the places all may be empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExitFields<'a> {
    /// The operator's word for it.
    pub name: &'a str,
    /// As [`Route::parse`] reads it.
    pub route: &'a str,
    /// An upstream's username, as [`LoginTemplate::parse`] reads it.
    pub username: &'a str,
    /// An upstream's password.
    pub password: &'a str,
    /// As [`ExitPlace::parse`] reads them.
    pub places: &'a str,
    /// Numbers; empty means all that accounts can be of.
    pub product_types: &'a str,
    /// Empty means no limit.
    pub capacity: &'a str,
    /// Empty means 1.
    pub weight: &'a str,
    /// Empty means active.
    pub state: &'a str,
    /// Empty means owned.
    pub provenance: &'a str,
    /// A note.
    pub evidence: &'a str,
}

/// What parts lists.
pub const PARTED_BY: char = '|';

impl ExitFields<'_> {
    /// Reads an exit.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(self) -> Result<(ExitName, ExitTerms), Vec<ExitFault>> {
        let mut faults = Vec::new();
        let name = ExitName::parse(self.name).map_err(ExitFault::Name);
        let route = route(self.route, self.username, self.password);
        let places = places(self.places);
        let product_types = product_types(self.product_types);
        let capacity = limit(self.capacity);
        let weight = weight(self.weight);
        let state = word(self.state, ExitState::Active, ExitState::from_word).ok_or(ExitFault::State);
        let provenance = word(self.provenance, Provenance::Owned, Provenance::from_word).ok_or(ExitFault::Provenance);
        let evidence = evidence(self.evidence);
        let (name, route, places) = (kept(name, &mut faults), kept(route, &mut faults), kept(places, &mut faults));
        let (product_types, capacity, weight) =
            (kept(product_types, &mut faults), kept(capacity, &mut faults), kept(weight, &mut faults));
        let (state, provenance, evidence) =
            (kept(state, &mut faults), kept(provenance, &mut faults), kept(evidence, &mut faults));
        let terms = || {
            Some(ExitTerms {
                route: route?,
                places: places?,
                product_types: product_types?,
                capacity: capacity?,
                weight: weight?,
                state: state?,
                provenance: provenance?,
                evidence: evidence?,
            })
        };
        name.zip(terms()).ok_or(faults)
    }
}

fn kept<T>(read: Result<T, ExitFault>, faults: &mut Vec<ExitFault>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

/// A way out with its login.
///
/// # Errors
/// [`ExitFault`].
pub fn route(route: &str, username: &str, password: &str) -> Result<Route, ExitFault> {
    let template = (!username.is_empty()).then(|| LoginTemplate::parse(username)).transpose();
    let template = template.map_err(ExitFault::Username)?;
    let password = UpstreamPassword::new(password.to_owned()).ok_or(ExitFault::Password)?;
    Route::parse(route.trim(), template, password).map_err(ExitFault::Route)
}

/// Places parted by `|`.
///
/// # Errors
/// [`ExitFault`].
pub fn places(list: &str) -> Result<Vec<ExitPlace>, ExitFault> {
    let parts = list.split(PARTED_BY).map(str::trim).filter(|part| !part.is_empty());
    let read = |part| ExitPlace::parse(part).map_err(|error| ExitFault::Place(shortened(part), error));
    let mut places = parts.map(read).collect::<Result<Vec<_>, _>>()?;
    places.sort_unstable();
    places.dedup();
    if places.is_empty() || places.len() > MOST_PLACES { Err(ExitFault::Places) } else { Ok(places) }
}

/// Product types parted by `|`: all that accounts can be of when there are none.
///
/// # Errors
/// [`ExitFault::ProductTypes`].
pub fn product_types(list: &str) -> Result<Vec<ProductType>, ExitFault> {
    let of_accounts = |number| ProductType::from_number(number).filter(|kind| kind.takes_accounts());
    let parts = list.split(PARTED_BY).map(str::trim).filter(|part| !part.is_empty());
    let read = |part: &str| part.parse().ok().and_then(of_accounts).ok_or(ExitFault::ProductTypes);
    let mut kinds = parts.map(read).collect::<Result<Vec<_>, _>>()?;
    if kinds.is_empty() {
        kinds = ProductType::ALL.iter().copied().filter(|kind| kind.takes_accounts()).collect();
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

fn limit(text: &str) -> Result<Option<u32>, ExitFault> {
    match text.trim() {
        "" => Ok(None),
        number => number.parse().ok().filter(|most| *most > 0).map(Some).ok_or(ExitFault::Capacity),
    }
}

fn weight(text: &str) -> Result<u16, ExitFault> {
    match text.trim() {
        "" => Ok(1),
        number => number.parse().ok().filter(|share| (1..=LARGEST_WEIGHT).contains(share)).ok_or(ExitFault::Weight),
    }
}

fn word<T>(text: &str, default: T, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    match text.trim() {
        "" => Some(default),
        word => read(word),
    }
}

/// A note on whose an exit's addresses are.
///
/// # Errors
/// [`ExitFault::Evidence`].
pub fn evidence(text: &str) -> Result<String, ExitFault> {
    let text = text.trim();
    let fits = text.chars().count() <= LONGEST_EVIDENCE && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(ExitFault::Evidence) }
}

fn shortened(text: &str) -> Box<str> {
    text.chars().take(100).collect()
}

/// Why an exit is refused. Each begins with what it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExitFault {
    /// Its name.
    #[error("name: {0}")]
    Name(ExitNameError),
    /// The way out.
    #[error("route: {0}")]
    Route(RouteError),
    /// The username for an upstream.
    #[error("username: {0}")]
    Username(TemplateError),
    /// The password for an upstream.
    #[error("password: must have at most 255 bytes and no control characters")]
    Password,
    /// One of the places.
    #[error("places: {0}: {1}")]
    Place(Box<str>, ExitPlaceError),
    /// None, or too many.
    #[error("places: name 1 to {MOST_PLACES} of them")]
    Places,
    /// A country that there is not.
    #[error("places: there is no country {0}")]
    Country(crate::country::CountryCode),
    /// What no account can be of.
    #[error("product_types: must be 9, 11, 14 or 25")]
    ProductTypes,
    /// Not a number from 1.
    #[error("capacity: must be a number from 1, or empty for no limit")]
    Capacity,
    /// Not a share.
    #[error("weight: must be 1 to {LARGEST_WEIGHT}")]
    Weight,
    /// Not a state.
    #[error("state: must be active, draining, maintenance or down")]
    State,
    /// Not a provenance.
    #[error("provenance: must be owned or contracted")]
    Provenance,
    /// Too long, or with line breaks.
    #[error("evidence: must have at most {LONGEST_EVIDENCE} characters and no control characters")]
    Evidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: ExitFields<'_> = ExitFields {
        name: "acme-us",
        route: "socks5://proxy.example:1080",
        username: "u-{cc}",
        password: "secret",
        places: "US/California/LosAngeles|US/Texas",
        product_types: "11|9",
        capacity: "10",
        weight: "5",
        state: "draining",
        provenance: "contracted",
        evidence: "contract 7",
    };

    #[test]
    fn an_exit_is_read_from_texts() {
        let (name, terms) = GOOD.read().unwrap();
        assert_eq!((name.as_str(), terms.route.to_string()), ("acme-us", GOOD.route.to_owned()));
        assert_eq!(terms.product_types, [ProductType::DynamicTraffic, ProductType::DynamicTimePlan]);
        assert_eq!((terms.capacity, terms.weight, terms.state), (Some(10), 5, ExitState::Draining));
        assert_eq!((terms.provenance, terms.places.len()), (Provenance::Contracted, 2));
    }

    #[test]
    fn only_name_route_and_places_must_be_said() {
        let (_, terms) =
            ExitFields { name: "a", route: "direct", places: "DE", ..ExitFields::default() }.read().unwrap();
        assert_eq!((terms.product_types.len(), terms.capacity, terms.weight), (4, None, 1));
        assert_eq!((terms.state, terms.provenance), (ExitState::Active, Provenance::Owned));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let faults = ExitFields {
            name: " ",
            route: "eth0",
            places: "Narnia",
            product_types: "3",
            capacity: "0",
            weight: "1001",
            state: "up",
            provenance: "borrowed",
            evidence: "a\nb",
            ..ExitFields::default()
        };
        let told: Vec<_> = faults.read().unwrap_err().iter().map(ToString::to_string).collect();
        let about: Vec<_> = told.iter().map(|fault| fault.split_once(':').unwrap().0).collect();
        assert_eq!(
            about,
            ["name", "route", "places", "product_types", "capacity", "weight", "state", "provenance", "evidence"],
        );
    }
}
