//! `turnpike ledger …`: the journal, what it comes to, and what the operator gives or takes by hand.

use std::io::Write;

use anyhow::Result;
use turnpike_domain::ledger::Book;
use turnpike_domain::money::Money;
use turnpike_service::{Adjustment, BookedEntry, EntryFilter, Service};

use super::{because, find, on_store};
use crate::cli::{AdjustArgs, LedgerCommand};
use crate::settings::Settings;

/// Runs one of the commands about the ledger.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn ledger(settings: &Settings, command: LedgerCommand) -> Result<()> {
    on_store(settings, false, async |backend| run(settings, &backend.service, command).await).await
}

async fn run(settings: &Settings, service: &Service, command: LedgerCommand) -> Result<()> {
    match command {
        LedgerCommand::Adjust(args) => adjust(service, args).await,
        LedgerCommand::Balance { customer } => balance(service, &customer).await,
        LedgerCommand::Entries { customer, most } => entries(settings, service, customer, most).await,
        LedgerCommand::Totals => totals(service).await,
    }
}

async fn adjust(service: &Service, args: AdjustArgs) -> Result<()> {
    let customer = find(service, &args.customer).await?.id;
    let acting = if args.dry_run { service.rehearsing() } else { service.clone() };
    let adjustment = Adjustment { customer, amount: args.amount, key: args.key, reason: args.reason.clone() };
    let done = acting.adjust_balance(&because(args.reason), adjustment).await?;
    let shown = if args.dry_run { " (nothing was done)" } else { "" };
    writeln!(
        std::io::stdout().lock(),
        "amount    {}\nbalance   {}{shown}\nname      {}",
        done.amount,
        done.balance,
        done.key
    )?;
    Ok(())
}

async fn balance(service: &Service, customer: &str) -> Result<()> {
    let found = find(service, customer).await?;
    writeln!(std::io::stdout().lock(), "{}", service.balance(found.id).await?)?;
    Ok(())
}

async fn entries(settings: &Settings, service: &Service, customer: Option<String>, most: u32) -> Result<()> {
    let customer = match customer {
        Some(who) => Some(find(service, &who).await?.id),
        None => None,
    };
    let zone = settings.zone()?;
    let mut out = std::io::stdout().lock();
    let filter = EntryFilter { customer, ..EntryFilter::default() };
    for BookedEntry { id, at, cause, detail, postings, .. } in service.page_entries(&filter, None, most).await? {
        writeln!(out, "{id:>8}  {}  {cause}  {detail}", zone.format(at))?;
        for posting in postings {
            let whose = posting.book.customer().map(|customer| format!(" of {customer}")).unwrap_or_default();
            writeln!(out, "{:>8}  {:>14}  {}{whose}", "", posting.amount.to_string(), posting.book.word())?;
        }
    }
    Ok(())
}

async fn totals(service: &Service) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for (number, minor) in service.ledger_totals().await? {
        // The customer of a wallet does not matter here; any will do to have the word.
        let book = Book::from_columns(number, 0).or_else(|| Book::from_columns(number, 1));
        let (word, amount) = (book.map_or("?", Book::word), Money::from_minor(minor).map(|amount| amount.to_string()));
        writeln!(out, "{word:<12}  {:>16}", amount.unwrap_or_else(|| minor.to_string()))?;
    }
    Ok(())
}
