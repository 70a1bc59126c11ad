//! Receipts: on how many gateways a change is in force, for callers who ask for it with `wait=applied`.

use std::time::Duration;

use serde::Serialize;
use serde::ser::Serializer;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::call::Caller;
use crate::field_error::FieldError;
use crate::fields;
use crate::parameters::Given;

/// Whether the answer is to wait until the change is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It goes out as soon as the change is committed.
    #[default]
    No,
    /// It waits for every gateway, for as long as the settings allow, and says how many have followed.
    Applied,
}

impl Wait {
    /// Reads the parameter `wait`.
    pub(crate) fn read(given: &Given) -> Result<Self, FieldError> {
        if fields::text(given)? == "applied" { Ok(Self::Applied) } else { Err(FieldError::WaitUnknown) }
    }
}

/// The parameter's schema.
pub(crate) struct WaitParameter;

impl PartialSchema for WaitParameter {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["applied"]))
            .description(Some(
                "`applied`: answer when every gateway has applied the change, or after 5 seconds; `effective` says how \
                 many of how many have.",
            ))
            .into()
    }
}

impl ToSchema for WaitParameter {}

/// `data` of a call that answers nothing, or how far the change has got.
pub(crate) struct Receipt(Option<Effective>);

/// `{"effective": "4/4"}`.
#[derive(Serialize, ToSchema)]
struct Effective {
    /// Gateways that have applied the change, of those in touch; `null` when it could not be found out.
    #[schema(example = "4/4")]
    effective: Option<String>,
}

impl Receipt {
    /// What is said when the process ended before more was known.
    pub(crate) const fn unknown() -> Self {
        Self(Some(Effective { effective: None }))
    }

    /// Waits for gateways, if that is asked for.
    pub(crate) async fn of(caller: &Caller, wait: Wait) -> Self {
        match wait {
            Wait::No => Self(None),
            Wait::Applied => Self(Some(Effective { effective: effective(caller).await })),
        }
    }

    /// The text of it, for calls that answer something else besides.
    pub(crate) fn into_text(self) -> Option<String> {
        self.0.and_then(|receipt| receipt.effective)
    }
}

/// How many gateways have applied everything up to now.
async fn effective(caller: &Caller) -> Option<String> {
    let patience = Duration::from_millis(caller.desk.settings.wait_limit_ms);
    match caller.service.effective_everywhere(patience).await {
        Ok(effective) => Some(effective.to_string()),
        Err(error) => {
            let cause: &(dyn std::error::Error + 'static) = &error;
            tracing::warn!(error = cause, "how many gateways follow could not be found out");
            None
        }
    }
}

impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(receipt) => receipt.serialize(serializer),
            None => serializer.serialize_unit(),
        }
    }
}

impl PartialSchema for Receipt {
    fn schema() -> RefOr<Schema> {
        let nothing = ObjectBuilder::new().schema_type(Type::Null);
        OneOfBuilder::new().item(nothing).item(Effective::schema()).into()
    }
}

impl ToSchema for Receipt {}
