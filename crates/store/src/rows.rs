//! A list of rows as one parameter: `FROM json_each($1)` unfolds it in both databases.
//!
//! SQLite has the function; on PostgreSQL our first migration makes it. So a statement over a thousand rows is one
//! constant text, one round trip and one cached plan. Blobs travel as hex and come back through `unhex`.
//!
//! A list that is joined is joined by `FROM wanted CROSS JOIN …`: SQLite goes through it once then, whatever it believes
//! of the table, and reads a list anew for every row of a table otherwise.

use serde::Serialize;

use crate::error::StoreError;

/// The parameter for a list of tuples.
pub(crate) fn rows<T: Serialize>(list: &[T]) -> Result<String, StoreError> {
    Ok(serde_json::to_string(list)?)
}

/// A blob in such a list.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or_default());
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_become_arrays_and_blobs_hex() {
        assert_eq!(rows(&[(1_i64, "a\"b", true)]).unwrap(), r#"[[1,"a\"b",true]]"#);
        assert_eq!(hex(&[0, 0x7f, 0xff]), "007fff");
    }
}
