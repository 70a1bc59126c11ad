//! Sticky sessions: which exit a session keeps, and until when (contract §10).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::exit::stirred;
use crate::ids::{CustomerId, EndpointId, ExitId};
use crate::login::SessionId;
use crate::place::PlaceWish;
use crate::product::ProductType;
use crate::time::Timestamp;

/// What tells a session apart from all others: its customer, its name, where its exit shall be and for which product. Nobody can
/// reach another customer's session, whatever it is called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SessionKey([u8; 16]);

impl SessionKey {
    /// The key of a customer's session.
    pub fn of(customer: CustomerId, product_type: ProductType, session: &SessionId, place: &PlaceWish) -> Self {
        let mut hash = Sha256::new();
        hash.update(customer.get().to_be_bytes());
        hash.update(product_type.number().to_be_bytes());
        for name in [&place.country, &place.state, &place.city] {
            hash.update(name.as_ref().map_or("", |name| name.as_str()));
            // In no name.
            hash.update(b"\n");
        }
        hash.update(session.as_str());
        Self::head_of(&hash.finalize())
    }

    /// The key of an extracted endpoint, which is a session of its own for each product.
    pub fn of_endpoint(endpoint: EndpointId, product_type: ProductType) -> Self {
        let mut hash = Sha256::new();
        // Longer than what a customer's session begins with, so that neither is ever the other.
        hash.update(b"an endpoint's session\n");
        hash.update(endpoint.get().to_be_bytes());
        hash.update(product_type.number().to_be_bytes());
        Self::head_of(&hash.finalize())
    }

    fn head_of(digest: &[u8]) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(byte, from)| *byte = *from);
        Self(key)
    }

    /// From the store.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// For the store.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// A number for the life of this session that follows the one that ended then.
    pub fn number(self, after: Timestamp) -> u64 {
        let Some(head) = self.0.first_chunk() else { return 0 };
        stirred(u64::from_be_bytes(*head) ^ after.ms().cast_unsigned())
    }

    /// A name for this session that tells an upstream nothing: 16 hexadecimal digits.
    pub fn name(self, after: Timestamp) -> String {
        format!("{:016x}", stirred(self.number(after)))
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(*self))
    }
}

impl From<SessionKey> for String {
    fn from(key: SessionKey) -> Self {
        format!("{:032x}", u128::from_be_bytes(key.0))
    }
}

impl TryFrom<String> for SessionKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        let number = u128::from_str_radix(&text, 16).map_err(|_| NotAKey)?;
        if text.len() == 32 { Ok(Self(number.to_be_bytes())) } else { Err(NotAKey) }
    }
}

/// A text is no session's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session's key has 32 hexadecimal digits")]
pub struct NotAKey;

/// A session that was moved more often than that gets numbers it had before.
const MOST_STIRRED: u16 = 64;

/// Which exit a session keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Which session.
    pub key: SessionKey,
    /// Which exit.
    pub exit: ExitId,
    /// When the session's last life ended; the beginning of time for its first. What is drawn for this life follows from it, so that
    /// all gateways draw the same.
    pub after: Timestamp,
    /// Until when; a new one follows then.
    pub until: Timestamp,
    /// How often its exit died and it was given another one.
    pub moves: u16,
}

impl Pin {
    /// The number that an exit is chosen by, in the life of a session that follows `after`, once it was moved so often.
    pub fn number(key: SessionKey, after: Timestamp, moves: u16) -> u64 {
        (0..moves.min(MOST_STIRRED)).fold(key.number(after), |number, _| stirred(number))
    }

    /// The same session, moved to another exit because its own died. Its end stays.
    #[must_use]
    pub const fn moved_to(self, exit: ExitId) -> Self {
        Self { exit, moves: self.moves.saturating_add(1), ..self }
    }

    /// Whether it holds at that moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// Whether this one holds and the other, for the same session, does not. At most one of two gateways that pinned a session at
    /// the same moment is right, and all come to the same one.
    pub fn prevails_over(&self, other: &Self, now: Timestamp) -> bool {
        match (self.holds(now), other.holds(now)) {
            (true, true) => {
                // The earlier end was there first.
                let rank = |pin: &Self| (std::cmp::Reverse(pin.moves), pin.until, pin.exit);
                rank(self) < rank(other)
            }
            (holds, _) => holds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn key(customer: i64, session: &str, place: &PlaceWish) -> SessionKey {
        let session = SessionId::parse(session).unwrap();
        SessionKey::of(CustomerId::new(customer), ProductType::DynamicTraffic, &session, place)
    }

    #[test]
    fn customers_with_the_same_session_have_nothing_in_common() {
        let anywhere = PlaceWish::default();
        let us = PlaceWish { country: crate::place::PlaceName::parse("US").ok(), ..PlaceWish::default() };
        let keys = [key(1, "a", &anywhere), key(2, "a", &anywhere), key(1, "b", &anywhere), key(1, "a", &us)];
        for (place, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(place + 1).all(|other| one != other));
        }
        assert_eq!(keys[0], key(1, "a", &anywhere));
        let endpoint = |id| SessionKey::of_endpoint(EndpointId::new(id), ProductType::DynamicTraffic);
        assert!(!keys.contains(&endpoint(1)) && endpoint(1) != endpoint(2) && endpoint(1) == endpoint(1));
    }

    #[test]
    fn a_key_reads_what_it_writes() {
        let one = key(7, "abc", &PlaceWish::default());
        assert_eq!(SessionKey::try_from(String::from(one)), Ok(one));
        assert_eq!(SessionKey::try_from("12".to_owned()), Err(NotAKey));
        assert_eq!(one.name(Timestamp::from_ms(0)).len(), 16);
    }

    #[test]
    fn of_two_pins_all_keep_the_same() {
        let now = Timestamp::from_ms(0);
        let one = Pin {
            key: key(1, "a", &PlaceWish::default()),
            exit: ExitId::new(1),
            after: now,
            until: now.plus(Span::from_secs(600)),
            moves: 0,
        };
        let later = Pin { until: one.until.plus(Span::from_secs(1)), exit: ExitId::new(2), ..one };
        assert!(one.prevails_over(&later, now) && !later.prevails_over(&one, now));
        let moved = one.moved_to(ExitId::new(3));
        assert!(moved.prevails_over(&one, now) && moved.prevails_over(&later, now));
        assert!(!one.prevails_over(&one, now));
        assert!(later.prevails_over(&one, one.until), "the other has ended");
    }
}
