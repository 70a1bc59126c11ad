//! The model of a gateway: a spool that survives, and a process that may be down, settling or up.

use std::rc::Rc;

use turnpike_domain::ids::{Incarnation, LeaseId, NodeId};
use turnpike_domain::lease::LeaseReport;

use super::process::{Process, Slot};

/// How long a settlement is waited for.
const SETTLE_DEADLINE_MS: u64 = 5000;

/// One gateway.
pub(super) struct Gateway {
    pub(super) node: Incarnation,
    pub(super) spool: Vec<Rc<Slot>>,
    pub(super) life: Life,
}

/// What a gateway is doing.
pub(super) enum Life {
    /// Dead.
    Down,
    /// Started; nothing is relayed before its spool is settled.
    Settling {
        /// When the settlement that is waited for was sent.
        asked_ms: Option<u64>,
    },
    /// Running.
    Up(Box<Process>),
}

impl Gateway {
    pub(super) const fn new(node: NodeId) -> Self {
        let node = Incarnation { node, boot: 1 };
        Self { node, spool: Vec::new(), life: Life::Settling { asked_ms: None } }
    }

    /// The process, when it runs.
    pub(super) fn process(&mut self) -> Option<&mut Process> {
        match &mut self.life {
            Life::Up(process) => Some(process),
            Life::Down | Life::Settling { .. } => None,
        }
    }

    /// The next try to settle, when one is due.
    pub(super) fn settle(&mut self, now_ms: u64) -> Option<Vec<LeaseReport>> {
        let Life::Settling { asked_ms } = &mut self.life else { return None };
        if asked_ms.is_some_and(|sent_ms| now_ms < sent_ms.saturating_add(SETTLE_DEADLINE_MS)) {
            return None;
        }
        *asked_ms = Some(now_ms);
        Some(self.spool.iter().map(|slot| slot.final_report()).collect())
    }

    /// A settlement was answered: begins to run, unless it runs already or the answer is to an earlier incarnation.
    pub(super) fn begin(&mut self, node: Incarnation, process: Process) -> bool {
        let waited_for = matches!(self.life, Life::Settling { .. }) && self.node == node;
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
