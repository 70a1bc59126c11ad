//! What payment providers told, and the operator's own word that money came in: each event once, for good.

use turnpike_domain::ids::EventId;
use turnpike_domain::money::Money;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventState {
    /// Something was in the way; the operator decides.
    Parked,
    /// It was booked for its order.
    Applied,
    /// The operator decided.
    Resolved,
}

impl EventState {
    const ALL: [Self; 3] = [Self::Parked, Self::Applied, Self::Resolved];

    /// The number in the store.
    pub const fn number(self) -> i64 {
        match self {
            Self::Parked => 0,
            Self::Applied => 1,
            Self::Resolved => 2,
        }
    }

    /// In a word, for people and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::Applied => "applied",
            Self::Resolved => "resolved",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// By whom; `transfer` for the operator.
    pub provider: String,
    /// What the provider calls the event: it is carried out once under that name.
    pub event: String,
    /// The order's number as it was told, which may be none of ours.
    pub trade_no: String,
    /// How much came in.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
}

/// An event, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentEvent {
    /// Its number.
    pub id: EventId,
    /// When we were told.
    pub at: Timestamp,
    /// What was told.
    pub told: NewEvent,
    /// What became of it.
    pub state: EventState,
    /// What was in the way, or what the operator decided.
    pub why: String,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: i64,
    provider: String,
    event: String,
    at: i64,
    trade_no: String,
    amount: i64,
    currency: String,
    state: i64,
    why: String,
}

impl TryFrom<EventRow> for PaymentEvent {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "payment_event", column, id: row.id };
        let state = EventState::ALL.into_iter().find(|state| state.number() == row.state);
        Ok(Self {
            id: EventId::new(row.id),
            at: Timestamp::from_ms(row.at),
            state: state.ok_or(corrupt("state"))?,
            why: row.why,
            told: NewEvent {
                provider: row.provider,
                event: row.event,
                trade_no: row.trade_no,
                amount: Money::from_minor(row.amount).ok_or(corrupt("amount"))?,
                currency: row.currency,
            },
        })
    }
}

const INSERT: &str = "\
    INSERT INTO payment_event (provider, event, at, trade_no, amount, currency, state, why)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (provider, event) DO NOTHING
    RETURNING id";

/// Writes an event down; `None` when it was told before.
///
/// # Errors
/// Only the database's own.
pub async fn insert(
    tx: &mut Tx,
    told: &NewEvent,
    (state, why): (EventState, &str),
    at: Timestamp,
) -> Result<Option<EventId>, StoreError> {
    let NewEvent { provider, event, trade_no, amount, currency } = told;
    let (provider, event, trade_no) = (provider.as_str(), event.as_str(), trade_no.as_str());
    let (amount, currency, state) = (amount.minor(), currency.as_str(), state.number());
    let id = optional!((i64,), tx, INSERT, provider, event, at.ms(), trade_no, amount, currency, state, why)?;
    Ok(id.map(|(id,)| EventId::new(id)))
}

const BY_NAME: &str = "\
    SELECT id, provider, event, at, trade_no, amount, currency, state, why FROM payment_event
    WHERE provider = $1 AND event = $2";

/// The event that a provider calls so.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_name(tx: &mut Tx, provider: &str, event: &str) -> Result<Option<PaymentEvent>, StoreError> {
    optional!(EventRow, tx, BY_NAME, provider, event)?.map(PaymentEvent::try_from).transpose()
}

const BY_ID: &str = "\
    SELECT id, provider, event, at, trade_no, amount, currency, state, why FROM payment_event WHERE id = $1";

/// One event.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_id(tx: &mut Tx, id: EventId) -> Result<Option<PaymentEvent>, StoreError> {
    optional!(EventRow, tx, BY_ID, id.get())?.map(PaymentEvent::try_from).transpose()
}

const LOCK: &str = "\
    SELECT id, provider, event, at, trade_no, amount, currency, state, why FROM payment_event
    WHERE id = $1 FOR NO KEY UPDATE";

/// An event as it now stands; nobody else decides on it before this transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, id: EventId) -> Result<Option<PaymentEvent>, StoreError> {
    optional!(EventRow, tx, LOCK, id.get())?.map(PaymentEvent::try_from).transpose()
}

const SETTLE: &str = "UPDATE payment_event SET state = $2, why = $3 WHERE id = $1 AND state = 0";

/// A parked event is applied or resolved; false when it was not parked.
///
/// # Errors
/// Only the database's own.
pub async fn settle(tx: &mut Tx, id: EventId, state: EventState, why: &str) -> Result<bool, StoreError> {
    Ok(exec!(tx, SETTLE, id.get(), state.number(), why)? == 1)
}

const COUNT_PARKED: &str = "SELECT count(*) FROM payment_event WHERE state = 0";

/// How many events are parked.
///
/// # Errors
/// Only the database's own.
pub async fn count_parked(tx: &mut Tx) -> Result<u64, StoreError> {
    let (count,) = one!((i64,), tx, COUNT_PARKED)?;
    Ok(count.unsigned_abs())
}

const BEFORE: &str = "\
    SELECT id, provider, event, at, trade_no, amount, currency, state, why FROM payment_event
    WHERE id < $1 AND (state = $2 OR $2 = -1) AND (trade_no = $3 OR $3 = '')
    ORDER BY id DESC
    LIMIT $4";
const PARKED_BEFORE: &str = "\
    SELECT id, provider, event, at, trade_no, amount, currency, state, why FROM payment_event
    WHERE state = 0 AND id < $1 AND (trade_no = $2 OR $2 = '')
    ORDER BY id DESC
    LIMIT $3";

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only those of which this became.
    pub state: Option<EventState>,
    /// Only those that named exactly this order.
    pub trade_no: Option<String>,
}

/// At most so many events before that one, newest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn before(
    tx: &mut Tx,
    filter: &EventFilter,
    before: EventId,
    most: u32,
) -> Result<Vec<PaymentEvent>, StoreError> {
    let (trade_no, most) = (filter.trade_no.as_deref().unwrap_or_default(), i64::from(most));
    let found = match filter.state {
        Some(EventState::Parked) => all!(EventRow, tx, PARKED_BEFORE, before.get(), trade_no, most)?,
        state => all!(EventRow, tx, BEFORE, before.get(), state.map_or(-1, EventState::number), trade_no, most)?,
    };
    found.into_iter().map(PaymentEvent::try_from).collect()
}
