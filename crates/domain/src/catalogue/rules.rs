//! What a product must be so that it can be listed, and sold where its type is sold here.

use super::{Product, Sku};
use crate::money::Money;
use crate::product::ProductType;
use crate::time::Span;
use crate::units::Bytes;

/// The longest code, in characters.
const LONGEST_CODE: usize = 64;
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// The longest title, in characters: what an order may be called.
const LONGEST_TITLE: usize = 200;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 4000;
/// The longest validity: ten years.
const LONGEST_VALIDITY: Span = Span::from_days(3650);
/// The most units of an order.
pub const MOST_UNITS: u32 = 100_000;
/// The most static IPs in an order: each is a row that is looked for.
pub const MOST_STATIC_IPS: u32 = 500;
/// The most steps, countries or parts of a price.
const MOST_TERMS: usize = 300;
/// The most traffic in an order: 1 EB.
const MOST_TRAFFIC: Bytes = Bytes::new(1 << 60);
/// The highest place in lists.
const HIGHEST_RANK: i64 = 1_000_000;
/// The most that a part of a time plan can stand for, in kbit/s or tunnels.
const HIGHEST_VALUE: u64 = 1_000_000_000;

/// What is wrong with a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct Fault {
    /// Where, such as `price` of a product or `product[2].steps[0].from` of a catalogue.
    pub key: String,
    /// What.
    pub why: String,
}

/// Faults found so far.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn unless(&mut self, holds: bool, key: &str, why: &str) {
        if !holds {
            self.add(key, why);
        }
    }

    pub(super) fn add(&mut self, key: &str, why: impl Into<String>) {
        self.0.push(Fault { key: key.to_owned(), why: why.into() });
    }
}

impl<Id> Product<Id> {
    /// Everything that is wrong with it; its keys are those of the catalogue file.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        self.check_texts(&mut faults);
        self.check_amounts(&mut faults);
        self.check_size(&mut faults);
        self.check_ip_type(&mut faults);
        self.check_prices(&mut faults);
        self.check_parts(&mut faults);
        faults.0
    }

    fn check_texts(&self, faults: &mut Faults) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_code = (1..=LONGEST_CODE).contains(&self.code.len()) && self.code.bytes().all(plain);
        faults.unless(is_code, "code", "must be 1 to 64 lower-case letters, digits and hyphens");
        faults.unless(is_line(&self.name, LONGEST_NAME), "name", "must be one line of 1 to 100 characters");
        faults.unless(is_line(&self.title, LONGEST_TITLE), "title", "must be one line of 1 to 200 characters");
        let is_told = self.description.chars().count() <= LONGEST_DESCRIPTION
            && !self.description.contains(|character: char| character.is_control() && character != '\n');
        faults.unless(is_told, "description", "must not be longer than 4000 characters");
    }

    fn check_amounts(&self, faults: &mut Faults) {
        let most = if self.gives_ips() { MOST_STATIC_IPS } else { MOST_UNITS };
        faults.unless(self.least >= 1, "least", "must be at least 1");
        let fits = (self.least..=most).contains(&self.most);
        let why = format!("must be {} to {most}", self.least.max(1));
        faults.unless(fits, "most", &why);
        let is_ranked = (-HIGHEST_RANK..=HIGHEST_RANK).contains(&self.rank);
        faults.unless(is_ranked, "rank", "must be -1000000 to 1000000");
        let whole = self.validity.ms().checked_rem(1000) == Some(0);
        let lasts = self.validity.ms() > 0 && self.validity <= LONGEST_VALIDITY && whole;
        faults.unless(lasts, "validity", "must be 1 second to 3650 days");
        faults.unless(self.stock.is_none() || self.counts_stock(), "stock", "is not kept for this type");
        let countable = self.stock.is_none_or(|stock| i64::try_from(stock).is_ok());
        faults.unless(countable, "stock", "is too large");
    }

    fn check_size(&self, faults: &mut Faults) {
        use ProductType as T;
        let must = matches!(self.product_type, T::DynamicTraffic | T::IdcTraffic | T::StaticTrafficAddOn);
        let must_not = matches!(
            self.product_type,
            T::Recharge | T::DynamicTimePlan | T::StaticIpRenewal | T::StaticIpChangeQuota | T::OrderTopUp
        );
        match self.size {
            None => faults.unless(!must, "size", "must be given for traffic"),
            Some(_) if must_not => faults.add("size", "is not known for this type: it holds no traffic of its own"),
            Some(size) => {
                let whole = size.kilobytes() > 0 && Bytes::from_kilobytes(size.kilobytes()) == Some(size);
                faults.unless(whole, "size", "must be whole KB, at least 1");
                let largest = size.get().checked_mul(self.most.into());
                let fits = largest.is_some_and(|largest| largest <= MOST_TRAFFIC.get());
                faults.unless(fits, "most", "makes an order of more than 1 EB");
            }
        }
    }

    fn check_ip_type(&self, faults: &mut Faults) {
        let must = matches!(self.product_type, ProductType::StaticIpRenewal | ProductType::StaticTrafficAddOn);
        match self.ip_type {
            None => faults.unless(!must, "ip_type", "must be given for this type: 14 or 25"),
            Some(_) if !must && self.product_type.is_sold() => faults.add("ip_type", "is not known for this type"),
            Some(kind) => faults.unless(kind.is_static_ip(), "ip_type", "must be 14 or 25"),
        }
    }

    fn check_prices(&self, faults: &mut Faults) {
        let is_price = |price: Money| !price.is_negative();
        faults.unless(is_price(self.price), "price", "must not be negative");
        if self.product_type == ProductType::Recharge {
            let whole = self.price.is_positive() && self.price.times(self.most.into()).is_some();
            faults.unless(
                whole,
                "price",
                "must be the money of one unit, and the most of them no more than there can be",
            );
        }
        let (steps, countries) = (&self.terms.steps, &self.terms.countries);
        faults.unless(steps.is_empty() || !self.is_money(), "steps", "are not known for this type");
        faults.unless(steps.len() <= MOST_TERMS, "steps", "must be at most 300");
        let mut last = 1;
        for (index, step) in steps.iter().enumerate() {
            let key = |part: &str| format!("steps[{index}].{part}");
            faults.unless(step.from > last, &key("from"), "must be more than 1 and than the step before");
            faults.unless(is_price(step.price), &key("price"), "must not be negative");
            last = last.max(step.from);
        }
        let by_country = self.gives_ips() || !self.product_type.is_sold();
        faults.unless(countries.is_empty() || by_country, "countries", "are not known for this type");
        for (country, price) in countries {
            faults.unless(is_price(*price), &format!("countries.{country}"), "must not be negative");
        }
        let some = !self.terms.only_countries || !countries.is_empty();
        faults.unless(some, "only_countries", "leaves no country to sell in");
    }

    fn check_parts(&self, faults: &mut Faults) {
        let has_parts = self.product_type == ProductType::DynamicTimePlan || !self.product_type.is_sold();
        for (name, parts) in [("bandwidth", &self.terms.bandwidth), ("concurrency", &self.terms.concurrency)] {
            faults.unless(parts.is_empty() || has_parts, name, "is not known for this type");
            faults.unless(parts.len() <= MOST_TERMS, name, "must be at most 300 parts");
            for (index, part) in parts.iter().enumerate() {
                check_part(part, &format!("{name}[{index}]"), faults);
                let before = parts.iter().take(index).all(|other| other.id != part.id);
                faults.unless(before, &format!("{name}[{index}].id"), "stands there twice");
            }
        }
    }

    /// Whether a stock can be kept of it: static IPs are counted in their inventory, and money not at all.
    pub const fn counts_stock(&self) -> bool {
        !self.gives_ips() && !self.is_money()
    }

    /// Whether it is money alone: a recharge, or the rest of an order.
    const fn is_money(&self) -> bool {
        matches!(self.product_type, ProductType::Recharge | ProductType::OrderTopUp)
    }

    /// Whether its units are static IPs, or their renewals.
    const fn gives_ips(&self) -> bool {
        self.product_type.is_static_ip() || matches!(self.product_type, ProductType::StaticIpRenewal)
    }
}

fn check_part(part: &Sku, key: &str, faults: &mut Faults) {
    faults.unless(part.id >= 1, &format!("{key}.id"), "must be at least 1");
    let titled = is_line(&part.title, LONGEST_NAME);
    faults.unless(titled, &format!("{key}.title"), "must be one line of 1 to 100 characters");
    let meant = (1..=HIGHEST_VALUE).contains(&part.value);
    faults.unless(meant, &format!("{key}.value"), "must be 1 to 1000000000");
    faults.unless(!part.price.is_negative(), &format!("{key}.price"), "must not be negative");
}

/// One line of text, not blank.
fn is_line(text: &str, longest: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= longest && !text.contains(char::is_control)
}
