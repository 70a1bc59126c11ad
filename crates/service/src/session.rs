//! Sessions: JSON web tokens (RFC 7519) signed with HMAC-SHA-256, bound to a customer and to what it logged in with.
//!
//! A token ends after seven days, with a new login password, and when the operator suspends the customer. Nothing of a
//! token is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use serde::{Deserialize, Serialize};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::customer_profile::{self, Standing};

use crate::authenticate::CustomerView;
use crate::error::ServiceError;
use crate::keys::{Keys, hmac};
use crate::service::Service;

/// How long a session lasts.
pub const SESSION_LIFE: Span = Span::from_days(7);
/// The longest token that is looked at, in bytes. Ours are a third of that.
const LONGEST_TOKEN: usize = 1024;
/// The only header there is: whatever else a token claims to be signed with is nothing to us.
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The customer's number.
    sub: String,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970.
    exp: i64,
    /// How often all sessions of the customer were ended before.
    ses: i64,
    /// A keyed hash over the hash of the login password.
    pwd: String,
}

/// Signs tokens and reads them.
pub(crate) struct Sessions<'a>(pub(crate) &'a Keys);

impl Sessions<'_> {
    /// A token for whoever has just shown the login password.
    pub(crate) fn issue(&self, standing: &Standing, now: Timestamp) -> String {
        let claims = Claims {
            sub: standing.customer.id.to_string(),
            iat: seconds(now),
            exp: seconds(now.plus(SESSION_LIFE)),
            ses: standing.sessions,
            pwd: self.password_mark(standing),
        };
        // A struct of numbers and texts can always be written.
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac(&self.0.session, &[signed.as_bytes()]).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a token says, if we signed it and it has not run out.
    fn read(&self, token: &str, now: Timestamp) -> Option<Claims> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Compared in constant time.
        hmac(&self.0.session, &[signed.as_bytes()]).verify_slice(&signature).ok()?;
        if URL_SAFE_NO_PAD.decode(header).ok()? != HEADER {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        (seconds(now) < claims.exp).then_some(claims)
    }

    /// Whether the token was made from this standing.
    fn is_of(&self, claims: &Claims, standing: &Standing) -> bool {
        claims.ses == standing.sessions && claims.pwd == self.password_mark(standing)
    }

    fn password_mark(&self, standing: &Standing) -> String {
        let mark = hmac(&self.0.session, &[b"login_hash\0", standing.login_hash.as_bytes()]).finalize().into_bytes();
        hex::encode(mark.get(..12).unwrap_or_default())
    }
}

fn seconds(at: Timestamp) -> i64 {
    at.ms().div_euclid(1000)
}

impl Service {
    /// The customer whose session this is, if it goes on.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn authenticate_session(&self, token: &str) -> Result<Option<CustomerView>, ServiceError> {
        let sessions = Sessions(self.shared.vault.keys());
        let Some(claims) = sessions.read(token, self.now()) else { return Ok(None) };
        let Ok(number) = claims.sub.parse() else { return Ok(None) };
        let customer = CustomerId::new(number);
        let standing = self.store.read(async |tx| customer_profile::standing(tx, customer).await).await?;
        Ok(standing.filter(|standing| sessions.is_of(&claims, standing)).map(|standing| standing.customer.into()))
    }
}

#[cfg(test)]
mod tests {
    use turnpike_store::customer::Customer;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_773_144_000_000);

    fn standing(login_hash: &str, sessions: i64) -> Standing {
        let customer = Customer { id: CustomerId::new(7), email: "a@b".into(), verified: true, suspended: false };
        Standing { customer, login_hash: login_hash.into(), sessions }
    }

    #[test]
    fn a_token_lasts_seven_days_and_as_long_as_the_password_and_the_standing() {
        let keys = Keys::derive(&[1; 32]);
        let sessions = Sessions(&keys);
        let token = sessions.issue(&standing("hash", 0), NOW);
        let claims = sessions.read(&token, NOW).unwrap();
        assert_eq!(claims.sub, "7");
        assert!(sessions.is_of(&claims, &standing("hash", 0)));
        assert!(!sessions.is_of(&claims, &standing("other", 0)));
        assert!(!sessions.is_of(&claims, &standing("hash", 1)));
        let last = NOW.plus(SESSION_LIFE).minus(Span::from_secs(1));
        assert!(sessions.read(&token, last).is_some());
        assert!(sessions.read(&token, NOW.plus(SESSION_LIFE)).is_none());
        assert!(Sessions(&Keys::derive(&[2; 32])).read(&token, NOW).is_none());
    }

    #[test]
    fn a_token_that_was_touched_is_none() {
        let keys = Keys::derive(&[1; 32]);
        let sessions = Sessions(&keys);
        let token = sessions.issue(&standing("hash", 0), NOW);
        for place in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[place] = if touched[place] == b'A' { b'B' } else { b'A' };
            assert!(sessions.read(&String::from_utf8(touched).unwrap(), NOW).is_none(), "{place}");
            assert!(sessions.read(&token[..place], NOW).is_none(), "{place}");
        }
        for odd in ["", ".", "..", "...", "a.b.c", &"a.".repeat(5000), "é.é.é"] {
            assert!(sessions.read(odd, NOW).is_none(), "{odd}");
        }
    }

    #[test]
    fn no_other_algorithm_is_taken() {
        let keys = Keys::derive(&[1; 32]);
        let sessions = Sessions(&keys);
        let token = sessions.issue(&standing("hash", 0), NOW);
        let claims = token.split('.').nth(1).unwrap();
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"none","typ":"JWT"}"#, r#"{"typ":"JWT","alg":"HS256"}"#] {
            let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
            let signature = hmac(&keys.session, &[signed.as_bytes()]).finalize().into_bytes();
            for signature in [String::new(), URL_SAFE_NO_PAD.encode(signature)] {
                assert!(sessions.read(&format!("{signed}.{signature}"), NOW).is_none(), "{header}");
            }
        }
    }
}
