//! How what is said of an exit is read.

use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::{
    ExitName, ExitPlace, ExitState, LARGEST_WEIGHT, LoginTemplate, MOST_PLACES, Provenance, UpstreamPassword, terms,
};
use turnpike_domain::product::ProductType;

use crate::members::Given;
use crate::read;

/// The longest way out, in characters.
const LONGEST_ROUTE: usize = 300;

pub(super) fn name(given: Given<'_>) -> Result<ExitName, String> {
    ExitName::parse(read::text(given)?).map_err(|error| error.to_string())
}

/// Whether it is one is known only together with its login.
pub(super) fn route(given: Given<'_>) -> Result<String, String> {
    read::line(given, 1..=LONGEST_ROUTE)
}

/// An upstream's username; empty for none.
pub(super) fn username(given: Given<'_>) -> Result<String, String> {
    let text = read::line(given, 0..=LoginTemplate::LONGEST)?;
    if !text.is_empty() {
        LoginTemplate::parse(&text).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

/// An upstream's password; empty for none.
pub(super) fn password(given: Given<'_>) -> Result<String, String> {
    let text = read::text(given)?.to_owned();
    let password = UpstreamPassword::new(text).map(|password| password.reveal().to_owned());
    password.ok_or_else(|| "must have at most 255 bytes and no control characters".to_owned())
}

pub(super) fn places(given: Given<'_>) -> Result<Vec<ExitPlace>, String> {
    let place = |given: Given<'_>| ExitPlace::parse(read::text(given)?).map_err(|error| error.to_string());
    let places = read::all(given, MOST_PLACES, place)?;
    if places.is_empty() { Err("must hold at least one".to_owned()) } else { Ok(places) }
}

pub(super) fn product_types(given: Given<'_>) -> Result<Vec<ProductType>, String> {
    let mut types = read::all(given, 100, |given| read::product_type(given, ProductType::takes_accounts))?;
    types.sort_unstable();
    types.dedup();
    if types.is_empty() { Err("must hold at least one".to_owned()) } else { Ok(types) }
}

/// `null` for no limit.
pub(super) fn capacity(given: Given<'_>) -> Result<Option<u32>, String> {
    if given.value.is_null() {
        return Ok(None);
    }
    read::count(given, 1..=read::HIGHEST_LIMIT).map(Some)
}

pub(super) fn weight(given: Given<'_>) -> Result<u16, String> {
    let weight = read::integer(given, 1..=i64::from(LARGEST_WEIGHT))?;
    u16::try_from(weight).map_err(|_| "is too large".to_owned())
}

pub(super) fn state(given: Given<'_>) -> Result<ExitState, String> {
    let words = || ExitState::ALL.iter().map(|state| state.word()).collect::<Vec<_>>().join(", ");
    ExitState::from_word(read::text(given)?).ok_or_else(|| format!("must be one of {}", words()))
}

pub(super) fn provenance(given: Given<'_>) -> Result<Provenance, String> {
    Provenance::from_word(read::text(given)?).ok_or_else(|| "must be owned or contracted".to_owned())
}

pub(super) fn evidence(given: Given<'_>) -> Result<String, String> {
    let text = read::line(given, 0..=terms::LONGEST_EVIDENCE)?;
    terms::evidence(&text).map_err(|error| error.to_string())
}

pub(super) fn country(given: Given<'_>) -> Result<CountryCode, String> {
    CountryCode::parse(read::text(given)?).map_err(|error| error.to_string())
}

/// The kinds of ways out, by their words.
pub(crate) const KINDS: [&str; 5] = ["direct", "address", "prefix", "http", "socks5"];

pub(super) fn kind(given: Given<'_>) -> Result<&'static str, String> {
    let word = read::text(given)?;
    let found = KINDS.into_iter().find(|kind| *kind == word);
    found.ok_or_else(|| format!("must be one of {}", KINDS.join(", ")))
}
