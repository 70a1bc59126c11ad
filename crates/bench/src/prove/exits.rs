//! Exits: what the origin sees is an address of the place that was asked for, always; sessions keep it over restarts and on another
//! gateway; an exit that is taken away moves its own sessions and no other, and given back it moves none.

mod faults;
mod hosts;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use tokio::task::JoinSet;
use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::origin::Origin;

use super::database::Database;
use super::dice::Dice;
use super::machines::{Machines, Size, new_folder};
use super::rig::PASSWORD;
use super::{Plan, Verdict};
use crate::figures::grouped;
use crate::say;
use hosts::{Host, origin};

/// Requests over all places.
const REQUESTS: u64 = 10_000;
/// Clients at once.
const CLIENTS: u64 = 16;
/// Sessions that are watched.
const SESSIONS: u64 = 200;
/// The customer, and its account.
const ACCOUNT: &str = "roamer";
/// How soon a change of an exit must be in force.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(1);
/// How soon a session's exit must be known to every gateway.
const PINNED_WITHIN: Duration = Duration::from_secs(2);
const HEADER: &str = "name,route,username,password,places,product_types,capacity,weight,state,provenance,evidence";
/// What a login wishes, and where that is.
const WISHES: [(&str, &str); 9] = [
    ("", ""),
    ("_area-US", "US"),
    ("_area-us_state-Texas", "US/Texas"),
    ("_area-US_state-TX", "US/Texas"),
    ("_area-US_state-Texas_city-Austin", "US/Texas/Austin"),
    ("_city-dallas", "US/Texas/Dallas"),
    ("_area-DE", "DE"),
    ("_state-Berlin", "DE/Berlin"),
    ("_area-SG_city-Singapore", "SG"),
];
/// The exit that is taken away.
const TAKEN: &str = "host-2";
/// The exit that becomes a black hole.
const CUT_OFF: &str = "host-4";

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let (folder, before) = (new_folder("exits")?, verdict.violations);
    let mut hosts = all_hosts().await.context("exit hosts need root, microsocks and tinyproxy")?;
    let _origin = Origin::start(&[origin()], 2).context("the origin does not start")?;
    let database = Database::start(&folder)?;
    let size = Size { uri: &database.uri(), apis: 1, gateways: 2 };
    let mut machines = Machines::start(plan, &folder, &size, None)?;
    let table = folder.join("exits.csv");
    let rows: Vec<_> = hosts.iter().map(Host::row).collect();
    std::fs::write(&table, format!("{HEADER}\n{}\n", rows.join("\n")))?;
    let table = table.to_str().context("a folder's name")?;
    machines.operator(&["exit", "import", table, "--reason", "proof"])?;
    let key = machines.add_customer(ACCOUNT, 4 << 20).await?;
    let held = buy_static_ips(&machines, &key, &folder).await?;
    until_held(&machines, &held).await?;
    places(&machines, &hosts, &held, (plan, verdict)).await?;
    sessions(&mut machines, verdict).await?;
    taken_away(&machines, &hosts, verdict).await?;
    faults::killed(&machines, faults::lone(&mut hosts)?, verdict).await?;
    let cut = hosts.iter().find(|host| host.name == CUT_OFF).context("no such host")?;
    faults::black_hole(&machines, cut, verdict).await?;
    machines.verify(verdict);
    machines.tidy(verdict.violations == before)
}

async fn all_hosts() -> Result<Vec<Host>> {
    let separate =
        ["US/Texas/Austin", "US/Texas/Dallas", "US/Oregon/Portland", "DE/Berlin/Berlin", "DE/Hesse/Frankfurt"];
    let mut hosts = Vec::new();
    for (number, place) in (1..).zip(separate) {
        hosts.push(Host::separate(number, place).await?);
    }
    hosts.extend(
        (1..).zip(["US/Texas/Austin", "SG//Singapore", "DE/Berlin/Berlin"]).map(|(n, place)| Host::local(n, place)),
    );
    Ok(hosts)
}

/// Two static IPs, which are addresses of this host.
async fn buy_static_ips(machines: &Machines, key: &str, folder: &std::path::Path) -> Result<Vec<IpAddr>> {
    let [.., net] = std::process::id().to_be_bytes();
    let table = folder.join("static-ips.csv");
    let rows: Vec<_> = (1..=4).map(|last| format!("127.10.{net}.{last},25,JP,Tokyo,Chiyoda,")).collect();
    std::fs::write(&table, format!("ip,kind,country,region,city,note\n{}\n", rows.join("\n")))?;
    machines.operator(&["static-ip", "import", table.to_str().context("a folder's name")?])?;
    let catalogue = folder.join("catalogue.toml");
    std::fs::write(&catalogue, super::shop::CATALOGUE)?;
    machines.operator(&["catalogue", "load", catalogue.to_str().context("a folder's name")?])?;
    let email = format!("{ACCOUNT}@turnpike.example");
    machines.operator(&["ledger", "adjust", &email, "1000.00", "--reason", "proof", "--key", "exits"])?;
    let api = machines.api(key, 0);
    let products = api.get("product", "type=25").await?;
    let product = products.get(0).and_then(|product| product.get("id")).and_then(serde_json::Value::as_i64);
    let product = product.context("no static IPs are sold")?;
    api.post("order/create", json!({ "pid": product, "pm_id": 1, "region_list": "JP,2" })).await?;
    let listed = api.get("ip/get-static-ip", "").await?;
    let listed = listed.get("list").and_then(serde_json::Value::as_array).context("no list")?;
    let ips = listed.iter().filter_map(|one| one.get("ip")?.as_str()?.parse().ok());
    Ok(ips.collect())
}

/// Waits until every gateway leaves by these static IPs, at most as long as a change may take to be in force.
async fn until_held(machines: &Machines, held: &[IpAddr]) -> Result<()> {
    let begin = Instant::now();
    for gateway in gateways(machines) {
        for ip in held {
            while seen(&gateway, &format!("_ip-{ip}"), Protocol::Connect).await? != Ok(*ip) {
                ensure!(
                    begin.elapsed() <= IN_FORCE_WITHIN,
                    "{ip} was bought {IN_FORCE_WITHIN:?} ago and is not left by"
                );
            }
        }
    }
    Ok(())
}

/// What the origin sees of one request, or how it was refused.
async fn seen(gateway: &Proxy, parameters: &str, protocol: Protocol) -> Result<Result<IpAddr, u16>> {
    let login = Login::new(format!("{ACCOUNT}{parameters}"), PASSWORD);
    let proxy = Proxy { address: gateway.address, login: Some(login) };
    match proxy.tunnel(protocol, origin()).await {
        Ok(mut wire) => {
            wire.send(b"SOURCE\n").await?;
            while wire.fill().await? > 0 {}
            Ok(Ok(String::from_utf8_lossy(wire.pending()).trim().parse()?))
        }
        Err(ProxyError::Status { status, .. }) => Ok(Err(status)),
        Err(ProxyError::Socks(code)) => Ok(Err(code)),
        Err(error) => Err(error.into()),
    }
}

fn gateways(machines: &Machines) -> Vec<Proxy> {
    machines.proxies(ACCOUNT, PASSWORD).into_iter().map(|(proxy, _)| proxy).collect()
}

/// Requests over country, state, city, session and `_ip-`, by both gateways and protocols.
async fn places(
    machines: &Machines,
    hosts: &[Host],
    held: &[IpAddr],
    (plan, verdict): (&Plan, &mut Verdict),
) -> Result<()> {
    let mut wishes: Vec<(String, BTreeSet<IpAddr>)> = WISHES
        .iter()
        .map(|(parameters, place)| {
            let there = hosts.iter().filter(|host| host.place.replace("//", "/").starts_with(place));
            ((*parameters).to_owned(), there.map(|host| IpAddr::from(host.address)).collect())
        })
        .collect();
    wishes.extend(held.iter().map(|ip| (format!("_ip-{ip}"), BTreeSet::from([*ip]))));
    ensure!(wishes.iter().all(|(_, addresses)| !addresses.is_empty()), "a wish that nobody serves");
    let (wishes, gateways) = (Arc::new(wishes), Arc::new(gateways(machines)));
    let each = plan.times.unwrap_or(REQUESTS) / CLIENTS;
    let begin = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (wishes, gateways, mut dice) = (Arc::clone(&wishes), Arc::clone(&gateways), Dice::new(plan.seed, client));
        clients.spawn(async move {
            let mut wrong = Vec::new();
            for _ in 0..each {
                let (parameters, due) = of(&wishes, dice.throw())?;
                let session = dice.below(50);
                let parameters =
                    if session < 25 { format!("{parameters}_session-p{session}") } else { parameters.clone() };
                let protocol = if dice.below(2) == 0 { Protocol::Connect } else { Protocol::Socks5 };
                match seen(of(&gateways, dice.throw())?, &parameters, protocol).await? {
                    Ok(address) if due.contains(&address) => {}
                    other => wrong.push(format!("{parameters}: {other:?}")),
                }
            }
            Ok::<_, anyhow::Error>(wrong)
        });
    }
    let mut wrong = Vec::new();
    while let Some(client) = clients.join_next().await {
        wrong.extend(client??);
    }
    let (count, first) = (grouped(each.saturating_mul(CLIENTS)), wrong.first().map_or("none", String::as_str));
    say(&format!("          {count} requests took {} s", begin.elapsed().as_secs()));
    verdict.check(wrong.is_empty(), &format!("{count} requests, {} from another place (first: {first})", wrong.len()));
    Ok(())
}

fn of<T>(list: &[T], number: u64) -> Result<&T> {
    let place = usize::try_from(number.checked_rem(u64::try_from(list.len())?).unwrap_or(0))?;
    list.get(place).context("an empty list")
}

type Kept = BTreeMap<String, IpAddr>;

/// Which exit each session in the United States has at a gateway.
async fn kept(gateway: &Proxy) -> Result<Kept> {
    kept_of(gateway, "_area-US").await
}

/// Which exit each session in a place has at a gateway.
async fn kept_of(gateway: &Proxy, place: &str) -> Result<Kept> {
    let mut kept = Kept::new();
    for number in 0..SESSIONS {
        let parameters = format!("{place}_session-s{number}_life-60");
        match seen(gateway, &parameters, Protocol::Connect).await? {
            Ok(address) => drop(kept.insert(parameters, address)),
            Err(status) => bail!("{parameters} is refused with {status}"),
        }
    }
    Ok(kept)
}

/// How many sessions have another exit than before.
fn moved(before: &Kept, now: &Kept) -> usize {
    before.iter().filter(|(session, address)| now.get(*session) != Some(address)).count()
}

async fn sessions(machines: &mut Machines, verdict: &mut Verdict) -> Result<()> {
    let both = gateways(machines);
    let (first, second) = (of(&both, 0)?, of(&both, 1)?);
    let before = kept(first).await?;
    let exits = before.values().collect::<BTreeSet<_>>().len();
    let elsewhere = moved(&before, &kept(second).await?);
    verdict.check(
        elsewhere == 0,
        &format!("{SESSIONS} sessions on {exits} exits, {elsewhere} differ on the second gateway"),
    );
    tokio::time::sleep(PINNED_WITHIN).await;
    for restart in 1..=2 {
        let process = &mut machines.gateways.first_mut().context("no gateway")?.process;
        process.kill()?;
        process.restart()?;
        let after = moved(&before, &kept(first).await?);
        verdict.check(after == 0, &format!("restart {restart} of the first gateway: {after} sessions moved"));
    }
    Ok(())
}

async fn taken_away(machines: &Machines, hosts: &[Host], verdict: &mut Verdict) -> Result<()> {
    let both = gateways(machines);
    let (first, second) = (of(&both, 0)?, of(&both, 1)?);
    let taken = hosts.iter().find(|host| host.name == TAKEN).context("no such host")?;
    let before = kept(first).await?;
    let own = before.values().filter(|address| **address == IpAddr::from(taken.address)).count();
    set_state(machines, "down").await?;
    let after = kept(first).await?;
    let others = before
        .iter()
        .filter(|(session, address)| **address != IpAddr::from(taken.address) && after.get(*session) != Some(address))
        .count();
    let still = after.values().filter(|address| **address == IpAddr::from(taken.address)).count();
    verdict.check(own > 0 && still == 0, &format!("{TAKEN} had {own} sessions, has {still} once it is down"));
    verdict.check(others == 0, &format!("{others} sessions of other exits moved"));
    let differ = moved(&after, &kept(second).await?);
    verdict.check(differ == 0, &format!("{differ} differ on the second gateway"));
    set_state(machines, "active").await?;
    let back = moved(&after, &kept(first).await?);
    verdict.check(back == 0, &format!("{back} sessions moved when it was given back"));
    Ok(())
}

async fn set_state(machines: &Machines, state: &str) -> Result<()> {
    machines.operator(&["exit", "state", TAKEN, state, "--reason", "proof"])?;
    tokio::time::sleep(IN_FORCE_WITHIN).await;
    Ok(())
}
