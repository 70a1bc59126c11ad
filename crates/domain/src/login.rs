//! The gateway's login: an account's name with parameters, one grammar for the whole family (contract §10).
//!
//! `<account>[_area-<CC>][_state-<State>][_city-<City>][_life-<minutes>][_session-<id>][_ip-<address>]`

use std::net::IpAddr;

use crate::account::{NameError, Username};
use crate::place::{PlaceName, PlaceWish};
use crate::time::Span;

/// What a client put where the username goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The account.
    pub username: Username,
    /// Where the exit shall be.
    pub place: PlaceWish,
    /// Connections with the same session share an exit.
    pub session: Option<SessionId>,
    /// For how long a session keeps its exit.
    pub life: LifeMinutes,
    /// Which of the customer's static addresses to leave by.
    pub ip: Option<IpAddr>,
    /// The first parameter that cannot be understood. It is told only after authentication.
    pub fault: Option<LoginFault>,
}

impl Login {
    /// Reads a login. Order is free, unknown keys are ignored, the first of a repeated key wins.
    ///
    /// # Errors
    /// [`NameError`] only when the part before the first `_` can be no account.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (account, parameters) = text.split_once('_').unwrap_or((text, ""));
        let mut login = Self {
            username: Username::parse(account)?,
            place: PlaceWish::default(),
            session: None,
            life: LifeMinutes::default(),
            ip: None,
            fault: None,
        };
        let mut seen = [false; Key::COUNT];
        for parameter in parameters.split('_') {
            let (key, value) = parameter.split_once('-').unwrap_or((parameter, ""));
            let Some(key) = Key::named(key) else { continue };
            let Some(first) = seen.get_mut(key.index()) else { continue };
            if !std::mem::replace(first, true) && login.set(key, value).is_none() {
                login.fault.get_or_insert(key.fault());
            }
        }
        Ok(login)
    }

    /// `None` when the key cannot take that value.
    fn set(&mut self, key: Key, value: &str) -> Option<()> {
        match key {
            Key::Area => self.place.country = Some(PlaceName::parse(value).ok()?),
            Key::State => self.place.state = Some(PlaceName::parse(value).ok()?),
            Key::City => self.place.city = Some(PlaceName::parse(value).ok()?),
            Key::Life => self.life = LifeMinutes::parse(value)?,
            Key::Session => self.session = Some(SessionId::parse(value)?),
            Key::Ip => self.ip = Some(value.parse().ok()?),
        }
        Some(())
    }
}

/// The keys a login may hold.
#[derive(Clone, Copy)]
enum Key {
    Area,
    State,
    City,
    Life,
    Session,
    Ip,
}

impl Key {
    const COUNT: usize = 6;

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "area" => Self::Area,
            "state" => Self::State,
            "city" => Self::City,
            "life" => Self::Life,
            "session" => Self::Session,
            "ip" => Self::Ip,
            _ => return None,
        })
    }

    const fn index(self) -> usize {
        match self {
            Self::Area => 0,
            Self::State => 1,
            Self::City => 2,
            Self::Life => 3,
            Self::Session => 4,
            Self::Ip => 5,
        }
    }

    const fn fault(self) -> LoginFault {
        match self {
            Self::Area => LoginFault::Area,
            Self::State => LoginFault::State,
            Self::City => LoginFault::City,
            Self::Life => LoginFault::Life,
            Self::Session => LoginFault::Session,
            Self::Ip => LoginFault::Ip,
        }
    }
}

/// A session's name: 1 to 64 of ASCII letters, digits and `-`. Unique within its customer only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// The longest name.
    pub const LONGEST: usize = 64;

    /// Checks a name; `None` when it breaks the rule.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::LONGEST).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long a session keeps its exit: 1 to 1440 minutes, 10 when not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifeMinutes(u16);

impl LifeMinutes {
    /// The longest life of a session.
    pub const LONGEST: u16 = 1440;

    /// Reads a number of minutes; `None` when it is none or out of range.
    pub fn parse(text: &str) -> Option<Self> {
        // `u16::from_str` would take a leading `+`.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let minutes = digits.then(|| text.parse().ok()).flatten()?;
        (1..=Self::LONGEST).contains(&minutes).then_some(Self(minutes))
    }

    /// The number of minutes.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// As long as that.
    pub fn span(self) -> Span {
        Span::from_secs(i64::from(self.0).saturating_mul(60))
    }
}

impl Default for LifeMinutes {
    fn default() -> Self {
        Self(10)
    }
}

/// Which parameter of a login cannot be understood, and how to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// `area`.
    #[error("the area in the username must be a country code, as in _area-US")]
    Area,
    /// `state`.
    #[error("the state in the username must be a name of at most 64 characters, as in _state-Texas")]
    State,
    /// `city`.
    #[error("the city in the username must be a name of at most 64 characters, as in _city-Austin")]
    City,
    /// `life`.
    #[error("the life in the username must be 1 to 1440 minutes, as in _life-30")]
    Life,
    /// `session`.
    #[error("the session in the username must be 1 to 64 letters, digits and hyphens, as in _session-a1")]
    Session,
    /// `ip`.
    #[error("the ip in the username must be an IP address, as in _ip-192.0.2.1")]
    Ip,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(text: &str) -> PlaceName {
        PlaceName::parse(text).unwrap()
    }

    #[test]
    fn a_bare_account_wishes_nothing() {
        let login = Login::parse("user01").unwrap();
        assert_eq!(login.username.as_str(), "user01");
        assert!(login.place.is_anywhere());
        assert_eq!((login.session, login.life.get(), login.ip, login.fault), (None, 10, None, None));
    }

    #[test]
    fn every_parameter_is_understood_in_any_order() {
        let forward = "u_area-US_state-NorthCarolina_city-New-Bern_life-30_session-a-1_ip-192.0.2.7";
        let backward = "u_ip-192.0.2.7_session-a-1_life-30_city-New-Bern_state-NorthCarolina_area-US";
        let login = Login::parse(forward).unwrap();
        assert_eq!(login.place.country, Some(place("us")));
        assert_eq!(login.place.state, Some(place("north carolina")));
        assert_eq!(login.place.city, Some(place("newbern")));
        assert_eq!(login.life.get(), 30);
        assert_eq!(login.session.as_ref().map(SessionId::as_str), Some("a-1"));
        assert_eq!(login.ip, Some("192.0.2.7".parse().unwrap()));
        assert_eq!(Login::parse(backward).unwrap(), login);
        assert_eq!(Login::parse("u_ip-2001:db8::7").unwrap().ip, Some("2001:db8::7".parse().unwrap()));
    }

    #[test]
    fn unknown_keys_are_ignored_and_the_first_of_a_repeated_key_wins() {
        let login = Login::parse("u_zip-90210__x_session-a_session-b_user-bob_life-5_life-").unwrap();
        assert_eq!(login.username.as_str(), "u");
        assert_eq!(login.session.as_ref().map(SessionId::as_str), Some("a"));
        assert_eq!((login.life.get(), login.fault), (5, None));
    }

    #[test]
    fn a_bad_value_is_a_fault_of_its_key() {
        let faults = [
            ("u_area-", LoginFault::Area),
            ("u_area", LoginFault::Area),
            ("u_state--", LoginFault::State),
            ("u_city-\n", LoginFault::City),
            ("u_life-0", LoginFault::Life),
            ("u_life-1441", LoginFault::Life),
            ("u_life-+5", LoginFault::Life),
            ("u_life-99999999999999999999", LoginFault::Life),
            ("u_session-", LoginFault::Session),
            ("u_session-a.b", LoginFault::Session),
            ("u_ip-127.1", LoginFault::Ip),
            ("u_ip-localhost", LoginFault::Ip),
            ("u_life-x_session-", LoginFault::Life),
        ];
        for (text, fault) in faults {
            assert_eq!(Login::parse(text).unwrap().fault, Some(fault), "{text:?}");
        }
        let longest = format!("u_session-{}", "s".repeat(64));
        assert_eq!(Login::parse(&longest).unwrap().fault, None);
        assert_eq!(Login::parse(&format!("{longest}s")).unwrap().fault, Some(LoginFault::Session));
    }

    #[test]
    fn only_a_bad_account_is_an_error() {
        assert_eq!(Login::parse(""), Err(NameError::Empty));
        assert_eq!(Login::parse("_area-US"), Err(NameError::Empty));
        assert_eq!(Login::parse("user-area-US"), Err(NameError::Character));
        assert_eq!(Login::parse(&"u".repeat(33)), Err(NameError::TooLong));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,300}") {
            let read = Login::parse(&text);
            prop_assert_eq!(read.is_ok(), Username::parse(text.split('_').next().unwrap_or("")).is_ok());
        }

        #[test]
        fn what_was_written_is_read(
            account in "[a-zA-Z0-9]{1,32}", session in "[a-zA-Z0-9-]{1,64}", life in 1_u16..=1440, ip: IpAddr,
        ) {
            let login = Login::parse(&format!("{account}_life-{life}_session-{session}_ip-{ip}")).unwrap();
            prop_assert_eq!(login.username.as_str(), account);
            prop_assert_eq!(login.session.as_ref().map(SessionId::as_str), Some(session.as_str()));
            prop_assert_eq!((login.life.get(), login.ip, login.fault), (life, Some(ip), None));
        }
    }
}
