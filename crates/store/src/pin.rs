//! Pins: which exit a session keeps, as gateways have told in batches. The change feed names a batch, not its pins.

use std::collections::HashMap;

use turnpike_domain::ids::{ExitId, PinBatchId};
use turnpike_domain::session::{Pin, SessionKey};
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::feed::Changed;
use crate::rows::{hex, rows};

#[derive(sqlx::FromRow)]
struct PinRow {
    key: Vec<u8>,
    exit_id: i64,
    follows: i64,
    until: i64,
    moves: i64,
}

impl TryFrom<PinRow> for Pin {
    type Error = StoreError;

    fn try_from(row: PinRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "pin", column, id: row.exit_id };
        Ok(Self {
            key: SessionKey::from_bytes(row.key.as_slice().try_into().map_err(|_| corrupt("key"))?),
            exit: ExitId::new(row.exit_id),
            after: Timestamp::from_ms(row.follows),
            until: Timestamp::from_ms(row.until),
            moves: u16::try_from(row.moves).map_err(|_| corrupt("moves"))?,
        })
    }
}

const BEGIN_BATCH: &str = "INSERT INTO pin_batch (at) VALUES ($1) RETURNING id";

/// A pin that is there gives way as `Pin::prevails_over` says. On PostgreSQL whoever comes second waits for the first and
/// then looks at what that one wrote.
const KEEP: &str = "\
    INSERT INTO pin (key, exit_id, follows, until, moves, batch)
    SELECT unhex(value ->> 0), CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT), CAST(value ->> 3 AS BIGINT),
        CAST(value ->> 4 AS BIGINT), $2
    FROM json_each($1)
    WHERE TRUE
    ORDER BY 1
    ON CONFLICT (key) DO UPDATE
    SET exit_id = excluded.exit_id, follows = excluded.follows, until = excluded.until, moves = excluded.moves,
        batch = excluded.batch
    WHERE excluded.until > $3 AND (pin.until <= $3
        OR (-excluded.moves, excluded.until, excluded.exit_id) < (-pin.moves, pin.until, pin.exit_id))";

/// Keeps pins, those of the same session that prevail, and announces them as one batch: how many were not kept yet.
///
/// # Errors
/// Only the database's own.
pub async fn keep(tx: &mut Tx, pins: &[Pin], now: Timestamp) -> Result<u64, StoreError> {
    let mut prevailing: HashMap<SessionKey, Pin> = HashMap::with_capacity(pins.len());
    for pin in pins.iter().filter(|pin| pin.holds(now)) {
        prevailing
            .entry(pin.key)
            .and_modify(|other| {
                if pin.prevails_over(other, now) {
                    *other = *pin;
                }
            })
            .or_insert(*pin);
    }
    if prevailing.is_empty() {
        return Ok(0);
    }
    let row = |pin: &Pin| (hex(&pin.key.to_bytes()), pin.exit.get(), pin.after.ms(), pin.until.ms(), pin.moves);
    let list = rows(&prevailing.values().map(row).collect::<Vec<_>>())?;
    let (batch,) = one!((i64,), tx, BEGIN_BATCH, now.ms())?;
    let kept = exec!(tx, KEEP, list, batch, now.ms())?;
    if kept > 0 {
        tx.announce(Changed::Pins(PinBatchId::new(batch)), now);
    }
    Ok(kept)
}

const AFTER: &str =
    "SELECT key, exit_id, follows, until, moves FROM pin WHERE key > $1 AND until > $2 ORDER BY key LIMIT $3";

/// The first `most` pins after that session that still hold, by session; from the first on without one.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn after(tx: &mut Tx, after: Option<SessionKey>, now: Timestamp, most: u32) -> Result<Vec<Pin>, StoreError> {
    let after = after.map(|key| key.to_bytes().to_vec()).unwrap_or_default();
    all!(PinRow, tx, AFTER, after.as_slice(), now.ms(), i64::from(most))?.into_iter().map(Pin::try_from).collect()
}

const OF: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT key, exit_id, follows, until, moves FROM wanted CROSS JOIN pin
    WHERE pin.batch = wanted.id
    LIMIT $2";

/// What is still kept of the given batches; at most so many, since more are read faster with everything else.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn of(tx: &mut Tx, batches: &[PinBatchId], most: u32) -> Result<Vec<Pin>, StoreError> {
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = batches.iter().map(|batch| (batch.get(),)).collect();
    all!(PinRow, tx, OF, rows(&wanted)?, i64::from(most))?.into_iter().map(Pin::try_from).collect()
}

const TRIM: &str = "DELETE FROM pin WHERE key IN (SELECT key FROM pin WHERE until <= $1 ORDER BY until LIMIT $2)";

/// Drops at most so many pins that have ended: how many.
///
/// # Errors
/// Only the database's own.
pub async fn trim(tx: &mut Tx, now: Timestamp, most: u32) -> Result<u64, StoreError> {
    exec!(tx, TRIM, now.ms(), i64::from(most))
}

const TRIM_BATCHES: &str = "DELETE FROM pin_batch WHERE at < $1";

/// Forgets batches that were told before then: how many. The change feed must not name them any more.
///
/// # Errors
/// Only the database's own.
pub async fn trim_batches(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    exec!(tx, TRIM_BATCHES, before.ms())
}
