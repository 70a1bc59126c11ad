//! Places as customers name them: matched without regard to case, blanks, hyphens, accents, apostrophes and dots
//! (contract §4, §10).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest name of a place, in characters after folding.
pub const LONGEST_NAME: usize = 64;

/// A country's, state's or city's name, folded to what it is compared by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlaceName(Box<str>);

impl PlaceName {
    /// Folds a name.
    ///
    /// # Errors
    /// [`PlaceError`] when nothing is left, it is too long, or it holds control characters.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let mut folded = String::with_capacity(text.len().min(LONGEST_NAME));
        let mut length = 0_usize;
        for character in text.nfkd() {
            if character.is_control() {
                return Err(PlaceError::Control);
            }
            if character.is_whitespace() || is_punctuation(character) || is_combining_mark(character) {
                continue;
            }
            for lower in character.to_lowercase().filter(|lower| !is_combining_mark(*lower)) {
                if let Some(plain) = plain_letters(lower) {
                    length = length.saturating_add(plain.len());
                    folded.push_str(plain);
                } else {
                    length = length.saturating_add(1);
                    folded.push(lower);
                }
            }
            if length > LONGEST_NAME {
                return Err(PlaceError::TooLong);
            }
        }
        if folded.is_empty() { Err(PlaceError::Empty) } else { Ok(Self(folded.into())) }
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PlaceName> for String {
    fn from(name: PlaceName) -> Self {
        name.0.into()
    }
}

impl TryFrom<String> for PlaceName {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        Self::parse(&text)
    }
}

/// Hyphens and dashes, and what stands in names such as `St. Louis` and `Coeur d’Alene`.
fn is_punctuation(character: char) -> bool {
    is_hyphen(character) || is_apostrophe(character) || character == '.'
}

/// Hyphens and dashes.
pub const fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

const fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{2bb}' | '\u{2bc}')
}

/// What is written for Latin letters whose stroke or ligature Unicode does not take apart; `None` for all others.
pub const fn plain_letters(lower: char) -> Option<&'static str> {
    Some(match lower {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ə' | 'ǝ' => "e",
        _ => return None,
    })
}

/// Where an exit shall be; what is `None` may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PlaceWish {
    /// A country, by its code.
    pub country: Option<PlaceName>,
    /// A state, by its name or code.
    pub state: Option<PlaceName>,
    /// A city, by its name.
    pub city: Option<PlaceName>,
}

impl PlaceWish {
    /// Whether any exit will do.
    pub const fn is_anywhere(&self) -> bool {
        self.country.is_none() && self.state.is_none() && self.city.is_none()
    }
}

/// Why a place's name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Nothing but blanks, hyphens, accents and the like.
    #[error("must not be empty")]
    Empty,
    /// More than [`LONGEST_NAME`] characters.
    #[error("must not be longer than 64 characters")]
    TooLong,
    /// A line break, a tab, a NUL or the like.
    #[error("must not hold control characters")]
    Control,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        PlaceName::parse(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn case_blanks_hyphens_and_accents_do_not_matter() {
        for text in ["LosAngeles", "los angeles", "LOS-ANGELES", "Los‐Ángeles", " losangeles "] {
            assert_eq!(folded(text), "losangeles", "{text}");
        }
        assert_eq!(folded("São Paulo"), folded("SaoPaulo"));
        assert_eq!(folded("Sa\u{303}o Paulo"), folded("saopaulo"));
        assert_eq!(folded("Łódź"), "lodz");
        assert_eq!(folded("Tromsø"), "tromso");
        assert_eq!(folded("Đà Nẵng"), "danang");
        assert_eq!(folded("İstanbul"), "istanbul");
        assert_eq!(folded("Gießen"), folded("GIESSEN"));
        assert_eq!(folded("Coeur d’Alene"), folded("CoeurdAlene"));
        assert_eq!(folded("St. Louis"), folded("StLouis"));
        assert_eq!(folded("Gəncə"), "gence");
    }

    #[test]
    fn names_that_are_none_are_refused() {
        assert_eq!(PlaceName::parse(""), Err(PlaceError::Empty));
        assert_eq!(PlaceName::parse(" - \u{301}"), Err(PlaceError::Empty));
        assert_eq!(PlaceName::parse("a\nb"), Err(PlaceError::Control));
        assert_eq!(PlaceName::parse(&"x".repeat(65)), Err(PlaceError::TooLong));
        assert!(PlaceName::parse(&"x".repeat(64)).is_ok());
        assert!(PlaceName::parse(&"ß".repeat(32)).is_ok());
        assert_eq!(PlaceName::parse(&"ß".repeat(33)), Err(PlaceError::TooLong));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,64}") {
            if let Ok(name) = PlaceName::parse(&text) {
                prop_assert_eq!(PlaceName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
