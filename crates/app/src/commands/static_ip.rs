//! `turnpike static-ip …`: the inventory of addresses to sell.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::{StaticIpDuty, StaticIpState};
use turnpike_service::{
    Service, ServiceError, SheetError, StaticIpDetails, StaticIpFilter, StaticIpSheet, write_static_ip,
    write_static_ip_header,
};

use super::progress::Progress;
use super::{acting, because, conclude, find, on_store};
use crate::cli::{Manner, StaticIpArgs, StaticIpCommand};
use crate::settings::Settings;

/// How many addresses are read at once.
const PAGE: u32 = 2000;
/// The name that stands for standard input and output.
const STANDARD: &str = "-";
/// Between two looks how far an import is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Runs one of the commands about static IPs.
///
/// # Errors
/// When the store cannot be opened, a file cannot be read or written, or the act is refused.
pub(crate) async fn static_ip(settings: &Settings, command: StaticIpCommand) -> Result<()> {
    let adds = matches!(&command, StaticIpCommand::Import { manner, .. } if !manner.dry_run);
    on_store(settings, adds, async |backend| run(&backend.service, command).await).await
}

async fn run(service: &Service, command: StaticIpCommand) -> Result<()> {
    use StaticIpDuty::{Maintenance, Normal, Withdrawn};
    match command {
        StaticIpCommand::Import { file, manner } => import(service, &file, manner).await,
        StaticIpCommand::Export { file, filter } => export(service, &file, &read(service, filter).await?).await,
        StaticIpCommand::List { filter } => list(service, &read(service, filter).await?).await,
        StaticIpCommand::Maintenance { ip, end, manner } => {
            set_duty(service, ip, if end { Normal } else { Maintenance }, manner).await
        }
        StaticIpCommand::Withdraw { ip, undo, manner } => {
            set_duty(service, ip, if undo { Normal } else { Withdrawn }, manner).await
        }
        StaticIpCommand::Replace { ip, country, manner } => {
            let actor = because(manner.reason.clone());
            show(&acting(service, &manner).replace_static_ip(&actor, ip.to_canonical(), country).await?)?;
            conclude(&manner)
        }
    }
}

async fn set_duty(service: &Service, ip: IpAddr, duty: StaticIpDuty, manner: Manner) -> Result<()> {
    let actor = because(manner.reason.clone());
    show(&acting(service, &manner).set_static_ip_duty(&actor, ip.to_canonical(), duty).await?)?;
    conclude(&manner)
}

async fn read(service: &Service, args: StaticIpArgs) -> Result<StaticIpFilter> {
    let kind =
        |text: &String| ProductType::static_ip_of_word(text).context("--kind: 14 (datacenter) or 25 (residential)");
    let state = |text: &String| StaticIpState::from_word(text).with_context(|| format!("--state {text}"));
    let customer = match &args.customer {
        Some(who) => Some(find(service, who).await?.id),
        None => None,
    };
    Ok(StaticIpFilter {
        ip: None,
        product_type: args.kind.as_ref().map(kind).transpose()?,
        country: args.country,
        state: args.state.as_ref().map(state).transpose()?,
        customer,
    })
}

async fn import(service: &Service, file: &Path, manner: Manner) -> Result<()> {
    let sheet = StaticIpSheet::read(&table(file)?);
    let count = u64::try_from(sheet.len())?;
    let (service, done) = (acting(service, &manner), Arc::new(AtomicU64::new(0)));
    let watched = Arc::clone(&done);
    let actor = because(manner.reason);
    let importing = service.import_static_ips(&actor, sheet, done);
    tokio::pin!(importing);
    let mut progress = Progress::of("static IPs");
    let outcome = loop {
        tokio::select! {
            outcome = &mut importing => break outcome,
            () = tokio::time::sleep(LOOK_EVERY) => progress.count(watched.load(Ordering::Relaxed), count),
        }
    };
    drop(progress);
    let added = match outcome {
        Err(ServiceError::Sheet(error)) => return wrong(&error),
        outcome => outcome?,
    };
    let done = if manner.dry_run { "would be" } else { "are" };
    say(&format!("{added} addresses {done} in the inventory."))
}

fn table(file: &Path) -> Result<Vec<u8>> {
    if file != Path::new(STANDARD) {
        return std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    let mut table = Vec::new();
    std::io::stdin().lock().read_to_end(&mut table)?;
    Ok(table)
}

/// Every wrong row, one a line.
fn wrong(error: &SheetError) -> Result<()> {
    let told: Vec<_> = error.rows.iter().map(ToString::to_string).collect();
    let more = error.count.saturating_sub(told.len());
    let rest = if more > 0 { format!("\nand {more} more") } else { String::new() };
    bail!("nothing was taken over:\n{}{rest}", told.join("\n"))
}

async fn export(service: &Service, file: &Path, filter: &StaticIpFilter) -> Result<()> {
    let output: Box<dyn Write> = if file == Path::new(STANDARD) {
        Box::new(std::io::stdout())
    } else {
        Box::new(File::create(file).with_context(|| format!("{} cannot be written", file.display()))?)
    };
    let mut table = csv::Writer::from_writer(BufWriter::new(output));
    write_static_ip_header(&mut table)?;
    each(service, filter, |one| Ok(write_static_ip(&mut table, one)?)).await?;
    table.flush()?;
    Ok(())
}

async fn list(service: &Service, filter: &StaticIpFilter) -> Result<()> {
    say(&format!("{:<39}  {:>4}  {:<7}  {:<12}  {:<20}  until", "ip", "kind", "country", "state", "customer"))?;
    each(service, filter, show).await
}

fn show(one: &StaticIpDetails) -> Result<()> {
    let (customer, until) = match &one.holder {
        Some(holder) => (holder.customer.to_string(), format_rfc3339(holder.expires_at)),
        None => (String::new(), String::new()),
    };
    let (ip, kind, country, state) = (one.ip.to_string(), one.product_type.number(), one.country, one.state.word());
    say(format!("{ip:<39}  {kind:>4}  {country:<7}  {state:<12}  {customer:<20}  {until}").trim_end())
}

/// Goes through the inventory page by page.
async fn each(
    service: &Service,
    filter: &StaticIpFilter,
    mut tell: impl FnMut(&StaticIpDetails) -> Result<()>,
) -> Result<()> {
    let mut after = None;
    loop {
        let page = service.page_static_ips(filter, after, PAGE).await?;
        page.iter().try_for_each(&mut tell)?;
        match page.last() {
            Some(last) if page.len() >= usize::try_from(PAGE)? => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}
