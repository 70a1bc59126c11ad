//! Old usage is kept more coarsely: seconds become minutes, minutes hours, hours days.
//!
//! Hours are counted from local midnight, so that no row of any span reaches into another day.

use std::collections::BTreeMap;

use turnpike_domain::calendar::Zone;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_store::usage::{self, UsageKey};
use turnpike_store::{StoreError, Tx};

use crate::books::SECOND;
use crate::error::ServiceError;
use crate::service::Service;

const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3600);
const DAY: Span = Span::from_days(1);

/// From which span to which, and how old a row is then. A window asked for to the second must lie in the first of
/// these, one asked for to the minute in the first two.
const STEPS: [(Span, Span, Span); 3] = [
    (SECOND, MINUTE, Span::from_secs(2 * 3600)),
    (MINUTE, HOUR, Span::from_days(32)),
    (HOUR, DAY, Span::from_days(400)),
];

/// Rows a transaction takes at most, so that no other act waits long.
const BATCH: u32 = 2000;

struct Step {
    service: Service,
    from: Span,
    to: Span,
    before: Timestamp,
}

impl Service {
    /// Rolls up what is old enough: how many rows went into wider ones.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn roll_up_usage(&self) -> Result<u64, ServiceError> {
        let mut rolled = 0;
        for (from, to, age) in STEPS {
            loop {
                let step = Step { service: self.clone(), from, to, before: self.now().minus(age) };
                let count = self.store.write(step, |step, tx| Box::pin(roll_up(step, tx))).await?;
                rolled += count;
                if count < u64::from(BATCH) {
                    break;
                }
            }
        }
        Ok(rolled)
    }
}

async fn roll_up(step: &Step, tx: &mut Tx) -> Result<u64, StoreError> {
    let Step { service, from, to, before } = step;
    // Only whole rows of the wider span are old enough, or a minute would come apart into two ages.
    let before = bucket(service.zone(), *to, *before);
    let taken = usage::take(tx, *from, before, BATCH).await?;
    let count = u64::try_from(taken.len()).unwrap_or(u64::MAX);
    let mut wider: BTreeMap<UsageKey, Bytes> = BTreeMap::new();
    for (key, bytes) in taken {
        let starts_at = bucket(service.zone(), *to, key.starts_at);
        let sum = wider.entry(UsageKey { span: *to, starts_at, ..key }).or_default();
        *sum = sum.plus(bytes);
    }
    usage::add(tx, &wider.into_iter().collect::<Vec<_>>()).await?;
    Ok(count)
}

/// When the row of a span begins that holds a moment.
fn bucket(zone: &Zone, span: Span, at: Timestamp) -> Timestamp {
    let midnight = zone.day_start(zone.day_of(at));
    if span >= DAY {
        return midnight;
    }
    at.minus(Span::from_ms(at.since(midnight).ms().rem_euclid(span.ms())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_begin_at_local_midnight() {
        let zone = Zone::named("Asia/Kolkata").unwrap();
        let at = zone.parse("2026-03-04 05:06:07").unwrap();
        let shown = |span| zone.format(bucket(&zone, span, at));
        assert_eq!(shown(MINUTE), "2026-03-04 05:06:00");
        assert_eq!(shown(HOUR), "2026-03-04 05:00:00");
        assert_eq!(shown(DAY), "2026-03-04 00:00:00");
    }

    #[test]
    fn a_day_of_25_hours_is_one_day() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let late = zone.parse("2026-10-25 23:30:00").unwrap();
        assert_eq!(zone.format(bucket(&zone, DAY, late)), "2026-10-25 00:00:00");
        assert_eq!(zone.format(bucket(&zone, HOUR, late)), "2026-10-25 23:00:00");
    }
}
