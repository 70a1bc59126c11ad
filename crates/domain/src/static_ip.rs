//! Addresses that are sold one by one: what state they are in, what their holder is told, and what may be taken into the
//! inventory (contract §4).

mod row;

use crate::product::ProductType;
use crate::time::{Span, Timestamp};

pub use row::{NewStaticIp, PlaceFault, RowFault, StaticIpFields};

/// A holding that ends within this time is said to expire soon.
const SOON: Span = Span::from_days(7);

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $word:literal;)*) => {
        /// What may be done with an address of the inventory.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StaticIpState {
            $($(#[$doc])* $name,)*
        }

        impl StaticIpState {
            /// Every state there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number in the store.
            pub const fn number(self) -> i64 {
                match self { $(Self::$name => $number,)* }
            }

            /// The state of that number; `None` when there is none.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The word that operators read and write.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The state of that word; `None` when there is none.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|state| state.word() == word)
            }
        }
    };
}

states! {
    /// Whoever pays gets it.
    ForSale = 0, "for_sale";
    /// A customer has it.
    Held = 1, "held";
    /// It is not to be used for now, whether a customer has it or not.
    Maintenance = 2, "maintenance";
    /// It is not sold any more.
    Withdrawn = 3, "withdrawn";
}

/// What the operator wants of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaticIpDuty {
    /// It is to be used and sold.
    Normal,
    /// It is not to be used for now. A customer that has it keeps it.
    Maintenance,
    /// It is not to be sold any more. No customer may have it.
    Withdrawn,
}

impl StaticIpDuty {
    /// What is wanted by a word: `normal`, `maintenance` or `withdrawn`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "normal" => Some(Self::Normal),
            "maintenance" => Some(Self::Maintenance),
            "withdrawn" => Some(Self::Withdrawn),
            _ => None,
        }
    }

    /// The state an address comes into; `None` when a customer has it that must be given another one first.
    pub const fn state(self, is_held: bool) -> Option<StaticIpState> {
        match (self, is_held) {
            (Self::Normal, true) => Some(StaticIpState::Held),
            (Self::Normal, false) => Some(StaticIpState::ForSale),
            (Self::Maintenance, _) => Some(StaticIpState::Maintenance),
            (Self::Withdrawn, false) => Some(StaticIpState::Withdrawn),
            (Self::Withdrawn, true) => None,
        }
    }
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// What a customer is told of an address it holds (contract §0.6).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum HoldingStatus {
            $($(#[$doc])* $name,)*
        }

        impl HoldingStatus {
            /// The number on the wire.
            pub const fn number(self) -> i64 {
                match self { $(Self::$name => $number,)* }
            }

            /// The status of that number; `None` when there is none.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

statuses! {
    /// It can be used.
    Active = 1;
    /// It has expired; within the grace time it can still be renewed.
    Inactive = 2;
    /// It can be used, and expires within seven days.
    ExpiringSoon = 3;
    /// It is in maintenance.
    Maintenance = 4;
}

impl HoldingStatus {
    /// What a holding that has not ended is at a moment. An expired one is inactive even in maintenance.
    pub fn of(expires_at: Timestamp, state: StaticIpState, now: Timestamp) -> Self {
        if expires_at <= now {
            Self::Inactive
        } else if state == StaticIpState::Maintenance {
            Self::Maintenance
        } else if expires_at <= Self::soon(now) {
            Self::ExpiringSoon
        } else {
            Self::Active
        }
    }

    /// What expires until then expires soon.
    pub const fn soon(now: Timestamp) -> Timestamp {
        now.plus(SOON)
    }
}

impl ProductType {
    /// The kind of address that operators call so: a number, `datacenter` or `residential`.
    pub fn static_ip_of_word(word: &str) -> Option<Self> {
        match word {
            "14" | "datacenter" => Some(Self::StaticDatacenterIp),
            "25" | "residential" => Some(Self::StaticResidentialIp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holding_is_told_by_its_end_and_its_address() {
        let now = Timestamp::from_ms(0);
        let status = |days: i64, state| HoldingStatus::of(now.plus(Span::from_days(days)), state, now).number();
        assert_eq!(status(8, StaticIpState::Held), 1);
        assert_eq!(status(7, StaticIpState::Held), 3);
        assert_eq!(status(0, StaticIpState::Held), 2);
        assert_eq!(status(8, StaticIpState::Maintenance), 4);
        assert_eq!(status(0, StaticIpState::Maintenance), 2);
    }

    #[test]
    fn an_address_that_somebody_has_is_not_withdrawn() {
        assert_eq!(StaticIpDuty::Withdrawn.state(true), None);
        assert_eq!(StaticIpDuty::Withdrawn.state(false), Some(StaticIpState::Withdrawn));
        assert_eq!(StaticIpDuty::Normal.state(true), Some(StaticIpState::Held));
        assert_eq!(StaticIpDuty::Normal.state(false), Some(StaticIpState::ForSale));
    }

    #[test]
    fn states_are_known_by_number_and_by_word() {
        for state in StaticIpState::ALL {
            assert_eq!(StaticIpState::from_number(state.number()), Some(*state));
            assert_eq!(StaticIpState::from_word(state.word()), Some(*state));
        }
        assert_eq!((StaticIpState::from_number(4), StaticIpState::from_word("")), (None, None));
    }
}
