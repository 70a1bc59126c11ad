//! The tables' lines, as `cargo xtask places` writes them. A line that is none is passed over; a test says that there
//! is none such.

use turnpike_domain::country::CountryCode;

use crate::globe::Point;

/// `code, continent, English name, Chinese name`, by code.
pub(crate) const COUNTRIES: &str = include_str!("../data/countries.tsv");
/// `country, GeoNames' code, what follows the country in the ISO 3166-2 code, name`, by country and folded name.
pub(crate) const REGIONS: &str = include_str!("../data/regions.tsv");
/// `country, GeoNames' code of the region, name, inhabitants, latitude, longitude`, by country, folded name and falling
/// inhabitants.
pub(crate) const CITIES: &str = include_str!("../data/cities.tsv");

/// A line of [`COUNTRIES`].
pub(crate) struct CountryRow {
    pub(crate) code: CountryCode,
    pub(crate) continent: &'static str,
    pub(crate) english: &'static str,
    pub(crate) chinese: &'static str,
}

/// A line of [`REGIONS`].
pub(crate) struct RegionRow {
    pub(crate) country: CountryCode,
    pub(crate) key: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) name: &'static str,
}

/// A line of [`CITIES`].
pub(crate) struct CityRow {
    pub(crate) country: CountryCode,
    pub(crate) region: &'static str,
    pub(crate) name: &'static str,
    pub(crate) inhabitants: u32,
    pub(crate) at: Point,
}

/// The lines that are not remarks.
pub(crate) fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

impl CountryRow {
    pub(crate) fn read(line: &'static str) -> Option<Self> {
        let [code, continent, english, chinese] = columns(line)?;
        Some(Self { code: CountryCode::parse(code).ok()?, continent, english, chinese })
    }
}

impl RegionRow {
    pub(crate) fn read(line: &'static str) -> Option<Self> {
        let [country, key, code, name] = columns(line)?;
        let code = Some(code).filter(|code| !code.is_empty());
        Some(Self { country: CountryCode::parse(country).ok()?, key, code, name })
    }
}

impl CityRow {
    pub(crate) fn read(line: &'static str) -> Option<Self> {
        let [country, region, name, inhabitants, latitude, longitude] = columns(line)?;
        Some(Self {
            country: CountryCode::parse(country).ok()?,
            region,
            name,
            inhabitants: inhabitants.parse().ok()?,
            at: Point::new(latitude.parse().ok()?, longitude.parse().ok()?)?,
        })
    }
}

/// A line's columns; `None` when there are more or fewer.
fn columns<const COUNT: usize>(line: &'static str) -> Option<[&'static str; COUNT]> {
    let mut columns = [""; COUNT];
    let mut parts = line.split('\t');
    for column in &mut columns {
        *column = parts.next()?;
    }
    parts.next().is_none().then_some(columns)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::spelling::folded;

    #[test]
    fn every_line_can_be_read() {
        let unread: Vec<_> = lines(COUNTRIES)
            .filter(|line| CountryRow::read(line).is_none())
            .chain(lines(REGIONS).filter(|line| RegionRow::read(line).is_none()))
            .chain(lines(CITIES).filter(|line| CityRow::read(line).is_none()))
            .collect();
        assert_eq!(unread, Vec::<&str>::new());
    }

    #[test]
    fn the_tables_are_in_order_and_say_nothing_twice() {
        let countries: Vec<_> = lines(COUNTRIES).filter_map(CountryRow::read).map(|row| row.code).collect();
        assert!(countries.is_sorted_by(|a, b| a < b) && countries.len() == 250);
        let regions = lines(REGIONS).filter_map(RegionRow::read);
        let regions: Vec<_> = regions.map(|row| (row.country, folded(row.name).unwrap())).collect();
        assert!(regions.is_sorted_by(|a, b| a < b) && regions.len() > 3_800);
        let cities = lines(CITIES).filter_map(CityRow::read);
        let cities: Vec<_> =
            cities.map(|row| (row.country, folded(row.name).unwrap(), u32::MAX - row.inhabitants)).collect();
        assert!(cities.is_sorted() && cities.len() > 33_000);
        let mut seen = HashSet::new();
        let twice = lines(CITIES)
            .filter_map(CityRow::read)
            .find(|row| !seen.insert((row.country, row.region, folded(row.name))));
        assert!(twice.is_none());
    }

    #[test]
    fn rows_name_countries_and_regions_there_are() {
        let countries: HashSet<_> = lines(COUNTRIES).filter_map(CountryRow::read).map(|row| row.code).collect();
        let rows: Vec<_> = lines(REGIONS).filter_map(RegionRow::read).collect();
        let regions: HashSet<_> = rows.iter().map(|row| (row.country, row.key)).collect();
        let codes: HashSet<_> = rows.iter().filter_map(|row| row.code.map(|code| (row.country, code))).collect();
        assert_eq!(codes.len(), rows.iter().filter(|row| row.code.is_some()).count(), "a code is given once");
        assert_eq!(regions.len(), rows.len());
        assert!(regions.iter().all(|(country, _)| countries.contains(country)));
        for row in lines(CITIES).filter_map(CityRow::read) {
            assert!(countries.contains(&row.country), "{}", row.name);
            assert!(row.region.is_empty() || regions.contains(&(row.country, row.region)), "{}", row.name);
        }
    }
}
