//! Bytes: reserved, written, committed, acknowledged or lost, and told to the store.

use crate::sim::breach::Breach;
use crate::sim::network::{GatewayIndex, Message};
use crate::sim::process::{InFlight, LARGEST_WRITE, THREADS, Write, Written};
use crate::sim::world::World;

impl World {
    /// A thread of a gateway goes one stage on: reserve, write, commit.
    pub(super) fn relay(&mut self) {
        let gateway = self.any_gateway();
        let thread = usize::try_from(self.random.between(0, 99)).unwrap_or_default() % THREADS;
        let (account, want) = (self.any_account(), self.random.between(1, LARGEST_WRITE));
        let now_ms = self.now_ms;
        let Some(process) = self.process(gateway) else { return };
        match process.threads.get_mut(thread).and_then(Option::take) {
            None => {
                let Some(write) = process.reserve(now_ms, account, want) else { return };
                self.put(gateway, thread, write);
                self.note(&format!("gateway {gateway}.{thread} reserves {} of lease {}", write.reserved, write.lease));
                self.complaint = self.misuse(&write);
            }
            Some(write @ Write { written: None, .. }) => self.write(gateway, thread, write),
            Some(write @ Write { written: Some(written), .. }) => {
                if self.breach == Some(Breach::CommitEarly) {
                    self.truth.deliver(write.account, write.lease, written.bytes);
                } else {
                    self.commit(gateway, write, written);
                }
            }
        }
    }

    /// What is wrong with using a lease now.
    pub(super) fn misuse(&self, write: &Write) -> Option<String> {
        let lease = write.lease;
        let Some(row) = self.store.leases.get(&lease).filter(|row| !row.book.lapsed) else {
            return Some(format!("lease {lease} is used though the store took it back"));
        };
        let package = self.store.packages.get(&row.package)?;
        let clock_went_true = row.offset_ms == self.wall_offset_ms;
        let expired = package.expires_at <= self.moment().wall;
        (clock_went_true && expired).then(|| format!("lease {lease} is used though its package {} expired", package.id))
    }

    pub(super) fn put(&mut self, gateway: GatewayIndex, thread: usize, write: Write) {
        if let Some(place) = self.process(gateway).and_then(|process| process.threads.get_mut(thread)) {
            *place = Some(write);
        }
    }

    pub(super) fn write(&mut self, gateway: GatewayIndex, thread: usize, write: Write) {
        if self.random.one_in_thousand_times(100) {
            self.note(&format!("gateway {gateway}.{thread} reads nothing"));
            if let Some(process) = self.process(gateway) {
                process.release(write);
            }
            return;
        }
        let whole = self.random.one_in_thousand_times(800);
        let bytes = if whole { write.reserved } else { self.random.between(0, write.reserved) };
        let commits_early = self.breach == Some(Breach::CommitEarly);
        let written = Written { bytes, to_client: self.random.one_in_thousand_times(700) && !commits_early };
        if commits_early {
            self.commit(gateway, write, written);
        } else if !written.to_client {
            self.truth.deliver(write.account, write.lease, bytes);
        }
        self.put(gateway, thread, Write { written: Some(written), ..write });
        self.note(&format!("gateway {gateway}.{thread} writes {written:?}"));
    }

    pub(super) fn commit(&mut self, gateway: GatewayIndex, write: Write, written: Written) {
        self.note(&format!("gateway {gateway} commits {written:?} of lease {}", write.lease));
        let Some(process) = self.process(gateway) else { return };
        let in_flight = process.commit(write, written);
        process.in_flight.extend(in_flight);
    }

    /// A client's kernel acknowledges, a gateway notices, or a connection is reset.
    pub(super) fn acknowledge(&mut self) {
        let gateway = self.any_gateway();
        let Some(process) = self.process(gateway) else { return };
        let count = process.in_flight.len();
        let places: Vec<usize> = (0..count).collect();
        let Some(place) = self.random.pick(&places) else { return };
        let kind = self.random.between(0, 9);
        let Some(process) = self.process(gateway) else { return };
        let mut flight = process.in_flight.swap_remove(place);
        match kind {
            0..6 => {
                let waiting = flight.bytes.saturating_sub(flight.acknowledged);
                let whole = self.random.one_in_thousand_times(600);
                let bytes = if whole { waiting } else { self.random.between(0, waiting) };
                flight.acknowledged = flight.acknowledged.saturating_add(bytes);
                self.truth.deliver(flight.account, flight.lease, bytes);
                self.note(&format!("a client of gateway {gateway} acknowledges {bytes} of lease {}", flight.lease));
            }
            6..9 => {
                self.prove(gateway, &mut flight);
                self.note(&format!("gateway {gateway} proves what lease {} delivered", flight.lease));
            }
            _ => {
                self.reset(gateway, flight);
                return;
            }
        }
        if flight.bytes > 0
            && let Some(process) = self.process(gateway)
        {
            process.in_flight.push(flight);
        }
    }

    pub(super) fn prove(&mut self, gateway: GatewayIndex, flight: &mut InFlight) {
        if let Some(live) = self.process(gateway).and_then(|process| process.leases.get(&flight.lease)) {
            live.meter.prove(flight.acknowledged);
            flight.bytes = flight.bytes.saturating_sub(flight.acknowledged);
            flight.acknowledged = 0;
        }
    }

    pub(super) fn reset(&mut self, gateway: GatewayIndex, mut flight: InFlight) {
        self.prove(gateway, &mut flight);
        self.note(&format!("a reset loses {} of lease {}", flight.bytes, flight.lease));
        self.count("resets");
        if let Some(live) = self.process(gateway).and_then(|process| process.leases.get(&flight.lease)) {
            live.meter.give_back(flight.bytes);
        }
    }

    pub(super) fn reset_all(&mut self, gateway: GatewayIndex) {
        let Some(process) = self.process(gateway) else { return };
        for flight in std::mem::take(&mut process.in_flight) {
            self.reset(gateway, flight);
        }
    }

    /// A gateway's teller sends what is due.
    pub(in crate::sim) fn tell(&mut self, gateway: GatewayIndex) {
        let (number, now_ms) = (self.next_number(), self.now_ms);
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        let node = place.node;
        let message = if let Some(found) = place.settle(now_ms) {
            Message::Settle { gateway, node, found }
        } else if let Some(exchange) = place.process().and_then(|process| process.tell(now_ms, number)) {
            Message::Exchange { gateway, node, exchange }
        } else {
            return;
        };
        self.note(&format!("gateway {gateway} sends {message:?}"));
        self.network.send(&mut self.random, now_ms, message);
    }
}
