//! Where a request is dealt with: what acts for it, in whose name, on which things, and how it is to be answered.

use std::any::Any;
use std::str::FromStr;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use turnpike_domain::account::Username;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::scope::Scopes;
use turnpike_service::{Actor, KeptAnswer, OnceTicket, Service};

use crate::call::kept;
use crate::cursor::{Cursors, Paging};
use crate::problem::{Kind, Problem};
use crate::settings::OperatorSettings;

/// How a change is to be carried out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Only find out what it would do.
    pub(crate) dry_run: bool,
    /// Answer when it is in force everywhere.
    pub(crate) wait: bool,
}

/// A request that may be dealt with.
#[derive(Clone)]
pub(crate) struct Desk {
    /// For reading. What changes something goes through [`Desk::acting`].
    pub(crate) service: Service,
    /// In whose name.
    pub(crate) actor: Actor,
    /// What the token may do.
    pub(crate) scopes: Scopes,
    pub(crate) settings: Arc<OperatorSettings>,
    /// The settings in force, without secrets.
    pub(crate) in_force: Arc<Value>,
    /// The status of a success.
    pub(crate) success: StatusCode,
    pub(crate) paging: Paging,
    pub(crate) manner: Manner,
    /// The path that was asked for.
    pub(crate) path: String,
    /// The parts of the path that vary, by name.
    pub(crate) places: Vec<(String, String)>,
    pub(crate) ticket: Option<Arc<OnceTicket>>,
}

impl Desk {
    /// What carries out a change, and how what it gives is answered. Under an idempotency key that answer is kept
    /// together with what was done. A dry run is undone at its end.
    pub(crate) fn acting<T: Any, D: Serialize>(&self, show: impl Fn(&T) -> D + Send + Sync + 'static) -> Service {
        if self.manner.dry_run {
            return self.service.rehearsing();
        }
        let Some(ticket) = &self.ticket else { return self.service.clone() };
        let (status, waits) = (self.success, self.manner.wait);
        let answer = move |done: &T| -> Option<KeptAnswer> {
            // On how many gateways it is in force is not known before it is committed.
            Some(kept(
                status,
                &Changed {
                    body: show(done),
                    dry_run: None,
                    effective: if waits { Receipt::Unknown } else { Receipt::Absent },
                },
            ))
        };
        self.service.within_answering(ticket, answer)
    }

    /// The cursors of the list that was asked for.
    pub(crate) fn cursors(&self) -> Cursors<'_> {
        Cursors { service: &self.service, list: &self.path }
    }

    /// A part of the path; what cannot be one names nothing.
    pub(crate) fn place<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        let found = self.places.iter().find(|(own, _)| own == name);
        found.and_then(|(_, text)| text.parse().ok()).ok_or_else(|| missing(name))
    }

    /// The customer in the path.
    pub(crate) fn customer(&self) -> Result<CustomerId, Problem> {
        self.place("customer").map(CustomerId::new)
    }

    /// The account's name in the path.
    pub(crate) fn username(&self) -> Result<Username, Problem> {
        let text: String = self.place("username")?;
        Username::parse(&text).map_err(|_| missing("account"))
    }
}

fn missing(what: &str) -> Problem {
    Problem::new(Kind::NotFound, format!("no such {what}"))
}

/// The answer to a change.
#[derive(Serialize)]
pub(crate) struct Changed<D> {
    #[serde(flatten)]
    pub(crate) body: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Receipt::is_absent")]
    pub(crate) effective: Receipt,
}

/// On how many gateways a change is in force.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Receipt {
    /// Nobody waits for it.
    Absent,
    /// It could not be found out, or there is nothing to find out yet.
    Unknown,
    /// Such as `4/4`.
    Known(String),
}

impl Receipt {
    const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}
