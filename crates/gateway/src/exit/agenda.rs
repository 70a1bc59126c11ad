//! When which exit is to be probed: each at most once, the earlier of two moments.

use std::collections::{BTreeSet, HashMap};

use turnpike_domain::ids::ExitId;

/// Exits and moments, in milliseconds of the ward's clock.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    moments: HashMap<ExitId, u64>,
    order: BTreeSet<(u64, ExitId)>,
}

impl Agenda {
    /// Puts an exit down for a moment, unless it stands there for an earlier one.
    pub(super) fn put(&mut self, exit: ExitId, due_ms: u64) {
        let earlier = self.moments.get(&exit).copied();
        if earlier.is_some_and(|earlier| earlier <= due_ms) {
            return;
        }
        if let Some(later) = self.moments.insert(exit, due_ms) {
            self.order.remove(&(later, exit));
        }
        self.order.insert((due_ms, exit));
    }

    /// When the next one is due.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.order.first().map(|(due_ms, _)| *due_ms)
    }

    /// Takes the next one, if it is due.
    pub(super) fn take(&mut self, now_ms: u64) -> Option<ExitId> {
        let (due_ms, exit) = *self.order.first()?;
        if due_ms > now_ms {
            return None;
        }
        self.order.pop_first();
        self.moments.remove(&exit);
        Some(exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_there_once_and_for_the_earlier_moment() {
        let (mut agenda, [one, other]) = (Agenda::default(), [1, 2].map(ExitId::new));
        agenda.put(one, 500);
        agenda.put(other, 300);
        agenda.put(one, 200);
        agenda.put(other, 900);
        assert_eq!(agenda.next_ms(), Some(200));
        assert_eq!((agenda.take(199), agenda.take(200)), (None, Some(one)));
        assert_eq!((agenda.take(299), agenda.take(1_000)), (None, Some(other)));
        assert_eq!((agenda.next_ms(), agenda.take(1_000)), (None, None));
    }
}
