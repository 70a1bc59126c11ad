//! How many connections a time plan carries at once: each takes a seat. The store allots seats to gateways, for one account
//! each, and all that gateways have of a plan never come to more than it has.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, NodeId};
use crate::time::Span;

/// What a gateway wants, for several accounts at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatRound {
    /// Rises from 1 with every round of an incarnation, also of those that failed; the store carries out none that is not
    /// higher than the last.
    pub number: u64,
    /// Each account at most once.
    pub requests: Vec<SeatRequest>,
}

/// What a gateway wants for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatRequest {
    /// For whom.
    pub account: AccountId,
    /// So many seats in all. Of those that it has, it uses no more than this from the moment it asks.
    pub want: u32,
}

/// The store's answer for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatGrant {
    /// For whom.
    pub account: AccountId,
    /// On which terms it may have connections open.
    pub terms: SeatTerms,
}

/// On which terms an account may have connections open at a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatTerms {
    /// How many seats the gateway has for it; `None` where nothing limits them.
    pub seats: Option<u32>,
    /// Whether the plan has seats left, so that nobody waits for one that is kept free.
    pub spare: bool,
    /// When to ask again at the latest, counted from when it asked: the plan ends.
    pub ends_in: Span,
    /// For how long the gateway has the seats without another word.
    pub held_for: Span,
}

/// How many seats a gateway has for an account after it wanted `want`, of a plan that has `limit` and of which all others
/// have `others`.
pub fn allot(limit: u32, others: u32, want: u32) -> u32 {
    want.min(limit.saturating_sub(others))
}

/// Watches for gateways that make no round any more: their seats are free again. Wall clocks jump, so none decides: a gateway
/// is gone when one watcher has seen it stay at the same round for long enough on its own monotonic clock.
#[derive(Clone, Debug)]
pub struct SilenceWatch {
    wait: Duration,
    seen: HashMap<NodeId, (u64, Duration)>,
}

impl SilenceWatch {
    /// A watcher that has seen nothing yet, and waits for so long.
    pub fn new(wait: Span) -> Self {
        Self { wait: wait.to_duration(), seen: HashMap::new() }
    }

    /// Looks at all gateways that have seats, and the last round of each: which are gone. `elapsed` is the time since some
    /// fixed moment on a monotonic clock.
    pub fn look(&mut self, elapsed: Duration, nodes: &[(NodeId, u64)]) -> Vec<(NodeId, u64)> {
        let before = std::mem::take(&mut self.seen);
        let mut gone = Vec::new();
        for &(node, round) in nodes {
            let since = before.get(&node).filter(|(seen, _)| *seen == round).map_or(elapsed, |(_, since)| *since);
            if elapsed.saturating_sub(since) >= self.wait {
                gone.push((node, round));
            }
            self.seen.insert(node, (round, since));
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_gets_more_than_it_wants_or_than_there_is() {
        assert_eq!((allot(20, 0, 5), allot(20, 18, 5), allot(20, 20, 5), allot(20, 25, 5)), (5, 2, 0, 0));
    }

    #[test]
    fn a_gateway_is_gone_when_it_was_silent_for_long_enough() {
        let mut watch = SilenceWatch::new(Span::from_secs(90));
        let (node, at) = (NodeId::new(1), Duration::from_secs);
        let heard = (node, 7);
        assert_eq!(watch.look(at(0), &[heard]), []);
        assert_eq!(watch.look(at(89), &[heard]), []);
        let again = (node, 8);
        assert_eq!(watch.look(at(90), &[again]), []);
        assert_eq!(watch.look(at(179), &[again]), []);
        assert_eq!(watch.look(at(180), &[again]), [again]);
    }

    proptest! {
        #[test]
        fn seats_never_exceed_the_plan_and_all_can_be_had(
            limit in 1_u32..50, wishes in prop::collection::vec((0_usize..6, 0_u32..60), 1..300),
        ) {
            let mut has = [0_u32; 6];
            for (who, want) in wishes {
                let others = has.iter().sum::<u32>() - has[who];
                let kept = has[who].min(want);
                has[who] = allot(limit, others, want);
                prop_assert!(has[who] >= kept, "what it has and wants is never taken from it");
                prop_assert!(has.iter().sum::<u32>() <= limit);
                prop_assert!(has[who] == want || has.iter().sum::<u32>() == limit, "what is left is given");
            }
        }
    }
}
