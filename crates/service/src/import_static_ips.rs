//! The operator takes addresses into the inventory: all that are given, or none.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use turnpike_domain::time::Timestamp;
use turnpike_store::{Tx, audit, exit, static_ip};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::service::Service;
use crate::static_ip_sheet::StaticIpSheet;

/// How many addresses one statement adds.
const BATCH: usize = 2000;

struct Import {
    actor: Actor,
    sheet: StaticIpSheet,
    done: Arc<AtomicU64>,
    now: Timestamp,
}

impl Service {
    /// Adds the addresses of a table to the inventory: how many. `done` tells meanwhile how many are.
    ///
    /// # Errors
    /// [`ServiceError::Sheet`] names every row that is wrong, or is in the inventory already.
    pub async fn import_static_ips(
        &self,
        actor: &Actor,
        sheet: StaticIpSheet,
        done: Arc<AtomicU64>,
    ) -> Result<u64, ServiceError> {
        let import = Import { actor: actor.clone(), sheet, done, now: self.now() };
        self.store.write(import, |import, tx| Box::pin(add(import, tx))).await
    }
}

async fn add(import: &Import, tx: &mut Tx) -> Result<u64, ServiceError> {
    let Import { actor, sheet, done, now } = import;
    done.store(0, Ordering::Relaxed);
    refuse_wrong(tx, sheet).await?;
    let mut added = 0;
    for batch in sheet.rows.chunks(BATCH) {
        let rows: Vec<_> = batch.iter().map(|(_, row)| row.clone()).collect();
        // Somebody else may be adding the same ones: then a fresh look finds them.
        added += static_ip::insert(tx, &rows).await.map_err(look_again)?;
        done.store(added, Ordering::Relaxed);
    }
    let detail = match &sheet.rows[..] {
        [] => "nothing".to_owned(),
        [(_, one)] => one.ip.to_string(),
        [(_, first), .., (_, last)] => format!("{added} addresses, {} to {}", first.ip, last.ip),
    };
    audit::insert(tx, &actor.did_overall("static-ip.import", detail, *now)).await?;
    Ok(added)
}

async fn refuse_wrong(tx: &mut Tx, sheet: &StaticIpSheet) -> Result<(), ServiceError> {
    let mut faults = sheet.faults.clone();
    for batch in sheet.rows.chunks(BATCH) {
        let ips: Vec<_> = batch.iter().map(|(_, row)| row.ip).collect();
        let known: HashSet<_> = static_ip::known(tx, &ips).await?.into_iter().collect();
        for (line, row) in batch.iter().filter(|(_, row)| known.contains(&row.ip)) {
            faults.add(*line, format_args!("ip: {} is in the inventory already", row.ip));
        }
        // Locked, so that none goes before the addresses are behind it.
        let mut named: Vec<_> = batch.iter().filter_map(|(_, row)| row.exit.clone()).collect();
        named.sort_unstable();
        named.dedup();
        let exits: HashSet<_> = exit::lock(tx, &named).await?.into_iter().map(|exit| exit.name).collect();
        for (line, exit) in batch.iter().filter_map(|(line, row)| Some((line, row.exit.as_ref()?))) {
            if !exits.contains(exit) {
                faults.add(*line, format_args!("exit: there is no {exit}"));
            }
        }
    }
    Ok(faults.finish()?)
}
