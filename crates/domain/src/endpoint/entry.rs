//! Network entries: under which name, and on which ports, endpoints are given out.

use serde::{Deserialize, Serialize};

/// The longest name of an entry.
const LONGEST_NAME: usize = 32;

/// The name of a network entry, as `ep` names it: 1 to 32 lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryName(Box<str>);

impl EntryName {
    /// The entry of whoever names none, or one that is not there.
    pub fn default_entry() -> Self {
        Self("default".into())
    }

    /// Reads a name; upper case counts as lower.
    ///
    /// # Errors
    /// [`EntryNameError`].
    pub fn parse(text: &str) -> Result<Self, EntryNameError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let fits = (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text.to_ascii_lowercase().into())) } else { Err(EntryNameError) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for EntryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<EntryName> for String {
    fn from(name: EntryName) -> Self {
        name.0.into()
    }
}

impl TryFrom<String> for EntryName {
    type Error = EntryNameError;

    fn try_from(text: String) -> Result<Self, EntryNameError> {
        Self::parse(&text)
    }
}

/// A text is no entry's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry's name has 1 to 32 letters, digits and hyphens")]
pub struct EntryNameError;

/// The ports of an entry, both ends included. Written `20000-25999`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// The ports of an entry that names none: room for 5,000 live endpoints and those about to end.
    pub const DEFAULT: Self = Self { first: 20_000, last: 25_999 };

    /// From one port to another.
    ///
    /// # Errors
    /// [`PortRangeError`] when it begins at 0 or ends before it begins.
    pub const fn new(first: u16, last: u16) -> Result<Self, PortRangeError> {
        if first == 0 || last < first { Err(PortRangeError) } else { Ok(Self { first, last }) }
    }

    /// The first port.
    pub const fn first(self) -> u16 {
        self.first
    }

    /// The last port.
    pub const fn last(self) -> u16 {
        self.last
    }

    /// Whether a port is among them.
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

impl Default for PortRange {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl std::fmt::Display for PortRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> Self {
        range.to_string()
    }
}

impl TryFrom<String> for PortRange {
    type Error = PortRangeError;

    fn try_from(text: String) -> Result<Self, PortRangeError> {
        let (first, last) = text.split_once('-').ok_or(PortRangeError)?;
        let port = |text: &str| text.trim().parse().map_err(|_| PortRangeError);
        Self::new(port(first)?, port(last)?)
    }
}

/// A text is no range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a range of ports as FIRST-LAST, from 1 on, the first not after the last")]
pub struct PortRangeError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_plain() {
        assert_eq!(EntryName::parse("US-west1").unwrap().as_str(), "us-west1");
        assert_eq!(EntryName::default_entry(), EntryName::parse("default").unwrap());
        for text in ["", "a b", "ü", "a_b", &"x".repeat(33)] {
            assert_eq!(EntryName::parse(text), Err(EntryNameError), "{text}");
        }
    }

    #[test]
    fn a_range_reads_what_it_writes() {
        let range = PortRange::try_from("20000-25999".to_owned()).unwrap();
        assert_eq!(range, PortRange::DEFAULT);
        assert_eq!(range.to_string(), "20000-25999");
        assert!(range.contains(20_000) && range.contains(25_999) && !range.contains(26_000) && !range.contains(19_999));
        for text in ["", "1", "0-5", "9-8", "1-65536", "a-b", "-5"] {
            assert_eq!(PortRange::try_from(text.to_owned()), Err(PortRangeError), "{text}");
        }
    }
}
