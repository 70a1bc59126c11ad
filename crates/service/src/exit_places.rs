//! What the atlas says of exits' places.

use turnpike_atlas::atlas;
use turnpike_domain::exit::{ExitFault, ExitPlace, ExitTerms};

/// The same with its places as customers read them: in the atlas' spelling, with the states' codes.
///
/// # Errors
/// [`ExitFault::Country`], when one is in a country that there is not.
pub(crate) fn completed(mut terms: ExitTerms) -> Result<ExitTerms, ExitFault> {
    terms.places = completed_places(&terms.places)?;
    Ok(terms)
}

/// Places as customers read them, in order and each once.
///
/// # Errors
/// [`ExitFault::Country`], when one is in a country that there is not.
pub(crate) fn completed_places(places: &[ExitPlace]) -> Result<Vec<ExitPlace>, ExitFault> {
    if let Some(unknown) = places.iter().find(|place| !atlas().is_country(place.country)) {
        return Err(ExitFault::Country(unknown.country));
    }
    let mut places: Vec<_> = places.iter().map(|place| atlas().complete(place)).collect();
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// Those of the places whose state or city is in no atlas, as it may be: customers find them by exactly that name.
pub fn unknown_places(places: &[ExitPlace]) -> Vec<&ExitPlace> {
    places.iter().filter(|place| !is_known(place)).collect()
}

fn is_known(place: &ExitPlace) -> bool {
    let Some(country) = atlas().country(place.country) else { return false };
    let region = place.region.as_ref().map(|region| atlas().find_region(country, &region.name));
    let Some(city) = &place.city else { return region.is_none_or(|known| known.is_some()) };
    let mut cities = atlas().find_cities(country, city).iter();
    match region {
        None => cities.next().is_some(),
        Some(None) => false,
        Some(Some(region)) => cities.any(|city| atlas().region_of(city) == Some(region)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(list: &str) -> Vec<ExitPlace> {
        turnpike_domain::exit::terms::places(list).unwrap()
    }

    #[test]
    fn places_are_completed_and_each_is_there_once() {
        let completed = completed_places(&places("US/CA/los angeles|US/California/LosAngeles|SG")).unwrap();
        let told: Vec<_> = completed.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["SG", "US/California/LosAngeles"]);
        assert_eq!(completed[1].region.as_ref().unwrap().code.as_deref(), Some("CA"));
        assert_eq!(completed_places(&completed).unwrap(), completed);
        assert!(matches!(completed_places(&places("US|XQ")), Err(ExitFault::Country(_))));
    }

    #[test]
    fn what_no_atlas_knows_is_told() {
        let given = places("US|US/California|US/California/LosAngeles|US/Texas/LosAngelesNope|US/Narnia|SG//Singapore");
        let unknown: Vec<_> = unknown_places(&given).into_iter().map(ToString::to_string).collect();
        assert_eq!(unknown, ["US/Narnia", "US/Texas/LosAngelesNope"]);
    }
}
