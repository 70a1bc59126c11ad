//! One row of an inventory: an address and where it is, as an operator's file gives it.

use std::net::IpAddr;

use super::StaticIpState;
use crate::country::CountryCode;
use crate::exit::{ExitName, ExitNameError};
use crate::product::ProductType;

/// The longest name of a region or a city, and the longest note, in characters.
const LONGEST_TEXT: usize = 64;

/// An address that is to be taken into the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStaticIp {
    /// The address, in its canonical form.
    pub ip: IpAddr,
    /// Its kind: 14 or 25.
    pub product_type: ProductType,
    /// Where it is.
    pub country: CountryCode,
    /// The state or province; may be empty.
    pub region: String,
    /// The city; may be empty.
    pub city: String,
    /// For sale, in maintenance or withdrawn.
    pub state: StaticIpState,
    /// The operator's own words on it; may be empty.
    pub note: String,
    /// The exit that it is behind; `None` for an address of the gateways' own hosts.
    pub exit: Option<ExitName>,
}

/// The same, as texts that may be anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct StaticIpFields<'a> {
    /// The address.
    pub ip: &'a str,
    /// `14` or `datacenter`, `25` or `residential`.
    pub kind: &'a str,
    /// Two letters of ISO 3166-1.
    pub country: &'a str,
    /// May be empty.
    pub region: &'a str,
    /// May be empty.
    pub city: &'a str,
    /// Empty means for sale.
    pub state: &'a str,
    /// May be empty.
    pub note: &'a str,
    /// An exit's name; empty for an address of the gateways' own hosts.
    pub exit: &'a str,
}

impl StaticIpFields<'_> {
    /// Reads a row.
    ///
    /// # Errors
    /// The first [`RowFault`] there is.
    pub fn read(self) -> Result<NewStaticIp, RowFault> {
        Ok(NewStaticIp {
            ip: address(self.ip)?,
            product_type: ProductType::static_ip_of_word(&self.kind.trim().to_ascii_lowercase())
                .ok_or(RowFault::Kind)?,
            country: CountryCode::parse(self.country.trim()).map_err(|_| RowFault::Country)?,
            region: line(self.region).map_err(RowFault::Region)?,
            city: line(self.city).map_err(RowFault::City)?,
            state: state(self.state.trim())?,
            note: line(self.note).map_err(RowFault::Note)?,
            exit: exit(self.exit.trim())?,
        })
    }
}

/// What can be nobody's exit is refused. Private and loopback addresses may be, on the operator's own machines.
fn address(text: &str) -> Result<IpAddr, RowFault> {
    let ip = text.trim().parse::<IpAddr>().map_err(|_| RowFault::NoAddress)?.to_canonical();
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    if ip.is_unspecified() || ip.is_multicast() || is_broadcast { Err(RowFault::NoExit) } else { Ok(ip) }
}

fn state(word: &str) -> Result<StaticIpState, RowFault> {
    match word {
        "" => Ok(StaticIpState::ForSale),
        word => match StaticIpState::from_word(word) {
            Some(StaticIpState::Held) => Err(RowFault::Held),
            Some(state) => Ok(state),
            None => Err(RowFault::State),
        },
    }
}

fn exit(name: &str) -> Result<Option<ExitName>, RowFault> {
    (!name.is_empty()).then(|| ExitName::parse(name)).transpose().map_err(RowFault::Exit)
}

fn line(text: &str) -> Result<String, PlaceFault> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        Err(PlaceFault::Control)
    } else if text.chars().count() > LONGEST_TEXT {
        Err(PlaceFault::TooLong)
    } else {
        Ok(text.to_owned())
    }
}

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceFault {
    /// More than 64 characters.
    #[error("must not be longer than 64 characters")]
    TooLong,
    /// A line break or the like.
    #[error("must not hold line breaks or other control characters")]
    Control,
}

/// Why a row is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// Neither an IPv4 nor an IPv6 address.
    #[error("ip: is no IPv4 or IPv6 address")]
    NoAddress,
    /// An address that traffic cannot come from.
    #[error("ip: traffic cannot come from there")]
    NoExit,
    /// Not a kind of address.
    #[error("kind: must be 14 (datacenter) or 25 (residential)")]
    Kind,
    /// Not a country.
    #[error("country: must be two letters of ISO 3166-1")]
    Country,
    /// The region's name.
    #[error("region: {0}")]
    Region(PlaceFault),
    /// The city's name.
    #[error("city: {0}")]
    City(PlaceFault),
    /// The note.
    #[error("note: {0}")]
    Note(PlaceFault),
    /// The exit's name.
    #[error("exit: {0}")]
    Exit(ExitNameError),
    /// Not a state.
    #[error("state: must be for_sale, maintenance or withdrawn")]
    State,
    /// Who holds an address is not known here.
    #[error("state: a held address comes with its customer, by a backup")]
    Held,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: StaticIpFields<'_> = StaticIpFields {
        ip: "192.0.2.7",
        kind: "25",
        country: "JP",
        region: "Tokyo",
        city: "Chiyoda",
        state: "",
        note: "",
        exit: "",
    };

    #[test]
    fn a_row_is_read_with_either_name_of_its_kind() {
        let read = GOOD.read().unwrap();
        assert_eq!((read.product_type, read.state), (ProductType::StaticResidentialIp, StaticIpState::ForSale));
        assert_eq!(StaticIpFields { kind: " Residential", ip: "::ffff:192.0.2.7", ..GOOD }.read(), Ok(read));
    }

    #[test]
    fn what_is_wrong_with_a_row_is_named() {
        let long = "x".repeat(65);
        let cases = [
            (StaticIpFields { ip: "192.0.2", ..GOOD }, RowFault::NoAddress),
            (StaticIpFields { ip: "224.0.0.1", ..GOOD }, RowFault::NoExit),
            (StaticIpFields { ip: "255.255.255.255", ..GOOD }, RowFault::NoExit),
            (StaticIpFields { ip: "::", ..GOOD }, RowFault::NoExit),
            (StaticIpFields { kind: "9", ..GOOD }, RowFault::Kind),
            (StaticIpFields { country: "Japan", ..GOOD }, RowFault::Country),
            (StaticIpFields { region: "a\nb", ..GOOD }, RowFault::Region(PlaceFault::Control)),
            (StaticIpFields { city: &long, ..GOOD }, RowFault::City(PlaceFault::TooLong)),
            (StaticIpFields { state: "sold", ..GOOD }, RowFault::State),
            (StaticIpFields { state: "held", ..GOOD }, RowFault::Held),
            (StaticIpFields { exit: "a b", ..GOOD }, RowFault::Exit(ExitNameError)),
        ];
        for (fields, fault) in cases {
            assert_eq!(fields.read(), Err(fault));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(texts in proptest::array::uniform8(".{0,70}")) {
            let [ip, kind, country, region, city, state, note, exit] = texts.each_ref().map(String::as_str);
            let read = StaticIpFields { ip, kind, country, region, city, state, note, exit }.read();
            prop_assert!(read.is_err() || ip.trim().parse::<IpAddr>().is_ok());
        }
    }
}
