//! `pay` and `pay/pay-check`: paying an order that was made before (contract §8).

use serde::Serialize;
use turnpike_domain::ids::PaymentMethod;
use turnpike_domain::money::Money;
use turnpike_service::PayOutcome;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::field_error::{FieldError, FieldErrors};
use crate::fields::{self, Fields};
use crate::order;
use crate::shapes::Hundredths;

macro_rules! wishes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        #[derive(ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {
            #[schema(value_type = String, example = "2022051312134339861461465434")]
            trade_no: String,
            /// How to pay. Default: as the order says.
            #[schema(value_type = i64, required = false, minimum = 0)]
            pm_id: Option<PaymentMethod>,
        }

        impl Wish for $name {
            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                let trade_no = fields.required("trade_no", |given| fields::text(given).map(str::to_owned));
                let pm_id = fields.optional("pm_id", fields::number_or_none).map(PaymentMethod::new);
                Some(Self { trade_no: trade_no?, pm_id: pm_id.filter(|method| method.get() != 0) })
            }
        }
    )*};
}

wishes! {
    /// Says what would be paid, and how.
    #[schema(title = "Check a payment")]
    CheckPayment;
    /// Pays an order by balance, or begins a payment of another kind and says what to do.
    #[schema(title = "Pay an order")]
    Pay;
}

/// What would be paid.
#[derive(Serialize, ToSchema)]
pub(crate) struct Checked {
    trade_no: String,
    /// 0 while nothing is chosen.
    pm_id: i64,
    /// What is missing of the order's price.
    #[schema(value_type = f64, example = 9.5)]
    pay_fee: Hundredths,
}

pub(crate) async fn check(caller: Caller, wish: CheckPayment) -> Result<Checked, ApiError> {
    let trade_no = order::known(&wish.trade_no)?;
    let quote = caller.service.quote_payment(caller.customer, &trade_no, wish.pm_id).await?;
    Ok(Checked { trade_no: trade_no.to_string(), pm_id: quote.method.get(), pay_fee: quote.missing.into() })
}

/// A payment that was made or begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    trade_no: String,
    pm_id: i64,
    /// What is still missing of the order's price.
    #[schema(value_type = f64, example = 0)]
    pay_fee: Hundredths,
    /// 0 awaiting payment, 1 paid.
    #[schema(minimum = 0, maximum = 3)]
    status: i64,
    /// Where to pay, when there is such a place.
    url: Option<String>,
    /// What to do, when there is something to do.
    instructions: Option<String>,
}

impl Begun {
    fn of(outcome: &PayOutcome) -> Self {
        let (order, missing, instructions) = match outcome {
            PayOutcome::Paid(order) => (order, Money::ZERO, None),
            PayOutcome::Awaiting { order, instructions } => (order, order.missing(), Some(instructions.clone())),
        };
        Self {
            trade_no: order.trade_no.to_string(),
            pm_id: order.method.get(),
            pay_fee: missing.into(),
            status: order.status.number(),
            url: None,
            instructions: instructions.filter(|text| !text.is_empty()),
        }
    }
}

pub(crate) async fn pay(caller: Caller, wish: Pay) -> Result<Begun, ApiError> {
    let trade_no = order::known(&wish.trade_no)?;
    let method = if let Some(method) = wish.pm_id {
        method
    } else {
        let quote = caller.service.quote_payment(caller.customer, &trade_no, None).await?;
        // Nothing needs to be chosen to pay nothing.
        if quote.method.get() == 0 && quote.missing.is_positive() {
            return Err(ApiError::Parameters(FieldErrors::one("pm_id", FieldError::Required)));
        }
        quote.method
    };
    let service = caller.acting_for(Begun::of);
    Ok(Begun::of(&service.pay_order(&caller.actor(), caller.customer, trade_no, method).await?))
}
