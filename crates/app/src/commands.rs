//! The commands other than the demo. Each opens the same store as a running server and calls the same acts; a change is
//! in force on running gateways within a second.

mod article;
mod backup;
mod catalogue;
mod coupon;
mod customer;
mod endpoint;
mod exit;
mod grant;
mod invitation;
mod ledger;
mod node;
mod order;
mod progress;
mod restore;
mod static_ip;
mod tables;
mod token;
mod usage;
mod validity;
mod verify;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use turnpike_service::{Actor, CustomerView, Service};

use crate::cli::Manner;
use crate::control::{self, Ask};
use crate::process::{Process, Seat};
use crate::reload::Reloader;
use crate::settings::Settings;
use crate::wiring::{self, Backend, Parts};

pub(crate) use article::article;
pub(crate) use backup::backup;
pub(crate) use catalogue::catalogue;
pub(crate) use coupon::coupon;
pub(crate) use customer::customer;
pub(crate) use endpoint::endpoint;
pub(crate) use exit::exit;
pub(crate) use grant::grant;
pub(crate) use invitation::invitation;
pub(crate) use ledger::ledger;
pub(crate) use node::node;
pub(crate) use order::order;
pub(crate) use restore::{after_restore, restore};
pub(crate) use static_ip::static_ip;
pub(crate) use token::token;
pub(crate) use usage::usage;
pub(crate) use verify::verify;

/// Runs API and gateway until a signal.
///
/// # Errors
/// When something cannot be opened or bound.
pub(crate) async fn serve(reloader: Reloader, takeover: bool) -> Result<()> {
    let seat = Seat::take(reloader.settings(), takeover)?;
    let parts = Parts::everything(wiring::open(reloader.settings()).await?);
    Process::start(reloader, parts, seat).await?.until_end().await
}

/// Runs the API until a signal.
///
/// # Errors
/// When something cannot be opened or bound.
pub(crate) async fn api(reloader: Reloader, takeover: bool) -> Result<()> {
    let seat = Seat::take(reloader.settings(), takeover)?;
    let parts = Parts::without_gateway(wiring::open(reloader.settings()).await?);
    Process::start(reloader, parts, seat).await?.until_end().await
}

/// Runs a gateway until a signal. It waits for an API process to take it, and serves nobody before.
///
/// # Errors
/// When no API process takes its credential, or something cannot be opened or bound.
pub(crate) async fn gateway(reloader: Reloader, takeover: bool) -> Result<()> {
    let seat = Seat::take(reloader.settings(), takeover)?;
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    let parts = Parts::gateway_only(wiring::linked(reloader.settings(), stop).await?);
    Process::start(reloader, parts, seat).await?.until_end().await
}

/// Asks the process that serves a data folder, and prints what it did.
///
/// # Errors
/// When none serves it, or it refuses.
pub(crate) fn ask(data: &Path, ask: &Ask) -> Result<()> {
    let told = control::ask(data, ask)?;
    writeln!(std::io::stdout().lock(), "{told}")?;
    Ok(())
}

/// Prints the settings in force, without secrets. That they load is the check.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn check_config(settings: &Settings) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, settings)?;
    writeln!(out)?;
    Ok(())
}

/// The store for a command; one that adds something may be the first that needs it.
async fn opened(settings: &Settings, adds: bool) -> Result<Backend> {
    if adds { wiring::open(settings).await } else { wiring::open_existing(settings).await }
}

/// Does something with the store, and closes it.
async fn on_store<T>(settings: &Settings, adds: bool, act: impl AsyncFnOnce(&Backend) -> Result<T>) -> Result<T> {
    let backend = opened(settings, adds).await?;
    let done = act(&backend).await;
    backend.store.close().await;
    done
}

/// Who runs this command, for the audit log: the login name, as far as the system tells.
fn operator() -> Actor {
    let id = rustix::process::getuid().as_raw();
    Actor::Operator(format!("uid {id}"))
}

/// The same, and why.
fn because(reason: String) -> Actor {
    let Actor::Operator(name) = operator() else { return operator() };
    Actor::OperatorBecause { name, reason }
}

/// What carries a change out, or only shows what it would do.
fn acting(service: &Service, manner: &Manner) -> Service {
    if manner.dry_run { service.rehearsing() } else { service.clone() }
}

/// Says so when nothing was done.
fn conclude(manner: &Manner) -> Result<()> {
    if manner.dry_run {
        writeln!(std::io::stdout().lock(), "(nothing was done)")?;
    }
    Ok(())
}

/// Finds a customer by e-mail address or id.
async fn find(service: &Service, who: &str) -> Result<CustomerView> {
    let found = service.find_customer(who).await;
    found.with_context(|| format!("`{who}` (`turnpike customer list` shows all)"))
}
