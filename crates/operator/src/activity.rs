//! What became of a customer's connections that failed, as the customer reads it.

use serde::Serialize;
use turnpike_domain::account::Username;
use turnpike_domain::activity::{ActivityEntry, Reason};
use turnpike_domain::connection::Protocol;
use turnpike_domain::ids::AccountId;
use turnpike_domain::time::Timestamp;
use turnpike_service::ActivityFilter;
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Members, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{LineShape, Moment, NameShape, TimeShape};

/// A connection that was refused or failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failed {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    at: Moment,
    /// The account's number; `null` where many are counted together.
    #[schema(required = true, minimum = 1)]
    account: Option<i64>,
    /// The account's name at the time; empty for traffic without a login.
    username: String,
    /// The port of the extracted endpoint that the client came by.
    #[schema(required = true, minimum = 1, maximum = 65535)]
    endpoint_port: Option<u16>,
    /// What the client spoke.
    #[schema(value_type = Option<String>, required = true, pattern = "^(http|connect|socks5)$")]
    protocol: Option<Protocol>,
    /// Where it was to go; `null` when the client had not said.
    #[schema(required = true)]
    host: Option<String>,
    /// The port there.
    #[schema(required = true, minimum = 1, maximum = 65535)]
    port: Option<u16>,
    /// Where its exit is; `null` when none was chosen.
    #[schema(required = true)]
    exit_place: Option<String>,
    /// What happened, in one stable word.
    reason: &'static str,
    /// Whose turn it is.
    #[schema(pattern = "^(yours|target|exit|ours)$")]
    fault: &'static str,
    /// The HTTP status that it was answered with; `null` when the tunnel was open.
    #[schema(required = true, minimum = 400, maximum = 599)]
    status: Option<u16>,
    /// How many: 1, but for `suppressed`.
    #[schema(minimum = 1)]
    count: u32,
}

impl Failed {
    fn of((id, entry): (i64, ActivityEntry)) -> Self {
        let (host, port) = entry.target.map(|aim| (aim.host, aim.port)).unzip();
        Self {
            id,
            at: Moment(entry.at),
            account: entry.account.map(AccountId::get),
            username: entry.username,
            endpoint_port: entry.endpoint_port,
            protocol: entry.protocol,
            host,
            port,
            exit_place: entry.place,
            reason: entry.reason.word(),
            fault: entry.reason.fault().word(),
            status: entry.status,
            count: entry.count,
        }
    }
}

/// Newest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only of the accounts that bear or bore this name.
    #[schema(value_type = NameShape, inline, required = false)]
    username: Option<Username>,
    /// Only for this reason.
    #[schema(value_type = LineShape, inline, required = false, example = "connect_refused")]
    reason: Option<Reason>,
    /// Only from then on.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T00:00:00Z")]
    since: Option<Timestamp>,
    /// Only until then.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T23:59:59Z")]
    until: Option<Timestamp>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let username = members.optional("username", read::username);
        let reason = members.optional("reason", |given| {
            let word = read::text(given)?;
            Reason::from_word(word).ok_or_else(|| format!("there is no reason {word:?}"))
        });
        let since = members.optional("since", read::time);
        let until = members.optional("until", read::time);
        Some(Self { username, reason, since, until })
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Failed>, Problem> {
    let Filter { username, reason, since: from, until: to } = filter;
    let filter = ActivityFilter { username: username.map(|name| name.to_string()), reason, from, to };
    let before = desk.cursors().after(&desk.paging)?.map(|Newest { at, id }| (at, id));
    let page = (before, one_more(&desk.paging));
    let found = desk.service.activity_of(desk.customer()?, &filter, page).await?;
    let place = |(id, entry): &(i64, ActivityEntry)| Newest { at: entry.at, id: *id };
    Ok(desk.cursors().page(&desk.paging, found, (place, Failed::of)))
}

/// Where the list goes on.
#[derive(Clone, Copy)]
struct Newest {
    at: Timestamp,
    id: i64,
}

impl crate::cursor::Place for Newest {
    fn to_bytes(self) -> Vec<u8> {
        [self.at.ms().to_be_bytes(), self.id.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_first_chunk::<8>()?;
        let at = Timestamp::from_ms(i64::from_be_bytes(*at));
        Some(Self { at, id: i64::from_be_bytes(id.try_into().ok()?) })
    }
}
