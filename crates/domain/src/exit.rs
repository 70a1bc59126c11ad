//! Exits: by which addresses traffic leaves, in which places these are, and who may be sent there.

mod check;
mod health;
mod name;
mod place;
mod prefix;
mod route;
mod shelf;
mod template;
pub mod terms;

use serde::{Deserialize, Serialize};

use crate::ids::ExitId;
use crate::product::ProductType;

pub use check::{EchoError, EchoPage, ExitLack, ExitReport, ExitWish};
pub use health::{FAILURES_IN_A_ROW, Failure, HealthState};
pub use name::{ExitName, ExitNameError};
pub use place::{ExitPlace, ExitPlaceError, Region};
pub use prefix::address_in;
pub use route::{Route, RouteError, Upstream, UpstreamAddress, UpstreamPassword, UpstreamProtocol};
pub use shelf::{Pick, Shelf, Stand, stirred};
pub use template::{Filling, LoginTemplate, TemplateError};
pub use terms::{ExitFault, ExitFields, ExitTerms};

/// An exit as a gateway needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitEntry {
    /// Which exit.
    pub id: ExitId,
    /// How traffic leaves by it.
    pub route: Route,
    /// Where it is; a contracted upstream may serve several places. Never empty.
    pub places: Vec<ExitPlace>,
    /// Whose traffic it takes: of accounts of these types. Never empty.
    pub product_types: Vec<ProductType>,
    /// The most connections open at once, per gateway; `None` is no limit.
    pub capacity: Option<u32>,
    /// Its share of the connections in its place, beside the others': 1 to [`LARGEST_WEIGHT`].
    pub weight: u16,
    /// What the operator wants of it.
    pub state: ExitState,
    /// Who the addresses belong to.
    pub provenance: Provenance,
}

/// The largest share.
pub const LARGEST_WEIGHT: u16 = 1_000;
/// The most places of one exit.
pub const MOST_PLACES: usize = 1_000;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal, $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number in the store.
            pub const fn number(self) -> i64 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The one of that number; `None` when there is none.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }

            /// The word that operators read and write.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The one of that word; `None` when there is none.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// What the operator wants of an exit.
    ExitState {
        /// It takes connections.
        Active = 0, "active";
        /// It takes no new connections and no new sessions; open ones end by themselves.
        Draining = 1, "draining";
        /// It is not to be used for now: open connections are ended. Its place goes on being offered as long as others serve it.
        Maintenance = 2, "maintenance";
        /// It is out of service: open connections are ended.
        Down = 3, "down";
    }
}

words! {
    /// Who an exit's addresses belong to.
    Provenance {
        /// The operator.
        Owned = 0, "owned";
        /// Another company, under a contract.
        Contracted = 1, "contracted";
    }
}

impl ExitState {
    /// Whether new connections may leave by it.
    pub const fn takes_new(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether open connections may go on.
    pub const fn keeps_open(self) -> bool {
        matches!(self, Self::Active | Self::Draining)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_by_number_and_by_word() {
        for state in ExitState::ALL {
            assert_eq!(ExitState::from_number(state.number()), Some(*state));
            assert_eq!(ExitState::from_word(state.word()), Some(*state));
        }
        assert_eq!((ExitState::from_number(4), ExitState::from_word("")), (None, None));
        assert_eq!(Provenance::from_word("owned"), Some(Provenance::Owned));
    }
}
