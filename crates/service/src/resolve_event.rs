//! The operator decides what becomes of a payment that was parked.

use turnpike_domain::ids::{CustomerId, EventId};
use turnpike_domain::ledger::Entry;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::payment_event::{self, EventState, PaymentEvent};
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::book_entry::book;
use crate::confirm_payment::{Arrival, EventOutcome, apply, fitting};
use crate::error::ServiceError;
use crate::order_view::OrderView;
use crate::service::{Service, require_customer};
use crate::shop_error::ShopError;

/// What becomes of a parked payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It is for this order after all, or for the one it named.
    Apply(Option<TradeNo>),
    /// It is this customer's to spend.
    Credit(CustomerId),
    /// The money was sent back, so that it never came in.
    SentBack,
}

struct Resolving {
    arrival: Arrival,
    event: EventId,
    resolution: Resolution,
}

impl Service {
    /// Applies a parked payment, credits it to a customer, or notes that it was sent back.
    ///
    /// # Errors
    /// [`ShopError::NoSuchEvent`], [`ShopError::EventNotParked`], [`ServiceError::NoSuchCustomer`],
    /// [`ShopError::CannotApply`], and those of fulfilment.
    pub async fn resolve_event(
        &self,
        actor: &Actor,
        event: EventId,
        resolution: Resolution,
    ) -> Result<EventOutcome, ServiceError> {
        let found = self.store.read(async |tx| payment_event::by_id(tx, event).await).await?;
        let told = found.ok_or(ShopError::NoSuchEvent)?.told;
        let (service, actor, now) = (self.clone(), actor.clone(), self.now());
        let arrival = Arrival { service, actor, told, now, in_the_way: None };
        let resolving = Resolving { arrival, event, resolution };
        self.store.write(resolving, |resolving, tx| Box::pin(resolve(resolving, tx))).await
    }
}

async fn resolve(resolving: &Resolving, tx: &mut Tx) -> Result<EventOutcome, ServiceError> {
    let Resolving { arrival, event, resolution } = resolving;
    let parked = payment_event::lock(tx, *event).await?.ok_or(ShopError::NoSuchEvent)?;
    if parked.state != EventState::Parked {
        return Err(ShopError::EventNotParked.into());
    }
    let (state, why, order): (_, _, Option<OrderView>) = match resolution {
        Resolution::Apply(trade_no) => {
            let named = trade_no.as_ref().map_or(parked.told.trade_no.as_str(), TradeNo::as_str);
            let order = fitting(arrival, tx, named).await?.map_err(ShopError::CannotApply)?;
            let why = format!("applied to {}", order.trade_no);
            (EventState::Applied, why, Some(apply(arrival, tx, *event, order).await?.into()))
        }
        Resolution::Credit(customer) => {
            credit(arrival, tx, &parked, *customer).await?;
            (EventState::Resolved, format!("credited to customer {customer}"), None)
        }
        Resolution::SentBack => {
            audit_overall(arrival, tx, &parked, "sent back").await?;
            (EventState::Resolved, "sent back".to_owned(), None)
        }
    };
    if !payment_event::settle(tx, *event, state, &why).await? {
        return Err(ShopError::EventNotParked.into());
    }
    Ok(EventOutcome { event: *event, state, why, order, repeated: false })
}

async fn credit(
    arrival: &Arrival,
    tx: &mut Tx,
    parked: &PaymentEvent,
    customer: CustomerId,
) -> Result<(), ServiceError> {
    require_customer(tx, customer).await?;
    if parked.told.currency != arrival.service.shop().currency.as_str() {
        return Err(ShopError::CannotApply(format!("it is in {}", parked.told.currency)).into());
    }
    let entry = Entry::credit(parked.id, customer, parked.told.amount);
    book(tx, entry, &parked.told.trade_no, arrival.now).await?;
    let detail = format!("{}: {} credited", parked.told.trade_no, parked.told.amount);
    audit::insert(tx, &arrival.actor.did("payment.resolve", customer, detail, arrival.now)).await?;
    Ok(())
}

async fn audit_overall(arrival: &Arrival, tx: &mut Tx, parked: &PaymentEvent, what: &str) -> Result<(), ServiceError> {
    let detail = format!("{}: {} {} {what}", parked.told.trade_no, parked.told.amount, parked.told.currency);
    audit::insert(tx, &arrival.actor.did_overall("payment.resolve", detail, arrival.now)).await?;
    Ok(())
}
