//! A run: every act is done by the shop and by the model, and both must say the same.

use turnpike_domain::catalogue::Product;
use turnpike_domain::coupon::CouponCode;
use turnpike_domain::ids::{CustomerId, EventId, PaymentMethod, ProductId};
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::StaticIpFields;
use turnpike_domain::time::Span;
use turnpike_service::{
    Adjustment, EventOutcome, EventState, OrderView, PaymentNotice, Resolution, ServiceError, Wish,
};
use turnpike_store::{StoreError, Tx, product, static_ip};

use super::reference::{Model, Ordered};
use super::{Act, Kind, Sum};
use crate::given::operator;
use crate::shop::{ADDRESS, RECHARGE, SCARCE, Shop, TOP_UP, TRAFFIC, country, notice};

/// Units of what there is little of, for each run.
const SCARCE_UNITS: u64 = 4;

struct Run<'a> {
    shop: &'a Shop,
    number: i64,
    model: Model,
    customers: [CustomerId; 2],
    coupon: CouponCode,
    orders: Vec<OrderView>,
    /// The last payment that was told, and those that are parked.
    told: Option<PaymentNotice>,
    parked: Vec<(EventId, i64)>,
    events: u64,
}

/// Does all acts; why shop and model do not agree, if they do not.
pub(super) async fn run(shop: &Shop, number: i64, acts: &[Act]) -> Result<(), String> {
    let mut run = Run::begin(shop, number).await;
    for (place, act) in acts.iter().enumerate() {
        run.one(act).await.map_err(|why| format!("act {place}, {act:?}: {why}"))?;
        run.balances_agree().await.map_err(|why| format!("after act {place}, {act:?}: {why}"))?;
    }
    for (order, ordered) in run.orders.iter().zip(&run.model.orders) {
        let order = shop.look(order).await;
        let seen = (order.status.number(), order.received.minor(), order.refunded.minor(), order.pay_fee.minor());
        let Ordered { status, received, refunded, pay, .. } = *ordered;
        if seen != (status, received, refunded, pay) {
            return Err(format!("{} is {seen:?}, not {:?}", order.trade_no, (status, received, refunded, pay)));
        }
    }
    Ok(())
}

fn money(minor: i64) -> Money {
    Money::from_minor(minor).unwrap()
}

impl<'a> Run<'a> {
    async fn begin(shop: &'a Shop, number: i64) -> Self {
        let mut customers = Vec::new();
        for name in ["anna", "ben"] {
            customers.push(shop.customer(&format!("{name}{number}@example.com")).await);
        }
        let coupon = shop.coupon(&format!("RUN-{number}"), 3).await;
        let stocked = shop.store.write(number, |number, tx| Box::pin(stock(*number, tx))).await;
        let model = Model {
            now: shop.now().ms(),
            balances: [0; 2],
            orders: Vec::new(),
            scarce: i64::try_from(SCARCE_UNITS).unwrap(),
            addresses: stocked.unwrap(),
            coupons: 3,
        };
        let customers = customers.try_into().unwrap();
        Self { shop, number, model, customers, coupon, orders: Vec::new(), told: None, parked: Vec::new(), events: 0 }
    }

    async fn one(&mut self, act: &Act) -> Result<(), String> {
        match *act {
            Act::Create { customer, kind, units, method, coupon } => {
                let wish = self.wish((kind, units), method, coupon);
                let expected = self.model.create(customer, (kind, i64::from(units)), method, coupon);
                self.make(customer, wish, expected).await
            }
            Act::Pass { minutes } => {
                self.shop.pass(Span::from_secs(minutes * 60));
                self.model.now = self.shop.now().ms();
                Ok(())
            }
            Act::Expire => {
                self.model.expire();
                self.shop.service.expire_orders().await.map(drop).map_err(|error| error.to_string())
            }
            Act::ConfirmAgain => self.confirm_again().await,
            Act::ConfirmUnknown { minor } => {
                let told = self.notice(&"9".repeat(28), i64::from(minor));
                self.confirm(told, false).await
            }
            Act::Credit { customer } => self.credit(customer).await,
            Act::Adjust { customer, minor } => {
                let (id, amount) = (self.customers[customer], money(minor));
                self.events += 1;
                // What tests draw repeats itself.
                let key = Some(format!("{}-{}", self.number, self.events));
                let adjustment = Adjustment { customer: id, amount, key, reason: "by chance".to_owned() };
                let done = self.shop.service.adjust_balance(&operator(), adjustment).await;
                agree(done, self.model.adjust(customer, minor))
            }
            Act::TopUp { order, .. }
            | Act::Pay { order, .. }
            | Act::Close { order }
            | Act::Confirm { order, .. }
            | Act::Refund { order } => match self.orders.len() {
                0 => Ok(()),
                count => self.with(order % count, act).await,
            },
        }
    }

    /// An act on the order that was made at that place.
    async fn with(&mut self, place: usize, act: &Act) -> Result<(), String> {
        let order = self.orders[place].clone();
        match *act {
            Act::TopUp { method, .. } => {
                let upids = vec![order.id.get()];
                let wish = Wish { upids, ..Wish::of(ProductId::new(TOP_UP), PaymentMethod::new(method)) };
                let customer = self.model.orders[place].customer;
                let expected = self.model.top_up(place, method);
                self.make(customer, wish, expected).await
            }
            Act::Pay { method, .. } => {
                let done = self.shop.pay(&order, PaymentMethod::new(method)).await;
                agree(done, self.model.pay(place, method))
            }
            Act::Close { .. } => agree(self.shop.close(&order).await, self.model.close(place)),
            Act::Refund { .. } => agree(self.shop.refund(&order.trade_no).await, self.model.refund(place)),
            Act::Confirm { sum, .. } => {
                let missing = self.model.orders[place].missing();
                let minor = match sum {
                    Sum::Exact => missing,
                    Sum::Short(less) => missing - i64::from(less),
                    Sum::Over(more) => missing + i64::from(more),
                };
                if minor <= 0 {
                    return Ok(());
                }
                let told = self.notice(order.trade_no.as_str(), minor);
                let expected = self.model.confirm(place, minor);
                self.confirm(told, expected).await
            }
            _ => Ok(()),
        }
    }

    fn wish(&self, (kind, units): (Kind, u32), method: i64, coupon: bool) -> Wish {
        let product = match kind {
            Kind::Recharge => RECHARGE,
            Kind::Traffic => TRAFFIC,
            Kind::Scarce => scarce(self.number).get(),
            Kind::Address => ADDRESS,
        };
        let plain = Wish::of(ProductId::new(product), PaymentMethod::new(method));
        let wish = Wish { coupon: coupon.then(|| self.coupon.clone()), ..plain };
        match kind {
            Kind::Recharge => Wish { recharge: Some(money(i64::from(units) * 4000)), ..wish },
            Kind::Address => Wish { regions: vec![(country("JP"), units)], ..wish },
            Kind::Traffic | Kind::Scarce => Wish { amount: Some(units), ..wish },
        }
    }

    async fn make(&mut self, customer: usize, wish: Wish, expected: bool) -> Result<(), String> {
        let made = self.shop.order(self.customers[customer], wish).await;
        if let Ok(order) = &made {
            self.orders.push(order.clone());
        }
        agree(made, expected)
    }

    fn notice(&mut self, trade_no: &str, minor: i64) -> PaymentNotice {
        self.events += 1;
        let event = format!("{}-{}", self.number, self.events);
        PaymentNotice { amount: money(minor), ..notice(&event, trade_no, "1") }
    }

    async fn confirm(&mut self, told: PaymentNotice, expected: bool) -> Result<(), String> {
        let outcome = self.tell(told.clone()).await?;
        if outcome.state == EventState::Parked {
            self.parked.push((outcome.event, told.amount.minor()));
        }
        self.told = Some(told);
        let applied = outcome.state == EventState::Applied && !outcome.repeated;
        if applied == expected { Ok(()) } else { Err(format!("{outcome:?}, applied should be {expected}")) }
    }

    async fn confirm_again(&mut self) -> Result<(), String> {
        let Some(told) = self.told.clone() else { return Ok(()) };
        let outcome = self.tell(told).await?;
        if outcome.repeated { Ok(()) } else { Err(format!("told twice and done twice: {outcome:?}")) }
    }

    async fn tell(&self, told: PaymentNotice) -> Result<EventOutcome, String> {
        self.shop.service.confirm_payment(&operator(), told).await.map_err(|error| error.to_string())
    }

    /// The payment that was parked last becomes a customer's.
    async fn credit(&mut self, customer: usize) -> Result<(), String> {
        let Some((event, minor)) = self.parked.pop() else { return Ok(()) };
        let to = Resolution::Credit(self.customers[customer]);
        self.shop.service.resolve_event(&operator(), event, to).await.map_err(|error| error.to_string())?;
        self.model.balances[customer] += minor;
        Ok(())
    }

    async fn balances_agree(&self) -> Result<(), String> {
        for (customer, expected) in self.customers.iter().zip(self.model.balances) {
            let balance = self.shop.service.balance(*customer).await.map_err(|error| error.to_string())?;
            if balance.minor() != expected {
                return Err(format!("customer {customer} has {balance}, not {}", money(expected)));
            }
        }
        Ok(())
    }
}

fn scarce(number: i64) -> ProductId {
    ProductId::new(1000 + number)
}

/// Puts in place what there is little of: how many addresses are for sale then.
async fn stock(number: i64, tx: &mut Tx) -> Result<i64, StoreError> {
    let known = product::by_id(tx, ProductId::new(SCARCE)).await?.unwrap();
    let (id, code) = (scarce(number), format!("scarce-{number}"));
    product::insert(tx, &Product { id, code, stock: Some(SCARCE_UNITS), ..known }).await?;
    let [.., high, low] = number.to_be_bytes();
    let address = |last: u8| {
        let ip = format!("127.{}.{low}.{last}", 100 + high);
        StaticIpFields { ip: &ip, kind: "14", country: "JP", ..StaticIpFields::default() }.read().unwrap()
    };
    static_ip::insert(tx, &(1..=3).map(address).collect::<Vec<_>>()).await?;
    let there = static_ip::for_sale(tx, &[ProductType::StaticDatacenterIp]).await?;
    let in_japan = there.into_iter().find(|(code, _)| *code == country("JP"));
    Ok(in_japan.map_or(0, |(_, count)| i64::try_from(count).unwrap()))
}

/// Success where the model says so, and a refusal of the shop where it says no; anything else is a fault.
fn agree<T: std::fmt::Debug>(done: Result<T, ServiceError>, expected: bool) -> Result<(), String> {
    match (done, expected) {
        (Ok(_), true) | (Err(ServiceError::Shop(_) | ServiceError::OutOfStockIn(_)), false) => Ok(()),
        (Ok(done), false) => Err(format!("done, and should be refused: {done:?}")),
        (Err(error), _) => Err(format!("refused, should be done {expected}: {error:?}")),
    }
}
