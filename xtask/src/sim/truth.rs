//! What really happened with the bytes. Only the simulator knows.

use std::collections::{BTreeMap, BTreeSet};

use turnpike_domain::ids::{AccountId, LeaseId};

/// What really happened under one lease.
#[derive(Clone, Copy, Default)]
pub(super) struct LeaseTruth {
    /// Bytes that the client sent, or that were delivered to it.
    pub(super) delivered: u64,
    /// Of those, what a crash cut off between write and count.
    pub(super) cut_off: u64,
}

/// What really happened.
#[derive(Default)]
pub(super) struct Truth {
    pub(super) leases: BTreeMap<LeaseId, LeaseTruth>,
    accounts: BTreeMap<AccountId, u64>,
    touched: BTreeSet<LeaseId>,
}

impl Truth {
    /// Bytes went through.
    pub(super) fn deliver(&mut self, account: AccountId, lease: LeaseId, bytes: u64) {
        let truth = self.leases.entry(lease).or_default();
        truth.delivered = truth.delivered.saturating_add(bytes);
        self.touched.insert(lease);
        self.deliver_elsewhere(account, bytes);
    }

    /// Bytes went through outside the model.
    pub(super) fn deliver_elsewhere(&mut self, account: AccountId, bytes: u64) {
        let delivered = self.accounts.entry(account).or_default();
        *delivered = delivered.saturating_add(bytes);
    }

    /// A crash cut a write off before it was counted.
    pub(super) fn cut_off(&mut self, lease: LeaseId, bytes: u64) {
        let truth = self.leases.entry(lease).or_default();
        truth.cut_off = truth.cut_off.saturating_add(bytes);
    }

    /// What one lease carried.
    pub(super) fn of_lease(&self, lease: LeaseId) -> LeaseTruth {
        self.leases.get(&lease).copied().unwrap_or_default()
    }

    /// What one account carried.
    pub(super) fn of_account(&self, account: AccountId) -> u64 {
        self.accounts.get(&account).copied().unwrap_or_default()
    }

    /// The leases that carried something since this was last asked.
    pub(super) fn take_touched(&mut self) -> BTreeSet<LeaseId> {
        std::mem::take(&mut self.touched)
    }
}
