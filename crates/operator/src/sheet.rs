//! Tables for spreadsheets and accounting programs: CSV, written page by page as it goes out, so that one of any length
//! needs the memory of a page.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use turnpike_service::ServiceError;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::Problem;

/// The media type of a table.
pub(crate) const CSV: &str = "text/csv";
/// How many things are read at once.
const PAGE: u32 = 1000;

/// Writes rows.
pub(crate) type Rows = csv::Writer<Vec<u8>>;

/// A table on its way out.
pub(crate) struct Sheet {
    parts: BoxStream<'static, Result<Bytes, SheetFault>>,
}

/// Why a table ends before its end: the connection is broken off, so that nobody takes the part for the whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SheetFault {
    #[error(transparent)]
    Read(#[from] ServiceError),
    #[error(transparent)]
    Write(#[from] csv::Error),
    #[error(transparent)]
    Rows(#[from] std::io::Error),
}

/// What a table is made of.
pub(crate) struct Columns<T> {
    /// Writes the first line.
    pub(crate) head: fn(&mut Rows) -> csv::Result<()>,
    /// Writes the rows of one thing.
    pub(crate) rows: fn(&mut Rows, &T) -> csv::Result<()>,
}

/// A table of what `page` gives: it is asked for what comes after a thing, and at most how many.
///
/// # Errors
/// When not even the first page can be read.
pub(crate) async fn sheet<T, F>(
    page: impl Fn(Option<T>, u32) -> F + Send + 'static,
    columns: Columns<T>,
) -> Result<Sheet, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<Vec<T>, ServiceError>> + Send + 'static,
{
    let first = page(None, PAGE).await?;
    let head = part(columns.head).map_err(|error| faulty(&error))?;
    let begin = (page, columns, Some(first));
    let pages = stream::try_unfold(begin, |(page, columns, found)| async move {
        let Some(mut found) = found else { return Ok(None) };
        let part = part(|rows: &mut Rows| found.iter().try_for_each(|one| (columns.rows)(rows, one)))?;
        let is_last = found.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        let next = match found.pop().filter(|_| !is_last) {
            Some(last) => Some(page(Some(last), PAGE).await?),
            None => None,
        };
        Ok::<_, SheetFault>(Some((part, (page, columns, next))))
    });
    let told = |part: &Result<Bytes, SheetFault>| {
        if let Err(error) = part {
            tracing::error!(%error, "an export was broken off");
        }
    };
    Ok(Sheet { parts: stream::iter([Ok(head)]).chain(pages).inspect(told).boxed() })
}

fn part(write: impl FnOnce(&mut Rows) -> csv::Result<()>) -> Result<Bytes, SheetFault> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    write(&mut rows)?;
    Ok(rows.into_inner().map_err(csv::IntoInnerError::into_error)?.into())
}

fn faulty(error: &SheetFault) -> Problem {
    tracing::error!(%error, "an export could not be begun");
    Problem::internal()
}

impl Sheet {
    /// What goes out.
    pub(crate) fn into_parts(self) -> BoxStream<'static, Result<Bytes, SheetFault>> {
        self.parts
    }
}

impl PartialSchema for Sheet {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

impl ToSchema for Sheet {}
