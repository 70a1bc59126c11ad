//! `Proxy-Authorization: Basic` (RFC 7617), into a login and a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use turnpike_domain::login::Login;

/// The longest user-id and password together, in bytes: more than the longest login can be.
const LONGEST: usize = 768;
// A multiple of 3, so that the decoder's estimate is exact.
const _: () = assert!(LONGEST.is_multiple_of(3));

/// Who a client says it is.
pub struct Credentials {
    /// The account and its parameters.
    pub login: Login,
    password: [u8; LONGEST],
    length: usize,
}

impl Credentials {
    /// Reads the field's value; `None` for another scheme, a malformed value, or a name that can be no account's.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (scheme, encoded) = value.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let mut decoded = [0; LONGEST];
        let length = STANDARD.decode_slice(encoded.trim_ascii_start(), &mut decoded).ok()?;
        let decoded = decoded.get(..length)?;
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        let name = std::str::from_utf8(decoded.get(..colon)?).ok()?;
        let secret = decoded.get(colon + 1..)?;
        let mut password = [0; LONGEST];
        password.get_mut(..secret.len())?.copy_from_slice(secret);
        Some(Self { login: Login::parse(name).ok()?, password, length: secret.len() })
    }

    /// The password as it was sent.
    pub fn password(&self) -> &[u8] {
        self.password.get(..self.length).unwrap_or_default()
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, ***)", self.login.username)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(plain: &str) -> Option<Credentials> {
        Credentials::parse(format!("Basic {}", STANDARD.encode(plain)).as_bytes())
    }

    #[test]
    fn the_first_colon_parts_name_and_password() {
        let credentials = parse("user1_area-US:pa:ss").unwrap();
        assert_eq!(credentials.login.username.as_str(), "user1");
        assert_eq!(credentials.password(), b"pa:ss");
        assert_eq!(parse("u:").unwrap().password(), b"");
        assert!(!format!("{credentials:?}").contains("pa:ss"));
    }

    #[test]
    fn the_scheme_is_matched_without_regard_to_case() {
        for scheme in ["basic", "BASIC", "Basic "] {
            assert!(Credentials::parse(format!("{scheme} dTpw").as_bytes()).is_some(), "{scheme}");
        }
    }

    #[test]
    fn anything_else_is_no_login() {
        let bad: [&[u8]; 9] = [
            b"",
            b"Basic",
            b"Basic ",
            b"Basic dQ==",
            b"Basic dTpw!",
            b"Basic dTp",
            b"Bearer dTpw",
            b"dTpw",
            b"Basic /zpw",
        ];
        for value in bad {
            assert!(Credentials::parse(value).is_none(), "{value:?}");
        }
        assert!(parse(&format!("u:{}", "p".repeat(LONGEST))).is_none());
        assert!(parse("not an account:p").is_none());
    }
}
