//! The catalogue file: TOML that people write, and that is written out so that reading it gives the same again.
//! docs/SHOP.md explains every key.

mod amounts;
mod entry;
mod text;

use std::path::Path;

use serde::Deserialize;
use turnpike_domain::catalogue::{Catalogue, Fault};
use turnpike_domain::money::Money;
use turnpike_domain::recharge::{Ratio, Tier};

use crate::settings::{ConfigError, Places};

use entry::Entry;
pub(crate) use text::written;

/// A catalogue to try everything with.
pub(crate) const STARTER: &str = include_str!("catalogue/starter.toml");

/// Why a file without a word on products is refused: it may be a wrong file, or one that was cut short.
const NO_PRODUCT: &str = "there is none; `product = []` takes everything off sale";

/// What stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    product: Option<Vec<Entry>>,
    tier: Option<Vec<TierEntry>>,
}

/// From an amount on, a ratio.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierEntry {
    #[serde(deserialize_with = "amounts::money")]
    amount: Money,
    #[serde(deserialize_with = "amounts::parsed")]
    ratio: Ratio,
}

/// A catalogue that was read, and where each part of it stands.
#[derive(Debug)]
pub(crate) struct CatalogueFile {
    pub(crate) catalogue: Catalogue,
    places: Places,
}

impl CatalogueFile {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line.
    pub(crate) fn read(path: &Path, text: &str) -> Result<Self, Vec<ConfigError>> {
        let mut places = Places::default();
        let table = places.mark_file(path, text).map_err(|error| vec![error])?;
        let file: File = serde_path_to_error::deserialize(table).map_err(|error| {
            let key = error.path().to_string();
            vec![places.blame(&key, error.inner().message().trim())]
        })?;
        if file.product.is_none() {
            return Err(vec![places.blame("product", NO_PRODUCT)]);
        }
        let tier = |entry: TierEntry| Tier { amount: entry.amount, ratio: entry.ratio };
        let catalogue = Catalogue {
            products: file.product.unwrap_or_default().into_iter().map(Entry::listed).collect(),
            tiers: file.tier.map(|tiers| tiers.into_iter().map(tier).collect()),
        };
        let read = Self { catalogue, places };
        let faults = read.catalogue.faults();
        if faults.is_empty() { Ok(read) } else { Err(read.placed(&faults)) }
    }

    /// Where in the file the faults are.
    pub(crate) fn placed(&self, faults: &[Fault]) -> Vec<ConfigError> {
        faults.iter().map(|fault| self.places.blame(&fault.key, &fault.why)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CatalogueFile, String> {
        CatalogueFile::read(Path::new("c.toml"), text)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    const TRAFFIC: &str = r#"
[[product]]
code = "gb"
type = 9
name = "Traffic"
price = "5"
size = "1 GB"
"#;

    #[test]
    fn a_product_needs_little() {
        let read = read(TRAFFIC).unwrap();
        let [listed] = &read.catalogue.products[..] else { panic!("one product") };
        let draft = &listed.draft;
        assert_eq!((draft.title.as_str(), draft.on_sale, draft.least, draft.most), ("Traffic", true, 1, 500));
        assert_eq!((draft.price.to_string(), draft.validity.ms()), ("5.00".to_owned(), 30 * 86_400_000));
        assert!(listed.keeps_stock && draft.id.is_none() && read.catalogue.tiers.is_none());
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let faults = |text: &str| read(text).unwrap_err();
        assert!(faults("[[product]\n").starts_with("c.toml:1:11: unclosed"), "{}", faults("[[product]\n"));
        let wrong = format!("{TRAFFIC}colour = 1\n");
        assert!(faults(&wrong).starts_with("c.toml:8:1: product[0].colour: unknown field"), "{}", faults(&wrong));
        let wrong = format!("{TRAFFIC}least = \"x\"\n");
        assert!(faults(&wrong).starts_with("c.toml:8:1: product[0].least: invalid type"), "{}", faults(&wrong));
        for (line, told) in [
            (
                "steps = [{ from = 5, price = \"1.234\" }]",
                "product[0].steps[0].price: an amount has at most two decimals",
            ),
            ("steps = [{ from = 5, price = 1.5 }]", "product[0].steps[0].price: write it as a text, such as \"12.34\""),
            ("validity = \"3 weeks\"", "product[0].validity: must be a number of d, h, min or s, such as \"30 d\""),
            ("stock = \"none\"", "product[0].stock: must be a number or \"unlimited\""),
            ("stock = -1", "product[0].stock: must be a number or \"unlimited\""),
            ("ip_type = 14", "product[0].ip_type: is not known for this type"),
            ("least = 0", "product[0].least: must be at least 1"),
        ] {
            let told_at = faults(&format!("{TRAFFIC}{line}\n"));
            assert!(told_at.starts_with("c.toml:8:") && told_at.ends_with(told), "{told_at}");
        }
        let twice = faults(&format!("{TRAFFIC}{TRAFFIC}rank = 9999999\n"));
        assert_eq!(
            twice,
            "c.toml:15:1: product[1].rank: must be -1000000 to 1000000\nc.toml:10:1: product[1].code: stands there twice"
        );
        let tiers =
            faults("product = []\n[[tier]]\namount = 5\nratio = \"1.1\"\n[[tier]]\namount = \"4.50\"\nratio = 1\n");
        assert_eq!(tiers, "c.toml:6:1: tier[1].amount: must be more than 0 and than the tier before");
    }

    #[test]
    fn everything_goes_off_sale_only_when_the_file_says_so() {
        for nothing in ["", "# Nothing\n", "tier = []\n"] {
            let told = read(nothing).unwrap_err();
            assert!(told.ends_with("product: there is none; `product = []` takes everything off sale"), "{told}");
        }
        assert!(read("product = []\n").unwrap().catalogue.products.is_empty());
        assert!(read(&written(&[], &[])).unwrap().catalogue.products.is_empty());
    }

    #[test]
    fn what_is_written_out_is_read_back_and_written_the_same() {
        let first = read(STARTER).unwrap().catalogue;
        let tiers = first.tiers.clone().unwrap();
        let products = first.changes(&[]).unwrap().added;
        let text = written(&products, &tiers);
        let again = read(&text).unwrap().catalogue;
        let changes = again.changes(&products).unwrap();
        assert_eq!((changes.unchanged, changes.added, changes.changed), (products.len(), vec![], vec![]));
        assert_eq!(again.tiers.as_ref(), Some(&tiers));
        // In an empty store it makes the same products, under the same numbers.
        let fresh = again.changes(&[]).unwrap().added;
        assert_eq!(fresh, products);
        assert_eq!(written(&fresh, &tiers), text);
    }

    #[test]
    fn the_starter_sells_everything_that_is_sold() {
        use turnpike_domain::product::ProductType;
        let starter = read(STARTER).unwrap().catalogue;
        for product_type in ProductType::ALL.iter().filter(|product_type| product_type.is_sold()) {
            let sold = starter.products.iter().any(|listed| listed.draft.product_type == *product_type);
            assert!(sold, "{product_type:?}");
        }
    }

    #[test]
    fn texts_of_all_kinds_are_written_out_and_read_back() {
        let strange = "\"quoted\" \\ 'single' \"\"\" ''' ü 备注 # [x]\n\nand = more\n";
        let first = read(STARTER).unwrap().catalogue;
        let mut products = first.changes(&[]).unwrap().added;
        for product in &mut products {
            strange.clone_into(&mut product.description);
            product.name = strange.replace('\n', " ").trim().to_owned();
        }
        let again = read(&written(&products, &[])).unwrap().catalogue;
        assert_eq!(again.changes(&[]).unwrap().added, products);
        assert_eq!(again.tiers, Some(vec![]));
    }
}
