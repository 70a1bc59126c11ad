//! What is under way between gateways and store: delayed, lost, doubled, out of order.

use turnpike_domain::ids::{AccountId, Incarnation};
use turnpike_domain::lease::{Exchange, LeaseGrant, LeaseReport};

use super::random::Random;

/// A gateway's place in the world.
pub(super) type GatewayIndex = usize;

/// One message.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// To the store: reports and requests.
    Exchange { gateway: GatewayIndex, node: Incarnation, exchange: Exchange },
    /// To the store: what a restarted gateway found in its spool.
    Settle { gateway: GatewayIndex, node: Incarnation, found: Vec<LeaseReport> },
    /// To a gateway: the answer to an exchange.
    Granted { gateway: GatewayIndex, number: u64, grants: Vec<LeaseGrant> },
    /// To a gateway: its spool is settled.
    Settled { gateway: GatewayIndex, node: Incarnation },
    /// To a gateway: its leases are another's.
    Fenced { gateway: GatewayIndex, node: Incarnation },
    /// To a gateway, by the feed: an account's limits or state changed.
    Changed { gateway: GatewayIndex, account: AccountId, enabled: bool },
}

/// Messages under way, each with when it may arrive.
#[derive(Default)]
pub(super) struct Network {
    under_way: Vec<(u64, Message)>,
    perfect: bool,
}

impl Network {
    /// Sends a message that may be lost, doubled or late.
    pub(super) fn send(&mut self, random: &mut Random, now_ms: u64, message: Message) {
        if self.perfect {
            self.under_way.push((now_ms, message));
            return;
        }
        if random.one_in_thousand_times(40) {
            self.under_way.push((now_ms.saturating_add(delay_ms(random)), message.clone()));
        }
        if !random.one_in_thousand_times(40) {
            self.under_way.push((now_ms.saturating_add(delay_ms(random)), message));
        }
    }

    /// Sends what the feed tells: late perhaps, but once and for certain.
    pub(super) fn send_by_feed(&mut self, random: &mut Random, now_ms: u64, message: Message) {
        self.under_way.push((now_ms.saturating_add(random.between(0, 3000)), message));
    }

    /// Takes out one of the messages that may arrive.
    pub(super) fn receive(&mut self, random: &mut Random, now_ms: u64) -> Option<Message> {
        let due = self.under_way.iter().enumerate().filter(|(_, (due, _))| *due <= now_ms);
        let due: Vec<usize> = due.map(|(index, _)| index).collect();
        Some(self.under_way.swap_remove(random.pick(&due)?).1)
    }

    /// From now on nothing is lost, doubled or late, also of what is under way.
    pub(super) fn make_perfect(&mut self) {
        self.perfect = true;
        for (due, _) in &mut self.under_way {
            *due = 0;
        }
    }
}

fn delay_ms(random: &mut Random) -> u64 {
    match random.between(0, 999) {
        0..900 => random.between(1, 50),
        900..980 => random.between(50, 5000),
        _ => random.between(5000, 200_000),
    }
}
