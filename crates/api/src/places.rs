//! The places that exits serve now: cities, states, countries (contract §4, §8). The lists come from memory.

mod lists;
mod rows;

use std::sync::Arc;

use turnpike_atlas::atlas;
use turnpike_domain::account::Username;
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_domain::product::ProductType;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::envelope::ListOf;
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::kept::Kept;

use lists::List;
pub(crate) use lists::PlaceLists;
pub(crate) use rows::{CountryAreas, CountryCities, CountryStates, ServedCountry};

/// Whose places are listed when no account is named.
const TYPE: ProductType = ProductType::DynamicTraffic;

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $act:ident, $list:ident;)*) => {$(
        #[derive(ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {}

        impl Wish for $name {
            fn read(_: &mut Fields<'_>) -> Option<Self> {
                Some(Self {})
            }
        }

        pub(crate) async fn $act(caller: Caller, _: $name) -> Result<Arc<Kept>, ApiError> {
            lists::tell(&caller, List::$list, TYPE).await
        }
    )*};
}

lists! {
    /// Lists the cities that exits serve now, by country: these spellings work in `cc`, `state` and `city`, and in
    /// usernames of the gateway. A country of which no city is known has no items. Without an exit that serves traffic
    /// of type 9 the list is empty.
    #[schema(title = "Cities")]
    ListCities = cities, Cities;
    /// Lists the states and provinces that exits serve now, by country. A country of which no state is known has no items.
    #[schema(title = "States")]
    ListStates = states, States;
    /// Lists the countries that exits serve now.
    #[schema(title = "Countries")]
    ListCountries = countries, Countries;
}

macro_rules! lists_of_accounts {
    ($($(#[$doc:meta])* $name:ident = $act:ident, $list:ident;)*) => {$(
        #[derive(ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {
            /// The name of an account of the caller.
            #[schema(value_type = String, example = "user01")]
            username: Username,
        }

        impl Wish for $name {
            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                let names = fields.names();
                let username = fields.required("username", |given| fields::username(given, names));
                Some(Self { username: username? })
            }
        }

        pub(crate) async fn $act(caller: Caller, wish: $name) -> Result<Arc<Kept>, ApiError> {
            let product_type = caller.service.account_type(caller.customer, &wish.username).await?;
            lists::tell(&caller, List::$list, product_type).await
        }
    )*};
}

lists_of_accounts! {
    /// Lists the cities that an account can be served in now, by country, as dynamic-citys does.
    #[schema(title = "Cities of an account")]
    ListAccountCities = cities_of_account, Cities;
    /// Lists the states and provinces that an account can be served in now, by country, as dynamic-states does.
    #[schema(title = "States of an account")]
    ListAccountStates = states_of_account, States;
    /// Lists all areas that an account can be served in now, by country: each state by itself, followed by its cities.
    #[schema(title = "Areas of an account")]
    ListAccountAreas = areas_of_account, Areas;
}

/// Lists the cities of a state that exits serve now.
#[derive(ToSchema)]
#[schema(title = "Cities of a state")]
pub(crate) struct SearchCities {
    /// The country: its code, or its name in English or Chinese.
    #[schema(value_type = String, example = "US")]
    country_code: PlaceName,
    /// The state: its name, or its ISO code.
    #[schema(value_type = String, example = "California")]
    state: PlaceName,
}

impl Wish for SearchCities {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let country_code = fields.required("country_code", fields::place);
        let state = fields.required("state", fields::place);
        Some(Self { country_code: country_code?, state: state? })
    }
}

pub(crate) async fn search_cities(caller: Caller, wish: SearchCities) -> Result<ListOf<String>, ApiError> {
    let SearchCities { country_code, state } = wish;
    found(&caller, wish_in(&country_code, Some(state)), rows::city_names).await
}

/// Lists the states and provinces of a country that exits serve now.
#[derive(ToSchema)]
#[schema(title = "States of a country")]
pub(crate) struct SearchStates {
    /// The country: its code, or its name in English or Chinese.
    #[schema(value_type = String, example = "US")]
    country_code: PlaceName,
}

impl Wish for SearchStates {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { country_code: fields.required("country_code", fields::place)? })
    }
}

pub(crate) async fn search_states(caller: Caller, wish: SearchStates) -> Result<ListOf<String>, ApiError> {
    found(&caller, wish_in(&wish.country_code, None), rows::state_names).await
}

/// A country and a state of it; `None` when there is no such country.
fn wish_in(country: &PlaceName, state: Option<PlaceName>) -> Option<PlaceWish> {
    let country = atlas().find_country(country.as_str())?;
    Some(PlaceWish { country: PlaceName::parse(country.code.as_str()).ok(), state, city: None })
}

/// Names in the places that a wish is served in; what is not served has none.
async fn found(
    caller: &Caller,
    wish: Option<PlaceWish>,
    names: fn(&[turnpike_domain::exit::ExitPlace], &PlaceWish) -> Vec<String>,
) -> Result<ListOf<String>, ApiError> {
    let served = caller.service.served_places().await?;
    Ok(ListOf { list: wish.map(|wish| names(served.of(TYPE), &wish)).unwrap_or_default() })
}
