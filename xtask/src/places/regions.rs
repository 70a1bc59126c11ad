//! States: GeoNames' names, and the ISO 3166-2 codes of the states that CLDR calls the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use turnpike_atlas::spelled;
use turnpike_domain::place::is_hyphen;

use super::known_codes::KNOWN;
use super::sources::{Sources, members, text};

pub(super) const ABOUT: &str =
    "States: GeoNames (CC BY 4.0). Codes: ISO 3166-2, by the names of Unicode CLDR (Unicode-3.0).";

/// Countries that gave their states new codes, while CLDR keeps the old ones: of these no code is told.
const RENUMBERED: [&str; 1] = ["IR"];

/// Words that say what a state is, not which.
const KINDS: &str = "al an ar area as ash at autonomous az canton capital city commune community county departamento department \
    district division do el emirate governorate gun island islands kota krai kray metropolitan municipality \
    oblast oblysy of and parish prefecture province provincia quarter raion rayon region regional republic \
    respublika rural sha ad si state territorial territory the urban voivodeship";

/// A line of the table.
pub(super) struct Region {
    pub(super) country: String,
    /// GeoNames' code, which cities name.
    pub(super) key: String,
    /// What follows the country in the ISO code.
    pub(super) code: Option<String>,
    name: String,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { country, key, code, name } = self;
        write!(f, "{country}\t{key}\t{}\t{name}", code.as_deref().unwrap_or_default())
    }
}

/// The table's lines: by country, then by what their names are found by.
pub(super) fn rows(sources: &Sources, countries: &[&str]) -> Result<Vec<Region>> {
    let mut rows = Vec::new();
    for region in sources.regions()?.as_array().context("a list of states was expected")? {
        let (country, key) = text(region, "code")?.split_once('.').context("a code is COUNTRY.KEY")?;
        ensure!(countries.contains(&country), "a state of {country}, which is no country");
        let name = text(region, "name")?;
        rows.push(Region { country: country.to_owned(), key: key.to_owned(), code: None, name: name.to_owned() });
    }
    rows.sort_by_cached_key(|region| (region.country.clone(), folded(&region.name)));
    let codes = Codes::read(sources)?;
    for regions in rows.chunk_by_mut(|a, b| a.country == b.country) {
        codes.give(regions)?;
    }
    Ok(rows)
}

/// What a name is found by.
pub(super) fn folded(name: &str) -> String {
    spelled(name).to_ascii_lowercase().replace('-', "")
}

/// The same without words that say what a state is.
fn bare(name: &str) -> String {
    let words = name.split(|sign: char| sign.is_whitespace() || is_hyphen(sign) || "()/,&".contains(sign)).map(folded);
    words.filter(|word| !KINDS.split_whitespace().any(|kind| kind == word)).collect()
}

/// CLDR's states by country and code.
struct Codes {
    /// Codes that states have now: whether they stand right below their country.
    current: HashMap<String, bool>,
    /// What states are called, or were under a former code.
    names: BTreeMap<String, Vec<String>>,
}

impl Codes {
    fn read(sources: &Sources) -> Result<Self> {
        let mut current = HashMap::new();
        for (parent, below) in members(&sources.region_containment()?)? {
            let is_country = parent.len() == 2;
            for code in below.get("_contains").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
            {
                current.insert(code.to_ascii_uppercase(), is_country);
            }
        }
        let aliases = sources.region_aliases()?;
        let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (code, name) in members(&sources.region_names()?)? {
            let code = aliases.get(code).map_or(Ok(code.as_str()), |alias| text(alias, "_replacement"))?;
            let name = name.as_str().context("a name is a text")?.replace(['²', '†'], "");
            names.entry(code.to_ascii_uppercase()).or_default().push(name);
        }
        Ok(Self { current, names })
    }

    /// Gives the states of one country their codes.
    fn give(&self, regions: &mut [Region]) -> Result<()> {
        let Some(country) = regions.first().map(|region| region.country.clone()) else { return Ok(()) };
        if RENUMBERED.contains(&country.as_str()) {
            return Ok(());
        }
        for region in &mut *regions {
            let name = format!("{country}.{}", region.key);
            if let Some((_, code)) = KNOWN.iter().find(|(key, _)| *key == name) {
                ensure!(self.current.contains_key(&format!("{country}{code}")), "{name} has no code {code}");
                region.code = Some((*code).to_owned());
            }
        }
        let is_letters = |key: &str| key.len() > 1 && key.chars().all(char::is_alphabetic);
        let keys: Vec<_> = regions.iter().map(|region| region.key.clone()).collect();
        for key in keys
            .into_iter()
            .filter(|key| is_letters(key) && self.current.get(&format!("{country}{key}")) == Some(&true))
        {
            assign(regions, &key, key.clone());
        }
        let names = self.names_in(&country);
        let twice = borne_twice(regions, &names);
        for form in [folded, bare] {
            match_by(form, regions, &names, &twice);
        }
        Ok(())
    }

    /// What the states right below a country are called.
    fn names_in(&self, country: &str) -> Vec<(String, String)> {
        let below = self.names.iter().filter(|(code, _)| self.current.get(*code) == Some(&true));
        let below = below.filter_map(|(code, names)| Some((code.strip_prefix(country)?, names)));
        below.flat_map(|(code, names)| names.iter().map(|name| (code.to_owned(), name.clone()))).collect()
    }
}

/// A state gets a code, unless it has one or another state has that.
fn assign(regions: &mut [Region], key: &str, code: String) {
    if regions.iter().all(|region| region.code.as_ref() != Some(&code))
        && let Some(region) = regions.iter_mut().find(|region| region.key == key && region.code.is_none())
    {
        region.code = Some(code);
    }
}

/// Bare names that two states of the country have, a city and the land around it say: nothing can be told by these.
fn borne_twice(regions: &[Region], names: &[(String, String)]) -> HashSet<String> {
    let ours = regions.iter().map(|region| (bare(&region.name), &region.key));
    let theirs = names.iter().map(|(code, name)| (bare(name), code));
    let (ours, theirs) = (grouped(ours), grouped(theirs));
    ours.into_iter().chain(theirs).filter(|(_, keys)| keys.len() > 1).map(|(name, _)| name).collect()
}

/// Matches what is the only one of its name on both sides.
fn match_by(form: fn(&str) -> String, regions: &mut [Region], names: &[(String, String)], twice: &HashSet<String>) {
    let tells = |name: &str| !twice.contains(&bare(name)) || form(name) != bare(name);
    let taken: HashSet<_> = regions.iter().filter_map(|region| region.code.clone()).collect();
    let free = names.iter().filter(|(code, name)| !taken.contains(code) && tells(name));
    let theirs = grouped(free.map(|(code, name)| (form(name), code)));
    let left = regions.iter().filter(|region| region.code.is_none() && tells(&region.name));
    let ours = grouped(left.map(|region| (form(&region.name), &region.key)));
    let mut found = Vec::new();
    for (name, keys) in ours.into_iter().filter(|(name, _)| !name.is_empty()) {
        let codes = theirs.get(&name).into_iter().flatten();
        if let ([key], [code]) = (&Vec::from_iter(keys)[..], &codes.collect::<Vec<_>>()[..]) {
            found.push(((*key).clone(), (**code).clone()));
        }
    }
    for (key, code) in found {
        assign(regions, &key, code);
    }
}

fn grouped<'a>(named: impl Iterator<Item = (String, &'a String)>) -> BTreeMap<String, BTreeSet<&'a String>> {
    let mut groups: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, key) in named {
        groups.entry(name).or_default().insert(key);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(key: &str, name: &str) -> Region {
        Region { country: "BY".to_owned(), key: key.to_owned(), code: None, name: name.to_owned() }
    }

    #[test]
    fn names_are_bared_of_what_says_what_a_state_is() {
        assert_eq!(bare("Łódź Voivodeship"), "lodz");
        assert_eq!(bare("Republic of Karelia"), "karelia");
        assert_eq!(bare("Bangka–Belitung Islands"), "bangkabelitung");
    }

    #[test]
    fn only_states_that_nothing_else_is_called_like_are_matched() {
        let mut regions =
            [region("1", "Minsk"), region("2", "Minsk City"), region("3", "Brest"), region("4", "Gomel Oblast")];
        let names = [("HM", "Minsk"), ("MI", "Minsk Region"), ("BR", "Brest Region"), ("HO", "Gomel")];
        let names = names.map(|(code, name)| (code.to_owned(), name.to_owned()));
        let twice = borne_twice(&regions, &names);
        assert_eq!(twice, HashSet::from(["minsk".to_owned()]));
        for form in [folded, bare] {
            match_by(form, &mut regions, &names, &twice);
        }
        let codes = regions.map(|region| region.code);
        assert_eq!(codes.each_ref().map(Option::as_deref), [None, None, Some("BR"), Some("HO")]);
    }

    #[test]
    fn a_code_is_given_once() {
        let mut regions = [region("1", "Brest"), region("2", "Gomel")];
        assign(&mut regions, "1", "BR".to_owned());
        assign(&mut regions, "2", "BR".to_owned());
        assign(&mut regions, "1", "HO".to_owned());
        assert_eq!(regions.each_ref().map(|region| region.code.as_deref()), [Some("BR"), None]);
    }
}
