//! Where addresses are, by a file that the operator has (MMDB). Both shapes there are can be read: that of `MaxMind`, with names within
//! names, and the flat one of others.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use maxminddb::Reader;
use serde_json::Value;
use turnpike_domain::exit::ExitPlace;
use turnpike_service::Locate;

/// Opens a file: what tells where an address is, as far as the file knows.
///
/// # Errors
/// When it cannot be read, or is no such file.
pub(crate) fn open(file: &Path) -> Result<Locate> {
    let bytes = std::fs::read(file).with_context(|| format!("exits.mmdb: {} cannot be read", file.display()))?;
    let reader =
        Reader::from_source(bytes).with_context(|| format!("exits.mmdb: {} is no such file", file.display()))?;
    Ok(Arc::new(move |address| place(&reader, address)))
}

fn place(reader: &Reader<Vec<u8>>, address: IpAddr) -> Option<ExitPlace> {
    let record: Value = reader.lookup(address).ok()?.decode().ok()??;
    let text = |nested: &str, flat: &str| {
        let found = record.pointer(nested).or_else(|| record.get(flat)).and_then(Value::as_str);
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let country = text("/country/iso_code", "country_code")?;
    let region = text("/subdivisions/0/names/en", "state1").unwrap_or_default();
    let city = text("/city/names/en", "city").unwrap_or_default();
    // Names that no login can hold are let go, the smallest first.
    let parts = [format!("{country}/{region}/{city}"), format!("{country}/{region}"), country];
    parts.iter().find_map(|text| ExitPlace::parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(file: &str, address: &str) -> Option<String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mmdb").join(file);
        open(&file).unwrap()(address.parse().unwrap()).map(|place| place.to_string())
    }

    #[test]
    fn both_shapes_are_read() {
        for file in ["nested.mmdb", "flat.mmdb"] {
            assert_eq!(told(file, "203.0.113.7").as_deref(), Some("US/California/LosAngeles"), "{file}");
            assert_eq!(told(file, "192.0.2.1"), None, "{file}");
        }
        assert_eq!(told("nested.mmdb", "2001:db8::7").as_deref(), Some("DE"));
        assert_eq!(told("flat.mmdb", "198.51.100.1"), None, "it names no country");
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.mmdb");
        assert!(open(&file).is_err());
        std::fs::write(&file, "no database").unwrap();
        assert!(open(&file).is_err());
    }
}
