//! Remarks: a customer's own words on an account (contract §1).

/// The widest remark: 32 Chinese or 64 English characters.
pub const WIDEST: usize = 64;

/// A remark. ASCII characters count 1, all others 2, and the sum is at most [`WIDEST`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remark(String);

impl Remark {
    /// Checks a remark; the empty text clears it.
    ///
    /// # Errors
    /// [`RemarkError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, RemarkError> {
        let mut width = 0_usize;
        for character in text.chars() {
            if character.is_control() {
                return Err(RemarkError::Control);
            }
            width = width.saturating_add(if character.is_ascii() { 1 } else { 2 });
            if width > WIDEST {
                return Err(RemarkError::TooWide);
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The remark as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a remark is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemarkError {
    /// Wider than [`WIDEST`].
    #[error("must not be longer than 64 English or 32 Chinese characters")]
    TooWide,
    /// A line break, a tab, a NUL or the like.
    #[error("must not hold line breaks or other control characters")]
    Control,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ascii_counts_one_and_all_else_two() {
        assert!(Remark::parse(&"a".repeat(64)).is_ok());
        assert_eq!(Remark::parse(&"a".repeat(65)), Err(RemarkError::TooWide));
        assert!(Remark::parse(&"备".repeat(32)).is_ok());
        assert_eq!(Remark::parse(&"备".repeat(33)), Err(RemarkError::TooWide));
        assert!(Remark::parse(&format!("{}{}", "é".repeat(31), "aa")).is_ok());
        assert_eq!(Remark::parse(&format!("{}{}", "é".repeat(31), "aaa")), Err(RemarkError::TooWide));
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\nb", "\t", "a\0", "\u{7f}", "\u{85}"] {
            assert_eq!(Remark::parse(text), Err(RemarkError::Control), "{text:?}");
        }
    }

    #[test]
    fn the_empty_remark_clears() {
        assert_eq!(Remark::parse(""), Ok(Remark::default()));
    }

    proptest! {
        #[test]
        fn an_accepted_remark_is_kept_as_it_is(text in ".{0,80}") {
            if let Ok(remark) = Remark::parse(&text) {
                prop_assert_eq!(remark.as_str(), text);
            }
        }
    }
}
