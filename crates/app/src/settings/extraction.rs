//! The `[extraction]` section: the network entries that customers are given ports of, and how much they may have.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use turnpike_domain::endpoint::{EntryName, PortRange};
use turnpike_domain::throttle::Pace;
use turnpike_domain::time::Span;
use turnpike_gateway::settings::OwnEntry;
use turnpike_service::{Entry, ExtractionRules};

/// Entries at most.
const MOST_ENTRIES: usize = 64;
/// The most calls a minute that can be said.
const MOST_CALLS: u32 = 60_000;
/// Where a packet to the internet would go, to find the address that it would come from; nothing is ever sent there.
const SOMEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// The `[extraction]` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExtractionSection {
    /// How many live endpoints a customer may have. 5000.
    pub(crate) most_live: u32,
    /// How often a customer may extract in a minute; as often as it likes when not set.
    pub(crate) calls_per_minute: Option<u32>,
    /// The entries, each in a table `[[extraction.entry]]`, one of them called `default`. Without any there is that one, where the
    /// gateway listens.
    pub(crate) entry: Vec<EntrySection>,
}

impl Default for ExtractionSection {
    fn default() -> Self {
        let ExtractionRules { most_live, .. } = ExtractionRules::default();
        Self { most_live, calls_per_minute: None, entry: Vec::new() }
    }
}

/// A table `[[extraction.entry]]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntrySection {
    /// What `ep` calls it.
    name: EntryName,
    /// The address that customers are told.
    address: Ipv4Addr,
    /// The ports that are given out. 20000-25999.
    #[serde(default)]
    ports: PortRange,
    /// The local address that this gateway listens on for it, or `off` when others do; that of `gateway.listen` when not set.
    #[serde(default)]
    listen: EntryListen,
}

/// Where an entry is listened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
enum EntryListen {
    /// Where the gateway listens.
    #[default]
    Gateway,
    /// Not by this gateway.
    Off,
    /// There.
    At(IpAddr),
}

impl From<EntryListen> for String {
    fn from(listen: EntryListen) -> Self {
        match listen {
            EntryListen::Gateway => "gateway".to_owned(),
            EntryListen::Off => "off".to_owned(),
            EntryListen::At(ip) => ip.to_string(),
        }
    }
}

impl TryFrom<String> for EntryListen {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "gateway" => Ok(Self::Gateway),
            "off" => Ok(Self::Off),
            text => text.parse().map(Self::At).map_err(|_| "write an IP address, `gateway` or `off`"),
        }
    }
}

impl ExtractionSection {
    /// Whether it makes sense, with a gateway that listens there.
    ///
    /// # Errors
    /// When not.
    pub(super) fn check(&self, gateway: SocketAddr) -> Result<()> {
        ensure!(self.entry.len() <= MOST_ENTRIES, "extraction.entry: at most {MOST_ENTRIES}");
        let calls = self.calls_per_minute.unwrap_or(1);
        ensure!((1..=MOST_CALLS).contains(&calls), "extraction.calls_per_minute: 1 to {MOST_CALLS}, or not set");
        let names: Vec<_> = self.entry.iter().map(|entry| &entry.name).collect();
        let named_default = names.iter().any(|name| **name == EntryName::default_entry());
        ensure!(names.is_empty() || named_default, "extraction.entry: one must be called default");
        for (place, entry) in self.entry.iter().enumerate() {
            ensure!(
                !names.iter().take(place).any(|name| *name == &entry.name),
                "extraction.entry: {} is there twice",
                entry.name
            );
            ensure!(!entry.address.is_unspecified(), "extraction.entry: nobody connects to {}", entry.address);
        }
        self.check_overlaps(gateway)
    }

    /// A port is of one entry only, or customers would get each other's connections.
    fn check_overlaps(&self, gateway: SocketAddr) -> Result<()> {
        let own = self.own(gateway);
        for (place, one) in own.iter().enumerate() {
            let meets = |other: &&OwnEntry| {
                let same = one.listen == other.listen || one.listen.is_unspecified() || other.listen.is_unspecified();
                same && one.ports.first() <= other.ports.last() && other.ports.first() <= one.ports.last()
            };
            if let Some(other) = own.iter().take(place).find(meets) {
                anyhow::bail!("extraction.entry: {} and {} have ports in common", other.name, one.name);
            }
        }
        Ok(())
    }

    /// The entries that this gateway listens for, which itself listens there.
    pub(crate) fn own(&self, gateway: SocketAddr) -> Vec<OwnEntry> {
        if self.entry.is_empty() {
            let name = EntryName::default_entry();
            return vec![OwnEntry { name, listen: gateway.ip(), ports: PortRange::DEFAULT }];
        }
        let own = |entry: &EntrySection| {
            let listen = match entry.listen {
                EntryListen::Gateway => gateway.ip(),
                EntryListen::Off => return None,
                EntryListen::At(ip) => ip,
            };
            Some(OwnEntry { name: entry.name.clone(), listen, ports: entry.ports })
        };
        self.entry.iter().filter_map(own).collect()
    }

    /// What customers are told of, and may have.
    pub(crate) fn rules(&self, gateway: SocketAddr) -> ExtractionRules {
        let mut rules = ExtractionRules { most_live: self.most_live, pace: self.pace(), ..ExtractionRules::default() };
        if self.entry.is_empty() {
            rules.default.address = advertised(gateway);
        }
        for EntrySection { name, address, ports, .. } in &self.entry {
            let entry = Entry { address: *address, ports: *ports };
            if *name == EntryName::default_entry() {
                rules.default = entry;
            } else {
                rules.entries.insert(name.clone(), entry);
            }
        }
        rules
    }

    fn pace(&self) -> Option<Pace> {
        let calls = self.calls_per_minute?;
        let interval = i64::from(60_000_u32.checked_div(calls).unwrap_or(1).max(1));
        Some(Pace { burst: calls, interval: Span::from_ms(interval) })
    }
}

/// The address that customers reach a gateway at which listens there: its own, or the one that this host has to the outside.
fn advertised(gateway: SocketAddr) -> Ipv4Addr {
    match gateway.ip().to_canonical() {
        IpAddr::V4(ip) if !ip.is_unspecified() => ip,
        _ => outside().unwrap_or(Ipv4Addr::LOCALHOST),
    }
}

fn outside() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(SOMEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2600);

    fn section(text: &str) -> ExtractionSection {
        toml::from_str(text).unwrap()
    }

    fn told(text: &str) -> String {
        section(text).check(GATEWAY).unwrap_err().to_string()
    }

    #[test]
    fn without_a_word_there_is_one_entry_where_the_gateway_listens() {
        let section = section("");
        section.check(GATEWAY).unwrap();
        let rules = section.rules(GATEWAY);
        assert_eq!(
            (rules.default.address, rules.default.ports.to_string().as_str()),
            (Ipv4Addr::LOCALHOST, "20000-25999")
        );
        assert_eq!((rules.most_live, rules.pace), (5_000, None));
        let own = section.own(GATEWAY);
        assert_eq!((own.len(), own[0].name.as_str(), own[0].listen), (1, "default", GATEWAY.ip()));
    }

    #[test]
    fn a_gateway_listens_for_its_own_entries() {
        let section = section(
            "calls_per_minute = 30\n\
             [[entry]]\nname = 'default'\naddress = '192.0.2.1'\n\
             [[entry]]\nname = 'us'\naddress = '192.0.2.2'\nports = '1000-1999'\nlisten = '10.0.0.2'\n\
             [[entry]]\nname = 'hk'\naddress = '192.0.2.3'\nlisten = 'off'\n",
        );
        section.check(GATEWAY).unwrap();
        let own: Vec<_> =
            section.own(GATEWAY).iter().map(|own| format!("{} {} {}", own.name, own.listen, own.ports)).collect();
        assert_eq!(own, ["default 127.0.0.1 20000-25999", "us 10.0.0.2 1000-1999"]);
        let rules = section.rules(GATEWAY);
        assert_eq!(rules.entries.len(), 2);
        assert_eq!(rules.default.address, Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(rules.pace, Some(Pace { burst: 30, interval: Span::from_secs(2) }));
    }

    #[test]
    fn what_would_mix_up_customers_is_refused() {
        let entry = |name: &str, more: &str| format!("[[entry]]\nname = '{name}'\naddress = '192.0.2.1'\n{more}\n");
        assert!(told(&entry("us", "")).contains("one must be called default"));
        assert!(told(&format!("{}{}", entry("default", ""), entry("default", "ports = '1-2'"))).contains("twice"));
        assert!(told(&format!("{}{}", entry("default", ""), entry("us", ""))).contains("in common"));
        let everywhere = entry("us", "listen = '0.0.0.0'\nports = '25999-30000'");
        assert!(told(&format!("{}{everywhere}", entry("default", ""))).contains("in common"));
        assert!(told("calls_per_minute = 0").contains("calls_per_minute"));
    }
}
