//! The commands other than the demo. Each opens the same store as a running server and calls the same acts; a change is
//! in force on running gateways within a second.

mod customer;
mod grant;
mod usage;

use std::io::Write;

use anyhow::{Context, Result};
use turnpike_service::{Actor, CustomerView, Service};

use crate::settings::Settings;
use crate::wiring::{self, Parts, Sockets};

pub(crate) use customer::customer;
pub(crate) use grant::grant;
pub(crate) use usage::usage;

/// Runs API and gateway until a signal.
///
/// # Errors
/// When something cannot be opened or bound.
pub(crate) async fn serve(settings: &Settings) -> Result<()> {
    let parts = Parts::everything(wiring::open(settings).await?);
    wiring::start(settings, parts, Sockets::default()).await?.until_signal().await
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

/// Who runs this command, for the audit log: the login name, as far as the system tells.
fn operator() -> Actor {
    let id = rustix::process::getuid().as_raw();
    Actor::Operator(format!("uid {id}"))
}

/// Finds a customer by e-mail address or id.
async fn find(service: &Service, who: &str) -> Result<CustomerView> {
    let found = service.find_customer(who).await;
    found.with_context(|| format!("`{who}` (`turnpike customer list` shows all)"))
}
