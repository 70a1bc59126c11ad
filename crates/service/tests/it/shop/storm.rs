//! Everything at once: many do what customers, the operator, gateways and jobs do, on few customers. Whoever is refused is
//! told by a rule, nobody by the store, and the books agree afterwards.
//!
//! For longer: `TURNPIKE_STORM_ACTS=2000 cargo test --release -p turnpike-service -- shop::storm`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use turnpike_domain::coupon::CouponCode;
use turnpike_domain::ids::{AccountId, CustomerId, PaymentMethod};
use turnpike_domain::money::Money;
use turnpike_domain::time::Span;
use turnpike_service::{Adjustment, OrderView, ServiceError, Wish};
use turnpike_testkit::each_store;

use super::{
    ADDRESS, BALANCE, CHANGES, LATER, PLAN, RECHARGE, RENEWAL, SCARCE, Shop, TOP_UP, TRAFFIC, TRANSFER, country,
    number_from, wish,
};
use crate::given::{NODE, last, operator};

/// Who act at once, beside one gateway.
const ACTORS: u64 = 12;
/// Acts of each, unless the environment says otherwise.
const ACTS: u64 = 60;

each_store! {
    async fn the_books_agree_after_a_storm(given: &TestStore) {
        let storm = Arc::new(Storm::over(given).await);
        let acts = number_from("TURNPIKE_STORM_ACTS", ACTS);
        let mut running = Vec::new();
        for seed in 1..=ACTORS {
            let storm = Arc::clone(&storm);
            running.push(tokio::spawn(async move {
                let mut dice = Dice(seed);
                for _ in 0..acts {
                    storm.act(&mut dice).await;
                }
            }));
        }
        let gateway = Arc::clone(&storm);
        running.push(tokio::spawn(async move {
            for _ in 0..acts / 4 {
                gateway.carry().await;
            }
        }));
        for one in running {
            one.await.unwrap();
        }
        let paid = storm.shop.number("SELECT count(*) FROM orders WHERE status IN (1, 3)").await;
        assert!(paid > 0 && storm.shop.number("SELECT count(*) FROM orders WHERE status = 3").await > 0);
        storm.shop.agrees().await;
    }
}

/// A random number after the other.
struct Dice(u64);

impl Dice {
    /// Less than `sides`.
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[usize::try_from(self.below(u64::try_from(things.len()).unwrap())).unwrap()]
    }
}

struct Storm {
    shop: Shop,
    customers: Vec<CustomerId>,
    accounts: Vec<AccountId>,
    coupon: CouponCode,
    orders: Mutex<Vec<OrderView>>,
    events: AtomicU64,
}

impl Storm {
    async fn over(store: &super::TestStore) -> Self {
        let shop = Shop::over(store).await;
        let (mut customers, mut accounts) = (Vec::new(), Vec::new());
        for number in 0..3 {
            let customer = shop.buyer(&format!("{number}@example.com"), "60").await;
            accounts.push(shop.account(customer, &format!("account{number}")).await);
            customers.push(customer);
        }
        let coupon = shop.coupon("STORM", 20).await;
        shop.given.store.run_raw("UPDATE product SET stock = 40 WHERE id = 3").await.unwrap();
        Self { shop, customers, accounts, coupon, orders: Mutex::default(), events: AtomicU64::new(0) }
    }

    async fn act(&self, dice: &mut Dice) {
        let customer = dice.one_of(&self.customers);
        match dice.below(16) {
            0..=5 => self.order(dice, customer).await,
            6 | 7 => self.with_order(dice, async |order| self.shop.pay(order, BALANCE).await.map(drop)).await,
            8 => self.with_order(dice, async |order| self.shop.close(order).await.map(drop)).await,
            9 | 10 => self.transfer(dice).await,
            11 => self.top_up(dice).await,
            12 => self.with_order(dice, async |order| self.shop.refund(&order.trade_no).await.map(drop)).await,
            13 => self.adjust(dice, customer).await,
            14 => tell(self.shop.service.expire_orders().await.map(drop)),
            _ => self.shop.pass(Span::from_secs(i64::try_from(dice.below(300)).unwrap())),
        }
    }

    async fn order(&self, dice: &mut Dice, customer: CustomerId) {
        let product = dice.one_of(&[TRAFFIC, TRAFFIC, SCARCE, ADDRESS, RENEWAL, CHANGES, PLAN, RECHARGE]);
        let method: PaymentMethod = if product == RECHARGE { LATER } else { dice.one_of(&[LATER, BALANCE, TRANSFER]) };
        let plain = wish(product, method);
        let wish = match product {
            TRAFFIC if dice.below(2) == 0 => Wish { coupon: Some(self.coupon.clone()), ..plain },
            ADDRESS => Wish { regions: vec![(country(dice.one_of(&["JP", "US"])), 1)], ..plain },
            RENEWAL => Wish { upids: vec![i64::try_from(dice.below(12)).unwrap() + 1], ..plain },
            PLAN => Wish { bandwidth: Some(1), concurrency: Some(7), ..plain },
            RECHARGE => Wish { recharge: Some(Money::from(5000)), ..plain },
            _ => plain,
        };
        match self.shop.order(customer, wish).await {
            Ok(order) => self.orders.lock().push(order),
            Err(refusal) => tell(Err(refusal)),
        }
    }

    async fn with_order(&self, dice: &mut Dice, act: impl AsyncFnOnce(&OrderView) -> Result<(), ServiceError>) {
        if let Some(order) = self.some_order(dice) {
            tell(act(&order).await);
        }
    }

    fn some_order(&self, dice: &mut Dice) -> Option<OrderView> {
        let orders = self.orders.lock();
        // The newest are what others are at.
        let newest = u64::try_from(orders.len()).unwrap().min(8);
        (newest > 0).then(|| orders[orders.len() - 1 - usize::try_from(dice.below(newest)).unwrap()].clone())
    }

    async fn transfer(&self, dice: &mut Dice) {
        let Some(order) = self.some_order(dice) else { return };
        let price = order.pay_fee.minor();
        let minor = dice.one_of(&[price, price, price / 2, price + 50]).max(1);
        // Some are told twice.
        let event = self.events.fetch_add(dice.below(2), Ordering::Relaxed);
        let amount = Money::from_minor(minor).unwrap().to_string();
        let notice = super::notice(&format!("{event}-{}-{minor}", order.id), order.trade_no.as_str(), &amount);
        tell(self.shop.service.confirm_payment(&operator(), notice).await.map(drop));
    }

    async fn top_up(&self, dice: &mut Dice) {
        let Some(short) = self.some_order(dice) else { return };
        let wish = Wish { upids: vec![short.id.get()], ..wish(TOP_UP, dice.one_of(&[LATER, BALANCE])) };
        match self.shop.order(short.customer, wish).await {
            Ok(order) => self.orders.lock().push(order),
            Err(refusal) => tell(Err(refusal)),
        }
    }

    async fn adjust(&self, dice: &mut Dice, customer: CustomerId) {
        let amount = Money::from_minor(i64::try_from(dice.below(3000)).unwrap() - 1000).unwrap();
        let adjustment = Adjustment { customer, amount, key: None, reason: "a storm".to_owned() };
        tell(self.shop.service.adjust_balance(&operator(), adjustment).await.map(drop));
    }

    /// The gateway's accounts get leases, and use a little of them.
    async fn carry(&self) {
        let granted = self.shop.ask_at(NODE, self.accounts.clone()).await;
        let leases = granted.into_iter().filter_map(|grant| grant.outcome.ok());
        let reports = leases.map(|lease| last(lease.id, lease.bytes.get().min(1000))).collect();
        self.shop.report_at(NODE, reports).await;
    }
}

/// A rule may refuse; the store must not.
fn tell(outcome: Result<(), ServiceError>) {
    let by_rule = |refusal: &ServiceError| {
        matches!(
            refusal,
            ServiceError::Shop(_)
                | ServiceError::OutOfStockIn(_)
                | ServiceError::NoSuchHolding(_)
                | ServiceError::HoldingOfOtherType
                | ServiceError::HoldingChanged
                | ServiceError::HoldingExpired
                | ServiceError::RenewalTooShort
        )
    };
    if let Err(refusal) = outcome {
        assert!(by_rule(&refusal), "{refusal:?}");
    }
}
