//! `turnpike static-ip …`: the inventory of addresses to sell.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result};
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::exit::ExitName;
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::{StaticIpDuty, StaticIpState};
use turnpike_service::{
    Service, StaticIpDetails, StaticIpFilter, StaticIpSheet, write_static_ip, write_static_ip_header,
};

use super::tables::{self, say};
use super::{acting, because, conclude, find, on_store};
use crate::cli::{Manner, StaticIpArgs, StaticIpCommand};
use crate::settings::Settings;

/// How many addresses are read at once.
const PAGE: u32 = 2000;

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
        StaticIpCommand::Behind { ip, exit, manner } => {
            let exit = exit.as_deref().map(ExitName::parse).transpose().context("the exit's name")?;
            let actor = because(manner.reason.clone());
            show(&acting(service, &manner).put_static_ip_behind(&actor, ip.to_canonical(), exit).await?)?;
            conclude(&manner)
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
    let sheet = StaticIpSheet::read(&tables::read(file)?);
    let (service, actor, count) = (acting(service, &manner), because(manner.reason), sheet.len());
    let importing = async |done| service.import_static_ips(&actor, sheet, done).await;
    let added = tables::watched("static IPs", count, importing).await?;
    let done = if manner.dry_run { "would be" } else { "are" };
    say(&format!("{added} addresses {done} in the inventory."))
}

async fn export(service: &Service, file: &Path, filter: &StaticIpFilter) -> Result<()> {
    let mut table = tables::write(file)?;
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
    let behind = one.exit.as_ref().map(|exit| format!("  behind {exit}")).unwrap_or_default();
    say(format!("{ip:<39}  {kind:>4}  {country:<7}  {state:<12}  {customer:<20}  {until}{behind}").trim_end())
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
