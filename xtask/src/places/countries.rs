//! Countries: GeoNames' codes and continents, CLDR's names.

use std::fmt;

use anyhow::Result;

use super::sources::{Sources, members, text};

pub(super) const ABOUT: &str = "Codes and continents: GeoNames (CC BY 4.0). Names: Unicode CLDR (Unicode-3.0).";

/// Countries that are no more.
const GONE: [&str; 2] = ["AN", "CS"];
/// Countries whose short name is the one in use; that of the United States is `US`.
const SHORT: [&str; 3] = ["HK", "MO", "PS"];

/// A line of the table.
pub(super) struct Country {
    pub(super) code: String,
    continent: String,
    english: String,
    chinese: String,
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, continent, english, chinese } = self;
        write!(f, "{code}\t{continent}\t{english}\t{chinese}")
    }
}

/// The table's lines, by code.
pub(super) fn rows(sources: &Sources) -> Result<Vec<Country>> {
    let (known, english, chinese) = (sources.countries()?, sources.country_names("en")?, sources.country_names("zh")?);
    let mut rows = Vec::new();
    for (code, country) in members(&known)?.iter().filter(|(code, _)| !GONE.contains(&code.as_str())) {
        let name = if SHORT.contains(&code.as_str()) { format!("{code}-alt-short") } else { code.clone() };
        rows.push(Country {
            code: code.clone(),
            continent: text(country, "continentcode")?.to_owned(),
            english: text(&english, &name)?.to_owned(),
            chinese: text(&chinese, &name)?.to_owned(),
        });
    }
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(rows)
}
