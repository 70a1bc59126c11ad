//! A customer logs in with its address and login password.
//!
//! Trying is slowed down by where it comes from, and by where and for whom; never by for whom alone, or anybody could
//! lock anybody out.

use std::net::IpAddr;

use parking_lot::Mutex;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::throttle::{Pace, Throttle};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::customer_profile;

use crate::email::Email;
use crate::error::ServiceError;
use crate::service::Service;
use crate::session::Sessions;

/// Tries from one source: 20 at once, then one every 3 seconds.
const FROM_A_SOURCE: Pace = Pace { burst: 20, interval: Span::from_secs(3) };
/// Tries from one source for one address: 5 at once, then one every 30 seconds.
const FOR_AN_ADDRESS: Pace = Pace { burst: 5, interval: Span::from_secs(30) };
/// So many sources, and sources with addresses, are remembered.
const MOST_REMEMBERED: usize = 100_000;

/// A session that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Whose.
    pub customer: CustomerId,
    /// The bearer token.
    pub token: String,
    /// The customer's `app_key`, in clear.
    pub app_key: String,
}

impl std::fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedIn").field("customer", &self.customer).finish_non_exhaustive()
    }
}

/// Who has tried how often.
#[derive(Debug)]
pub(crate) struct LoginThrottle(Mutex<Tries>);

#[derive(Debug)]
struct Tries {
    sources: Throttle<Source>,
    addresses: Throttle<(Source, String)>,
}

/// Whence somebody tries: an IPv4 address, or the network of 64 bits that an IPv6 subscriber has to himself.
type Source = [u8; 8];

impl LoginThrottle {
    pub(crate) fn new() -> Self {
        let sources = Throttle::new(FROM_A_SOURCE, MOST_REMEMBERED);
        let addresses = Throttle::new(FOR_AN_ADDRESS, MOST_REMEMBERED);
        Self(Mutex::new(Tries { sources, addresses }))
    }

    fn admit(&self, source: Source, address: &str, now: Timestamp) -> Result<(), ServiceError> {
        let mut tries = self.0.lock();
        let admitted = tries.addresses.admit((source, address.to_owned()), now);
        let admitted = admitted.and_then(|()| tries.sources.admit(source, now));
        admitted.map_err(|wait| ServiceError::LoginTooOften { wait })
    }

    fn forgive(&self, source: Source, address: &str) {
        self.0.lock().addresses.forgive(&(source, address.to_owned()));
    }
}

fn source_of(ip: IpAddr) -> Source {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            // No IPv6 network begins with these.
            [0, 0, 0, 0xff, a, b, c, d]
        }
        IpAddr::V6(ip) => ip.octets().first_chunk().copied().unwrap_or_default(),
    }
}

impl Service {
    /// Begins a session. An address that nobody has costs the same time as a wrong password, and gets the same answer.
    ///
    /// # Errors
    /// [`ServiceError::LoginWrong`], [`ServiceError::LoginTooOften`], [`ServiceError::LoginPassword`] when too many
    /// wait, or the store's.
    pub async fn log_in(&self, source: IpAddr, email: &str, password: &str) -> Result<LoggedIn, ServiceError> {
        let source = source_of(source);
        let email = Email::parse(email);
        let address = email.as_ref().map_or("", Email::as_str);
        self.shared.login_throttle.admit(source, address, self.now())?;
        let found = match &email {
            Ok(email) => self.store.read(async |tx| customer_profile::login(tx, email.as_str()).await).await?,
            Err(_) => None,
        };
        let Some((standing, sealed_key)) = found else {
            // As slow as for a customer that exists, so that the time taken does not tell who is one.
            self.shared.login_passwords.check_nothing(password).await?;
            return Err(ServiceError::LoginWrong);
        };
        if !self.shared.login_passwords.check(password, standing.login_hash.clone()).await? {
            return Err(ServiceError::LoginWrong);
        }
        self.shared.login_throttle.forgive(source, address);
        let customer = standing.customer.id;
        let app_key = self.shared.vault.open_app_key(customer, &sealed_key)?;
        let token = Sessions(self.shared.vault.keys()).issue(&standing, self.now());
        Ok(LoggedIn { customer, token, app_key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_773_144_000_000);

    fn source(text: &str) -> Source {
        source_of(text.parse().unwrap())
    }

    #[test]
    fn a_subscriber_s_ipv6_network_is_one_source() {
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }

    #[test]
    fn guessing_from_one_source_locks_nobody_out_elsewhere() {
        let throttle = LoginThrottle::new();
        let (guesser, owner) = (source("192.0.2.1"), source("192.0.2.2"));
        let tries = (0..100).filter(|_| throttle.admit(guesser, "anna@example.com", NOW).is_ok()).count();
        assert_eq!(tries, 5);
        assert!(throttle.admit(owner, "anna@example.com", NOW).is_ok());
        assert!(throttle.admit(guesser, "ben@example.com", NOW).is_ok());
    }

    #[test]
    fn one_source_tries_few_addresses() {
        let throttle = LoginThrottle::new();
        let tries = (0..100).filter(|n| throttle.admit(source("192.0.2.1"), &format!("a{n}@b"), NOW).is_ok()).count();
        assert_eq!(tries, 20);
        let later = NOW.plus(Span::from_secs(3));
        assert!(throttle.admit(source("192.0.2.1"), "x@b", later).is_ok());
    }

    #[test]
    fn whoever_succeeds_begins_anew() {
        let throttle = LoginThrottle::new();
        let source = source("192.0.2.1");
        for _ in 0..3 {
            assert!((0..4).all(|_| throttle.admit(source, "anna@example.com", NOW).is_ok()));
            throttle.forgive(source, "anna@example.com");
        }
    }
}
