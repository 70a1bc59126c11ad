//! Bytes written to a client that its kernel has yet to acknowledge, and which leases they belong to.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::allowance::lease::Lease;

/// All bytes written to one client, in order. Those before `proven` are acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    written: u64,
    proven: u64,
    /// Whose the bytes after `proven` are. A few at most: one for each lease that was used since.
    spans: VecDeque<Span>,
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
        match self.spans.back_mut() {
            Some(last) if Arc::ptr_eq(&last.lease, &lease) => last.end = self.written,
            _ => self.spans.push_back(Span { lease, end: self.written }),
        }
    }

    /// Bytes that wait for acknowledgement.
    pub(crate) const fn outstanding(&self) -> u64 {
        self.written.saturating_sub(self.proven)
    }

    /// The lease of the byte that has waited longest.
    pub(crate) fn oldest(&self) -> Option<&Arc<Lease>> {
        self.spans.front().map(|span| &span.lease)
    }

    /// All but the last `waiting` bytes are acknowledged.
    pub(crate) fn acknowledge(&mut self, waiting: u64) {
        let until = self.written.saturating_sub(waiting);
        while let Some(span) = self.spans.front() {
            let reached = span.end.min(until);
            let bytes = reached.saturating_sub(self.proven);
            if bytes > 0 {
                span.lease.meter().prove(bytes);
                self.proven = reached;
            }
            if reached < span.end {
                return;
            }
            self.spans.pop_front();
        }
        // An idle connection keeps no memory for this.
        self.spans = VecDeque::new();
    }

    /// What waits will never be acknowledged.
    pub(crate) fn give_back(&mut self) {
        for span in self.spans.drain(..) {
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
