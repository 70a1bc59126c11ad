//! Prices against an oracle of exact fractions that shares no code with them, and the cases that people would argue over.

use num_rational::Ratio;
use proptest::prelude::*;

use super::*;
use crate::basket::Duration;
use crate::calendar::Zone;
use crate::catalogue::{Step, Terms};
use crate::ids::ProductId;
use crate::time::{Span, Timestamp};

type Exact = Ratio<i128>;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn country(code: &str) -> CountryCode {
    CountryCode::parse(code).unwrap()
}

fn product(product_type: ProductType, price: &str) -> Product {
    Product {
        id: ProductId::new(1),
        code: "a".to_owned(),
        product_type,
        name: "A".to_owned(),
        title: "A".to_owned(),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: money(price),
        size: None,
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 1000,
        stock: None,
        terms: Terms::default(),
    }
}

fn of(amount: u32) -> Basket {
    Basket { amount, ..Basket::default() }
}

fn paid(product: &Product, basket: &Basket) -> Result<String, PriceError> {
    quote(product, basket, &Discounts::default()).map(|quote| quote.pay.to_string())
}

#[test]
fn the_step_that_is_reached_prices_every_unit() {
    let mut traffic = product(ProductType::DynamicTraffic, "5");
    let step = |from, price: &str| Step { from, price: money(price) };
    traffic.terms.steps = vec![step(10, "4.50"), step(100, "3.99")];
    for (amount, cost) in [(1, "5.00"), (9, "45.00"), (10, "45.00"), (99, "445.50"), (100, "399.00")] {
        assert_eq!(paid(&traffic, &of(amount)), Ok(cost.to_owned()), "{amount}");
    }
    for amount in [0, 1001] {
        assert_eq!(paid(&traffic, &of(amount)), Err(PriceError::Amount { least: 1, most: 1000 }));
    }
}

#[test]
fn a_countrys_own_price_goes_before_steps() {
    let mut ips = product(ProductType::StaticResidentialIp, "3");
    ips.terms.steps = vec![Step { from: 5, price: money("2.50") }];
    ips.terms.countries.insert(country("JP"), money("4.20"));
    let regions = |regions: &[(&str, u32)]| Basket {
        amount: regions.iter().map(|(_, count)| count).sum(),
        regions: regions.iter().map(|(code, count)| (country(code), *count)).collect(),
        ..Basket::default()
    };
    assert_eq!(paid(&ips, &regions(&[("JP", 2), ("US", 1)])), Ok("11.40".to_owned()));
    // Five are ordered together, wherever they are.
    assert_eq!(paid(&ips, &regions(&[("JP", 2), ("US", 3)])), Ok("15.90".to_owned()));
    assert_eq!(paid(&ips, &of(1)), Err(PriceError::Regions));
    assert_eq!(paid(&ips, &Basket { amount: 2, ..regions(&[("JP", 1)]) }), Err(PriceError::Regions));
    ips.terms.only_countries = true;
    assert_eq!(paid(&ips, &regions(&[("US", 1)])), Err(PriceError::Country(country("US"))));
}

#[test]
fn the_rest_of_a_month_is_paid_by_days_and_rounded_half_up_for_each_address() {
    let zone = Zone::named("Asia/Shanghai").unwrap();
    let renewal = product(ProductType::StaticIpRenewal, "1.25");
    let renewed = |number, expires: &str, duration| {
        let expires_at = zone.parse(expires).unwrap();
        Renewed::new((HoldingId::new(number), country("US")), expires_at, duration, &zone).unwrap()
    };
    let basket = |duration, expires: [&str; 2]| Basket {
        amount: 2,
        renews: vec![renewed(1, expires[0], duration), renewed(2, expires[1], duration)],
        duration: Some(duration),
        ..Basket::default()
    };
    assert_eq!(paid(&renewal, &basket(Duration::Months(3), ["2026-03-10", "2026-03-11"])), Ok("7.50".to_owned()));
    // 22 of 31 days are 0.8871, 1 of 31 is 0.0403.
    let ends = basket(Duration::EndOfMonth, ["2026-03-10 08:00:00", "2026-03-31 23:00:00"]);
    assert_eq!(paid(&renewal, &ends), Ok("0.93".to_owned()));
    // 14 of 28 days of 0.01 are half a cent each.
    let cent = product(ProductType::StaticIpRenewal, "0.01");
    let halves = basket(Duration::EndOfMonth, ["2026-02-15", "2026-02-15"]);
    assert_eq!(paid(&cent, &halves), Ok("0.02".to_owned()));
    assert_eq!(paid(&renewal, &Basket { amount: 3, ..halves.clone() }), Err(PriceError::Renewals));
    assert_eq!(paid(&renewal, &Basket { duration: None, ..halves }), Err(PriceError::Duration));
}

#[test]
fn a_time_plan_is_put_together_of_its_parts() {
    let mut plan = product(ProductType::DynamicTimePlan, "20");
    let sku = |id, price: &str| Sku { id, title: "x".to_owned(), value: 1, price: money(price) };
    assert_eq!(paid(&plan, &of(2)), Ok("40.00".to_owned()));
    plan.terms.bandwidth = vec![sku(1, "0"), sku(2, "7.50")];
    plan.terms.concurrency = vec![sku(1, "1.25")];
    let basket = |bandwidth, concurrency| Basket { bandwidth, concurrency, ..of(2) };
    assert_eq!(paid(&plan, &basket(Some(2), Some(1))), Ok("57.50".to_owned()));
    assert_eq!(paid(&plan, &basket(None, Some(1))), Err(PriceError::Bandwidth));
    assert_eq!(paid(&plan, &basket(Some(3), Some(1))), Err(PriceError::Bandwidth));
    assert_eq!(paid(&plan, &basket(Some(1), Some(9))), Err(PriceError::Concurrency));
}

#[test]
fn a_recharge_is_bounded_in_money_and_never_reduced() {
    let mut recharge = product(ProductType::Recharge, "1");
    (recharge.least, recharge.most) = (10, 5000);
    let basket = |amount, text: Option<&str>| Basket { recharge: text.map(money), ..of(amount) };
    assert_eq!(paid(&recharge, &basket(1, Some("12.34"))), Ok("12.34".to_owned()));
    assert_eq!(paid(&recharge, &basket(25, None)), Ok("25.00".to_owned()));
    let bounds = Err(PriceError::Recharge { least: money("10"), most: money("5000") });
    for outside in ["9.99", "5000.01", "0", "-10"] {
        assert_eq!(paid(&recharge, &basket(1, Some(outside))), bounds, "{outside}");
    }
    let coupon = Discounts { coupon: Some(Reduction::Amount(money("1"))), invitation: None };
    assert_eq!(quote(&recharge, &basket(25, None), &coupon), Err(PriceError::NeverReduced));
    let invited = Discounts { coupon: None, invitation: Percent::from_hundredths(1000) };
    assert_eq!(quote(&recharge, &basket(25, None), &invited), Err(PriceError::NeverDiscounted));
}

#[test]
fn the_invitation_comes_off_first_and_nothing_goes_below_zero() {
    let traffic = product(ProductType::DynamicTraffic, "10");
    let tenth = Percent::from_hundredths(1000);
    let reduced = |invitation, coupon| {
        let quote = quote(&traffic, &of(1), &Discounts { invitation, coupon }).unwrap();
        assert_eq!(Money::sum(quote.lines.iter().map(|line| line.sum)), Some(quote.pay));
        (quote.total.to_string(), quote.pay.to_string())
    };
    let pair = |total: &str, pay: &str| (total.to_owned(), pay.to_owned());
    assert_eq!(reduced(tenth, Some(Reduction::Amount(money("2")))), pair("10.00", "7.00"));
    assert_eq!(reduced(tenth, tenth.map(Reduction::Percent)), pair("10.00", "8.10"));
    assert_eq!(reduced(None, Some(Reduction::Amount(money("25")))), pair("10.00", "0.00"));
    assert_eq!(reduced(Percent::from_hundredths(10_000), None), pair("10.00", "0.00"));
}

#[test]
fn what_is_not_sold_has_no_price_and_what_is_too_much_neither() {
    for product_type in ProductType::ALL {
        let refused = paid(&product(*product_type, "1"), &of(1)) == Err(PriceError::NotSold);
        assert_eq!(refused, !product_type.is_sold(), "{product_type:?}");
    }
    let dear = product(ProductType::DynamicTraffic, &Money::MOST.to_string());
    assert_eq!(paid(&dear, &of(2)), Err(PriceError::TooMuch));
}

/// The nearest whole number, halves up.
fn rounded(amount: Exact) -> i128 {
    (amount + Exact::new(1, 2)).floor().to_integer()
}

/// What one unit costs, looked for from the other end.
fn exact_unit(product: &Product, amount: u32, at: Option<CountryCode>) -> i128 {
    if let Some(price) = at.and_then(|at| product.terms.countries.iter().find(|(code, _)| **code == at)) {
        return price.1.minor().into();
    }
    let mut unit = product.price;
    for step in &product.terms.steps {
        if amount >= step.from {
            unit = step.price;
        }
    }
    unit.minor().into()
}

/// Total and price to pay, in minor units.
fn oracle(product: &Product, basket: &Basket, discounts: &Discounts) -> (i128, i128) {
    let amount = basket.amount;
    let mut total = 0;
    match product.product_type {
        ProductType::Recharge => {
            total = basket
                .recharge
                .map_or_else(|| exact_unit(product, amount, None) * i128::from(amount), |paid| paid.minor().into());
        }
        ProductType::OrderTopUp => total = basket.tops_up.unwrap().1.minor().into(),
        ProductType::StaticIpRenewal => {
            for Renewed { country, share, .. } in &basket.renews {
                let months = Exact::new(share.part.into(), share.of.into());
                total += rounded(months * exact_unit(product, amount, Some(*country)));
            }
        }
        ProductType::StaticDatacenterIp | ProductType::StaticResidentialIp => {
            for (country, count) in &basket.regions {
                total += exact_unit(product, amount, Some(*country)) * i128::from(*count);
            }
        }
        _ => {
            let part = |skus: &[Sku], id: Option<i64>| {
                let found = skus.iter().filter(|sku| Some(sku.id) == id);
                found.map(|sku| i128::from(sku.price.minor())).sum::<i128>()
            };
            let parts =
                part(&product.terms.bandwidth, basket.bandwidth) + part(&product.terms.concurrency, basket.concurrency);
            total += (exact_unit(product, amount, None) + parts) * i128::from(amount);
        }
    }
    let mut left = total;
    if let Some(percent) = discounts.invitation {
        left -= rounded(Exact::new(left * i128::from(percent.hundredths()), 10_000));
    }
    match discounts.coupon {
        Some(Reduction::Percent(percent)) => {
            left -= rounded(Exact::new(left * i128::from(percent.hundredths()), 10_000));
        }
        Some(Reduction::Amount(amount)) => left = (left - i128::from(amount.minor())).max(0),
        None => {}
    }
    (total, left)
}

const COUNTRIES: [&str; 4] = ["JP", "US", "DE", "BR"];
const SOLD: [ProductType; 10] = [
    ProductType::Recharge,
    ProductType::DynamicTraffic,
    ProductType::DynamicTimePlan,
    ProductType::IdcTraffic,
    ProductType::StaticDatacenterIp,
    ProductType::StaticIpRenewal,
    ProductType::StaticIpChangeQuota,
    ProductType::StaticTrafficAddOn,
    ProductType::StaticResidentialIp,
    ProductType::OrderTopUp,
];

fn amount() -> impl Strategy<Value = Money> {
    prop_oneof![0_u32..200, 0_u32..2_000_000].prop_map(Money::from)
}

fn terms() -> impl Strategy<Value = Terms> {
    let steps = prop::collection::btree_map(2_u32..60, amount(), 0..4);
    let countries = prop::collection::btree_map(prop::sample::select(&COUNTRIES[..]), amount(), 0..4);
    let skus = || prop::collection::vec(amount(), 0..3);
    (steps, countries, skus(), skus()).prop_map(|(steps, countries, bandwidth, concurrency)| {
        let sku = |(id, price): (i64, Money)| Sku { id, title: String::new(), value: 1, price };
        Terms {
            steps: steps.into_iter().map(|(from, price)| Step { from, price }).collect(),
            countries: countries.into_iter().map(|(code, price)| (country(code), price)).collect(),
            only_countries: false,
            bandwidth: (1..).zip(bandwidth).map(sku).collect(),
            concurrency: (1..).zip(concurrency).map(sku).collect(),
        }
    })
}

fn discounts() -> impl Strategy<Value = Discounts> {
    let percent = || (1_u16..=10_000).prop_map(|hundredths| Percent::from_hundredths(hundredths).unwrap());
    let coupon = prop_oneof![percent().prop_map(Reduction::Percent), amount().prop_map(Reduction::Amount)];
    (prop::option::of(percent()), prop::option::of(coupon))
        .prop_map(|(invitation, coupon)| Discounts { invitation, coupon })
}

/// What a basket is drawn from: an amount, counts by country, when holdings expire, months (0 is the end of the month),
/// and money.
type Drawn = (u32, Vec<u32>, Vec<i64>, u32, Money);

fn drawn() -> impl Strategy<Value = Drawn> {
    let counts = prop::collection::vec(1_u32..20, 1..=COUNTRIES.len());
    let expiries = prop::collection::vec(1_700_000_000_000_i64..2_000_000_000_000, 1..8);
    (1_u32..80, counts, expiries, 0_u32..=36, amount())
}

/// A basket of the product out of what was drawn.
fn basket(product: &Product, (amount, counts, expiries, months, money): Drawn) -> Basket {
    let duration = if months == 0 { Duration::EndOfMonth } else { Duration::Months(months) };
    let zone = Zone::utc();
    let first = |skus: &[Sku]| skus.get(usize::try_from(amount).unwrap() % skus.len().max(1)).map(|sku| sku.id);
    match product.product_type {
        ProductType::StaticDatacenterIp | ProductType::StaticResidentialIp => Basket {
            amount: counts.iter().sum(),
            regions: counts.into_iter().zip(COUNTRIES).map(|(count, code)| (country(code), count)).collect(),
            ..Basket::default()
        },
        ProductType::StaticIpRenewal => {
            let renewed = |((number, code), ms): ((i64, &&str), i64)| {
                let holding = (HoldingId::new(number), country(code));
                Renewed::new(holding, Timestamp::from_ms(ms), duration, &zone).unwrap()
            };
            let renews: Vec<_> = (1..).zip(COUNTRIES.iter().cycle()).zip(expiries).map(renewed).collect();
            let amount = renews.len().try_into().unwrap();
            Basket { amount, renews, duration: Some(duration), ..Basket::default() }
        }
        ProductType::DynamicTimePlan => Basket {
            bandwidth: first(&product.terms.bandwidth),
            concurrency: first(&product.terms.concurrency),
            ..of(amount)
        },
        ProductType::Recharge => {
            let whole = product.price.times(product.most.into()).unwrap();
            Basket { recharge: (months % 2 == 0).then(|| money.max(product.price).min(whole)), ..of(amount) }
        }
        ProductType::OrderTopUp => Basket { tops_up: Some((OrderId::new(1), money)), ..of(1) },
        _ => of(amount),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, max_shrink_iters: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn totals_equal_those_of_exact_fractions(
        product_type in prop::sample::select(&SOLD[..]),
        price in amount(),
        terms in terms(),
        drawn in drawn(),
        discounts in discounts(),
    ) {
        let price = if product_type == ProductType::Recharge { price.max(Money::from(1)) } else { price };
        let mut product = Product { price, terms, ..product(product_type, "0") };
        if product_type == ProductType::Recharge {
            // Money has no steps: the catalogue's rules refuse them.
            product.terms.steps.clear();
        }
        let discounts = if is_reducible(product_type) { discounts } else { Discounts::default() };
        let basket = basket(&product, drawn);
        let quote = quote(&product, &basket, &discounts).unwrap();
        let found = (i128::from(quote.total.minor()), i128::from(quote.pay.minor()));
        prop_assert_eq!(found, oracle(&product, &basket, &discounts));
        prop_assert!(!quote.pay.is_negative() && quote.pay <= quote.total);
        prop_assert_eq!(Money::sum(quote.lines.iter().map(|line| line.sum)), Some(quote.pay));
        // What is kept in the order is the basket that was priced.
        let kept: Basket = serde_json::from_str(&serde_json::to_string(&basket).unwrap()).unwrap();
        prop_assert_eq!(kept, basket);
    }
}
