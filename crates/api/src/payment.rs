//! `payment/*`: how an order can be paid (contract §7).

use serde::Serialize;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::envelope::ListOf;
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::order;
use crate::shapes::Hundredths;

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        #[derive(ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {
            /// An order: what cannot pay it is disabled.
            #[schema(value_type = String, required = false)]
            trade_no: Option<String>,
            /// Accepted; there is one currency.
            #[schema(value_type = String, required = false)]
            #[expect(dead_code, reason = "clients send it, and nothing follows from it")]
            currency: Option<String>,
        }

        impl Wish for $name {
            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                let mut text = |name| fields.optional(name, |given| fields::text(given).map(str::to_owned));
                Some(Self { trade_no: text("trade_no"), currency: text("currency") })
            }
        }
    )*};
}

questions! {
    /// Lists the ways to pay, by group.
    #[schema(title = "Payment groups")]
    AskGroups;
    /// Lists the ways to pay.
    #[schema(title = "Payment methods")]
    AskMethods;
}

/// Ways to pay that belong together.
#[derive(Serialize, ToSchema)]
pub(crate) struct Group {
    #[schema(example = "online")]
    name: String,
    /// Pictures' addresses.
    logos: Vec<String>,
    items: Vec<Method>,
}

/// A way to pay.
#[derive(Serialize, ToSchema)]
pub(crate) struct Method {
    /// What `order/create` takes as `pm_id`.
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Balance")]
    title: String,
    /// A picture's address, or empty.
    logo: String,
    group: String,
    /// Whether it cannot be used, for the order when one was named.
    disabled: bool,
    /// The least it can pay.
    #[schema(value_type = f64, example = 0)]
    min: Hundredths,
    /// The most it can pay.
    #[schema(value_type = f64, example = 100_000)]
    max: Hundredths,
}

impl From<turnpike_service::Method> for Method {
    fn from(method: turnpike_service::Method) -> Self {
        Self {
            id: method.id.get(),
            title: method.title,
            logo: method.logo,
            group: method.group,
            disabled: method.disabled,
            min: method.least.into(),
            max: method.most.into(),
        }
    }
}

async fn methods(caller: &Caller, trade_no: Option<&str>) -> Result<Vec<Method>, ApiError> {
    let trade_no = trade_no.map(order::known).transpose()?;
    let methods = caller.service.payment_methods(caller.customer, trade_no.as_ref()).await?;
    Ok(methods.into_iter().map(Method::from).collect())
}

pub(crate) async fn groups(caller: Caller, wish: AskGroups) -> Result<ListOf<Group>, ApiError> {
    let mut list: Vec<Group> = Vec::new();
    for method in methods(&caller, wish.trade_no.as_deref()).await? {
        let known = list.iter_mut().find(|group| group.name == method.group);
        match known {
            Some(group) => group.items.push(method),
            None => list.push(Group { name: method.group.clone(), logos: Vec::new(), items: vec![method] }),
        }
    }
    for group in &mut list {
        group.logos = group.items.iter().map(|method| method.logo.clone()).filter(|logo| !logo.is_empty()).collect();
    }
    Ok(ListOf { list })
}

pub(crate) async fn list(caller: Caller, wish: AskMethods) -> Result<ListOf<Method>, ApiError> {
    Ok(ListOf { list: methods(&caller, wish.trade_no.as_deref()).await? })
}
