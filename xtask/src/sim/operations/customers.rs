//! What customers and the operator do: accounts, limits and packages, and traffic elsewhere.

use std::collections::BTreeMap;

use turnpike_domain::ids::{AccountId, PackageId};
use turnpike_domain::quota::{self, PackageQuota};
use turnpike_domain::time::Span;
use turnpike_domain::units::{Bytes, LimitGb};

use crate::sim::network::Message;
use crate::sim::store::Account;
use crate::sim::world::World;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

impl World {
    /// A new account, its limits drawn at random.
    pub(in crate::sim) fn open_account(&mut self) {
        let id = AccountId::new(i64::try_from(self.next_number()).unwrap_or(i64::MAX));
        let limits = [LimitGb::UNLIMITED, gigabytes(1), gigabytes(2)];
        let mut account =
            Account { quota: quota::AccountQuota::default(), day: None, usage: BTreeMap::new(), enabled: true };
        account.quota.limit = self.random.pick(&limits).unwrap_or_default();
        account.quota.daily_limit = self.random.pick(&limits).unwrap_or_default();
        self.store.accounts.insert(id, account);
    }

    /// A new package, small or large, short or long.
    pub(in crate::sim) fn grant_package(&mut self) {
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
            pace: None,
        };
        self.note(&format!("a package is granted: {package:?}"));
        self.store.packages.insert(id, package);
    }

    pub(super) fn change_limit(&mut self) {
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

    pub(super) fn change_daily_limit(&mut self) {
        let id = self.any_account();
        let to = self.random.pick(&[LimitGb::UNLIMITED, gigabytes(1), gigabytes(2)]).unwrap_or_default();
        let Some(account) = self.store.accounts.get_mut(&id) else { return };
        account.quota.daily_limit = to;
        self.note(&format!("account {id} is limited to {to:?} a day"));
        self.tell_change(id);
    }

    /// An account is disabled, or enabled again.
    pub(super) fn switch(&mut self) {
        let (id, often) = (self.any_account(), self.random.one_in_thousand_times(600));
        let Some(account) = self.store.accounts.get_mut(&id) else { return };
        account.enabled = !account.enabled || often;
        let enabled = account.enabled;
        self.note(&format!("account {id} is {}", if enabled { "enabled" } else { "disabled" }));
        self.tell_change(id);
    }

    pub(super) fn tell_change(&mut self, account: AccountId) {
        let enabled = self.store.accounts.get(&account).is_some_and(|account| account.enabled);
        for gateway in 0..self.gateways.len() {
            self.network.send_by_feed(&mut self.random, self.now_ms, Message::Changed { gateway, account, enabled });
        }
    }

    /// Traffic through some gateway outside the model brings limits and packages close to their end.
    pub(super) fn rush(&mut self) {
        let (id, packages) = (self.any_account(), self.package_ids());
        let Some(package) = self.random.pick(&packages) else { return };
        let left = self.random.between(0, 48 * MIB);
        let (now, breach) = (self.moment(), self.breach);
        let (Some(account), Some(package)) = (self.store.accounts.get_mut(&id), self.store.packages.get_mut(&package))
        else {
            return;
        };
        if package.expires_at <= now.wall {
            return;
        }
        account.turn_to_today(now, breach);
        let bytes = quota::room(&account.quota, package).minus(Bytes::new(left));
        account.use_up(bytes);
        package.used = package.used.plus(bytes);
        let package = package.id;
        self.truth.deliver_elsewhere(id, bytes.get());
        self.note(&format!("account {id} uses {bytes} of package {package} elsewhere"));
    }
}

fn gigabytes(gigabytes: u32) -> LimitGb {
    LimitGb::new(gigabytes).unwrap_or_default()
}
