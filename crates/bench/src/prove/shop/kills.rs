//! A process is killed again and again while orders are made, paid and closed: what was acknowledged is there, every
//! customer has what it was given less what it paid, and the ledger agrees.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use turnpike_testkit::product::{Api, ApiRefusal};

use super::Site;
use crate::prove::dice::Dice;
use crate::prove::{Plan, Verdict};
use crate::say;

const KILLS: u64 = 50;
const CUSTOMERS: usize = 4;
const WORKERS: u64 = 12;
/// The load runs this long before the kill, and up to [`MORE_MS`] longer.
const LEAST_MS: u64 = 50;
const MORE_MS: u64 = 250;
/// What each customer gets to spend, in whole units.
const GIVEN: u64 = 1_000_000;
/// Where an order stands.
const PAID: i64 = 1;
const CLOSED: i64 = 2;
/// Orders on a page when they are counted.
const PAGE: u64 = 1000;

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(site: &mut Site, plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let (kills, mut customers) = (plan.times.unwrap_or(KILLS), Vec::new());
    for number in 0..CUSTOMERS {
        let email = format!("kills{number}@turnpike.example");
        let key = site.add_customer(&email)?;
        site.pay_in(&email, &format!("{GIVEN}.00"))?;
        customers.push(key);
    }
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    for kill in 0..kills {
        let mut dice = Dice::new(plan.seed, kill);
        let load = Load::start(site, &customers, &seen, &mut dice);
        tokio::time::sleep(Duration::from_millis(LEAST_MS.saturating_add(dice.below(MORE_MS)))).await;
        tokio::task::block_in_place(|| site.kill(kill))?;
        load.ended().await?;
        tokio::task::block_in_place(|| site.restart(kill))?;
    }
    let acknowledged = seen.lock().clone();
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for (number, key) in customers.iter().enumerate() {
        let api = site.api(key, 0);
        let orders = all_orders(&api).await?;
        for ((_, trade_no), status) in
            acknowledged.range((number, String::new())..(number.saturating_add(1), String::new()))
        {
            match orders.get(trade_no) {
                Some((now, _)) if now == status || *status == 0 => {}
                other => missing.push(format!("{trade_no} was {status}, is {other:?}")),
            }
        }
        let spent: u64 = orders.values().filter(|(status, _)| *status == PAID).map(|(_, fee)| fee).sum();
        let balance = api.get("user/info", "").await?.get("balance").and_then(Value::as_u64);
        if balance != Some(GIVEN.saturating_sub(spent)) {
            wrong.push(format!("customer {number} paid {spent} and has {balance:?}"));
        }
    }
    let count = acknowledged.len();
    say(&format!("          {}: {kills} kills, {count} orders acknowledged", site.name()));
    verdict.check(missing.is_empty(), &format!("{}: what was acknowledged is there {missing:?}", site.name()));
    verdict.check(wrong.is_empty(), &format!("{}: every balance is what is left {wrong:?}", site.name()));
    Ok(())
}

/// Every order of a customer: where it stands, and what it costs in whole units.
async fn all_orders(api: &Api) -> Result<BTreeMap<String, (i64, u64)>> {
    let mut orders = BTreeMap::new();
    for page in 1_u64.. {
        let answer = api.get("order/list", &format!("page_no={page}&page_size={PAGE}")).await?;
        let list = answer.get("list").and_then(Value::as_array).context("no list of orders")?;
        for order in list {
            let (trade_no, status) = standing(order)?;
            let fee = order.get("pay_fee").and_then(Value::as_u64).context("a fee that is not whole")?;
            ensure!(orders.insert(trade_no, (status, fee)).is_none(), "an order is listed twice");
        }
        if list.is_empty() {
            break;
        }
    }
    Ok(orders)
}

fn standing(order: &Value) -> Result<(String, i64)> {
    let trade_no = order.get("trade_no").and_then(Value::as_str).context("an order without a number")?;
    Ok((trade_no.to_owned(), order.get("status").and_then(Value::as_i64).context("an order without a status")?))
}

/// Where each order stood that was acknowledged, by customer and number.
type Seen = Arc<Mutex<BTreeMap<(usize, String), i64>>>;

/// Workers that buy until they are stopped or nobody answers.
struct Load {
    stop: Arc<AtomicBool>,
    workers: JoinSet<Result<()>>,
}

impl Load {
    fn start(site: &Site, customers: &[String], seen: &Seen, dice: &mut Dice) -> Self {
        let (stop, mut workers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for (number, worker) in (0..customers.len()).cycle().zip(0..WORKERS) {
            let key = customers.get(number).map_or("", String::as_str);
            let api = site.api(key, usize::try_from(worker).unwrap_or(0));
            let (stop, seen, dice) = (Arc::clone(&stop), Arc::clone(seen), Dice::new(dice.throw(), worker));
            workers.spawn(async move { work(&api, (&stop, &seen, number), dice).await });
        }
        Self { stop, workers }
    }

    async fn ended(mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(worker) = self.workers.join_next().await {
            worker??;
        }
        Ok(())
    }
}

async fn work(api: &Api, (stop, seen, customer): (&AtomicBool, &Seen, usize), mut dice: Dice) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let at_once = dice.below(2) == 0;
        let wish = json!({ "pid": 1, "pm_id": i64::from(at_once), "amount": dice.below(5).saturating_add(1) });
        let Some(order) = answered(api.post("order/create", wish).await)? else { continue };
        let (trade_no, status) = standing(&order)?;
        let note = |status| seen.lock().insert((customer, trade_no.clone()), status);
        note(status);
        if at_once {
            continue;
        }
        let (call, status) = if dice.below(2) == 0 { ("pay", PAID) } else { ("order/close", CLOSED) };
        if answered(api.post(call, json!({ "trade_no": trade_no, "pm_id": 1 })).await)?.is_some() {
            note(status);
        }
    }
    Ok(())
}

/// What was answered, if anything was; a refusal is none of those that may be met here.
fn answered(answer: Result<Value>) -> Result<Option<Value>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is::<ApiRefusal>() => Err(error),
        Err(_) => Ok(None),
    }
}
