//! The catalogue as a whole, and the recharge tiers.

mod product;

use serde::Serialize;
use turnpike_domain::catalogue::{Catalogue, Changes, Listed, MOST_PRODUCTS};
use turnpike_domain::recharge;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::members::{Members, Nothing, Wish};
use crate::pricing::{self, RatioShape};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{Amount, AmountShape};

use product::Product;

/// The most recharge tiers.
const MOST_TIERS: usize = 100;

/// From an amount on, how many times what is paid is paid in.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RechargeTier)]
pub(crate) struct Tier {
    /// The least that is paid.
    #[schema(value_type = AmountShape, inline, example = "100.00")]
    amount: Amount,
    /// How many times that is paid in: 1 to 10, with at most four decimals.
    #[schema(value_type = RatioShape, inline, example = "1.2")]
    ratio: String,
}

impl Tier {
    fn of(tier: &recharge::Tier) -> Self {
        Self { amount: Amount(tier.amount), ratio: tier.ratio.to_string() }
    }
}

fn read_tier(members: &mut Members) -> Option<recharge::Tier> {
    let amount = members.required("amount", read::money);
    let ratio = members.required("ratio", pricing::ratio);
    Some(recharge::Tier { amount: amount?, ratio: ratio? })
}

/// The whole catalogue: what `PUT` takes.
#[derive(Serialize, ToSchema)]
#[schema(as = Catalogue)]
pub(crate) struct Whole {
    /// By number, off-sale ones included.
    products: Vec<Product>,
    /// By amount.
    tiers: Vec<Tier>,
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Whole, Problem> {
    let (products, tiers) = desk.service.catalogue().await?;
    Ok(Whole { products: products.into_iter().map(Product::of).collect(), tiers: tiers.iter().map(Tier::of).collect() })
}

/// Products are told by their codes and keep their numbers. Those that are not in the list go off sale.
#[derive(ToSchema)]
pub(crate) struct NewCatalogue {
    /// Everything that is to be sold.
    #[schema(value_type = Vec<Product>, max_items = 1000)]
    products: Vec<Listed>,
    /// The recharge tiers by amount; as they are when not given.
    #[schema(value_type = Vec<Tier>, required = false, max_items = 100)]
    tiers: Option<Vec<recharge::Tier>>,
}

impl Wish for NewCatalogue {
    fn read(members: &mut Members) -> Option<Self> {
        let products = members.required_each("products", MOST_PRODUCTS, product::read);
        let tiers = members.each("tiers", MOST_TIERS, read_tier);
        Some(Self { products: products?, tiers })
    }
}

/// What putting a catalogue in force changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Loaded {
    /// Products that are new.
    added: Vec<Product>,
    /// Products that are otherwise than before.
    changed: Vec<Product>,
    /// Products that went off sale because they were not in the list.
    withdrawn: Vec<Product>,
    /// How many stayed as they were.
    #[schema(minimum = 0)]
    unchanged: usize,
}

impl Loaded {
    fn of(changes: &Changes) -> Self {
        let all =
            |products: &[turnpike_domain::catalogue::Product]| products.iter().cloned().map(Product::of).collect();
        Self {
            added: all(&changes.added),
            changed: all(&changes.changed),
            withdrawn: all(&changes.withdrawn),
            unchanged: changes.unchanged,
        }
    }
}

pub(crate) async fn load(desk: Desk, wish: NewCatalogue) -> Result<Loaded, Problem> {
    let NewCatalogue { products, tiers } = wish;
    let catalogue = Catalogue { products, tiers };
    Ok(Loaded::of(&desk.acting(Loaded::of).load_catalogue(&desk.actor, catalogue).await?))
}

/// The recharge tiers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tiers {
    /// By amount.
    tiers: Vec<Tier>,
}

impl Tiers {
    #[expect(clippy::ptr_arg, reason = "an act's answer is shown as it was given")]
    fn of(tiers: &Vec<recharge::Tier>) -> Self {
        Self { tiers: tiers.iter().map(Tier::of).collect() }
    }
}

pub(crate) async fn show_tiers(desk: Desk, _: Nothing) -> Result<Tiers, Problem> {
    Ok(Tiers::of(&desk.service.recharge_tiers().await?))
}

/// They take the place of all there are.
#[derive(ToSchema)]
pub(crate) struct NewTiers {
    /// By amount, rising.
    #[schema(value_type = Vec<Tier>, max_items = 100)]
    tiers: Vec<recharge::Tier>,
}

impl Wish for NewTiers {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { tiers: members.required_each("tiers", MOST_TIERS, read_tier)? })
    }
}

pub(crate) async fn set_tiers(desk: Desk, wish: NewTiers) -> Result<Tiers, Problem> {
    Ok(Tiers::of(&desk.acting(Tiers::of).set_recharge_tiers(&desk.actor, wish.tiers).await?))
}
