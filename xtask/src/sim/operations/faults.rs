//! What goes wrong: processes die, files are lost, clocks jump; and how it ends well.

use crate::sim::breach::Breach;
use crate::sim::gateway::{Gateway, Life};
use crate::sim::guarantees;
use crate::sim::network::GatewayIndex;
use crate::sim::process::LARGEST_WRITE;
use crate::sim::world::World;

impl World {
    /// `kill -9`. The kernel goes on delivering what it has; a write that was not committed is never counted.
    pub(super) fn crash(&mut self, gateway: GatewayIndex) {
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        let Life::Up(process) = std::mem::replace(&mut place.life, Life::Down) else { return };
        if self.breach == Some(Breach::ForgetSpool) {
            place.spool.clear();
        }
        self.note(&format!("gateway {gateway} is killed"));
        self.count("crashes");
        for flight in process.in_flight {
            self.truth.deliver(flight.account, flight.lease, flight.bytes.saturating_sub(flight.acknowledged));
        }
        for write in process.threads.into_iter().flatten() {
            let Some(written) = write.written else { continue };
            if self.breach == Some(Breach::CommitEarly) {
                continue;
            }
            if written.to_client {
                self.truth.deliver(write.account, write.lease, written.bytes);
            }
            if written.bytes > LARGEST_WRITE {
                self.complaint = Some(format!("a write of {} bytes was left uncounted", written.bytes));
            }
            self.truth.cut_off(write.lease, written.bytes);
            self.count("writes cut off");
        }
    }

    /// A gateway's machine is gone; another takes its place, under another identity.
    pub(super) fn lose_file(&mut self, gateway: GatewayIndex) {
        self.crash(gateway);
        let node = self.next_node();
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        let lost = std::mem::replace(place, Gateway { life: Life::Down, ..Gateway::new(node) });
        if let Err(passed) = guarantees::lost_with_file(&self.store, &self.truth, lost.node.node) {
            self.complaint = Some(passed);
        }
        if self.store.beside.contains(&lost.node.node) {
            self.store.beside.insert(node);
        }
        self.lost.push(lost.node.node);
        self.note(&format!("gateway {gateway} has lost its file and is node {node} now"));
        self.count("files lost");
    }

    /// The operator says that a gateway's spool file will not come back: mostly, that is so.
    pub(super) fn give_up(&mut self) {
        let mistaken = self.random.one_in_thousand_times(200);
        let node = if mistaken {
            let gateway = self.any_gateway();
            self.gateways.get(gateway).map(|place| place.node.node)
        } else {
            let lost = self.lost.clone();
            self.random.pick(&lost)
        };
        let Some(node) = node else { return };
        self.store.end_escrow(self.moment(), node);
        self.note(&format!("the operator gives node {node} up"));
        self.count("given up");
    }

    pub(in crate::sim) fn restart(&mut self, gateway: GatewayIndex) {
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        if matches!(place.life, Life::Down) {
            place.life = Life::Settling { asked_ms: None };
            place.node.boot = place.node.boot.saturating_add(1);
            self.note(&format!("gateway {gateway} starts"));
        }
    }

    /// A gateway ends its writes, its clients acknowledge everything, and its leases are recalled.
    pub(in crate::sim) fn finish(&mut self, gateway: GatewayIndex) {
        let Some(process) = self.process(gateway) else { return };
        for write in std::mem::take(&mut process.threads).into_iter().flatten() {
            let early = self.breach == Some(Breach::CommitEarly);
            match (write.written, self.process(gateway)) {
                (Some(written), _) if early => self.truth.deliver(write.account, write.lease, written.bytes),
                (Some(written), _) => self.commit(gateway, write, written),
                (None, Some(process)) => process.release(write),
                (None, None) => {}
            }
        }
        let Some(process) = self.process(gateway) else { return };
        for mut flight in std::mem::take(&mut process.in_flight) {
            self.truth.deliver(flight.account, flight.lease, flight.bytes.saturating_sub(flight.acknowledged));
            flight.acknowledged = flight.bytes;
            self.prove(gateway, &mut flight);
        }
        if let Some(process) = self.process(gateway) {
            process.recall_all();
        }
    }

    pub(super) fn clock_jumps(&mut self) {
        let reach = self.random.pick(&[2000, 120_000, 7_200_000, 200_000_000]).unwrap_or(2000);
        let jump = i64::try_from(self.random.between(0, 2 * reach)).unwrap_or_default();
        let jump = jump.saturating_sub(i64::try_from(reach).unwrap_or_default());
        self.wall_offset_ms = self.wall_offset_ms.saturating_add(jump);
        self.jumped_ms = self.now_ms;
        self.note(&format!("the store's clock jumps by {jump} ms"));
        self.count("clock jumps");
    }
}
