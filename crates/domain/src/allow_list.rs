//! The allow list's grammar: addresses parted by commas or line ends (contract §8).
//!
//! One spelling an address: an IPv4-mapped IPv6 address is the IPv4 address it stands for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::destination::special_purpose;

/// The most addresses one call may name.
pub const LARGEST_BATCH: usize = 500;

/// Which addresses may stand on an allow list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admitted {
    /// Ordinary addresses of the internet.
    #[default]
    Public,
    /// Those, and private, loopback and other special-purpose ones, for gateways inside a private network. Never the
    /// unspecified address, multicast or broadcast: nobody connects from there.
    Special,
}

/// Reads addresses; each counts once.
///
/// # Errors
/// Every [`SourceError`] there is, by place.
pub fn parse(text: &str, admitted: Admitted) -> Result<Vec<IpAddr>, Vec<SourceError>> {
    let (mut sources, mut errors) = (BTreeSet::new(), Vec::new());
    for (place, item) in (1_usize..).zip(items(text)) {
        if place > LARGEST_BATCH {
            return Err(vec![SourceError::TooMany]);
        }
        match read(item, admitted) {
            Ok(source) => {
                sources.insert(source);
            }
            Err(fault) => errors.push(SourceError::Item { place, fault }),
        }
    }
    if !errors.is_empty() {
        Err(errors)
    } else if sources.is_empty() {
        Err(vec![SourceError::Empty])
    } else {
        Ok(sources.into_iter().collect())
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n', '\r']).map(str::trim).filter(|item| !item.is_empty())
}

fn read(item: &str, admitted: Admitted) -> Result<IpAddr, SourceFault> {
    let source = item.parse::<IpAddr>().map_err(|_| SourceFault::NoAddress)?.to_canonical();
    let is_broadcast = matches!(source, IpAddr::V4(source) if source.is_broadcast());
    if source.is_unspecified() || source.is_multicast() || is_broadcast {
        return Err(SourceFault::NoSource(source));
    }
    match admitted {
        Admitted::Public if special_purpose(source).is_some() => Err(SourceFault::Special(source)),
        Admitted::Public | Admitted::Special => Ok(source),
    }
}

/// Why a list of addresses is refused. Places are counted from 1, empty items left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No address at all.
    #[error("must name at least one address")]
    Empty,
    /// More than [`LARGEST_BATCH`].
    #[error("must not name more than 500 addresses at once")]
    TooMany,
    /// One item breaks a rule.
    #[error("item {place}: {fault}")]
    Item {
        /// Which item.
        place: usize,
        /// Which rule.
        fault: SourceFault,
    },
}

/// Why one item is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// Neither IPv4 nor IPv6 in the usual spelling: a name, a network, an address with a port or a zone.
    #[error("is no IPv4 or IPv6 address")]
    NoAddress,
    /// An address that nobody can connect from.
    #[error("{0} is an address that nobody connects from")]
    NoSource(IpAddr),
    /// A special-purpose address where only ordinary ones are admitted.
    #[error("{0} is a private or special-purpose address")]
    Special(IpAddr),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(text: &str) -> Vec<String> {
        parse(text, Admitted::Public).unwrap().iter().map(ToString::to_string).collect()
    }

    fn faults(text: &str, admitted: Admitted) -> Vec<SourceError> {
        parse(text, admitted).unwrap_err()
    }

    #[test]
    fn commas_and_line_ends_part_addresses_and_each_counts_once() {
        assert_eq!(listed("8.8.8.8, 9.9.9.9\r\n\n8.8.4.4,,"), ["8.8.4.4", "8.8.8.8", "9.9.9.9"]);
        assert_eq!(listed("2606:4700:0:0::1111\n2606:4700::1111"), ["2606:4700::1111"]);
        assert_eq!(listed("::ffff:8.8.8.8,8.8.8.8"), ["8.8.8.8"]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_by_place() {
        use SourceError::Item;
        use SourceFault::{NoAddress, NoSource, Special};
        let [private, any] = ["10.0.0.1", "::"].map(|text| text.parse().unwrap());
        let expected = vec![
            Item { place: 1, fault: NoAddress },
            Item { place: 3, fault: Special(private) },
            Item { place: 4, fault: NoSource(any) },
        ];
        assert_eq!(faults("1.2.3,8.8.8.8,,10.0.0.1\n::", Admitted::Public), expected);
        assert_eq!(faults(" ,\n", Admitted::Public), [SourceError::Empty]);
        assert_eq!(faults(&"8.8.8.8,".repeat(501), Admitted::Public), [SourceError::TooMany]);
        assert_eq!(listed(&"8.8.8.8,".repeat(500)).len(), 1);
    }

    #[test]
    fn what_is_no_single_address_is_refused() {
        for text in
            ["8.8.8.0/24", "8.8.8.8:80", "[2606:4700::1]", "fe80::1%eth0", "example.com", "0x8.8.8.8", "010.8.8.8", "8"]
        {
            let fault = SourceFault::NoAddress;
            assert_eq!(faults(text, Admitted::Special), [SourceError::Item { place: 1, fault }], "{text}");
        }
    }

    #[test]
    fn special_purpose_addresses_are_for_private_networks_only() {
        for text in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "100.64.0.1", "::1", "fd00::1", "fe80::1", "203.0.113.7"] {
            assert!(parse(text, Admitted::Public).is_err(), "{text}");
            assert!(parse(text, Admitted::Special).is_ok(), "{text}");
        }
        for text in ["0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "255.255.255.255"] {
            assert!(parse(text, Admitted::Special).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[0-9a-f:.,/%\n ]{0,60}") {
            if let Ok(sources) = parse(&text, Admitted::Special) {
                let again: Vec<String> = sources.iter().map(ToString::to_string).collect();
                prop_assert_eq!(parse(&again.join(","), Admitted::Special), Ok(sources));
            }
        }
    }
}
