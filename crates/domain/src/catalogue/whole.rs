//! The catalogue as a whole: what is wrong with one that is to be, and what putting it in force changes.

use std::collections::{BTreeMap, HashSet};

use super::rules::{Fault, Faults};
use super::{Draft, Product};
use crate::ids::ProductId;
use crate::recharge::{self, Tier};

/// The most products of a catalogue: customers read all of them at once.
pub const MOST_PRODUCTS: usize = 1000;

/// A catalogue that is to be. Products that are not in it go off sale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// What is to be sold.
    pub products: Vec<Listed>,
    /// Which recharges are to have a bonus; `None` leaves them as they are.
    pub tiers: Option<Vec<Tier>>,
}

/// A product that is to be in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The product.
    pub draft: Draft,
    /// Whether its stock stays what it is, rather than what the draft says.
    pub keeps_stock: bool,
}

/// What putting a catalogue in force does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Products that are new.
    pub added: Vec<Product>,
    /// Products that become otherwise, as they will be.
    pub changed: Vec<Product>,
    /// Products that go off sale because the catalogue does not have them.
    pub withdrawn: Vec<Product>,
    /// How many stay as they are.
    pub unchanged: usize,
}

impl Catalogue {
    /// Everything that is wrong with it by itself. Keys are such as `product[2].price` and `tier[0].ratio`.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        faults.unless(self.products.len() <= MOST_PRODUCTS, "product", "must be at most 1000");
        let (mut codes, mut numbers) = (HashSet::new(), HashSet::new());
        for (index, Listed { draft, .. }) in self.products.iter().enumerate() {
            for Fault { key, why } in draft.faults() {
                faults.add(&key_of(index, &key), why);
            }
            faults.unless(codes.insert(draft.code.as_str()), &key_of(index, "code"), "stands there twice");
            let Some(id) = draft.id else { continue };
            faults.unless(id.get() >= 1, &key_of(index, "id"), "must be at least 1");
            faults.unless(numbers.insert(id), &key_of(index, "id"), "stands there twice");
        }
        faults.0.extend(self.tiers.iter().flat_map(|tiers| recharge::faults(tiers)));
        faults.0
    }

    /// What putting it in force changes, when there are the `present` products. Products are told by their codes; a new
    /// one without a number gets the next.
    ///
    /// # Errors
    /// What cannot be changed: the number or the type of a product that there is.
    pub fn changes(&self, present: &[Product]) -> Result<Changes, Vec<Fault>> {
        let by_code: BTreeMap<&str, &Product> =
            present.iter().map(|product| (product.code.as_str(), product)).collect();
        let mut faults = Faults::default();
        for (index, Listed { draft, .. }) in self.products.iter().enumerate() {
            check_against(index, draft, by_code.get(draft.code.as_str()).copied(), present, &mut faults);
        }
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        let given = self.products.iter().filter_map(|listed| listed.draft.id);
        let highest = present.iter().map(|product| product.id).chain(given).max();
        let mut next = highest.map_or(1, |id| id.get().saturating_add(1));
        let mut changes = Changes::default();
        let mut kept = HashSet::new();
        for listed in &self.products {
            let before = by_code.get(listed.draft.code.as_str()).copied();
            let id = before.map(|product| product.id).or(listed.draft.id).unwrap_or_else(|| {
                let id = ProductId::new(next);
                next = next.saturating_add(1);
                id
            });
            kept.insert(id);
            changes.note(before, listed, id);
        }
        let gone = present.iter().filter(|product| product.on_sale && !kept.contains(&product.id));
        changes.withdrawn = gone.map(|product| Product { on_sale: false, ..product.clone() }).collect();
        Ok(changes)
    }
}

impl Changes {
    fn note(&mut self, before: Option<&Product>, listed: &Listed, id: ProductId) {
        let mut product = listed.draft.clone().with_id(id);
        match before {
            None => self.added.push(product),
            Some(before) => {
                if listed.keeps_stock {
                    product.stock = before.stock;
                }
                if product == *before {
                    self.unchanged = self.unchanged.saturating_add(1);
                } else {
                    self.changed.push(product);
                }
            }
        }
    }
}

fn check_against(index: usize, draft: &Draft, before: Option<&Product>, present: &[Product], faults: &mut Faults) {
    if let Some(before) = before {
        let same_id = draft.id.is_none_or(|id| id == before.id);
        let is = format!("is {} already, and stays", before.id);
        faults.unless(same_id, &key_of(index, "id"), &is);
        let same_type = draft.product_type == before.product_type;
        faults.unless(same_type, &key_of(index, "type"), "cannot change: take another code for another product");
    } else if let Some(other) = draft.id.and_then(|id| present.iter().find(|product| product.id == id)) {
        faults.add(&key_of(index, "id"), format!("is the number of {}", other.code));
    }
}

fn key_of(index: usize, key: &str) -> String {
    format!("product[{index}].{key}")
}
