//! The atlas: the tables joined, and how places in them are found.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use turnpike_domain::country::CountryCode;

use crate::globe::Point;
use crate::spelling::{compare, folded, spelled};
use crate::table::{CITIES, COUNTRIES, CityRow, CountryRow, REGIONS, RegionRow, lines};

/// All places.
#[derive(Debug)]
pub struct Atlas {
    countries: Vec<Country>,
    regions: Vec<Region>,
    cities: Vec<City>,
}

/// A country.
#[derive(Debug)]
pub struct Country {
    /// Its two letters (ISO 3166-1).
    pub code: CountryCode,
    /// Its continent's two letters: AF, AN, AS, EU, NA, OC or SA.
    pub continent: &'static str,
    /// Its name in English.
    pub english: &'static str,
    /// Its name in Simplified Chinese.
    pub chinese: &'static str,
    regions: Range<usize>,
    cities: Range<usize>,
    biggest: Option<u16>,
}

/// A state or province.
#[derive(Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name in English, as people write it: `North Carolina`.
    pub name: &'static str,
    /// What follows the country in its ISO 3166-2 code: `CA` of `US-CA`; `None` where it is not known.
    pub code: Option<&'static str>,
    biggest: Option<u16>,
}

/// A city of 15,000 inhabitants or more.
#[derive(Debug)]
pub struct City {
    /// Its name in English, as people write it: `Los Angeles`.
    pub name: &'static str,
    /// How many live there.
    pub inhabitants: u32,
    /// Where it is.
    pub at: Point,
    region: Option<u16>,
}

/// The one atlas. Whoever asks first waits until it is read.
pub fn atlas() -> &'static Atlas {
    static ATLAS: OnceLock<Atlas> = OnceLock::new();
    ATLAS.get_or_init(Atlas::read)
}

impl Atlas {
    fn read() -> Self {
        let (mut regions, mut regions_of) = (Vec::with_capacity(4_000), HashMap::new());
        let mut keys = HashMap::with_capacity(4_000);
        for row in lines(REGIONS).filter_map(RegionRow::read) {
            keys.extend(u16::try_from(regions.len()).ok().map(|index| ((row.country, row.key), index)));
            extend(&mut regions_of, row.country, regions.len());
            regions.push(Region { name: row.name, code: row.code, biggest: None });
        }
        let (mut cities, mut cities_of) = (Vec::with_capacity(34_000), HashMap::new());
        for row in lines(CITIES).filter_map(CityRow::read) {
            extend(&mut cities_of, row.country, cities.len());
            let region = keys.get(&(row.country, row.region)).copied();
            cities.push(City { name: row.name, inhabitants: row.inhabitants, at: row.at, region });
        }
        note_biggest(&cities, &mut regions);
        let countries = lines(COUNTRIES).filter_map(CountryRow::read).map(|row| Country {
            code: row.code,
            continent: row.continent,
            english: row.english,
            chinese: row.chinese,
            regions: regions_of.remove(&row.code).unwrap_or_default(),
            biggest: cities_of.get(&row.code).and_then(|range| biggest(&cities, range.clone())),
            cities: cities_of.remove(&row.code).unwrap_or_default(),
        });
        Self { countries: countries.collect(), regions, cities }
    }

    /// Every country, by code.
    pub fn countries(&self) -> &[Country] {
        &self.countries
    }

    /// The country of a code.
    pub fn country(&self, code: CountryCode) -> Option<&Country> {
        let index = self.countries.binary_search_by_key(&code, |country| country.code).ok()?;
        self.countries.get(index)
    }

    /// Whether there is a country of that code.
    pub fn is_country(&self, code: CountryCode) -> bool {
        self.country(code).is_some()
    }

    /// The country of a code or a name, in English or Chinese, in whatever spelling.
    pub fn find_country(&self, text: &str) -> Option<&Country> {
        let by_code = CountryCode::parse(text.trim()).ok().and_then(|code| self.country(code));
        by_code.or_else(|| {
            let name = folded(text);
            let is_named = |country: &&Country| match &name {
                Some(name) => compare(country.english, name).is_eq(),
                None => country.chinese == text.trim(),
            };
            self.countries.iter().find(is_named)
        })
    }

    /// A country's states, by name.
    pub fn regions(&self, country: &Country) -> &[Region] {
        self.regions.get(country.regions.clone()).unwrap_or_default()
    }

    /// The state of a name, or of an ISO code with or without the country, in whatever spelling.
    pub fn find_region(&self, country: &Country, text: &str) -> Option<&Region> {
        let name = folded(text)?;
        let regions = self.regions(country);
        let first = regions.partition_point(|region| compare(region.name, &name).is_lt());
        let named = regions.get(first).filter(|region| compare(region.name, &name).is_eq());
        named.or_else(|| {
            let code = name.strip_prefix(&country.code.as_str().to_ascii_lowercase());
            let is_coded =
                |region: &&Region, text: &str| region.code.is_some_and(|code| code.eq_ignore_ascii_case(text));
            let short = regions.iter().find(|region| is_coded(region, &name));
            short.or_else(|| code.and_then(|code| regions.iter().find(|region| is_coded(region, code))))
        })
    }

    /// A country's cities, by name.
    pub fn cities(&self, country: &Country) -> &[City] {
        self.cities.get(country.cities.clone()).unwrap_or_default()
    }

    /// A country's cities of a name in whatever spelling, the biggest first. `NewYorkCity` is found for `NewYork`, and
    /// the other way round, when there is none of the very name.
    pub fn find_cities(&self, country: &Country, text: &str) -> &[City] {
        let Some(name) = folded(text) else { return &[] };
        let exactly = self.named(country, &name);
        match (exactly, name.strip_suffix("city")) {
            ([], Some(short)) if !short.is_empty() => self.named(country, short),
            ([], _) => self.named(country, &format!("{name}city")),
            _ => exactly,
        }
    }

    fn named(&self, country: &Country, name: &str) -> &[City] {
        let cities = self.cities(country);
        let first = cities.partition_point(|city| compare(city.name, name).is_lt());
        let from = cities.get(first..).unwrap_or_default();
        let count = from.iter().take_while(|city| compare(city.name, name).is_eq()).count();
        from.get(..count).unwrap_or_default()
    }

    /// The state that a city is in; `None` where the country has none.
    pub fn region_of(&self, city: &City) -> Option<&Region> {
        self.regions.get(usize::from(city.region?))
    }

    /// The biggest city of a country, or of one of its states.
    pub fn biggest_city(&self, country: &Country, region: Option<&Region>) -> Option<&City> {
        let index = match region {
            Some(region) => region.biggest,
            None => country.biggest,
        };
        self.cities.get(usize::from(index?))
    }
}

impl Region {
    /// Its name as customers read and write it: `NorthCarolina`.
    pub fn spelled(&self) -> String {
        spelled(self.name)
    }
}

impl City {
    /// Its name as customers read and write it: `LosAngeles`.
    pub fn spelled(&self) -> String {
        spelled(self.name)
    }
}

/// The biggest of a stretch of cities.
fn biggest(cities: &[City], stretch: Range<usize>) -> Option<u16> {
    let index = stretch.max_by_key(|index| cities.get(*index).map(|city| city.inhabitants))?;
    u16::try_from(index).ok()
}

/// Tells every state which of the cities is its biggest.
fn note_biggest(cities: &[City], regions: &mut [Region]) {
    let mut by_size: Vec<_> = cities.iter().enumerate().collect();
    by_size.sort_unstable_by_key(|(index, city)| (city.inhabitants, *index));
    for (index, city) in by_size {
        if let Some(region) = city.region.and_then(|region| regions.get_mut(usize::from(region))) {
            region.biggest = u16::try_from(index).ok();
        }
    }
}

/// The stretch of a country's rows grows to the row at `index`: rows of a country stand together.
fn extend(stretches: &mut HashMap<CountryCode, Range<usize>>, country: CountryCode, index: usize) {
    stretches.entry(country).or_insert(index..index).end = index.saturating_add(1);
}

#[cfg(test)]
mod tests;
