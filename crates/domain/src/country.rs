//! Countries by their two-letter codes (ISO 3166-1), as static IPs and their prices are told apart.

use serde::{Deserialize, Serialize};

/// A country: two capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads a code in either case.
    ///
    /// # Errors
    /// [`CountryError`] when it is not two ASCII letters.
    pub fn parse(text: &str) -> Result<Self, CountryError> {
        let letters: [u8; 2] = text.as_bytes().try_into().map_err(|_| CountryError)?;
        if letters.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(letters.map(|letter| letter.to_ascii_uppercase())))
        } else {
            Err(CountryError)
        }
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        // Never empty: only ASCII letters get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for CountryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> Self {
        code.as_str().to_owned()
    }
}

impl TryFrom<String> for CountryCode {
    type Error = CountryError;

    fn try_from(text: String) -> Result<Self, CountryError> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for CountryCode {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, CountryError> {
        Self::parse(text)
    }
}

/// This is no country code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a country code of two letters, such as US")]
pub struct CountryError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_two_letters_in_either_case() {
        assert_eq!(CountryCode::parse("jp").unwrap().to_string(), "JP");
        assert_eq!(CountryCode::parse("US").unwrap().as_str(), "US");
        for text in ["", "U", "USA", "U1", "é", "U ", "\u{df}"] {
            assert_eq!(CountryCode::parse(text), Err(CountryError), "{text:?}");
        }
    }
}
