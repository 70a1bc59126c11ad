//! A table with a header: columns by their names, in any order, with the line of everything that is wrong.

use std::borrow::Cow;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::Faults;

/// The most rows that are taken over at once.
const MOST_ROWS: usize = 1_000_000;

/// The columns that a table may have.
pub(crate) struct Columns<const N: usize> {
    pub(crate) names: [&'static str; N],
    /// So many of them, from the first on, must be there.
    pub(crate) required: usize,
}

impl<const N: usize> Columns<N> {
    /// Reads a table whose first line names its columns, and hands over each row with its line: what stands in the columns, in their
    /// order here, and nothing for those that are not there. What is wrong with the table is told, and what `row` tells.
    pub(crate) fn read(&self, table: &[u8], row: impl FnMut(u64, [&str; N], &mut Faults)) -> Faults {
        let table = with_line_feeds(table);
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(&*table);
        let mut reading =
            Reading { table: &table, places: [None; N], faults: Faults::default(), count: 0, is_over: false, row };
        match reader.headers() {
            Ok(headers) => reading.columns(self, headers),
            Err(error) => reading.broken(&error),
        }
        let mut record = StringRecord::new();
        while !reading.is_over {
            match reader.read_record(&mut record) {
                Ok(true) => reading.row(&record),
                Ok(false) => break,
                Err(error) => reading.broken(&error),
            }
        }
        reading.faults
    }
}

/// The same table with single line feeds, by which alone lines are counted rightly.
fn with_line_feeds(table: &[u8]) -> Cow<'_, [u8]> {
    if !table.contains(&b'\r') {
        return Cow::Borrowed(table);
    }
    let next = table.iter().skip(1).map(Some).chain([None]);
    let kept = table.iter().zip(next).filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'));
    kept.map(|(byte, _)| *byte).collect()
}

/// A table while it is read.
struct Reading<'a, const N: usize, R> {
    table: &'a [u8],
    /// Where each column stands.
    places: [Option<usize>; N],
    faults: Faults,
    /// How many rows were read.
    count: usize,
    /// Nothing that follows can be understood.
    is_over: bool,
    row: R,
}

impl<const N: usize, R: FnMut(u64, [&str; N], &mut Faults)> Reading<'_, N, R> {
    /// The line that a record begins on, which the reader says is the first empty one before it.
    fn line(&self, place: Option<&csv::Position>) -> u64 {
        let Some(place) = place else { return 1 };
        let rest = usize::try_from(place.byte()).ok().and_then(|byte| self.table.get(byte..)).unwrap_or_default();
        let empty = rest.iter().take_while(|byte| **byte == b'\n').count();
        place.line() + u64::try_from(empty).unwrap_or(0)
    }

    fn columns(&mut self, known: &Columns<N>, headers: &StringRecord) {
        for (place, name) in headers.iter().enumerate() {
            match known.names.iter().position(|column| column.eq_ignore_ascii_case(name)) {
                Some(column) => match self.places.get_mut(column) {
                    Some(free @ None) => *free = Some(place),
                    _ => self.faults.add(1, format_args!("the column {name} comes twice")),
                },
                None => self.faults.add(1, format_args!("the column {name:?} is not known")),
            }
        }
        let needed = known.names.iter().zip(self.places).take(known.required);
        for (column, _) in needed.filter(|(_, place)| place.is_none()) {
            self.faults.add(1, format_args!("the column {column} is missing"));
        }
        self.is_over = !self.faults.is_empty();
    }

    fn row(&mut self, record: &StringRecord) {
        let line = self.line(record.position());
        self.count += 1;
        if self.count > MOST_ROWS {
            self.faults.add(line, format_args!("at most {MOST_ROWS} rows are taken over at once"));
            self.is_over = true;
            return;
        }
        let cells = self.places.map(|place| place.and_then(|place| record.get(place)).unwrap_or_default());
        (self.row)(line, cells, &mut self.faults);
    }

    /// A line that is no row. Later ones may be, when it was only written in another way.
    fn broken(&mut self, error: &csv::Error) {
        let line = self.line(error.position());
        match error.kind() {
            ErrorKind::Utf8 { .. } => self.faults.add(line, "is not in UTF-8"),
            ErrorKind::Io(error) => {
                self.faults.add(line, error);
                self.is_over = true;
            }
            _ => {
                self.faults.add(line, error);
                self.is_over = true;
            }
        }
    }
}
