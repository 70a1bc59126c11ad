//! What is found, by which spelling, and what it takes.

use proptest::prelude::*;

use super::*;

fn country(code: &str) -> &'static Country {
    atlas().country(CountryCode::parse(code).unwrap()).unwrap()
}

#[test]
fn countries_are_found_by_code_and_by_name() {
    for text in ["US", "us", "united states", "United-States", "美国"] {
        assert_eq!(atlas().find_country(text).unwrap().code.as_str(), "US", "{text}");
    }
    let china = atlas().find_country("Côte d’Ivoire").unwrap();
    assert_eq!((china.code.as_str(), china.continent, china.chinese), ("CI", "AF", "科特迪瓦"));
    for text in ["", "ZZ", "Atlantis", "亚特兰蒂斯"] {
        assert!(atlas().find_country(text).is_none(), "{text}");
    }
    assert!(!atlas().is_country(CountryCode::parse("AN").unwrap()), "it is no more");
}

#[test]
fn states_are_found_by_name_and_by_either_code() {
    for text in ["California", "CA", "ca", "US-CA", "us_ca", "CALI FORNIA"] {
        let region = atlas().find_region(country("US"), text).unwrap();
        assert_eq!((region.name, region.code), ("California", Some("CA")), "{text}");
    }
    let region = |code: &str, text: &str| atlas().find_region(country(code), text).and_then(|region| region.code);
    assert_eq!(region("DE", "Bayern"), None, "names are English");
    assert_eq!(region("DE", "Bavaria"), Some("BY"));
    assert_eq!(region("FR", "Ile de France"), Some("IDF"));
    assert_eq!(region("GB", "England"), Some("ENG"));
    assert_eq!(region("CN", "Guangdong"), Some("GD"));
    assert_eq!(region("JP", "Tokyo"), Some("13"));
    assert_eq!(region("CA", "CA-ON"), Some("ON"));
    assert_eq!(region("US", "Ontario"), None);
}

#[test]
fn most_states_have_a_code_and_those_of_big_countries_all() {
    let coded = atlas().regions.iter().filter(|region| region.code.is_some()).count();
    assert!(coded > 2_900, "{coded}");
    for code in
        ["US", "CA", "DE", "FR", "GB", "IN", "CN", "BR", "JP", "AU", "IT", "ES", "NL", "MX", "TR", "PL", "KR", "RU"]
    {
        let without: Vec<_> = atlas().regions(country(code)).iter().filter(|region| region.code.is_none()).collect();
        assert!(without.is_empty(), "{code}: {without:?}");
    }
}

#[test]
fn cities_are_found_the_biggest_first() {
    let found = |code: &str, text: &str| {
        let cities = atlas().find_cities(country(code), text);
        cities
            .iter()
            .map(|city| (city.name, atlas().region_of(city).map_or("", |region| region.name)))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("US", "los-ANGELES"), [("Los Angeles", "California")]);
    assert_eq!(found("BR", "SaoPaulo").first(), Some(&("São Paulo", "São Paulo")));
    assert_eq!(found("US", "springfield").first(), Some(&("Springfield", "Missouri")));
    assert!(found("US", "springfield").len() > 3);
    assert_eq!(found("US", "NewYorkCity"), [("New York", "New York")]);
    assert_eq!(found("MX", "Mexico").first().map(|(name, _)| *name), Some("Mexico City"));
    assert_eq!(found("SG", "Singapore"), [("Singapore", "")]);
    assert!(found("US", "Atlantis").is_empty() && found("US", "").is_empty() && found("US", "city").is_empty());
}

#[test]
fn the_biggest_city_is_the_biggest() {
    let name = |code: &str, region: Option<&Region>| atlas().biggest_city(country(code), region).map(|city| city.name);
    assert_eq!(name("US", None), Some("New York"));
    assert_eq!(name("US", atlas().find_region(country("US"), "TX")), Some("Houston"));
    assert_eq!(name("AQ", None), None);
}

#[test]
fn the_atlas_takes_little_memory() {
    let atlas = atlas();
    let bytes = size_of::<Country>() * atlas.countries.capacity()
        + size_of::<Region>() * atlas.regions.capacity()
        + size_of::<City>() * atlas.cities.capacity();
    assert!(bytes < 1_500_000, "{bytes} bytes");
    let text = COUNTRIES.len() + REGIONS.len() + CITIES.len();
    assert!(text < 1_300_000, "{text} bytes of text in the binary");
}

proptest! {
    #[test]
    fn every_city_is_found_by_every_spelling_of_its_name(index in 0_usize..33_000, noise in "[ -]{0,3}") {
        let atlas = atlas();
        let city = &atlas.cities[index];
        let country = atlas.countries.iter().find(|country| country.cities.contains(&index)).unwrap();
        for text in [city.name.to_owned(), city.spelled(), city.spelled().to_uppercase(), city.name.replace(' ', &noise)] {
            prop_assert!(atlas.find_cities(country, &text).iter().any(|found| std::ptr::eq(found, city)), "{}", text);
        }
    }

    #[test]
    fn every_state_is_found_by_its_name_and_codes(index in 0_usize..3_800) {
        let atlas = atlas();
        let region = &atlas.regions[index];
        let country = atlas.countries.iter().find(|country| country.regions.contains(&index)).unwrap();
        prop_assert_eq!(atlas.find_region(country, region.name), Some(region));
        prop_assert_eq!(atlas.find_region(country, &region.spelled()), Some(region));
        if let Some(code) = region.code {
            prop_assert_eq!(atlas.find_region(country, &format!("{}-{code}", country.code)), Some(region));
        }
    }

    #[test]
    fn no_text_is_too_strange_to_look_for(text in "\\PC{0,80}") {
        let named = |name: &str| folded(name) == folded(&text) || folded(name).map(|name| name + "city") == folded(&text);
        prop_assert!(atlas().find_cities(country("US"), &text).iter().all(|city| named(city.name) || city.name.ends_with("City")));
        prop_assert!(atlas().find_region(country("US"), &text).is_none_or(|region| region.code.is_some()));
        prop_assert!(atlas().find_country(&text).is_none_or(|country| atlas().is_country(country.code)));
    }
}
