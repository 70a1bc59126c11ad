//! Payments that came in from outside: confirmed for an order, or parked until the operator decides.

use serde::Serialize;
use turnpike_domain::ids::{CustomerId, EventId};
use turnpike_domain::money::{Currency, Money};
use turnpike_domain::trade_no::TradeNo;
use turnpike_service::{EventFilter, EventOutcome, EventState, PaymentEvent, PaymentNotice, Resolution};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Wish};
use crate::orders::{Order, read_trade_no, trade_no};
use crate::problem::{Kind, Problem};
use crate::read;
use crate::shapes::{
    Amount, AmountShape, CurrencyShape, EventStateShape, LineShape, Moment, ReferenceShape, ResolutionShape,
    TradeNoShape,
};

/// Who tells when the operator does.
const OPERATOR: &str = "transfer";

/// A payment as it was told.
#[derive(Serialize, ToSchema)]
pub(crate) struct Payment {
    /// Its number. Later ones have higher numbers.
    #[schema(minimum = 1)]
    id: i64,
    at: Moment,
    /// Who told: `transfer` for the operator.
    provider: String,
    /// What the provider calls it: told again under that name it changes nothing.
    reference: String,
    /// The order it named, as it was written.
    trade_no: String,
    amount: Amount,
    currency: String,
    #[schema(value_type = EventStateShape)]
    state: &'static str,
    /// What was in the way, or what was decided; empty when nothing was in the way.
    why: String,
}

impl Payment {
    fn of(event: PaymentEvent) -> Self {
        let PaymentEvent { id, at, told, state, why } = event;
        Self {
            id: id.get(),
            at: Moment(at),
            provider: told.provider,
            reference: told.event,
            trade_no: told.trade_no,
            amount: Amount(told.amount),
            currency: told.currency,
            state: state.word(),
            why,
        }
    }
}

/// Newest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    #[schema(value_type = EventStateShape, required = false, inline)]
    state: Option<EventState>,
    /// Only those that named exactly this order.
    #[schema(value_type = LineShape, inline, required = false)]
    trade_no: Option<String>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let state = members.optional("state", |given| {
            EventState::from_word(read::text(given)?).ok_or("must be parked, applied or resolved".to_owned())
        });
        let trade_no = members.optional("trade_no", |given| read::line(given, 0..=254));
        Some(Self { state, trade_no })
    }
}

impl Filter {
    pub(crate) fn into_filter(self) -> EventFilter {
        EventFilter { state: self.state, trade_no: self.trade_no }
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Payment>, Problem> {
    let filter = filter.into_filter();
    let before = desk.cursors().after(&desk.paging)?.map(EventId::new);
    let found = desk.service.page_events(&filter, before, one_more(&desk.paging)).await?;
    Ok(desk.cursors().page(&desk.paging, found, (|event: &PaymentEvent| event.id.get(), Payment::of)))
}

/// Money that came in for an order by transfer. When less came in than it costs, the order waits for the rest; what is
/// too much goes to the balance.
#[derive(ToSchema)]
pub(crate) struct NewPayment {
    #[schema(value_type = AmountShape, inline, example = "100.00")]
    amount: Money,
    /// What the bank calls the transfer: it is booked once under that name.
    #[schema(value_type = ReferenceShape, inline)]
    reference: String,
    /// The installation's currency when not given.
    #[schema(value_type = CurrencyShape, inline, required = false, example = "USD")]
    currency: Option<Currency>,
}

impl Wish for NewPayment {
    fn read(members: &mut Members) -> Option<Self> {
        let amount = members.required("amount", read::money);
        let reference = members.required("reference", |given| read::line(given, 1..=200));
        let currency = members.optional("currency", |given| {
            Currency::parse(read::text(given)?).ok_or("must be three upper-case letters".to_owned())
        });
        Some(Self { amount: amount?, reference: reference?, currency })
    }
}

/// What became of a payment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Told {
    /// The payment's number.
    #[schema(minimum = 1)]
    id: i64,
    #[schema(value_type = EventStateShape)]
    state: &'static str,
    /// What was in the way; empty when nothing was.
    why: String,
    /// Whether it was told before, so that nothing was done now.
    repeated: bool,
    /// The order as it stands; `null` when there is none.
    #[schema(required = true)]
    order: Option<Order>,
}

impl Told {
    fn of(outcome: &EventOutcome) -> Self {
        Self {
            id: outcome.event.get(),
            state: outcome.state.word(),
            why: outcome.why.clone(),
            repeated: outcome.repeated,
            order: outcome.order.as_ref().map(Order::of),
        }
    }
}

pub(crate) async fn confirm(desk: Desk, wish: NewPayment) -> Result<Told, Problem> {
    // An order that nobody made is the caller's mistake, not money to be kept.
    let order = desk.service.find_order(&trade_no(&desk)?).await?;
    let notice = PaymentNotice {
        provider: OPERATOR.to_owned(),
        event: wish.reference,
        trade_no: order.trade_no.to_string(),
        amount: wish.amount,
        currency: wish.currency.unwrap_or_else(|| desk.service.shop().currency.clone()),
    };
    Ok(Told::of(&desk.acting(Told::of).confirm_payment(&desk.actor, notice).await?))
}

/// What becomes of a parked payment.
#[derive(ToSchema)]
pub(crate) struct Decision {
    /// `apply` it to an order, `credit` it to a customer's balance, or note that it was `sent_back`.
    #[schema(value_type = ResolutionShape, inline)]
    resolution: Way,
    /// The order to apply it to; the one it named when not given.
    #[schema(value_type = TradeNoShape, inline, required = false)]
    trade_no: Option<TradeNo>,
    /// Whose balance; needed to credit it.
    #[schema(value_type = i64, required = false, minimum = 1)]
    customer: Option<CustomerId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Apply,
    Credit,
    SentBack,
}

fn way(given: Given<'_>) -> Result<Way, String> {
    match read::text(given)? {
        "apply" => Ok(Way::Apply),
        "credit" => Ok(Way::Credit),
        "sent_back" => Ok(Way::SentBack),
        _ => Err("must be apply, credit or sent_back".to_owned()),
    }
}

impl Wish for Decision {
    fn read(members: &mut Members) -> Option<Self> {
        let resolution = members.required("resolution", way);
        let trade_no = members.optional("trade_no", read_trade_no);
        let customer = |given: Given<'_>| read::integer(given, 1..=i64::MAX).map(CustomerId::new);
        let customer = members.optional("customer", customer);
        Some(Self { resolution: resolution?, trade_no, customer })
    }
}

pub(crate) async fn resolve(desk: Desk, wish: Decision) -> Result<Told, Problem> {
    let event = desk.place("payment").map(EventId::new)?;
    let resolution = match (wish.resolution, wish.customer) {
        (Way::Credit, Some(customer)) => Resolution::Credit(customer),
        (Way::Credit, None) => return Err(Problem::new(Kind::Conflict, "name the customer to whose balance it goes")),
        (Way::SentBack, _) => Resolution::SentBack,
        (Way::Apply, _) => Resolution::Apply(wish.trade_no),
    };
    Ok(Told::of(&desk.acting(Told::of).resolve_event(&desk.actor, event, resolution).await?))
}
