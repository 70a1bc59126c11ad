//! The operator takes exits over from a table: all that are given, or none.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use turnpike_domain::exit::{ExitName, ExitTerms, Route};
use turnpike_domain::time::Timestamp;
use turnpike_store::exit::{self, Exit, WrittenExit};
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::exit_sheet::ExitSheet;
use crate::service::Service;

/// How many exits one statement writes.
const BATCH: usize = 2000;

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportedExits {
    /// Exits that were not there.
    pub added: u64,
    /// Exits of which the table says something else.
    pub changed: u64,
    /// Exits that are as the table says.
    pub unchanged: u64,
}

struct Import {
    service: Service,
    actor: Actor,
    sheet: ExitSheet,
    done: Arc<AtomicU64>,
}

impl Service {
    /// Adds the exits of a table, and changes those that are there under their names to what it says; those that it does not name stay
    /// as they are. A row without a password leaves the one that there is. `done` tells meanwhile how many rows are looked at.
    ///
    /// # Errors
    /// [`ServiceError::Sheet`] names every row that is wrong.
    pub async fn import_exits(
        &self,
        actor: &Actor,
        sheet: ExitSheet,
        done: Arc<AtomicU64>,
    ) -> Result<ImportedExits, ServiceError> {
        let import = Import { service: self.clone(), actor: actor.clone(), sheet, done };
        self.store.write(import, |import, tx| Box::pin(take_over(import, tx))).await
    }
}

async fn take_over(import: &Import, tx: &mut Tx) -> Result<ImportedExits, ServiceError> {
    let Import { service, actor, sheet, done } = import;
    done.store(0, Ordering::Relaxed);
    sheet.faults.clone().finish()?;
    let (mut imported, now) = (ImportedExits::default(), service.now());
    for batch in sheet.rows.chunks(BATCH) {
        let one = take_over_batch(service, tx, batch, now).await?;
        imported.added += one.added;
        imported.changed += one.changed;
        imported.unchanged += one.unchanged;
        done.fetch_add(one.added + one.changed + one.unchanged, Ordering::Relaxed);
    }
    let ImportedExits { added, changed, unchanged } = imported;
    if added + changed > 0 {
        let detail = format!("{added} added, {changed} changed, {unchanged} as they were");
        audit::insert(tx, &actor.did_overall("exit.import", detail, now)).await?;
    }
    Ok(imported)
}

async fn take_over_batch(
    service: &Service,
    tx: &mut Tx,
    batch: &[(u64, ExitName, ExitTerms)],
    now: Timestamp,
) -> Result<ImportedExits, ServiceError> {
    let names: Vec<_> = batch.iter().map(|(_, name, _)| name.clone()).collect();
    let known = exit::lock(tx, &names).await?;
    let known: HashMap<_, _> = known.iter().map(|exit| (&exit.name, exit)).collect();
    let (mut new, mut other, mut unchanged) = (Vec::new(), Vec::new(), 0);
    for (_, name, terms) in batch {
        let written = service.written_exit(name.clone(), terms.clone())?;
        match known.get(name) {
            None => new.push(written),
            // A password in the row makes them differ: the store's terms have none.
            Some(before) if *terms == before.terms => unchanged += 1,
            Some(before) => {
                tx.announce(Changed::Exit(before.id), now);
                other.push(with_password(written, before));
            }
        }
    }
    exit::update(tx, &other).await?;
    if !new.is_empty() {
        // Somebody else may be adding the same ones: then a fresh look finds them.
        for id in exit::insert(tx, &new, now).await.map_err(look_again)? {
            tx.announce(Changed::Exit(id), now);
        }
    }
    let count = |list: &[WrittenExit]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    Ok(ImportedExits { added: count(&new), changed: count(&other), unchanged })
}

fn with_password(mut written: WrittenExit, before: &Exit) -> WrittenExit {
    if matches!(written.terms.route, Route::Upstream(_)) && written.password_sealed.is_none() {
        written.password_sealed.clone_from(&before.password_sealed);
    }
    written
}
