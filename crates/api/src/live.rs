//! `user-usage-flow/live`: usage as server-sent events, while it rises.
//!
//! Every event holds what the books say at its moment, not what changed: whatever order bookings commit in, the last
//! total is the true one, and the sum of the differences is the difference of the totals.

mod cursor;
mod streams;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use serde::Serialize;
use tokio::time::Instant;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::ids::AccountId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes as Amount;
use turnpike_service::{Meter, MeteredAccount, ServiceError};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::settings::LiveSettings;
use crate::shapes::AnyProductType;

use cursor::Cursor;
pub(crate) use streams::{Place, Streams};

/// Usage as server-sent events (`text/event-stream`): one at once, then one within two seconds of every booking. An
/// event's name is `usage`, its data is as below, its id a cursor: whoever comes back with it in `Last-Event-ID` or in
/// `cursor` gets the difference since then. A comment comes when nothing else has for 15 seconds. The stream ends after
/// an hour; a browser's `EventSource` comes back by itself. A customer may have 8 of them at once.
#[derive(ToSchema)]
#[schema(title = "Live usage")]
pub(crate) struct Listen {
    /// The id of the last event that was heard; the header `Last-Event-ID` says the same and wins.
    #[schema(value_type = String, required = false, example = "1773144000000-3145728")]
    cursor: Option<Cursor>,
}

impl Wish for Listen {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { cursor: fields.optional("cursor", |given| fields::text(given)?.parse()) })
    }
}

/// What an event says.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageEvent<'a> {
    /// When the books were read: RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-03-10T12:00:00Z")]
    at: String,
    /// Everything the customer has ever used, in KB.
    #[schema(example = 3072)]
    total: u64,
    /// The same in bytes.
    #[schema(example = 3_145_728)]
    total_bytes: u64,
    /// How much `total` has risen since the event before, or since the cursor, in KB.
    #[schema(example = 1024)]
    delta: u64,
    /// Accounts whose usage has changed since the event before; after a cursor, those used about then and since. At
    /// most 1000.
    accounts: Vec<AccountUsage<'a>>,
}

/// An account's usage.
#[derive(Serialize, ToSchema)]
struct AccountUsage<'a> {
    #[schema(example = "user01")]
    username: &'a str,
    #[schema(value_type = AnyProductType)]
    product_type: ProductType,
    /// Everything the account has ever used, in KB, as in `whitelist-account/list`.
    #[schema(example = 2048)]
    usage_flow: u64,
}

impl<'a> AccountUsage<'a> {
    fn of(account: &'a MeteredAccount) -> Self {
        let (username, product_type) = (account.username.as_str(), account.product_type);
        Self { username, product_type, usage_flow: account.used.kilobytes() }
    }
}

pub(crate) async fn live(caller: Caller, wish: Listen) -> Result<impl Stream<Item = Bytes> + Send + 'static, ApiError> {
    let cursor = match &caller.last_event_id {
        // What is none of ours is as good as nothing: a browser sends whatever it heard last.
        Some(id) => id.parse().ok().or(wish.cursor),
        None => wish.cursor,
    };
    let settings = caller.desk.settings.live.clone();
    let place = caller.desk.streams.take_place(caller.customer, &settings).ok_or(ApiError::TooManyStreams)?;
    let now = caller.service.now();
    let meter = caller.service.read_meter(caller.customer, cursor.map_or(now, |cursor| cursor.at.min(now))).await?;
    let mut heard = Heard::since(cursor, &meter);
    let first = heard.tell(&meter);
    Ok(Watch { caller, settings, heard, began: Instant::now(), place }.events(first))
}

/// What the client of a stream has heard.
struct Heard {
    total: Amount,
    at: Timestamp,
    accounts: HashMap<AccountId, Amount>,
}

impl Heard {
    fn since(cursor: Option<Cursor>, meter: &Meter) -> Self {
        // Without a cursor the first event is where counting begins.
        let (total, at) = cursor.map_or((meter.total, meter.at), |cursor| (cursor.total, cursor.at));
        Self { total: total.min(meter.total), at, accounts: HashMap::new() }
    }

    /// The event that tells of a reading, as it is written.
    fn tell(&mut self, meter: &Meter) -> Bytes {
        let accounts = meter.accounts.iter().filter(|account| self.accounts.get(&account.id) != Some(&account.used));
        let event = UsageEvent {
            at: format_rfc3339(meter.at),
            total: meter.total.kilobytes(),
            total_bytes: meter.total.get(),
            delta: meter.total.kilobytes().saturating_sub(self.total.kilobytes()),
            accounts: accounts.map(AccountUsage::of).collect(),
        };
        let written = write_event(Cursor { at: meter.at, total: meter.total }, &event);
        (self.total, self.at) = (meter.total, meter.at);
        // Only what was used lately can change next.
        self.accounts = meter.accounts.iter().map(|account| (account.id, account.used)).collect();
        written
    }
}

fn write_event(cursor: Cursor, event: &UsageEvent<'_>) -> Bytes {
    // A struct of numbers and texts can always be written.
    let data = serde_json::to_string(event).unwrap_or_default();
    format!("id: {cursor}\nevent: usage\ndata: {data}\n\n").into()
}

/// One stream.
struct Watch {
    caller: Caller,
    settings: LiveSettings,
    heard: Heard,
    began: Instant,
    /// Given back when the stream ends.
    place: Place,
}

impl Watch {
    fn events(self, first: Bytes) -> impl Stream<Item = Bytes> + Send + 'static {
        futures_util::stream::unfold((self, Some(first)), |(mut watch, first)| async move {
            let event = match first {
                Some(first) => first,
                None => watch.next().await?,
            };
            Some((event, (watch, None)))
        })
    }

    /// The next event or comment; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        let quiet_since = Instant::now();
        let end = self.began + Duration::from_millis(self.settings.longest_ms);
        let look_every = Duration::from_millis(self.settings.look_every_ms.max(1));
        while Instant::now() < end {
            let closing = self.caller.desk.closing.clone();
            closing.run_until_cancelled(tokio::time::sleep(look_every)).await?;
            match self.look().await {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                // The client comes back with its cursor.
                Err(error) => {
                    let cause: &(dyn std::error::Error + 'static) = &error;
                    tracing::warn!(error = cause, customer = %self.place.customer(), "a usage stream ended early");
                    return None;
                }
            }
            if quiet_since.elapsed() >= Duration::from_millis(self.settings.heartbeat_ms) {
                return Some(Bytes::from_static(b": nothing new\n\n"));
            }
        }
        None
    }

    async fn look(&mut self) -> Result<Option<Bytes>, ServiceError> {
        let (service, customer) = (&self.caller.service, self.caller.customer);
        if service.total_used(customer).await? == self.heard.total {
            return Ok(None);
        }
        let meter = service.read_meter(customer, self.heard.at).await?;
        Ok(Some(self.heard.tell(&meter)))
    }
}
