//! `user-activity/*`: why connections of the customer's accounts failed, whose turn it is, and what to do (ours).

use fluent_bundle::FluentArgs;
use serde::Serialize;
use turnpike_domain::activity::{ActivityEntry, Reason};
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::connection::Protocol;
use turnpike_service::ActivityFilter;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::language::Language;
use crate::messages;
use crate::shapes::PageOf;

/// Entries on a page when the caller names no number.
const PAGE_SIZE: u32 = 20;
/// Entries on a page at most.
const LARGEST_PAGE: u32 = 1000;

/// Lists refusals and failures of connections page by page, newest first. Of one customer at most 120 a minute are kept by each
/// gateway; the others are told of as a number, under the reason `suppressed`.
#[derive(ToSchema)]
#[schema(title = "Failed connections")]
pub(crate) struct ListActivity {
    /// Only of the account that had this name.
    #[schema(value_type = String, required = false, example = "user01")]
    username: Option<String>,
    /// Only for this reason.
    #[schema(value_type = String, required = false, example = "connect_refused")]
    reason: Option<Reason>,
    /// `YYYY-MM-DD HH:MM:SS`, or a date: its first second. Default: as far back as is kept.
    #[schema(value_type = String, required = false, example = "2022-08-01 00:00:00")]
    start_time: Option<turnpike_domain::time::Timestamp>,
    /// `YYYY-MM-DD HH:MM:SS`, or a date: its last second. Default: now.
    #[schema(value_type = String, required = false, example = "2022-08-07 23:59:59")]
    end_time: Option<turnpike_domain::time::Timestamp>,
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page: u32,
    /// Entries on a page. Default: 20. More than 1000 counts as 1000.
    #[schema(value_type = u32, required = false, minimum = 1)]
    size: u32,
}

impl Wish for ListActivity {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (zone, names) = (fields.zone(), fields.names());
        let username = fields.optional("username", |given| fields::username(given, names));
        let reason = fields.optional("reason", |given| {
            Reason::from_word(fields::text(given)?.trim()).ok_or(FieldError::ReasonUnknown)
        });
        let start_time = fields.optional("start_time", |given| fields::first_moment(given, zone));
        let end_time = fields.optional("end_time", |given| fields::last_moment(given, zone));
        let page = fields.optional("page", |given| fields::count(given, 1, u32::MAX)).unwrap_or(1);
        let size = fields.optional("size", |given| fields::count(given, 1, LARGEST_PAGE)).unwrap_or(PAGE_SIZE);
        Some(Self { username: username.map(|name| name.to_string()), reason, start_time, end_time, page, size })
    }
}

pub(crate) async fn list(caller: Caller, wish: ListActivity) -> Result<PageOf<Failed>, ApiError> {
    let ListActivity { username, reason, start_time: from, end_time: to, page, size } = wish;
    let filter = ActivityFilter { username, reason, from, to };
    let page = caller.service.own_activity(caller.customer, &filter, (page, size)).await?;
    let list = page.items.into_iter().map(|row| Failed::of(row, caller.desk.language)).collect();
    Ok(PageOf::new(list, page.page, page.size, page.total))
}

/// A connection that was refused or failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failed {
    #[schema(example = 1)]
    id: i64,
    /// RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-03-10T12:00:00Z")]
    created_at: String,
    /// The account's name at the time; empty for traffic without a login, and where many are counted together.
    #[schema(example = "user01")]
    username: String,
    /// The port of the extracted endpoint that the client came by; `null` for any other.
    #[schema(required = true)]
    endpoint_port: Option<u16>,
    /// What the client spoke.
    #[schema(value_type = String, required = true, pattern = "^(http|connect|socks5)$")]
    protocol: Option<Protocol>,
    /// Where it was to go; `null` when the client had not said.
    #[schema(required = true, example = "example.com")]
    host: Option<String>,
    #[schema(required = true, example = 443)]
    port: Option<u16>,
    /// Where its exit is; `null` when none was chosen.
    #[schema(required = true, example = "US/California/LosAngeles")]
    exit_place: Option<String>,
    /// What happened, in one stable word.
    #[schema(value_type = String, example = "connect_refused")]
    reason: &'static str,
    /// Whose turn it is: `yours`, `target`, `exit` or `ours`.
    #[schema(value_type = String, example = "target")]
    fault: &'static str,
    /// What happened, and what to do, in the answer's language.
    message: String,
    /// The HTTP status that it was answered with, also when it came by SOCKS5; `null` when the tunnel was open.
    #[schema(required = true, example = 502)]
    status: Option<u16>,
    /// How many: 1, but for `suppressed`.
    count: u32,
}

impl Failed {
    fn of((id, entry): (i64, ActivityEntry), language: Language) -> Self {
        let (host, port) = entry.target.map(|aim| (aim.host, aim.port)).unzip();
        Self {
            id,
            created_at: format_rfc3339(entry.at),
            username: entry.username,
            endpoint_port: entry.endpoint_port,
            protocol: entry.protocol,
            host,
            port,
            exit_place: entry.place,
            reason: entry.reason.word(),
            fault: entry.reason.fault().word(),
            message: message(entry.reason, language),
            status: entry.status,
            count: entry.count,
        }
    }
}

/// What happened and what to do, in words.
pub(crate) fn message(reason: Reason, language: Language) -> String {
    messages::text(language, &message_key(reason), &FluentArgs::new())
}

/// The key of that message.
pub(crate) fn message_key(reason: Reason) -> String {
    format!("activity-{}", reason.word().replace('_', "-"))
}
