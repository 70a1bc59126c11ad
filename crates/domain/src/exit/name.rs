//! What operators call an exit.

/// The operator's own name for an exit, by which it is known for good: 1 to 64 of `A-Z a-z 0-9 . _ : -`, beginning with a letter or
/// a digit. Addresses are such names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExitName(Box<str>);

impl ExitName {
    /// The longest name, in bytes.
    pub const LONGEST: usize = 64;

    /// Reads a name.
    ///
    /// # Errors
    /// [`ExitNameError`].
    pub fn parse(text: &str) -> Result<Self, ExitNameError> {
        let is_long_enough = !text.is_empty() && text.len() <= Self::LONGEST;
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        if is_long_enough && begins_well && text.bytes().all(is_plain) {
            Ok(Self(text.into()))
        } else {
            Err(ExitNameError)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ExitName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A text is no name for an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 of A-Z a-z 0-9 . _ : - and begin with a letter or a digit")]
pub struct ExitNameError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_addresses_are_names() {
        for name in ["a", "la-1", "203.0.113.7", "2001:db8::7", "acme_US.2"] {
            assert_eq!(ExitName::parse(name).unwrap().as_str(), name);
        }
        let long = "x".repeat(65);
        for wrong in ["", "-a", ":1", "a b", "a/b", "é", &long] {
            assert_eq!(ExitName::parse(wrong), Err(ExitNameError), "{wrong}");
        }
    }
}
