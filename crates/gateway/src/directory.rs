//! Who may use the gateway: an in-memory image of the store's customers and accounts, read without a lock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use turnpike_domain::account::Username;
use turnpike_domain::directory::{AccountEntry, CustomerEntry};
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::login::Login;
use turnpike_domain::secret::{MacKey, PasswordMac};

use crate::account::Account;
use crate::customer::Customer;
use crate::permit::{Leave, Permit};
use crate::refusal::Refusal;
use crate::settings::Deadlines;
use crate::teller::desk::Desk;

/// Says in [`Directory::contact_ns`] that there was no contact yet.
const NEVER: u64 = u64::MAX;

/// All accounts, shared by all threads of a gateway.
#[derive(Debug)]
pub struct Directory {
    by_name: papaya::HashMap<Username, Arc<Account>>,
    /// For the follower only.
    roll: Mutex<Roll>,
    key: MacKey,
    desk: Arc<Desk>,
    staleness: Duration,
    /// The zero of this gateway's clock.
    started: Instant,
    /// When the store was last heard of.
    contact_ns: AtomicU64,
}

/// Everything by its number.
#[derive(Debug, Default)]
struct Roll {
    customers: HashMap<CustomerId, Arc<Customer>>,
    accounts: HashMap<AccountId, Arc<Account>>,
}

impl Directory {
    pub(crate) fn new(key: MacKey, staleness: Duration, deadlines: Deadlines) -> Self {
        Self {
            by_name: papaya::HashMap::new(),
            roll: Mutex::new(Roll::default()),
            key,
            desk: Arc::new(Desk::new(deadlines)),
            staleness,
            started: Instant::now(),
            contact_ns: AtomicU64::new(NEVER),
        }
    }

    pub(crate) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there are no accounts.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Checks a login and counts the connection in. The work is the same for an unknown name as for a wrong password.
    ///
    /// # Errors
    /// [`Refusal::Credentials`] for both of those; with right credentials, what else stands in the way.
    pub fn admit(&self, login: &Login, password: &[u8]) -> Result<Permit, Refusal> {
        let presented = PasswordMac::of(&self.key, &login.username, password);
        let account = self.by_name.pin().get(&login.username).cloned();
        let Some(account) = account else {
            std::hint::black_box(presented == PasswordMac::from_bytes([0; 32]));
            return Err(Refusal::Credentials);
        };
        let epoch = account.epoch();
        let facts = account.facts();
        if presented != facts.password {
            return Err(Refusal::Credentials);
        }
        self.check_contact()?;
        if !facts.enabled {
            return Err(Refusal::AccountDisabled);
        }
        account.customer().standing()?;
        if let Some(fault) = login.fault {
            return Err(Refusal::BadLogin(fault));
        }
        let seat = account.customer().seat(self.now_ns())?;
        Ok(Permit::new(Leave::new(account, epoch, Arc::clone(&self.desk)), seat))
    }

    fn check_contact(&self) -> Result<(), Refusal> {
        let contact = self.contact_ns.load(Ordering::Relaxed);
        let silence = Duration::from_nanos(self.now_ns().saturating_sub(contact));
        if contact == NEVER || silence > self.staleness { Err(Refusal::Stale) } else { Ok(()) }
    }

    /// The store was heard of: the image is as good as it can be.
    pub(crate) fn note_contact(&self) {
        self.contact_ns.store(self.now_ns(), Ordering::Relaxed);
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(NEVER)
    }

    /// Ends all accounts but these.
    pub(crate) fn keep_only(&self, known: &HashSet<AccountId>) {
        let gone = self.roll.lock().accounts.keys().filter(|id| !known.contains(id)).copied().collect();
        self.apply(Vec::new(), &[], gone);
    }

    /// Takes over the present state of what changed, and ends open permits that it no longer allows.
    pub(crate) fn apply(&self, customers: Vec<CustomerEntry>, accounts: &[AccountEntry], gone: Vec<AccountId>) {
        let mut roll = self.roll.lock();
        roll.update_customers(customers);
        // A name may be free again and taken by another account in the same batch.
        for id in gone {
            if let Some(account) = roll.accounts.remove(&id) {
                self.forget(&account);
            }
        }
        for entry in accounts {
            self.update_account(&mut roll, entry);
        }
    }

    fn update_account(&self, roll: &mut Roll, entry: &AccountEntry) {
        if let Some(account) = roll.accounts.get(&entry.id) {
            return account.update(entry);
        }
        let Some(customer) = roll.customers.get(&entry.customer) else {
            tracing::error!(account = %entry.id, customer = %entry.customer, "the store told of an account before its customer");
            return;
        };
        let account = Arc::new(Account::new(entry, Arc::clone(customer)));
        self.by_name.pin().insert(entry.username, Arc::clone(&account));
        roll.accounts.insert(entry.id, account);
    }

    fn forget(&self, account: &Arc<Account>) {
        let names = self.by_name.pin();
        // The name may belong to a newer account by now.
        names.remove_if(account.username(), |_, holder| holder.id() == account.id()).ok();
        account.end();
    }
}

impl Roll {
    /// Ends the permits of all accounts whose customer may no longer use them.
    fn update_customers(&mut self, entries: Vec<CustomerEntry>) {
        let mut fallen = HashSet::new();
        for entry in entries {
            let id = entry.id;
            let Some(customer) = self.customers.get(&id) else {
                self.customers.insert(id, Arc::new(Customer::new(entry)));
                continue;
            };
            let stood = customer.standing().is_ok();
            customer.update(entry);
            if stood && customer.standing().is_err() {
                fallen.insert(id);
            }
        }
        if !fallen.is_empty() {
            self.accounts
                .values()
                .filter(|account| fallen.contains(&account.customer().id()))
                .for_each(Account::revoke);
        }
    }
}

#[cfg(test)]
mod tests;
