//! Tables as CSV: what is wrong with their rows, and cells that no program takes for formulas.

mod table;

use std::borrow::Cow;

pub(crate) use table::Columns;

/// The most wrong rows that are told at once.
pub(crate) const MOST_TOLD: usize = 1000;
/// What a formula begins with.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The line it begins on, from 1; the header is a line too.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for RowError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Rows that cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} rows are wrong: {}", told(.rows))]
pub struct SheetError {
    /// The first thousand of them, by line.
    pub rows: Vec<RowError>,
    /// How many there are.
    pub count: usize,
}

fn told(rows: &[RowError]) -> String {
    rows.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Wrong rows while they are being found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Vec<RowError>, usize);

impl Faults {
    pub(crate) fn add(&mut self, line: u64, reason: impl std::fmt::Display) {
        self.1 += 1;
        if self.0.len() < MOST_TOLD {
            self.0.push(RowError { line, reason: reason.to_string() });
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.1 == 0
    }

    /// Nothing, if nothing was wrong.
    pub(crate) fn finish(self) -> Result<(), SheetError> {
        let Self(mut rows, count) = self;
        rows.sort_by_key(|row| row.line);
        if count == 0 { Ok(()) } else { Err(SheetError { rows, count }) }
    }
}

/// A cell as it goes into a table that people open: one that begins like a formula gets an apostrophe before it.
pub fn sheet_cell(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Whether a cell begins like a formula, behind any apostrophes: those must come back, too.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// The text that [`sheet_cell`] made a cell of.
pub(crate) fn cell_text(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_taken_for_a_formula_and_every_text_comes_back() {
        for text in ["=1+1", "+49", "-", "@a", "\tx", "'", "", "'plain", "'+A", "''=1", "a=b", "=\"x\""] {
            let cell = sheet_cell(text);
            assert!(!cell.starts_with(FORMULA), "{text}");
            assert_eq!(cell_text(&cell), text);
        }
    }

    #[test]
    fn only_so_many_wrong_rows_are_told_but_all_are_counted() {
        let mut faults = Faults::default();
        for line in (1..=1500).rev() {
            faults.add(line, "wrong");
        }
        let error = faults.finish().unwrap_err();
        assert_eq!((error.rows.len(), error.count), (MOST_TOLD, 1500));
        assert!(error.rows.is_sorted_by_key(|row| row.line));
    }
}
