//! What customers change, and what gateways read of it.

use anyhow::{Context as _, Result};
use turnpike_domain::account::Username;
use turnpike_domain::directory::Changes;
use turnpike_domain::ids::{CustomerId, FeedSeq};
use turnpike_service::Service;
use turnpike_store::feed::Changed;
use turnpike_store::{Store, StoreError};

use super::{Bench, Until};
use crate::scale::seed::account;

/// Rows of one long transaction, and of one look at the feed.
const BATCH: u64 = 1000;

/// Measures and prints.
pub(super) async fn measure(bench: &Bench) -> Result<()> {
    for at_once in [1, 16] {
        let worker = |number: usize, until| switch(bench.service.clone(), nth(bench, number), until);
        bench.line("change: one account disabled or enabled, a feed row", at_once, 1, worker).await?;
    }
    bench.line("feed rows, 1,000 a transaction", 1, BATCH, |_, until| announce(bench.clone(), until)).await?;
    for at_once in [1, 16] {
        let name = "changes read, 1,000 accounts each";
        bench.line(name, at_once, BATCH, |_, until| follow(bench.service.clone(), until)).await?;
    }
    Ok(())
}

/// A customer, and the number it was made with.
fn nth(bench: &Bench, number: usize) -> Option<(CustomerId, u64)> {
    Some((*bench.customers.get(number)?, u64::try_from(number).ok()?))
}

async fn switch(service: Service, customer: Option<(CustomerId, u64)>, until: Until) -> Result<u64> {
    let (customer, number) = customer.context("too few customers")?;
    let names = [Username::parse(&account(number, 0))?];
    let mut done: u64 = 0;
    while !until.is_over() {
        service.set_accounts_enabled(customer, &names, done % 2 == 1).await?;
        done = done.saturating_add(1);
    }
    Ok(done)
}

async fn announce(bench: Bench, until: Until) -> Result<u64> {
    let mut done = 0;
    while !until.is_over() {
        let accounts: Vec<_> = bench.accounts.iter().copied().take(usize::try_from(BATCH)?).collect();
        write(&bench.store, accounts.into_iter().map(Changed::Account).collect(), bench.service.now()).await?;
        done += 1;
    }
    Ok(done)
}

async fn write(store: &Store, changed: Vec<Changed>, now: turnpike_domain::time::Timestamp) -> Result<(), StoreError> {
    let act = move |changed: &Vec<Changed>, tx: &mut turnpike_store::Tx| {
        for one in changed {
            tx.announce(*one, now);
        }
        Ok(())
    };
    store.write(changed, move |changed, tx| Box::pin(std::future::ready(act(changed, tx)))).await
}

/// Reads the last thousand changes, which the line before has written.
async fn follow(service: Service, until: Until) -> Result<u64> {
    let newest = service.newest_news().context("nothing has changed")?;
    let place = FeedSeq::new(newest.get().saturating_sub(i64::try_from(BATCH)?));
    let mut done = 0;
    while !until.is_over() {
        let Changes::Since { changed, .. } = service.directory_changes(Some(place)).await? else { continue };
        anyhow::ensure!(!changed.accounts.is_empty(), "no account has changed");
        done += 1;
    }
    Ok(done)
}
