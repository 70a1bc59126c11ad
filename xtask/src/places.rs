//! `cargo xtask places`: makes the atlas' tables anew, from packages of pinned versions. The same packages make the
//! same tables, byte for byte.

mod cities;
mod countries;
mod known_codes;
mod regions;
mod sources;

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::shell;
use sources::Sources;

/// Where the tables are.
const TABLES: &str = "crates/atlas/data";

/// Runs the chore.
///
/// # Errors
/// When a package cannot be had or is another one than it was, or does not hold what it should.
pub(crate) fn run() -> Result<()> {
    let root = shell::root();
    let sources = Sources::fetch(&root.join("target/places"))?;
    let countries = countries::rows(&sources)?;
    let codes: Vec<_> = countries.iter().map(|country| country.code.as_str()).collect();
    let regions = regions::rows(&sources, &codes)?;
    let cities = cities::rows(&sources, &codes, &regions)?;
    println!(
        "{} countries, {} states of which {} have a code, {} cities",
        countries.len(),
        regions.len(),
        regions.iter().filter(|region| region.code.is_some()).count(),
        cities.len()
    );
    let tables = root.join(TABLES);
    write(&tables.join("countries.tsv"), countries::ABOUT, countries.iter().map(ToString::to_string))?;
    write(&tables.join("regions.tsv"), regions::ABOUT, regions.iter().map(ToString::to_string))?;
    write(&tables.join("cities.tsv"), cities::ABOUT, cities.iter().map(ToString::to_string))
}

/// Writes a table: a remark on whose the data are, then a line for each row.
fn write(path: &Path, about: &str, lines: impl Iterator<Item = String>) -> Result<()> {
    let mut table = format!("# {about} Made by `cargo xtask places`.\n");
    for line in lines {
        table.push_str(&line);
        table.push('\n');
    }
    std::fs::write(path, table).with_context(|| format!("cannot write {}", path.display()))
}
