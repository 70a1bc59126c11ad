//! The place in a stream of usage: when the books were read, and what they said.

use std::fmt;
use std::str::FromStr;

use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;

use crate::field_error::FieldError;

/// Written as milliseconds since 1970 and bytes: `1773144000000-3145728`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) at: Timestamp,
    pub(super) total: Bytes,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.ms(), self.total.get())
    }
}

impl FromStr for Cursor {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let (at, total) = text.split_once('-').ok_or(FieldError::CursorUnknown)?;
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<i64>().ok()).flatten().ok_or(FieldError::CursorUnknown)
        };
        let total = Bytes::from_column(number(total)?).ok_or(FieldError::CursorUnknown)?;
        Ok(Self { at: Timestamp::from_ms(number(at)?), total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { at: Timestamp::from_ms(1_773_144_000_000), total: Bytes::new(3_145_728) };
        assert_eq!(cursor.to_string(), "1773144000000-3145728");
        assert_eq!("1773144000000-3145728".parse(), Ok(cursor));
        for odd in ["", "-", "1", "1-", "-1", "1-2-3", "1--2", "a-b", "1-99999999999999999999", "+1-2", "1 -2"] {
            assert_eq!(odd.parse::<Cursor>(), Err(FieldError::CursorUnknown), "{odd}");
        }
    }
}
