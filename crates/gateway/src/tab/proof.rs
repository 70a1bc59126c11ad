//! Bytes written to a client that its kernel has yet to acknowledge, and which leases they belong to.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::allowance::lease::Lease;

/// All bytes written to one client, in order. Those before `proven` are acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    written: u64,
    proven: u64,
    /// Whose the bytes after `proven` are. An idle connection keeps no memory for this.
    waiting: Option<Box<Waiting>>,
}

/// Spans that are not acknowledged, in order. A few at most: one for each lease that was used since.
#[derive(Debug)]
struct Waiting {
    next: Span,
    later: VecDeque<Span>,
}

/// Bytes of one lease, up to an offset.
#[derive(Debug)]
struct Span {
    lease: Arc<Lease>,
    end: u64,
}

impl Proof {
    /// So many bytes of a lease were written.
    pub(crate) fn note(&mut self, lease: Arc<Lease>, bytes: u64) {
        self.written = self.written.saturating_add(bytes);
        let span = Span { lease, end: self.written };
        let Some(waiting) = &mut self.waiting else {
            self.waiting = Some(Box::new(Waiting { next: span, later: VecDeque::new() }));
            return;
        };
        let last = waiting.later.back_mut().unwrap_or(&mut waiting.next);
        if Arc::ptr_eq(&last.lease, &span.lease) {
            last.end = span.end;
        } else {
            waiting.later.push_back(span);
        }
    }

    /// Bytes that wait for acknowledgement.
    pub(crate) const fn outstanding(&self) -> u64 {
        self.written.saturating_sub(self.proven)
    }

    /// The lease of the byte that has waited longest.
    pub(crate) fn oldest(&self) -> Option<&Arc<Lease>> {
        self.waiting.as_ref().map(|waiting| &waiting.next.lease)
    }

    /// All but the last `waiting` bytes are acknowledged.
    pub(crate) fn acknowledge(&mut self, waiting: u64) {
        let until = self.written.saturating_sub(waiting);
        while let Some(waiting) = &mut self.waiting {
            let span = &waiting.next;
            let reached = span.end.min(until);
            let bytes = reached.saturating_sub(self.proven);
            if bytes > 0 {
                span.lease.meter().prove(bytes);
                self.proven = reached;
            }
            if reached < span.end {
                return;
            }
            match waiting.later.pop_front() {
                Some(next) => waiting.next = next,
                None => self.waiting = None,
            }
        }
    }

    /// What waits will never be acknowledged.
    pub(crate) fn give_back(&mut self) {
        let Some(waiting) = self.waiting.take() else { return };
        for span in std::iter::once(waiting.next).chain(waiting.later) {
            span.lease.meter().give_back(span.end.saturating_sub(self.proven));
            self.proven = span.end;
        }
    }
}

impl Drop for Proof {
    /// Nobody will ask the client's kernel any more: in doubt for the customer.
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;
    use turnpike_domain::ids::{AccountId, LeaseId, NodeId};
    use turnpike_domain::lease::Lease as Grant;
    use turnpike_domain::time::Span;
    use turnpike_domain::units::Bytes;
    use turnpike_spool::{SlotHeader, Spool};

    use super::*;
    use crate::allowance::hunger::Refill;
    use crate::allowance::lease::Reservation;

    /// Leases of 100 bytes.
    fn leases<const N: usize>() -> [Arc<Lease>; N] {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(&folder.path().join("spool"), 8, NodeId::new(1)).unwrap().spool;
        std::array::from_fn(|index| {
            let id = LeaseId::new(i64::try_from(index).unwrap());
            let granted = Bytes::new(100);
            let slot = spool.claim(&SlotHeader { lease: id, account: AccountId::new(1), granted }).unwrap();
            let grant = Grant { id, bytes: granted, valid_for: Span::from_secs(60), paced: None };
            Arc::new(Lease::new(&grant, slot, Instant::now(), Arc::new(Refill::default())))
        })
    }

    fn deliver(proof: &mut Proof, lease: &Arc<Lease>, bytes: u64) {
        let mut paid = Reservation::take(lease, bytes, Instant::now()).unwrap();
        paid.delivered(bytes);
        proof.note(Arc::clone(lease), bytes);
    }

    #[test]
    fn acknowledgements_go_to_leases_in_the_order_of_writing() {
        let [first, second] = leases();
        let mut proof = Proof::default();
        deliver(&mut proof, &first, 60);
        deliver(&mut proof, &second, 50);
        deliver(&mut proof, &first, 40);
        proof.acknowledge(95);
        assert_eq!((first.meter().standing().proven.get(), second.meter().standing().proven.get()), (55, 0));
        proof.acknowledge(45);
        assert_eq!((first.meter().standing().proven.get(), second.meter().standing().proven.get()), (60, 45));
        // An older answer changes nothing.
        proof.acknowledge(90);
        assert_eq!(proof.outstanding(), 45);
        proof.acknowledge(0);
        assert_eq!((first.meter().standing().proven.get(), second.meter().standing().proven.get()), (100, 50));
        assert!(first.meter().is_settled() && second.meter().is_settled());
    }

    #[test]
    fn what_a_dropped_proof_has_not_proven_is_not_billed() {
        let [lease] = leases();
        let mut proof = Proof::default();
        deliver(&mut proof, &lease, 100);
        proof.acknowledge(30);
        drop(proof);
        assert_eq!(lease.meter().standing().proven.get(), 70);
        assert!(lease.meter().is_settled());
    }
}
