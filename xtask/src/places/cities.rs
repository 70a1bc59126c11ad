//! Cities of 15,000 inhabitants and more, from GeoNames.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::regions::{Region, folded};
use super::sources::{Sources, members, text};

pub(super) const ABOUT: &str = "Cities of 15,000 inhabitants and more: GeoNames (CC BY 4.0).";

/// Cities, by GeoNames' number, that customers know under another name.
const RENAMED: [(&str, &str); 2] = [("5128581", "New York"), ("2886242", "Cologne")];

/// A line of the table.
pub(super) struct City {
    country: String,
    region: String,
    name: String,
    inhabitants: u64,
    latitude: i64,
    longitude: i64,
}

impl fmt::Display for City {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { country, region, name, inhabitants, latitude, longitude } = self;
        write!(f, "{country}\t{region}\t{name}\t{inhabitants}\t{latitude}\t{longitude}")
    }
}

/// The table's lines: by country, then by what their names are found by, the biggest first. Of those of one name in one state
/// only the biggest is there.
pub(super) fn rows(sources: &Sources, countries: &[&str], regions: &[Region]) -> Result<Vec<City>> {
    let known = sources.cities()?;
    let regions: HashSet<_> = regions.iter().map(|region| (region.country.as_str(), region.key.as_str())).collect();
    let mut rows = Vec::new();
    for (number, city) in members(&known)? {
        let country = text(city, "countrycode")?;
        if !countries.contains(&country) {
            continue;
        }
        let region = text(city, "admin1code")?;
        let region = if regions.contains(&(country, region)) { region } else { "" };
        let renamed = RENAMED.iter().find(|(renamed, _)| renamed == number).map(|(_, name)| *name);
        let name = renamed.map_or_else(|| text(city, "name"), Ok)?;
        rows.push(City {
            country: country.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            inhabitants: city.get("population").and_then(Value::as_u64).context("a city has inhabitants")?,
            latitude: hundredths(city, "latitude")?,
            longitude: hundredths(city, "longitude")?,
        });
    }
    rows.sort_by_cached_key(|city| {
        let City { country, region, name, inhabitants, .. } = city;
        (country.clone(), folded(name), u64::MAX.saturating_sub(*inhabitants), region.clone(), name.clone())
    });
    let mut seen = HashSet::new();
    rows.retain(|city| seen.insert((city.country.clone(), city.region.clone(), folded(&city.name))));
    Ok(rows)
}

/// A number of degrees in hundredths, rounded.
fn hundredths(city: &Value, key: &str) -> Result<i64> {
    let degrees = city.get(key).and_then(Value::as_f64).with_context(|| format!("a city has no {key}"))?;
    rounded(&degrees.to_string()).with_context(|| format!("{degrees} is no {key}"))
}

fn rounded(degrees: &str) -> Option<i64> {
    let (is_negative, size) = degrees.strip_prefix('-').map_or((false, degrees), |size| (true, size));
    let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
    let thousandths: i64 = format!("{whole}{fraction:0<3.3}").parse().ok()?;
    let hundredths = thousandths.checked_add(5)?.checked_div(10)?;
    Some(if is_negative { hundredths.checked_neg()? } else { hundredths })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_rounded_away_from_nothing() {
        for (degrees, expected) in [
            ("42.50729", 4251),
            ("-118.24368", -11824),
            ("7", 700),
            ("0.005", 1),
            ("-0.005", -1),
            ("1.5", 150),
            ("0.00001", 0),
        ] {
            assert_eq!(rounded(degrees), Some(expected), "{degrees}");
        }
        assert_eq!(rounded("east"), None);
    }
}
