//! The set of ports that may be dialled.

use serde::{Deserialize, Serialize};

/// Ports, each 1 to 65535. The default are those of the web: 80, 443, 8080 and 8443.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u16>", try_from = "Vec<u16>")]
pub struct PortSet(Vec<u16>);

impl PortSet {
    /// A set of these ports.
    ///
    /// # Errors
    /// [`NoSuchPort`] when 0 is among them.
    pub fn new(ports: impl IntoIterator<Item = u16>) -> Result<Self, NoSuchPort> {
        let mut ports: Vec<u16> = ports.into_iter().collect();
        ports.sort_unstable();
        ports.dedup();
        if ports.first() == Some(&0) { Err(NoSuchPort) } else { Ok(Self(ports)) }
    }

    /// Whether a port is in the set.
    pub fn contains(&self, port: u16) -> bool {
        self.0.binary_search(&port).is_ok()
    }

    /// The ports, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().copied()
    }
}

impl Default for PortSet {
    fn default() -> Self {
        Self(vec![80, 443, 8080, 8443])
    }
}

impl From<PortSet> for Vec<u16> {
    fn from(set: PortSet) -> Self {
        set.0
    }
}

impl TryFrom<Vec<u16>> for PortSet {
    type Error = NoSuchPort;

    fn try_from(ports: Vec<u16>) -> Result<Self, NoSuchPort> {
        Self::new(ports)
    }
}

/// Nothing can be reached at port 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a port must be 1 to 65535")]
pub struct NoSuchPort;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_never_zero() {
        let set = PortSet::new([443, 25, 443]).unwrap();
        assert_eq!(set.iter().collect::<Vec<_>>(), [25, 443]);
        assert!(set.contains(25) && !set.contains(80));
        assert_eq!(PortSet::new([80, 0]), Err(NoSuchPort));
        assert!(!PortSet::default().contains(0));
    }
}
