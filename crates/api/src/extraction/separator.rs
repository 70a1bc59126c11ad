//! What parts the endpoints of a text: `lb` (contract §4).

use crate::field_error::FieldError;
use crate::fields;
use crate::parameters::Given;

/// The longest separator, in characters as it was given.
const LONGEST: usize = 16;

/// What stands between two endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Separator(String);

impl Separator {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Separator {
    fn default() -> Self {
        Self("\r\n".to_owned())
    }
}

/// Reads a separator: one of four numbers, or itself.
pub(crate) fn read(given: &Given) -> Result<Separator, FieldError> {
    let text = match given {
        Given::Number(digits) => digits,
        given => fields::text(given)?,
    };
    let separator = match text {
        "1" => "\r\n".to_owned(),
        "2" => "\n".to_owned(),
        "3" => "\r".to_owned(),
        "4" => "\t".to_owned(),
        text if text.chars().count() > LONGEST => return Err(FieldError::SeparatorTooLong),
        text => text.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t"),
    };
    Ok(Separator(separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_escapes_and_characters_part_endpoints() {
        let cases = [
            ("1", "\r\n"),
            ("2", "\n"),
            ("3", "\r"),
            ("4", "\t"),
            ("\\r\\n", "\r\n"),
            ("\\n", "\n"),
            ("\\t", "\t"),
            ("\r\n", "\r\n"),
            (",", ","),
            ("5", "5"),
            ("11", "11"),
            ("<br>\\n", "<br>\n"),
            ("；", "；"),
        ];
        for (given, expected) in cases {
            assert_eq!(read(&Given::Text(given.to_owned())).unwrap().as_str(), expected, "{given:?}");
        }
        assert_eq!(read(&Given::Number("2".to_owned())).unwrap().as_str(), "\n");
        assert_eq!(read(&Given::Text("，".repeat(16))).unwrap().as_str(), "，".repeat(16));
        assert_eq!(read(&Given::Text("x".repeat(17))), Err(FieldError::SeparatorTooLong));
        assert_eq!(read(&Given::Boolean(true)), Err(FieldError::NotText));
    }
}
