//! The model of a gateway: a spool that survives, and a process that may be down, settling or up.

use std::rc::Rc;

use turnpike_domain::ids::{LeaseId, NodeId};
use turnpike_domain::lease::LeaseReport;

use super::process::{Process, Slot};

/// How long a settlement is waited for.
const SETTLE_DEADLINE_MS: u64 = 5000;

/// One gateway.
pub(super) struct Gateway {
    pub(super) node: NodeId,
    pub(super) spool: Vec<Rc<Slot>>,
    pub(super) life: Life,
}

/// What a gateway is doing.
pub(super) enum Life {
    /// Dead.
    Down,
    /// Started; nothing is relayed before its spool is settled.
    Settling {
        /// The settlement that is waited for, and when it was sent.
        asked: Option<(u64, u64)>,
    },
    /// Running.
    Up(Box<Process>),
}

impl Gateway {
    pub(super) const fn new(node: NodeId) -> Self {
        Self { node, spool: Vec::new(), life: Life::Settling { asked: None } }
    }

    /// The process, when it runs.
    pub(super) fn process(&mut self) -> Option<&mut Process> {
        match &mut self.life {
            Life::Up(process) => Some(process),
            Life::Down | Life::Settling { .. } => None,
        }
    }

    /// The next try to settle, when one is due.
    pub(super) fn settle(&mut self, now_ms: u64, seq: u64) -> Option<Vec<LeaseReport>> {
        let Life::Settling { asked } = &mut self.life else { return None };
        if asked.is_some_and(|(_, sent_ms)| now_ms < sent_ms.saturating_add(SETTLE_DEADLINE_MS)) {
            return None;
        }
        *asked = Some((seq, now_ms));
        Some(self.spool.iter().map(|slot| slot.final_report()).collect())
    }

    /// The settlement was answered: begins to run, unless it is not the one waited for.
    pub(super) fn begin(&mut self, seq: u64, process: Process) -> bool {
        let waited_for = matches!(self.life, Life::Settling { asked: Some((asked, _)) } if asked == seq);
        if waited_for {
            self.spool.clear();
            self.life = Life::Up(Box::new(process));
        }
        waited_for
    }

    /// Frees the slots of leases that are done.
    pub(super) fn free(&mut self, done: &[LeaseId]) {
        self.spool.retain(|slot| !done.contains(&slot.lease));
    }
}
