//! `turnpike exit …`: by which ways traffic leaves.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use futures_util::stream::{StreamExt, TryStreamExt};
use turnpike_domain::exit::{ExitFields, ExitName, ExitState, Provenance, Route, UpstreamPassword, terms};
use turnpike_service::{
    CheckedExit, Exit, ExitChange, ExitFilter, ExitSheet, ImportedExits, LimitChange, Service, unknown_places,
    write_exit, write_exit_header,
};

use super::tables::{self, say};
use super::{acting, because, conclude, on_store};
use crate::cli::{ExitArgs, ExitCommand, ExitTermsArgs, Manner};
use crate::settings::Settings;

/// How many exits are read at once.
const PAGE: u32 = 2000;
/// How many exits are proved at once.
const CHECKS_AT_ONCE: usize = 16;
/// The kinds of ways out, by their words.
const KINDS: [&str; 5] = ["direct", "address", "prefix", "http", "socks5"];

/// Runs one of the commands about exits.
///
/// # Errors
/// When the store cannot be opened, a file cannot be read or written, the act is refused, or a check finds something missing.
pub(crate) async fn exit(settings: &Settings, command: ExitCommand) -> Result<()> {
    let adds = match &command {
        ExitCommand::Add { manner, .. } | ExitCommand::Import { manner, .. } => !manner.dry_run,
        _ => false,
    };
    on_store(settings, adds, async |backend| run(&backend.service, command).await).await
}

async fn run(service: &Service, command: ExitCommand) -> Result<()> {
    match command {
        ExitCommand::Add { name, route, places, terms, manner } => {
            let places = or_located(service, &route, &places);
            add(service, (&name, &route, &places), &terms, manner).await
        }
        ExitCommand::Change { name, route, places, no_capacity, terms, manner } => {
            let change = changed(route, &places, no_capacity, terms)?;
            apply(service, &name, change, manner).await
        }
        ExitCommand::State { name, state, manner } => {
            let change = ExitChange { state: Some(state_of(&state)?), ..ExitChange::default() };
            apply(service, &name, change, manner).await
        }
        ExitCommand::Remove { name, manner } => {
            let actor = because(manner.reason.clone());
            show(service, &acting(service, &manner).remove_exit(&actor, named(&name)?).await?)?;
            conclude(&manner)
        }
        ExitCommand::List { filter } => list(service, &read(&filter)?).await,
        ExitCommand::Import { file, manner } => import(service, &file, manner).await,
        ExitCommand::Export { file, filter } => export(service, &file, &read(&filter)?).await,
        ExitCommand::Check { name, filter, manner } => check(service, name.as_deref(), &read(&filter)?, manner).await,
    }
}

/// The places that were said, or where the operator's file says that an address is.
fn or_located(service: &Service, route: &str, places: &[String]) -> String {
    let located = || route.parse().ok().and_then(|address| service.locate(address));
    match places {
        [] => located().map(|place| place.to_string()).unwrap_or_default(),
        places => places.join("|"),
    }
}

fn named(name: &str) -> Result<ExitName> {
    ExitName::parse(name).with_context(|| format!("the exit's name {name:?}"))
}

fn state_of(word: &str) -> Result<ExitState> {
    ExitState::from_word(word).with_context(|| format!("{word:?}: active, draining, maintenance or down"))
}

async fn add(
    service: &Service,
    (name, route, places): (&str, &str, &str),
    terms: &ExitTermsArgs,
    manner: Manner,
) -> Result<()> {
    let (capacity, weight) = (terms.capacity.map(|most| most.to_string()), terms.weight.map(|share| share.to_string()));
    let fields = ExitFields {
        name,
        route,
        places,
        username: terms.username.as_deref().unwrap_or_default(),
        password: terms.password.as_deref().unwrap_or_default(),
        product_types: &terms.product_types.join("|"),
        capacity: capacity.as_deref().unwrap_or_default(),
        weight: weight.as_deref().unwrap_or_default(),
        state: "",
        provenance: terms.provenance.as_deref().unwrap_or_default(),
        evidence: terms.evidence.as_deref().unwrap_or_default(),
    };
    let read = fields
        .read()
        .map_err(|faults| anyhow::anyhow!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    let (name, terms) = read?;
    let actor = because(manner.reason.clone());
    show(service, &acting(service, &manner).add_exit(&actor, name, terms).await?)?;
    conclude(&manner)
}

fn changed(route: Option<String>, places: &[String], no_capacity: bool, said: ExitTermsArgs) -> Result<ExitChange> {
    let password = |text| UpstreamPassword::new(text).context("--password: at most 255 bytes, no control characters");
    let provenance = |word: String| Provenance::from_word(&word).with_context(|| format!("--provenance {word}"));
    Ok(ExitChange {
        route,
        username: said.username,
        password: said.password.map(password).transpose()?,
        places: (!places.is_empty()).then(|| terms::places(&places.join("|"))).transpose()?,
        product_types: (!said.product_types.is_empty())
            .then(|| terms::product_types(&said.product_types.join("|")))
            .transpose()?,
        capacity: match said.capacity {
            Some(most) => LimitChange::Set(most.max(1)),
            None if no_capacity => LimitChange::Lifted,
            None => LimitChange::Stays,
        },
        weight: said.weight,
        state: None,
        provenance: said.provenance.map(provenance).transpose()?,
        evidence: said.evidence,
    })
}

async fn apply(service: &Service, name: &str, change: ExitChange, manner: Manner) -> Result<()> {
    ensure!(change != ExitChange::default(), "say what is to change");
    let actor = because(manner.reason.clone());
    show(service, &acting(service, &manner).change_exit(&actor, named(name)?, change).await?)?;
    conclude(&manner)
}

fn read(args: &ExitArgs) -> Result<ExitFilter> {
    let kind = |word: &String| {
        let known = KINDS.into_iter().find(|kind| kind == word);
        known.with_context(|| format!("--kind {word}: {}", KINDS.join(", ")))
    };
    Ok(ExitFilter {
        country: args.country,
        state: args.state.as_deref().map(state_of).transpose()?,
        kind: args.kind.as_ref().map(kind).transpose()?,
        faulty: args.faulty.then_some(true),
    })
}

async fn import(service: &Service, file: &Path, manner: Manner) -> Result<()> {
    let sheet = ExitSheet::read(&tables::read(file)?);
    let (service, actor) = (acting(service, &manner), because(manner.reason.clone()));
    let count = sheet.len();
    let imported =
        tables::watched("exits", count, async |done| service.import_exits(&actor, sheet, done).await).await?;
    let ImportedExits { added, changed, unchanged } = imported;
    say(&format!("{added} added, {changed} changed, {unchanged} as they were."))?;
    conclude(&manner)
}

async fn export(service: &Service, file: &Path, filter: &ExitFilter) -> Result<()> {
    let mut table = tables::write(file)?;
    write_exit_header(&mut table)?;
    each(service, filter, |exit| Ok(write_exit(&mut table, exit)?)).await?;
    table.flush()?;
    Ok(())
}

async fn list(service: &Service, filter: &ExitFilter) -> Result<()> {
    say(&format!("{:<24}  {:<11}  {:>6}  {:<34}  {:<32}  last check", "name", "state", "weight", "route", "places"))?;
    each(service, filter, |exit| show(service, exit)).await
}

fn show(service: &Service, exit: &Exit) -> Result<()> {
    let terms = &exit.terms;
    let (name, state, weight, route) = (&exit.name, terms.state.word(), terms.weight, terms.route.to_string());
    let places = terms.places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let checked = match &exit.checked {
        None => "-".to_owned(),
        Some(check) => check.fault.clone().unwrap_or_else(|| format!("seen as {}", shown(check.seen))),
    };
    say(&format!("{name:<24}  {state:<11}  {weight:>6}  {route:<34}  {places:<32}  {checked}"))?;
    for place in unknown_places(&terms.places) {
        say(&format!("{name:<24}  note: {place} is in no list of places; customers find it by exactly that name"))?;
    }
    if let Route::Address(address) = &terms.route
        && let Some(place) = service.found_elsewhere(*address, &terms.places)
    {
        say(&format!("{name:<24}  note: exits.mmdb says that {address} is in {place}"))?;
    }
    Ok(())
}

fn shown(seen: Option<std::net::IpAddr>) -> String {
    seen.map_or_else(|| "nobody".to_owned(), |seen| seen.to_string())
}

/// Goes through exits page by page.
async fn each(service: &Service, filter: &ExitFilter, mut tell: impl FnMut(&Exit) -> Result<()>) -> Result<()> {
    let mut after = None;
    loop {
        let page = service.page_exits(filter, after, PAGE).await?;
        page.iter().try_for_each(&mut tell)?;
        match page.last() {
            Some(last) if page.len() >= usize::try_from(PAGE)? => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

/// Proves exits, some at once, and tells of each in order.
async fn check(service: &Service, name: Option<&str>, filter: &ExitFilter, manner: Manner) -> Result<()> {
    let mut names = Vec::new();
    if let Some(name) = name {
        names.push(named(name)?);
    } else {
        let noting = |exit: &Exit| {
            names.push(exit.name.clone());
            Ok(())
        };
        each(service, filter, noting).await?;
    }
    ensure!(!names.is_empty(), "there is no exit to check");
    let (noting, actor) = (acting(service, &manner), because(manner.reason.clone()));
    let checks = names.into_iter().map(async |name| {
        let reports = service.ask_about_exit(&name).await?;
        noting.note_exit_check(&actor, name, reports).await
    });
    let mut checks = std::pin::pin!(futures_util::stream::iter(checks).buffered(CHECKS_AT_ONCE));
    let (mut faulty, mut count) = (0_usize, 0_usize);
    while let Some(checked) = checks.try_next().await? {
        count = count.saturating_add(1);
        faulty = faulty.saturating_add(usize::from(checked.outcome.fault.is_some()));
        tell(&checked)?;
    }
    conclude(&manner)?;
    ensure!(faulty == 0, "{faulty} of {count} exits are not as they should be");
    Ok(())
}

fn tell(checked: &CheckedExit) -> Result<()> {
    let CheckedExit { exit, reports, .. } = checked;
    if reports.is_empty() {
        return say(&format!("{}: no gateway answered; is one running?", exit.name));
    }
    for (gateway, report) in reports {
        let at = format!("{}: gateway {gateway}: seen as {}", exit.name, shown(report.seen));
        let missing: Vec<_> = report.missing.iter().map(ToString::to_string).collect();
        say(&if missing.is_empty() { format!("{at}: ok") } else { format!("{at}: {}", missing.join("; ")) })?;
    }
    Ok(())
}
