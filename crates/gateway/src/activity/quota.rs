//! How many entries of one customer are put down in a minute; the others are counted, and told of in one entry.

use std::collections::HashMap;

use turnpike_domain::activity::{ActivityEntry, Reason};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;

/// The most of one customer in a minute.
pub(super) const MOST_A_MINUTE: u32 = 120;
/// The most customers that are counted apart.
const MOST_CUSTOMERS: usize = 100_000;

const MINUTE_MS: i64 = 60_000;

/// What each customer has had of its minute.
#[derive(Debug, Default)]
pub(super) struct Quotas(HashMap<CustomerId, Quota>);

#[derive(Clone, Copy, Debug, Default)]
struct Quota {
    /// Which minute, counted from 1970.
    minute: i64,
    put_down: u32,
    suppressed: u32,
    /// Suppressed in minutes before, and not told yet.
    owed: u32,
}

impl Quotas {
    /// Whether an entry is put down.
    pub(super) fn admit(&mut self, customer: CustomerId, now: Timestamp) -> bool {
        if self.0.len() >= MOST_CUSTOMERS && !self.0.contains_key(&customer) {
            return false;
        }
        let quota = self.0.entry(customer).or_default();
        quota.turn(now);
        let fits = quota.put_down < MOST_A_MINUTE;
        let count = if fits { &mut quota.put_down } else { &mut quota.suppressed };
        *count = count.saturating_add(1);
        fits
    }

    /// An entry for each customer that had more than were put down in minutes that are over.
    pub(super) fn suppressed(&mut self, now: Timestamp) -> Vec<ActivityEntry> {
        let mut entries = Vec::new();
        self.0.retain(|customer, quota| {
            quota.turn(now);
            let owed = std::mem::take(&mut quota.owed);
            if owed > 0 {
                entries.push(entry(*customer, now, owed));
            }
            quota.put_down > 0
        });
        entries
    }
}

impl Quota {
    fn turn(&mut self, now: Timestamp) {
        let minute = now.ms().div_euclid(MINUTE_MS);
        if minute != self.minute {
            let owed = self.owed.saturating_add(self.suppressed);
            *self = Self { minute, put_down: 0, suppressed: 0, owed };
        }
    }
}

const fn entry(customer: CustomerId, at: Timestamp, count: u32) -> ActivityEntry {
    ActivityEntry {
        at,
        customer,
        account: None,
        username: String::new(),
        endpoint: None,
        endpoint_port: None,
        protocol: None,
        target: None,
        place: None,
        reason: Reason::Suppressed,
        status: None,
        count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_a_minutes_share_is_told_as_a_number_once_the_minute_is_over() {
        let (mut quotas, customer) = (Quotas::default(), CustomerId::new(1));
        let minute = Timestamp::from_ms(120_000);
        let put = (0..MOST_A_MINUTE + 30).filter(|_| quotas.admit(customer, minute)).count();
        assert_eq!(put, usize::try_from(MOST_A_MINUTE).unwrap());
        assert!(quotas.admit(CustomerId::new(2), minute), "others are not concerned");
        assert!(quotas.suppressed(minute).is_empty());
        let next = Timestamp::from_ms(180_000);
        let told = quotas.suppressed(next);
        assert_eq!(told.iter().map(|entry| (entry.customer, entry.count)).collect::<Vec<_>>(), [(customer, 30)]);
        assert!(quotas.0.is_empty(), "who is quiet is forgotten");
        assert!(quotas.admit(customer, next));
    }
}
