//! Tables that commands read and write, and how far a long one is.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use turnpike_service::{ServiceError, SheetError};

use super::progress::Progress;

/// The name that stands for standard input and output.
const STANDARD: &str = "-";
/// Between two looks how far an import is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A table that is to be taken over.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(file: &Path) -> Result<Vec<u8>> {
    if file != Path::new(STANDARD) {
        return std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    let mut table = Vec::new();
    std::io::stdin().lock().read_to_end(&mut table)?;
    Ok(table)
}

/// A table that is to be written.
///
/// # Errors
/// When it cannot be made.
pub(super) fn write(file: &Path) -> Result<csv::Writer<BufWriter<Box<dyn Write>>>> {
    let output: Box<dyn Write> = if file == Path::new(STANDARD) {
        Box::new(std::io::stdout())
    } else {
        Box::new(File::create(file).with_context(|| format!("{} cannot be written", file.display()))?)
    };
    Ok(csv::Writer::from_writer(BufWriter::new(output)))
}

/// Carries an import out and shows how far it is. What is wrong with a table is told row by row.
///
/// # Errors
/// When nothing was taken over.
pub(super) async fn watched<T>(
    what: &'static str,
    count: usize,
    import: impl AsyncFnOnce(Arc<AtomicU64>) -> Result<T, ServiceError>,
) -> Result<T> {
    let (done, count) = (Arc::new(AtomicU64::new(0)), u64::try_from(count)?);
    let importing = import(Arc::clone(&done));
    tokio::pin!(importing);
    let mut progress = Progress::of(what);
    let outcome = loop {
        tokio::select! {
            outcome = &mut importing => break outcome,
            () = tokio::time::sleep(LOOK_EVERY) => progress.count(done.load(Ordering::Relaxed), count),
        }
    };
    drop(progress);
    match outcome {
        Err(ServiceError::Sheet(error)) => wrong(&error),
        outcome => Ok(outcome?),
    }
}

/// Every wrong row, one a line.
fn wrong<T>(error: &SheetError) -> Result<T> {
    let told: Vec<_> = error.rows.iter().map(ToString::to_string).collect();
    let more = error.count.saturating_sub(told.len());
    let rest = if more > 0 { format!("\nand {more} more") } else { String::new() };
    bail!("nothing was taken over:\n{}{rest}", told.join("\n"))
}

/// Prints a line.
///
/// # Errors
/// When standard output is closed.
pub(super) fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}
