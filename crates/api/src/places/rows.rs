//! Places as customers read them, made of the places of exits, which are in order.

use std::collections::BTreeSet;

use serde::Serialize;
use turnpike_atlas::atlas;
use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::ExitPlace;
use turnpike_domain::place::PlaceWish;
use utoipa::ToSchema;

/// A country that is served.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServedCountry {
    /// The country's code, as static-ip-region names it.
    #[schema(value_type = String, example = "US")]
    code: CountryCode,
    #[schema(example = "美国")]
    name_zh_cn: &'static str,
    #[schema(example = "United States")]
    name_en: &'static str,
    #[schema(example = "NA")]
    continent_code: &'static str,
    /// The country's code once more, as the other lists name it.
    #[schema(value_type = String, example = "US")]
    country_code: CountryCode,
}

macro_rules! countries {
    ($($(#[$doc:meta])* $name:ident of $item:ident, $items:ident;)*) => {$(
        #[derive(Serialize, ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {
            #[schema(example = "美国")]
            name_zh_cn: &'static str,
            #[schema(example = "United States")]
            name_en: &'static str,
            /// AF, AN, AS, EU, NA, OC or SA.
            #[schema(example = "NA")]
            continent_code: &'static str,
            #[schema(value_type = String, example = "US")]
            country_code: CountryCode,
            #[schema(inline)]
            items: Vec<$item>,
        }

        impl $name {
            /// The list.
            pub(super) fn list(places: &[ExitPlace]) -> Vec<Self> {
                let country = |(code, places): (CountryCode, &[ExitPlace])| {
                    let Told { name_zh_cn, name_en, continent_code } = told(code);
                    let items = $items(places).into_iter().map(|item| $item::of(item, code, continent_code)).collect();
                    Self { name_zh_cn, name_en, continent_code, country_code: code, items }
                };
                by_country(places).map(country).collect()
            }
        }
    )*};
}

countries! {
    /// A country and its cities.
    CountryCities of CityItem, cities;
    /// A country and its states.
    CountryStates of StateItem, states;
    /// A country, and its states each with its cities.
    CountryAreas of AreaItem, areas;
}

/// A city.
#[derive(Serialize, ToSchema)]
pub(crate) struct CityItem {
    #[schema(example = "LosAngeles")]
    city: String,
    /// The state or province that it is in; empty where there is none.
    #[schema(example = "California")]
    state: String,
    #[schema(example = "NA")]
    continent_code: &'static str,
    #[schema(value_type = String, example = "US")]
    country_code: CountryCode,
}

/// A state or province.
#[derive(Serialize, ToSchema)]
pub(crate) struct StateItem {
    #[schema(example = "California")]
    state: String,
    #[schema(example = "NA")]
    continent_code: &'static str,
    #[schema(value_type = String, example = "US")]
    country_code: CountryCode,
}

/// A state, or a city.
#[derive(Serialize, ToSchema)]
pub(crate) struct AreaItem {
    /// Empty for a state as a whole.
    #[schema(example = "LosAngeles")]
    city: String,
    /// Empty for a city of a country without states.
    #[schema(example = "California")]
    state: String,
    #[schema(example = "NA")]
    continent_code: &'static str,
    #[schema(value_type = String, example = "US")]
    country_code: CountryCode,
}

impl CityItem {
    fn of((state, city): (&str, &str), country_code: CountryCode, continent_code: &'static str) -> Self {
        Self { city: city.to_owned(), state: state.to_owned(), continent_code, country_code }
    }
}

impl StateItem {
    fn of(state: &str, country_code: CountryCode, continent_code: &'static str) -> Self {
        Self { state: state.to_owned(), continent_code, country_code }
    }
}

impl AreaItem {
    fn of((state, city): (&str, &str), country_code: CountryCode, continent_code: &'static str) -> Self {
        Self { city: city.to_owned(), state: state.to_owned(), continent_code, country_code }
    }
}

impl ServedCountry {
    /// The list.
    pub(super) fn list(places: &[ExitPlace]) -> Vec<Self> {
        let country = |(code, _): (CountryCode, &[ExitPlace])| {
            let Told { name_zh_cn, name_en, continent_code } = told(code);
            Self { code, name_zh_cn, name_en, continent_code, country_code: code }
        };
        by_country(places).map(country).collect()
    }
}

/// What is told of a country.
struct Told {
    name_zh_cn: &'static str,
    name_en: &'static str,
    continent_code: &'static str,
}

/// What the atlas says; exits are in countries that it knows.
fn told(code: CountryCode) -> Told {
    atlas().country(code).map_or(Told { name_zh_cn: "", name_en: "", continent_code: "" }, |country| Told {
        name_zh_cn: country.chinese,
        name_en: country.english,
        continent_code: country.continent,
    })
}

fn by_country(places: &[ExitPlace]) -> impl Iterator<Item = (CountryCode, &[ExitPlace])> {
    let stretches = places.chunk_by(|one, next| one.country == next.country);
    stretches.filter_map(|stretch| Some((stretch.first()?.country, stretch)))
}

/// States and cities, each once and in order.
fn cities(places: &[ExitPlace]) -> BTreeSet<(&str, &str)> {
    places.iter().map(|place| (place.state(), place.city())).filter(|(_, city)| !city.is_empty()).collect()
}

fn states(places: &[ExitPlace]) -> BTreeSet<&str> {
    places.iter().map(ExitPlace::state).filter(|state| !state.is_empty()).collect()
}

fn areas(places: &[ExitPlace]) -> BTreeSet<(&str, &str)> {
    states(places).into_iter().map(|state| (state, "")).chain(cities(places)).collect()
}

/// The names of states in places that serve a wish.
pub(super) fn state_names(places: &[ExitPlace], wish: &PlaceWish) -> Vec<String> {
    let serving = places.iter().filter(|place| place.serves(wish)).map(ExitPlace::state);
    let names: BTreeSet<_> = serving.filter(|state| !state.is_empty()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The names of cities in places that serve a wish.
pub(super) fn city_names(places: &[ExitPlace], wish: &PlaceWish) -> Vec<String> {
    let serving = places.iter().filter(|place| place.serves(wish)).map(ExitPlace::city);
    let names: BTreeSet<_> = serving.filter(|city| !city.is_empty()).collect();
    names.into_iter().map(str::to_owned).collect()
}
