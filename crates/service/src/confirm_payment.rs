//! Money came in from outside: each event is carried out once, and one that fits no order that awaits it is parked for
//! the operator, never lost.

use turnpike_domain::ids::{EventId, PaymentMethod};
use turnpike_domain::ledger::{Entry, LedgerError};
use turnpike_domain::money::{Currency, Money};
use turnpike_domain::order::OrderStatus;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::order::{self, Order};
use turnpike_store::payment_event::{self, EventState, NewEvent};
use turnpike_store::{StoreError, Tx, audit};

use crate::actor::Actor;
use crate::book_entry::book;
use crate::error::ServiceError;
use crate::order_view::OrderView;
use crate::pay_order::{lock, take_step};
use crate::service::Service;
use crate::shop::MethodKind;
use crate::shop_error::ShopError;

/// The longest name of a provider, an event or an order that is taken down, in characters.
const LONGEST_NAME: usize = 200;

/// What a provider, or the operator, tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentNotice {
    /// Who tells; `transfer` for the operator.
    pub provider: String,
    /// What the provider calls the event: told again under that name it changes nothing.
    pub event: String,
    /// The number of the order the money is for, as it was told.
    pub trade_no: String,
    /// How much came in.
    pub amount: Money,
    /// In which currency.
    pub currency: Currency,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventOutcome {
    /// Its number.
    pub event: EventId,
    /// Whether it was applied, or is parked, or was resolved.
    pub state: EventState,
    /// What was in the way, if anything was.
    pub why: String,
    /// The order as it stands, if there is one.
    pub order: Option<OrderView>,
    /// Whether it was told before, so that nothing was done now.
    pub repeated: bool,
}

#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) service: Service,
    pub(crate) actor: Actor,
    pub(crate) told: NewEvent,
    pub(crate) now: Timestamp,
    /// Why it is parked, when that is known.
    pub(crate) in_the_way: Option<String>,
}

impl Service {
    /// Books money that came in, for the order it is for: the order is paid when all of it is there, and what is too much
    /// goes to the wallet. What fits no order is parked.
    ///
    /// # Errors
    /// [`ShopError::Text`], [`ShopError::NoAmount`], [`ShopError::EventToldOtherwise`], or the store's.
    pub async fn confirm_payment(&self, actor: &Actor, notice: PaymentNotice) -> Result<EventOutcome, ServiceError> {
        let told = checked(notice)?;
        let (service, actor, now) = (self.clone(), actor.clone(), self.now());
        let arrival = Arrival { service, actor, told, now, in_the_way: None };
        let applied = self.store.write(arrival.clone(), |arrival, tx| Box::pin(take_in(arrival, tx))).await;
        match applied {
            // The order could not be fulfilled, and nothing was done: the money waits.
            Err(refusal) if refusal.is_refusal_of_fulfilment() => {
                let parked = Arrival { in_the_way: Some(refusal.to_string()), ..arrival };
                self.store.write(parked, |arrival, tx| Box::pin(take_in(arrival, tx))).await
            }
            outcome => outcome,
        }
    }
}

fn checked(notice: PaymentNotice) -> Result<NewEvent, ShopError> {
    let PaymentNotice { provider, event, trade_no, amount, currency } = notice;
    // Blanks come along when people paste.
    let [provider, event, trade_no] = [provider, event, trade_no].map(|text| text.trim().to_owned());
    for (what, text) in [("a provider", &provider), ("an event's name", &event), ("an order's number", &trade_no)] {
        let fits = (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then_some(()).ok_or(ShopError::Text { what, most: LONGEST_NAME })?;
    }
    if !amount.is_positive() {
        return Err(ShopError::NoAmount);
    }
    Ok(NewEvent { provider, event, trade_no, amount, currency: currency.as_str().to_owned() })
}

async fn take_in(arrival: &Arrival, tx: &mut Tx) -> Result<EventOutcome, ServiceError> {
    let Arrival { told, now, .. } = arrival;
    if let Some(outcome) = told_before(tx, told).await? {
        return Ok(outcome);
    }
    let fitting = match &arrival.in_the_way {
        Some(why) => Err(why.clone()),
        None => fitting(arrival, tx, &told.trade_no).await?,
    };
    let (state, why) = match &fitting {
        Ok(_) => (EventState::Applied, ""),
        Err(why) => (EventState::Parked, why.as_str()),
    };
    // Whoever told the same at the same moment was first.
    let event = payment_event::insert(tx, told, (state, why), *now).await?.ok_or(StoreError::Contended)?;
    let (order, why) = match fitting {
        Ok(order) => (Some(apply(arrival, tx, event, order).await?), String::new()),
        Err(why) => {
            let detail = format!("{}: {} {}, {why}", told.trade_no, told.amount, told.currency);
            audit::insert(tx, &arrival.actor.did_overall("payment.park", detail, *now)).await?;
            (None, why)
        }
    };
    Ok(EventOutcome { event, state, why, order: order.map(OrderView::from), repeated: false })
}

async fn told_before(tx: &mut Tx, told: &NewEvent) -> Result<Option<EventOutcome>, ServiceError> {
    let Some(known) = payment_event::by_name(tx, &told.provider, &told.event).await? else { return Ok(None) };
    if known.told != *told {
        return Err(ShopError::EventToldOtherwise.into());
    }
    let order = match TradeNo::parse(&told.trade_no) {
        Some(trade_no) => order::by_trade_no(tx, &trade_no).await?,
        None => None,
    };
    let (event, state, why) = (known.id, known.state, known.why);
    Ok(Some(EventOutcome { event, state, why, order: order.map(OrderView::from), repeated: true }))
}

/// The order that awaits this money, locked; or what is in the way.
pub(crate) async fn fitting(
    arrival: &Arrival,
    tx: &mut Tx,
    trade_no: &str,
) -> Result<Result<Order, String>, ServiceError> {
    let found = match TradeNo::parse(trade_no) {
        Some(trade_no) => order::by_trade_no(tx, &trade_no).await?,
        None => None,
    };
    let Some(found) = found else { return Ok(Err(ShopError::NoSuchOrder.to_string())) };
    let order = lock(tx, &found).await?;
    let currency = arrival.service.shop().currency.clone();
    Ok(if order.status != OrderStatus::AwaitingPayment {
        Err(ShopError::OrderStands(order.status).to_string())
    } else if arrival.told.currency != currency.as_str() {
        Err(format!("the order is in {currency}"))
    } else {
        Ok(order)
    })
}

/// Books the money as the order's deposit, and pays the order when that is enough: as it then stands.
pub(crate) async fn apply(arrival: &Arrival, tx: &mut Tx, event: EventId, order: Order) -> Result<Order, ServiceError> {
    let Arrival { service, actor, told, now, .. } = arrival;
    book(tx, Entry::deposit(event, order.id, told.amount), order.trade_no.as_str(), *now).await?;
    let not_before = now.plus(service.shop().order_expiry);
    if !order::steps::receive(tx, order.customer, order.id, told.amount, not_before).await? {
        return Err(ShopError::OrderStands(order.status).into());
    }
    let received = order.received.plus(told.amount).ok_or(ShopError::Ledger(LedgerError::OutOfRange))?;
    let order = Order { received, expires_at: order.expires_at.max(not_before), ..order };
    let method = method_of(service, &order);
    let order =
        if order.missing().is_positive() { order } else { take_step(service, tx, order, (method, *now)).await? };
    let detail = format!("{}: {} {} by {}", order.trade_no, told.amount, told.currency, told.provider);
    audit::insert(tx, &actor.did("payment.apply", order.customer, detail, *now)).await?;
    Ok(order)
}

/// The transfer that was chosen; the first there is, when the customer chose none.
fn method_of(service: &Service, order: &Order) -> PaymentMethod {
    let shop = service.shop();
    let transfers = || shop.methods.iter().filter(|method| method.kind == MethodKind::Transfer);
    let chosen = transfers().find(|method| method.id == order.method).or_else(|| transfers().next());
    chosen.map_or(order.method, |method| method.id)
}
