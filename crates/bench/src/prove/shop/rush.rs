//! Many buy at the same moment what there is only once: the money, the coupon, or the last addresses.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use turnpike_testkit::product::Api;

use super::{Bought, Site, buy};
use crate::prove::{Plan, Verdict};
use crate::say;

const ROUNDS: u64 = 200;
const AT_ONCE: usize = 200;
/// Addresses that are put in stock in each round.
const ADDRESSES: u64 = 5;
/// After how many rounds there is a line of progress.
const PROGRESS_EVERY: u64 = 50;
/// What the catalogue of the proof calls its products.
const TRAFFIC: i64 = 1;
const STATIC_IP: i64 = 2;

/// What there is only so often.
#[derive(Clone, Copy, Debug)]
enum Scarce {
    Money,
    Coupon,
    Addresses,
}

impl Scarce {
    /// How many purchases can succeed.
    const fn successes(self) -> u64 {
        match self {
            Self::Money | Self::Coupon => 1,
            Self::Addresses => ADDRESSES,
        }
    }

    /// The code of all others.
    const fn refusal(self) -> i64 {
        match self {
            Self::Money => 402,
            Self::Coupon | Self::Addresses => 409,
        }
    }
}

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(site: &Site, plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let rounds = plan.times.unwrap_or(ROUNDS);
    for scarce in [Scarce::Money, Scarce::Coupon, Scarce::Addresses] {
        let email = format!("{scarce:?}@turnpike.example").to_lowercase();
        let key = site.add_customer(&email)?;
        if !matches!(scarce, Scarce::Money) {
            site.pay_in(&email, "1000000.00")?;
        }
        let mut wrong = BTreeMap::new();
        for round in 0..rounds {
            let more = prepare(site, scarce, &email, round)?;
            let (bought, codes) = rush(site, &key, scarce, &more).await?;
            let right = bought == scarce.successes() && codes.keys().eq([&scarce.refusal()]);
            if !right {
                *wrong.entry(format!("{bought} bought, refused {codes:?}")).or_insert(0_u64) += 1;
            }
            if round.saturating_add(1).is_multiple_of(PROGRESS_EVERY) {
                say(&format!("          {scarce:?}: {} of {rounds} rounds", round.saturating_add(1)));
            }
        }
        let figures =
            format!("{}: {scarce:?}: {rounds} rounds of {AT_ONCE} purchases at once, wrong {wrong:?}", site.name());
        verdict.check(wrong.is_empty(), &figures);
        let left = site.api(&key, 0).get("user/info", "").await?;
        if matches!(scarce, Scarce::Money) {
            verdict.check(left.get("balance") == Some(&json!(0)), &format!("{}: nothing is left", site.name()));
        }
    }
    Ok(())
}

/// Puts in place what is scarce in a round; what each purchase asks for besides the product.
fn prepare(site: &Site, scarce: Scarce, email: &str, round: u64) -> Result<Value> {
    match scarce {
        Scarce::Money => {
            site.pay_in(email, "1.00")?;
            Ok(json!({}))
        }
        Scarce::Coupon => {
            let code = format!("ONCE-{round}");
            site.operator(&["coupon", "add", &code, "--percent", "50", "--most-uses", "1"])?;
            Ok(json!({ "coupon_sn": code }))
        }
        Scarce::Addresses => {
            let file = tempfile::NamedTempFile::with_suffix(".csv")?;
            let [.., high, low] = round.to_be_bytes();
            let rows: Vec<_> = (1..=ADDRESSES).map(|last| format!("127.{high}.{low}.{last},25,JP")).collect();
            std::fs::write(file.path(), format!("ip,kind,country\n{}", rows.join("\n")))?;
            site.operator(&["static-ip", "import", &file.path().display().to_string()])?;
            Ok(json!({ "region_list": "JP,1" }))
        }
    }
}

/// All at once: how many bought, and the codes of the others.
async fn rush(site: &Site, key: &str, scarce: Scarce, more: &Value) -> Result<(u64, BTreeMap<i64, u64>)> {
    let product = if matches!(scarce, Scarce::Addresses) { STATIC_IP } else { TRAFFIC };
    let mut buyers = JoinSet::new();
    for number in 0..AT_ONCE {
        let (api, more): (Api, _) = (site.api(key, number), more.clone());
        buyers.spawn(async move { buy(&api, product, more).await });
    }
    let (mut bought, mut codes) = (0_u64, BTreeMap::new());
    while let Some(buyer) = buyers.join_next().await {
        match buyer?.context("a purchase had no answer of the shop")? {
            Bought::Yes(order) => {
                anyhow::ensure!(order.get("status") == Some(&json!(1)), "an order was not paid: {order}");
                bought = bought.saturating_add(1);
            }
            Bought::No(code) => *codes.entry(code).or_insert(0_u64) += 1,
        }
    }
    Ok((bought, codes))
}
