//! What can happen in one step.

use turnpike_domain::ids::{AccountId, PackageId};
use turnpike_domain::quota::{self, PackageQuota};
use turnpike_domain::time::Span;
use turnpike_domain::units::{Bytes, LimitGb};

use super::breach::Breach;
use super::gateway::{Gateway, Life};
use super::network::{GatewayIndex, Message};
use super::process::{InFlight, LARGEST_WRITE, Process, THREADS, Write, Written};
use super::store::Account;
use super::world::World;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

impl World {
    /// One step.
    pub(super) fn step(&mut self) {
        match self.random.between(0, 999) {
            0..430 => self.relay(),
            430..560 => self.acknowledge(),
            560..690 => {
                let gateway = self.any_gateway();
                self.tell(gateway);
            }
            690..850 => {
                self.deliver();
            }
            850..950 => self.time_passes(),
            _ => self.rare(),
        }
    }

    fn rare(&mut self) {
        let gateway = self.any_gateway();
        match self.random.between(0, 99) {
            0..8 => self.crash(gateway),
            8..10 => self.lose_file(gateway),
            10..30 => self.restart(gateway),
            30..40 => self.change_limit(),
            40..48 => self.change_daily_limit(),
            48..54 => self.switch(),
            54..68 => self.grant_package(),
            68..82 => self.rush(),
            82..90 => self.clock_jumps(),
            90..93 => {
                self.store.restart_watch(self.moment());
                self.note("the store's watch starts anew");
            }
            93..96 => {
                self.store.forget_lapsed(self.moment());
                self.note("the store forgets leases that lapsed long ago");
            }
            _ => self.reset_all(gateway),
        }
    }

    fn any_gateway(&mut self) -> GatewayIndex {
        let all: Vec<GatewayIndex> = (0..self.gateways.len()).collect();
        self.random.pick(&all).unwrap_or_default()
    }

    fn any_account(&mut self) -> AccountId {
        let all = self.account_ids();
        self.random.pick(&all).unwrap_or(AccountId::new(0))
    }

    fn process(&mut self, gateway: GatewayIndex) -> Option<&mut Process> {
        self.gateways.get_mut(gateway).and_then(Gateway::process)
    }

    fn time_passes(&mut self) {
        let ms = match self.random.between(0, 999) {
            0..950 => self.random.between(1, 400),
            950..992 => self.random.between(400, 15_000),
            992..999 => self.random.between(15_000, 200_000),
            _ => self.random.between(200_000, 100_000_000),
        };
        self.pass(ms);
        self.note(&format!("{ms} ms have passed"));
    }

    /// A thread of a gateway goes one stage on: reserve, write, commit.
    fn relay(&mut self) {
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
    fn misuse(&self, write: &Write) -> Option<String> {
        let lease = write.lease;
        let Some(row) = self.store.leases.get(&lease).filter(|row| !row.book.lapsed) else {
            return Some(format!("lease {lease} is used though the store took it back"));
        };
        let package = self.store.packages.get(&row.package)?;
        let clock_went_true = row.offset_ms == self.wall_offset_ms;
        let expired = package.expires_at <= self.moment().wall;
        (clock_went_true && expired).then(|| format!("lease {lease} is used though its package {} expired", package.id))
    }

    fn put(&mut self, gateway: GatewayIndex, thread: usize, write: Write) {
        if let Some(place) = self.process(gateway).and_then(|process| process.threads.get_mut(thread)) {
            *place = Some(write);
        }
    }

    fn write(&mut self, gateway: GatewayIndex, thread: usize, write: Write) {
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

    fn commit(&mut self, gateway: GatewayIndex, write: Write, written: Written) {
        self.note(&format!("gateway {gateway} commits {written:?} of lease {}", write.lease));
        let Some(process) = self.process(gateway) else { return };
        let in_flight = process.commit(write, written);
        process.in_flight.extend(in_flight);
    }

    /// A client's kernel acknowledges, a gateway notices, or a connection is reset.
    fn acknowledge(&mut self) {
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

    fn prove(&mut self, gateway: GatewayIndex, flight: &mut InFlight) {
        if let Some(live) = self.process(gateway).and_then(|process| process.leases.get(&flight.lease)) {
            live.meter.prove(flight.acknowledged);
            flight.bytes = flight.bytes.saturating_sub(flight.acknowledged);
            flight.acknowledged = 0;
        }
    }

    fn reset(&mut self, gateway: GatewayIndex, mut flight: InFlight) {
        self.prove(gateway, &mut flight);
        self.note(&format!("a reset loses {} of lease {}", flight.bytes, flight.lease));
        self.count("resets");
        if let Some(live) = self.process(gateway).and_then(|process| process.leases.get(&flight.lease)) {
            live.meter.give_back(flight.bytes);
        }
    }

    fn reset_all(&mut self, gateway: GatewayIndex) {
        let Some(process) = self.process(gateway) else { return };
        for flight in std::mem::take(&mut process.in_flight) {
            self.reset(gateway, flight);
        }
    }

    /// A gateway's teller sends what is due.
    pub(super) fn tell(&mut self, gateway: GatewayIndex) {
        let (seq, now_ms) = (self.next_number(), self.now_ms);
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        let node = place.node;
        let message = if let Some(found) = place.settle(now_ms, seq) {
            self.network.forget_settles(gateway);
            Message::Settle { gateway, node, seq, found }
        } else if let Some((reports, requests)) = place.process().and_then(|process| process.tell(now_ms, seq)) {
            Message::Exchange { gateway, node, seq, reports, requests }
        } else {
            return;
        };
        self.note(&format!("gateway {gateway} sends {message:?}"));
        self.network.send(&mut self.random, now_ms, message);
    }

    /// `kill -9`. The kernel goes on delivering what it has; a write that was not committed is never counted.
    fn crash(&mut self, gateway: GatewayIndex) {
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
    fn lose_file(&mut self, gateway: GatewayIndex) {
        self.crash(gateway);
        let node = self.next_node();
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        *place = Gateway { node, spool: Vec::new(), life: Life::Down };
        self.network.forget_settles(gateway);
        self.note(&format!("gateway {gateway} has lost its file and is node {node} now"));
        self.count("files lost");
    }

    pub(super) fn restart(&mut self, gateway: GatewayIndex) {
        let Some(place) = self.gateways.get_mut(gateway) else { return };
        if matches!(place.life, Life::Down) {
            place.life = Life::Settling { asked: None };
            self.note(&format!("gateway {gateway} starts"));
        }
    }

    /// A gateway ends its writes, its clients acknowledge everything, and its leases are recalled.
    pub(super) fn finish(&mut self, gateway: GatewayIndex) {
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

    /// A new account, its limits drawn at random.
    pub(super) fn open_account(&mut self) {
        let id = AccountId::new(i64::try_from(self.next_number()).unwrap_or(i64::MAX));
        let limits = [LimitGb::UNLIMITED, gigabytes(1), gigabytes(2)];
        let mut account = Account { quota: quota::AccountQuota::default(), day: None, enabled: true };
        account.quota.limit = self.random.pick(&limits).unwrap_or_default();
        account.quota.daily_limit = self.random.pick(&limits).unwrap_or_default();
        self.store.accounts.insert(id, account);
    }

    /// A new package, small or large, short or long.
    pub(super) fn grant_package(&mut self) {
        let id = PackageId::new(i64::try_from(self.next_number()).unwrap_or(i64::MAX));
        let small = self.random.one_in_thousand_times(500);
        let size = if small { self.random.between(1, 64 * MIB) } else { self.random.between(GIB, 3 * GIB) };
        let short = self.random.one_in_thousand_times(400);
        let lasts_ms =
            if short { self.random.between(1000, 300_000) } else { self.random.between(300_000, 200_000_000) };
        let lasts = Span::from_ms(i64::try_from(lasts_ms).unwrap_or(i64::MAX));
        let package = PackageQuota {
            id,
            size: Bytes::new(size),
            used: Bytes::ZERO,
            held: Bytes::ZERO,
            expires_at: self.moment().wall.plus(lasts),
        };
        self.note(&format!("a package is granted: {package:?}"));
        self.store.packages.insert(id, package);
    }

    fn change_limit(&mut self) {
        let id = self.any_account();
        let above = self.random.pick(&[None, Some(0), Some(1), Some(1), Some(2)]).flatten();
        let Some(account) = self.store.accounts.get_mut(&id) else { return };
        // Near what is used: below it, just above it, or further up.
        let used_gb = u32::try_from(account.quota.used.get() / GIB).unwrap_or(u32::MAX);
        let to = above.map_or(LimitGb::UNLIMITED, |above: u32| gigabytes(used_gb.saturating_add(above)));
        account.quota.limit = to;
        self.note(&format!("account {id} is limited to {to:?}"));
        self.count("limits moved");
        self.tell_change(id);
    }

    fn change_daily_limit(&mut self) {
        let id = self.any_account();
        let to = self.random.pick(&[LimitGb::UNLIMITED, gigabytes(1), gigabytes(2)]).unwrap_or_default();
        let Some(account) = self.store.accounts.get_mut(&id) else { return };
        account.quota.daily_limit = to;
        self.note(&format!("account {id} is limited to {to:?} a day"));
        self.tell_change(id);
    }

    /// An account is disabled, or enabled again.
    fn switch(&mut self) {
        let (id, often) = (self.any_account(), self.random.one_in_thousand_times(600));
        let Some(account) = self.store.accounts.get_mut(&id) else { return };
        account.enabled = !account.enabled || often;
        let enabled = account.enabled;
        self.note(&format!("account {id} is {}", if enabled { "enabled" } else { "disabled" }));
        self.tell_change(id);
    }

    fn tell_change(&mut self, account: AccountId) {
        let enabled = self.store.accounts.get(&account).is_some_and(|account| account.enabled);
        for gateway in 0..self.gateways.len() {
            self.network.send_by_feed(&mut self.random, self.now_ms, Message::Changed { gateway, account, enabled });
        }
    }

    /// Traffic through some gateway outside the model brings limits and packages close to their end.
    fn rush(&mut self) {
        let (id, packages) = (self.any_account(), self.package_ids());
        let Some(package) = self.random.pick(&packages) else { return };
        let left = self.random.between(0, 48 * MIB);
        let wall = self.moment().wall;
        let (Some(account), Some(package)) = (self.store.accounts.get_mut(&id), self.store.packages.get_mut(&package))
        else {
            return;
        };
        if package.expires_at <= wall {
            return;
        }
        let bytes = quota::room(&account.quota, package).minus(Bytes::new(left));
        account.quota.used = account.quota.used.plus(bytes);
        account.quota.day_used = account.quota.day_used.plus(bytes);
        package.used = package.used.plus(bytes);
        let package = package.id;
        self.truth.deliver_elsewhere(id, bytes.get());
        self.note(&format!("account {id} uses {bytes} of package {package} elsewhere"));
    }

    fn clock_jumps(&mut self) {
        let reach = self.random.pick(&[2000, 120_000, 7_200_000, 200_000_000]).unwrap_or(2000);
        let jump = i64::try_from(self.random.between(0, 2 * reach)).unwrap_or_default();
        let jump = jump.saturating_sub(i64::try_from(reach).unwrap_or_default());
        self.wall_offset_ms = self.wall_offset_ms.saturating_add(jump);
        self.note(&format!("the store's clock jumps by {jump} ms"));
        self.count("clock jumps");
    }
}

fn gigabytes(gigabytes: u32) -> LimitGb {
    LimitGb::new(gigabytes).unwrap_or_default()
}
