//! An exit as it is kept.

use std::net::IpAddr;

use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::{
    ExitName, ExitPlace, ExitState, ExitTerms, LoginTemplate, Provenance, Region, Route, UpstreamPassword,
};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use super::{Exit, ExitCheck, corrupt};
use crate::error::StoreError;

#[derive(sqlx::FromRow)]
pub(super) struct ExitRow {
    id: i64,
    name: String,
    route: String,
    username: Option<String>,
    password_sealed: Option<Vec<u8>>,
    places: String,
    product_types: String,
    capacity: Option<i64>,
    weight: i64,
    state: i64,
    provenance: i64,
    evidence: String,
    created_at: i64,
    checked_at: Option<i64>,
    seen: Option<String>,
    fault: Option<String>,
}

impl TryFrom<ExitRow> for Exit {
    type Error = StoreError;

    fn try_from(row: ExitRow) -> Result<Self, StoreError> {
        let id = row.id;
        let checked = row.checked();
        Ok(Self {
            id: ExitId::new(id),
            name: ExitName::parse(&row.name).map_err(|_| corrupt(id, "name"))?,
            terms: ExitTerms {
                route: route(id, &row.route, row.username.as_deref())?,
                places: places(id, &row.places)?,
                product_types: product_types(id, &row.product_types)?,
                capacity: row.capacity.map(u32::try_from).transpose().map_err(|_| corrupt(id, "capacity"))?,
                weight: u16::try_from(row.weight).map_err(|_| corrupt(id, "weight"))?,
                state: ExitState::from_number(row.state).ok_or(corrupt(id, "state"))?,
                provenance: Provenance::from_number(row.provenance).ok_or(corrupt(id, "provenance"))?,
                evidence: row.evidence,
            },
            password_sealed: row.password_sealed,
            created_at: Timestamp::from_ms(row.created_at),
            checked: checked?,
        })
    }
}

impl ExitRow {
    fn checked(&self) -> Result<Option<ExitCheck>, StoreError> {
        let Some(at) = self.checked_at else { return Ok(None) };
        let seen = self.seen.as_deref().map(str::parse::<IpAddr>).transpose();
        let seen = seen.map_err(|_| corrupt(self.id, "seen"))?;
        Ok(Some(ExitCheck { at: Timestamp::from_ms(at), seen, fault: self.fault.clone() }))
    }
}

fn route(id: i64, text: &str, username: Option<&str>) -> Result<Route, StoreError> {
    let username = username.map(LoginTemplate::parse).transpose().map_err(|_| corrupt(id, "username"))?;
    Route::parse(text, username, UpstreamPassword::default()).map_err(|_| corrupt(id, "route"))
}

pub(super) fn places(id: i64, list: &str) -> Result<Vec<ExitPlace>, StoreError> {
    type Place = (CountryCode, Option<Box<str>>, Option<Box<str>>, Option<Box<str>>);
    let places: Vec<Place> = serde_json::from_str(list).map_err(|_| corrupt(id, "places"))?;
    let read = |(country, region, code, city): Place| {
        let region = region.map(|name| Region { name, code });
        ExitPlace { country, region, city }
    };
    Ok(places.into_iter().map(read).collect())
}

pub(super) fn product_types(id: i64, list: &str) -> Result<Vec<ProductType>, StoreError> {
    serde_json::from_str(list).map_err(|_| corrupt(id, "product_types"))
}
