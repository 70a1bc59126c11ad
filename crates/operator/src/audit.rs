//! The audit: who did what, when, and why.

use serde::Serialize;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_service::{AuditEntry, AuditFilter};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Members, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{LineShape, Moment, TimeShape};

/// One act.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entry {
    /// Its number. Later acts have higher ones.
    #[schema(minimum = 1)]
    id: i64,
    at: Moment,
    /// Who, such as `customer:7`, `operator:uid 0` or `token:billing`.
    actor: String,
    /// What, such as `accounts.delete`.
    act: String,
    /// Whose things were touched.
    #[schema(required = true)]
    customer: Option<i64>,
    /// Which things, and how.
    detail: String,
    /// Why, in the actor's own words; may be empty.
    reason: String,
}

impl Entry {
    fn of((id, entry): (i64, AuditEntry)) -> Self {
        let AuditEntry { at, actor, act, customer, detail, reason } = entry;
        Self { id, at: Moment(at), actor, act, customer: customer.map(CustomerId::get), detail, reason }
    }
}

/// Newest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only by exactly this actor.
    #[schema(value_type = LineShape, inline, required = false)]
    actor: Option<String>,
    /// Only of exactly this name.
    #[schema(value_type = LineShape, inline, required = false)]
    act: Option<String>,
    /// Only on this customer's things.
    #[schema(value_type = i64, required = false, minimum = 1)]
    customer: Option<CustomerId>,
    /// Only from then on.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T00:00:00Z")]
    since: Option<Timestamp>,
    /// Only until then.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T23:59:59Z")]
    until: Option<Timestamp>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let actor = members.optional("actor", |given| read::line(given, 0..=254));
        let act = members.optional("act", |given| read::line(given, 0..=254));
        let customer = members.optional("customer", |given| read::integer(given, 1..=i64::MAX));
        let since = members.optional("since", read::time);
        let until = members.optional("until", read::time);
        Some(Self { actor, act, customer: customer.map(CustomerId::new), since, until })
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Entry>, Problem> {
    let Filter { actor, act, customer, since: from, until: to } = filter;
    let filter = AuditFilter { actor, act, customer, from, to };
    let before = desk.cursors().after(&desk.paging)?;
    let found = desk.service.page_audit(&filter, before, one_more(&desk.paging)).await?;
    Ok(desk.cursors().page(&desk.paging, found, (|(id, _): &(i64, AuditEntry)| *id, Entry::of)))
}
