//! What the operator says about extraction: which entries there are, and how much a customer may have of them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use parking_lot::Mutex;
use turnpike_domain::endpoint::{EntryName, PortRange};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::throttle::{Pace, Throttle};
use turnpike_domain::time::{Span, Timestamp};

/// An entry: where customers connect to, and on which ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The address that customers are told.
    pub address: Ipv4Addr,
    /// The ports that endpoints are given out on.
    pub ports: PortRange,
}

impl Default for Entry {
    fn default() -> Self {
        Self { address: Ipv4Addr::LOCALHOST, ports: PortRange::DEFAULT }
    }
}

/// What the operator says about extraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtractionRules {
    /// The entry of whoever names none, or one that is not there.
    pub default: Entry,
    /// The others, by name.
    pub entries: BTreeMap<EntryName, Entry>,
    /// How many live endpoints a customer may have.
    pub most_live: u32,
    /// How often a customer may extract; `None` is as often as it likes.
    pub pace: Option<Pace>,
}

impl Default for ExtractionRules {
    fn default() -> Self {
        Self { default: Entry::default(), entries: BTreeMap::new(), most_live: 5_000, pace: None }
    }
}

impl ExtractionRules {
    /// The entry that is meant by a wish.
    pub fn entry(&self, wish: Option<&EntryName>) -> (EntryName, Entry) {
        let named = wish.and_then(|name| self.entries.get_key_value(name));
        named.map_or_else(|| (EntryName::default_entry(), self.default), |(name, entry)| (name.clone(), *entry))
    }

    /// The address of an entry that endpoints are live under; the default one's when it is not there any more.
    pub fn address(&self, name: &EntryName) -> Ipv4Addr {
        self.entries.get(name).unwrap_or(&self.default).address
    }
}

/// So many customers are remembered.
const MOST_REMEMBERED: usize = 100_000;

/// Who has extracted how often, where that is limited.
#[derive(Debug, Default)]
pub(crate) struct Extractions(Mutex<Option<(Pace, Throttle<CustomerId>)>>);

impl Extractions {
    /// Lets customers extract as often as that from now on. Whoever had come too often is forgiven when it changes.
    pub(crate) fn set_pace(&self, pace: Option<Pace>) {
        let mut current = self.0.lock();
        if current.as_ref().map(|(pace, _)| *pace) != pace {
            *current = pace.map(|pace| (pace, Throttle::new(pace, MOST_REMEMBERED)));
        }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// How long to wait, when it is one too many.
    pub(crate) fn admit(&self, customer: CustomerId, now: Timestamp) -> Result<(), Span> {
        self.0.lock().as_mut().map_or(Ok(()), |(_, throttle)| throttle.admit(customer, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_no_entry_gets_the_default_one() {
        let us = EntryName::parse("us").unwrap();
        let entry = Entry { address: Ipv4Addr::new(192, 0, 2, 7), ports: PortRange::new(1_000, 6_000).unwrap() };
        let rules = ExtractionRules { entries: BTreeMap::from([(us.clone(), entry)]), ..ExtractionRules::default() };
        assert_eq!(rules.entry(Some(&us)), (us.clone(), entry));
        let default = (EntryName::default_entry(), Entry::default());
        assert_eq!(rules.entry(None), default);
        assert_eq!(rules.entry(EntryName::parse("hk").ok().as_ref()), default);
        assert_eq!((rules.address(&us), rules.address(&default.0)), (entry.address, Ipv4Addr::LOCALHOST));
    }
}
