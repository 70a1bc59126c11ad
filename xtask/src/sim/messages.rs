//! Messages that arrive: what store and gateways make of them.

use turnpike_domain::ids::{Incarnation, LeaseId};
use turnpike_domain::lease::{Exchange, LeaseGrant, LeaseReport};
use turnpike_domain::quota::Denial;

use super::gateway::Gateway;
use super::guarantees;
use super::network::{GatewayIndex, Message};
use super::process::Process;
use super::store::Refused;
use super::world::World;

impl World {
    /// Hands over one message that may arrive.
    pub(super) fn deliver(&mut self) -> bool {
        let Some(message) = self.network.receive(&mut self.random, self.now_ms) else { return false };
        match message {
            Message::Exchange { gateway, node, exchange } => self.exchange(gateway, node, &exchange),
            Message::Settle { gateway, node, found } => self.settle(gateway, node, &found),
            Message::Granted { gateway, number, grants } => self.take_answer(gateway, number, grants),
            Message::Settled { gateway, node } => self.begin(gateway, node),
            Message::Fenced { gateway, node } => {
                if self.gateways.get(gateway).is_some_and(|place| place.node == node) {
                    self.complaint = Some(format!("the living gateway {node} is fenced"));
                }
            }
            Message::Changed { gateway, account, enabled } => {
                self.note(&format!("gateway {gateway} learns that account {account} changed"));
                let Some(process) = self.gateways.get_mut(gateway).and_then(Gateway::process) else { return true };
                process.recall(account);
                if enabled {
                    process.disabled.remove(&account)
                } else {
                    process.disabled.insert(account)
                };
            }
        }
        true
    }

    fn exchange(&mut self, gateway: GatewayIndex, node: Incarnation, exchange: &Exchange) {
        let (number, answer) = (exchange.number, self.store.exchange(self.moment(), node, exchange));
        self.note(&format!("store takes {exchange:?} of node {node}: {answer:?}"));
        let message = match answer {
            Ok(grants) => {
                self.reports_again_change_nothing(node, exchange);
                for grant in &grants {
                    self.count(grant.outcome.as_ref().map_or_else(|denial| denied(*denial), |_| "grants"));
                }
                if exchange.held.is_some() {
                    self.count("answers lost");
                }
                Message::Granted { gateway, number, grants }
            }
            Err(Refused::Fenced) => {
                self.count("fenced");
                Message::Fenced { gateway, node }
            }
            Err(Refused::Overtaken) => return self.count("overtaken"),
        };
        self.network.send(&mut self.random, self.now_ms, message);
    }

    fn settle(&mut self, gateway: GatewayIndex, node: Incarnation, found: &[LeaseReport]) {
        let answer = self.store.settle(self.moment(), node, found);
        self.note(&format!("store settles node {node} ({answer:?}): {found:?}"));
        let message = match answer {
            Ok(true) => Message::Settled { gateway, node },
            Ok(false) => {
                self.count("settled again");
                Message::Settled { gateway, node }
            }
            Err(_) => {
                self.count("fenced");
                Message::Fenced { gateway, node }
            }
        };
        self.network.send(&mut self.random, self.now_ms, message);
    }

    fn take_answer(&mut self, gateway: GatewayIndex, number: u64, grants: Vec<LeaseGrant>) {
        let now_ms = self.now_ms;
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        let node = place.node.node;
        let Some(process) = place.process() else { return };
        let taken = process.take(now_ms, number, grants);
        let known: Vec<LeaseId> = process.leases.keys().copied().collect();
        place.spool.extend(taken.slots);
        place.free(&taken.done);
        self.note(&format!("gateway {gateway} takes the answer to exchange {number}"));
        let open = self.store.leases.iter().filter(|(_, row)| row.node == node && !row.book.lapsed);
        let unknown = open.map(|(id, _)| *id).find(|id| taken.told_all && !known.contains(id));
        if let Some(id) = unknown {
            self.complaint = Some(format!("lease {id} is held for node {node}, which never received it"));
        }
    }

    fn begin(&mut self, gateway: GatewayIndex, node: Incarnation) {
        let disabled = self.store.accounts.iter().filter(|(_, account)| !account.enabled).map(|(id, _)| *id).collect();
        let process = Process::new(self.breach, disabled);
        if self.gateways.get_mut(gateway).is_some_and(|place| place.begin(node, process)) {
            self.note(&format!("gateway {gateway} begins"));
            self.count("starts");
        }
    }

    fn reports_again_change_nothing(&mut self, node: Incarnation, exchange: &Exchange) {
        if !self.random.one_in_thousand_times(200) {
            return;
        }
        let mut again = self.store.clone();
        let reports = exchange.reports.clone();
        let later = Exchange { number: u64::MAX, reports, ..Exchange::default() };
        if again.exchange(self.moment(), node, &later).is_err()
            || guarantees::books(&again) != guarantees::books(&self.store)
        {
            self.complaint = Some("the same reports again changed the books".to_owned());
        }
    }
}

/// What to count a denial as.
const fn denied(denial: Denial) -> &'static str {
    match denial {
        Denial::LimitReached => "limits reached",
        Denial::DailyLimitReached => "daily limits reached",
        Denial::NoTraffic => "packages empty",
        Denial::Contended => "contended",
        Denial::Paced(_) => "paced",
        Denial::Refused => "refused",
    }
}
