//! Writes over the API while the product may die at any moment, and what must be there afterwards.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use turnpike_testkit::product::{Api, ApiRefusal};

use super::super::rig::PASSWORD;

/// The most writes of one round.
const WRITES_A_ROUND: u64 = 10_000;

/// What was acknowledged so far: accounts, and their remarks where that write was acknowledged too.
#[derive(Default)]
pub(super) struct Writer {
    acknowledged: BTreeMap<String, Option<String>>,
    rounds: u64,
}

/// The writes of a round on their way.
pub(super) type Writing = JoinHandle<Result<BTreeMap<String, Option<String>>>>;

impl Writer {
    /// Writes until the product no longer answers.
    pub(super) fn start(&mut self, api: Api) -> Writing {
        self.rounds = self.rounds.saturating_add(1);
        let round = self.rounds;
        tokio::spawn(async move {
            let mut acknowledged = BTreeMap::new();
            for number in 0..WRITES_A_ROUND {
                let name = format!("w{round}n{number}");
                match api.add_accounts(&format!("{name}:{PASSWORD}")).await {
                    Ok(()) => acknowledged.insert(name.clone(), None),
                    Err(error) if error.is::<ApiRefusal>() => return Err(error),
                    Err(_) => break,
                };
                let remark = format!("remark {round} {number}");
                let change = json!({ "account": name, "remark": remark });
                match api.post("whitelist-account/change-remark", change).await {
                    Ok(_) => acknowledged.insert(name, Some(remark)),
                    Err(error) if error.is::<ApiRefusal>() => return Err(error),
                    Err(_) => break,
                };
            }
            Ok(acknowledged)
        })
    }

    /// Takes over what was acknowledged in the round.
    pub(super) async fn finish(&mut self, writing: Writing) -> Result<()> {
        self.acknowledged.extend(writing.await??);
        Ok(())
    }

    /// How many writes were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        self.acknowledged.values().map(|remark| if remark.is_some() { 2 } else { 1 }).sum()
    }

    /// How many acknowledged writes the product no longer knows.
    pub(super) async fn missing(&self, api: &Api) -> Result<u64> {
        let data = api.get("whitelist-account/list", "").await?;
        let accounts = data.get("list").and_then(Value::as_array).context("no list of accounts")?;
        let text = |account: &Value, key: &str| account.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let there: BTreeMap<String, String> =
            accounts.iter().map(|account| (text(account, "username"), text(account, "remark"))).collect();
        let lost = self.acknowledged.iter().filter(|(name, remark)| match there.get(*name) {
            None => true,
            Some(found) => remark.as_ref().is_some_and(|remark| remark != found),
        });
        Ok(u64::try_from(lost.count())?)
    }
}
