//! The shop: what these tests begin with, a catalogue of a product of each type and customers with money.

mod ledger;
mod model;
mod orders;
mod payments;
mod races;
mod refunds;
mod storm;

use std::collections::BTreeMap;

use turnpike_domain::catalogue::{Product, Sku, Terms};
use turnpike_domain::country::CountryCode;
use turnpike_domain::coupon::{CouponCode, CouponScope, NewCoupon, Percent, Reduction};
use turnpike_domain::ids::{CustomerId, PaymentMethod, ProductId};
use turnpike_domain::money::{Currency, Money};
use turnpike_domain::product::ProductType;
use turnpike_domain::recharge::{Ratio, Tier};
use turnpike_domain::static_ip::StaticIpFields;
use turnpike_domain::time::Span;
use turnpike_domain::trade_no::TradeNo;
use turnpike_domain::units::Bytes;
use turnpike_service::{
    Actor, Adjustment, EventOutcome, OrderView, PayOutcome, PaymentNotice, RefundView, ServiceError, ShopError,
    ShopSettings, Wish,
};
use turnpike_store::{StoreError, product, recharge_tier, static_ip};
use turnpike_testkit::stores::TestStore;

use crate::given::{GB, Given, operator};

/// No method chosen yet, the balance, and a transfer.
pub(crate) const LATER: PaymentMethod = PaymentMethod::new(0);
pub(crate) const BALANCE: PaymentMethod = PaymentMethod::new(1);
pub(crate) const TRANSFER: PaymentMethod = PaymentMethod::new(2);

/// What is sold, by number.
pub(crate) const RECHARGE: i64 = 1;
/// 5.00 a GB, 30 days.
pub(crate) const TRAFFIC: i64 = 2;
/// The same; there are 5.
pub(crate) const SCARCE: i64 = 3;
/// 9.00 for 30 days, with parts.
pub(crate) const PLAN: i64 = 4;
/// 2.00 for 30 days.
pub(crate) const ADDRESS: i64 = 5;
/// 1.50 a month.
pub(crate) const RENEWAL: i64 = 6;
/// 0.50 each.
pub(crate) const CHANGES: i64 = 7;
/// 3.00 a GB for addresses.
pub(crate) const ADD_ON: i64 = 8;
pub(crate) const TOP_UP: i64 = 9;

/// A shop with a catalogue and a few addresses.
pub(crate) struct Shop {
    pub(crate) given: Given,
}

impl std::ops::Deref for Shop {
    type Target = Given;

    fn deref(&self) -> &Given {
        &self.given
    }
}

impl Shop {
    pub(crate) async fn over(store: &TestStore) -> Self {
        let given = Given::over(store);
        let discount = Percent::from_hundredths(1000);
        given.service.set_shop(ShopSettings { invitation_discount: discount, ..ShopSettings::default() });
        given.service.lay_down_currency().await.unwrap();
        given
            .store
            .write((), |(), tx| {
                Box::pin(async move {
                    for product in catalogue() {
                        product::insert(tx, &product).await?;
                    }
                    recharge_tier::replace(tx, &tiers()).await?;
                    static_ip::insert(tx, &addresses()).await?;
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .unwrap();
        Self { given }
    }

    /// A verified customer with so much to spend.
    pub(crate) async fn buyer(&self, email: &str, balance: &str) -> CustomerId {
        let customer = self.customer(email).await;
        if balance != "0" {
            self.give(customer, balance).await;
        }
        customer
    }

    pub(crate) async fn give(&self, customer: CustomerId, amount: &str) {
        let adjustment = Adjustment { customer, amount: money(amount), key: None, reason: "a gift".to_owned() };
        self.service.adjust_balance(&operator(), adjustment).await.unwrap();
    }

    pub(crate) async fn balance(&self, customer: CustomerId) -> String {
        self.service.balance(customer).await.unwrap().to_string()
    }

    pub(crate) async fn order(&self, customer: CustomerId, wish: Wish) -> Result<OrderView, ServiceError> {
        self.service.create_order(&Actor::Customer(customer), customer, wish).await
    }

    /// An order that awaits payment.
    pub(crate) async fn awaiting(&self, customer: CustomerId, product: i64) -> OrderView {
        self.order(customer, wish(product, LATER)).await.unwrap()
    }

    pub(crate) async fn pay(&self, order: &OrderView, method: PaymentMethod) -> Result<PayOutcome, ServiceError> {
        let customer = order.customer;
        self.service.pay_order(&Actor::Customer(customer), customer, order.trade_no.clone(), method).await
    }

    pub(crate) async fn close(&self, order: &OrderView) -> Result<OrderView, ServiceError> {
        let customer = order.customer;
        self.service.close_order(&Actor::Customer(customer), customer, order.trade_no.clone()).await
    }

    /// An order as it now stands.
    pub(crate) async fn look(&self, order: &OrderView) -> OrderView {
        self.service.find_order(&order.trade_no).await.unwrap()
    }

    /// The operator saw a transfer come in.
    pub(crate) async fn transfer(&self, event: &str, order: &OrderView, amount: &str) -> EventOutcome {
        self.service.confirm_payment(&operator(), notice(event, order.trade_no.as_str(), amount)).await.unwrap()
    }

    pub(crate) async fn refund(&self, trade_no: &TradeNo) -> Result<RefundView, ServiceError> {
        self.service.refund_order(&operator(), trade_no.clone(), None).await
    }

    /// A coupon of half the price that can be used so often.
    pub(crate) async fn coupon(&self, code: &str, most_uses: u32) -> CouponCode {
        let half = Percent::from_hundredths(5000).unwrap();
        self.coupon_of(code, Reduction::Percent(half), most_uses).await
    }

    pub(crate) async fn coupon_of(&self, code: &str, reduction: Reduction, most_uses: u32) -> CouponCode {
        let code = CouponCode::parse(code).unwrap();
        let new = NewCoupon {
            code: code.clone(),
            name: "A coupon".to_owned(),
            reduction,
            scope: CouponScope::default(),
            starts_at: self.now(),
            expires_at: self.now().plus(Span::from_days(365)),
            most_uses: Some(most_uses),
            most_uses_each: None,
            customer: None,
            listed: false,
        };
        self.service.add_coupon(&operator(), new).await.unwrap();
        code
    }

    /// The books of the shop agree.
    pub(crate) async fn agrees(&self) {
        let found = self.service.verify().await.unwrap();
        let wrong: Vec<_> = found.findings.iter().filter(|finding| finding.wrong > 0).collect();
        assert!(found.is_clean(), "{wrong:#?} {:?}", found.integrity);
    }
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn wish(product: i64, method: PaymentMethod) -> Wish {
    Wish::of(ProductId::new(product), method)
}

pub(crate) fn country(code: &str) -> CountryCode {
    code.parse().unwrap()
}

pub(crate) fn notice(event: &str, trade_no: &str, amount: &str) -> PaymentNotice {
    PaymentNotice {
        provider: "transfer".to_owned(),
        event: event.to_owned(),
        trade_no: trade_no.to_owned(),
        amount: money(amount),
        currency: Currency::dollars(),
    }
}

/// What the shop refused.
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) -> ShopError {
    match outcome {
        Err(ServiceError::Shop(refusal)) => refusal,
        other => panic!("not refused by the shop: {other:?}"),
    }
}

fn tiers() -> [Tier; 2] {
    let tier = |amount: &str, ratio| Tier { amount: money(amount), ratio: Ratio::from_ten_thousandths(ratio).unwrap() };
    [tier("50", 11_000), tier("100", 12_000)]
}

fn addresses() -> Vec<turnpike_domain::static_ip::NewStaticIp> {
    let address = |last: u8| {
        let ip = format!("127.0.5.{last}");
        let country = if last <= 5 { "JP" } else { "US" };
        StaticIpFields { ip: &ip, kind: "14", country, ..StaticIpFields::default() }.read().unwrap()
    };
    (1..=8).map(address).collect()
}

fn catalogue() -> Vec<Product> {
    let plain = |id, product_type, price: &str| Product {
        id: ProductId::new(id),
        code: format!("product-{id}"),
        product_type,
        name: format!("Product {id}"),
        title: format!("Title of {id}"),
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
    };
    let (size, ip_type) = (Some(Bytes::new(GB)), Some(ProductType::StaticDatacenterIp));
    let sku = |id, value, price: &str| Sku { id, title: format!("Part {id}"), value, price: money(price) };
    let parts = Terms {
        bandwidth: vec![sku(1, 5000, "1"), sku(2, 50_000, "4")],
        concurrency: vec![sku(7, 100, "2")],
        ..Terms::default()
    };
    let dear = Terms { countries: BTreeMap::from([(country("US"), money("3"))]), ..Terms::default() };
    vec![
        plain(RECHARGE, ProductType::Recharge, "1"),
        Product { size, ..plain(TRAFFIC, ProductType::DynamicTraffic, "5") },
        Product { size, stock: Some(5), ..plain(SCARCE, ProductType::IdcTraffic, "5") },
        Product { terms: parts, ..plain(PLAN, ProductType::DynamicTimePlan, "9") },
        Product { terms: dear, ..plain(ADDRESS, ProductType::StaticDatacenterIp, "2") },
        Product { ip_type, ..plain(RENEWAL, ProductType::StaticIpRenewal, "1.5") },
        Product { ip_type, ..plain(CHANGES, ProductType::StaticIpChangeQuota, "0.5") },
        Product { size, ip_type, ..plain(ADD_ON, ProductType::StaticTrafficAddOn, "3") },
        plain(TOP_UP, ProductType::OrderTopUp, "0"),
    ]
}

/// A number that the environment may set, for runs longer than usual.
#[expect(clippy::disallowed_methods, reason = "whoever runs tests says how long by the environment")]
pub(crate) fn number_from(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}
