//! Names, passwords and remarks of proxy accounts (contract §1).

/// Longest username and longest password, in bytes.
pub const LONGEST_NAME: usize = 32;

/// A proxy account's name: 1 to 32 ASCII letters and digits, kept without a heap allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username {
    bytes: [u8; LONGEST_NAME],
    length: u8,
}

impl Username {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text)?;
        let mut bytes = [0; LONGEST_NAME];
        let (head, _) = bytes.split_at_mut(text.len());
        head.copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).map_err(|_| NameError::TooLong)?;
        Ok(Self { bytes, length })
    }

    /// The name of an account without a name, which traffic without a login is booked to. No login can bear it.
    pub const NAMELESS: Self = Self { bytes: [0; LONGEST_NAME], length: 0 };

    /// Whether it is that of an account without a name.
    pub const fn is_nameless(&self) -> bool {
        self.length == 0
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        // Only ASCII letters and digits get in.
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl std::fmt::Display for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Username({})", self.as_str())
    }
}

/// What the name of every account of a server begins with; nothing unless the operator says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamePrefix(Option<Username>);

impl NamePrefix {
    /// Checks a prefix, which keeps the rules of a name; the empty text is none.
    ///
    /// # Errors
    /// [`NameError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() { Ok(Self(None)) } else { Username::parse(text).map(Some).map(Self) }
    }

    /// The whole name that is meant by a name with or without the prefix.
    ///
    /// # Errors
    /// [`NameError::TooLong`].
    pub fn complete(self, name: Username) -> Result<Username, NameError> {
        match self.0 {
            Some(prefix) if !name.as_str().starts_with(prefix.as_str()) => Username::parse(&format!("{prefix}{name}")),
            _ => Ok(name),
        }
    }
}

/// A proxy account's password: 1 to 32 ASCII letters and digits. Never printed.
#[derive(Clone, PartialEq, Eq, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct AccountPassword(String);

impl AccountPassword {
    /// Checks a password.
    ///
    /// # Errors
    /// [`NameError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The password in clear, for sealing and for its owner's list.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for AccountPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountPassword(***)")
    }
}

/// Why a name or password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("must not be empty")]
    Empty,
    /// More than [`LONGEST_NAME`] characters.
    #[error("must not be longer than 32 characters")]
    TooLong,
    /// Something else than ASCII letters and digits.
    #[error("may hold only the letters A to Z and a to z and the digits 0 to 9")]
    Character,
}

fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(NameError::Character);
    }
    if text.len() > LONGEST_NAME {
        return Err(NameError::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_with_or_without_the_prefix() {
        let complete = |prefix: &str, name: &str| {
            let whole = NamePrefix::parse(prefix).unwrap().complete(Username::parse(name).unwrap());
            whole.map(|name| name.to_string())
        };
        assert_eq!(complete("", "user01").as_deref(), Ok("user01"));
        assert_eq!(complete("tp", "user01").as_deref(), Ok("tpuser01"));
        assert_eq!(complete("tp", "tpuser01").as_deref(), Ok("tpuser01"));
        assert_eq!(complete("tp", "tp").as_deref(), Ok("tp"));
        assert_eq!(complete("tp", "t").as_deref(), Ok("tpt"));
        assert_eq!(complete("tp", &"u".repeat(31)), Err(NameError::TooLong));
        assert_eq!(NamePrefix::parse("t-p"), Err(NameError::Character));
    }
}
