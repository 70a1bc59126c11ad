//! Who may use the gateway: an in-memory image of the store's customers and accounts, read without a lock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use turnpike_domain::account::Username;
use turnpike_domain::connection::Protocol;
use turnpike_domain::directory::{AccountEntry, CustomerEntry};
use turnpike_domain::exit::ExitEntry;
use turnpike_domain::explain::Check;
use turnpike_domain::ids::{AccountId, CustomerId, ExitId, FeedSeq};
use turnpike_domain::login::{Login, LoginFault};
use turnpike_domain::secret::{MacKey, PasswordMac};

use crate::account::{Account, Facts};
use crate::customer::Customer;
use crate::exits::Exits;
use crate::line::{Arrival, Credential, Kick, Line};
use crate::permit::{Leave, Permit};
use crate::ports::Clock;
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
    exits: Arc<Exits>,
    staleness_ms: AtomicU64,
    /// The place in the feed up to which everything is in force; 0 before the first change.
    place: AtomicI64,
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
    pub(crate) fn new((key, clock): (MacKey, Clock), staleness: Duration, deadlines: Deadlines) -> Self {
        Self {
            by_name: papaya::HashMap::new(),
            roll: Mutex::new(Roll::default()),
            key,
            desk: Arc::new(Desk::new(deadlines, clock)),
            exits: Arc::new(Exits::new(clock)),
            staleness_ms: AtomicU64::new(milliseconds(staleness)),
            place: AtomicI64::new(0),
            started: Instant::now(),
            contact_ns: AtomicU64::new(NEVER),
        }
    }

    pub(crate) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// What connections leave by.
    pub(crate) const fn exits(&self) -> &Arc<Exits> {
        &self.exits
    }

    /// Takes over the present state of exits that changed, and ends connections that may not go on by theirs.
    pub(crate) fn apply_exits(&self, entries: Vec<ExitEntry>, gone: &[ExitId]) {
        self.desk.registry.close_exits(&self.exits.apply(entries, gone));
    }

    /// Takes over all exits there are.
    pub(crate) fn replace_exits(&self, entries: Vec<ExitEntry>) {
        self.desk.registry.close_exits(&self.exits.replace(entries));
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
    pub(crate) fn admit(&self, login: &Login, password: &[u8], comer: (&Arrival, Protocol)) -> Result<Permit, Refusal> {
        self.admit_of(None, login, password, comer)
    }

    /// As [`Directory::admit`], but only for that customer's accounts, if one is named.
    pub(crate) fn admit_of(
        &self,
        owner: Option<CustomerId>,
        login: &Login,
        password: &[u8],
        comer: (&Arrival, Protocol),
    ) -> Result<Permit, Refusal> {
        let presented = PasswordMac::of(&self.key, &login.username, password);
        let account = self.by_name.pin().get(&login.username).cloned();
        let Some(account) = account else {
            std::hint::black_box(presented == PasswordMac::from_bytes([0; 32]));
            return Err(Refusal::Credentials);
        };
        let epoch = account.epoch();
        let facts = account.facts();
        let is_stranger = owner.is_some_and(|owner| owner != account.customer().id());
        if presented != facts.password || is_stranger {
            return Err(Refusal::Credentials);
        }
        self.judge((&account, &facts), login.fault, |_| {})?;
        self.seat((account, epoch), comer, Credential::Login)
    }

    /// What stands in the way of a login that is right. `looking` is told what is looked at, before it is.
    ///
    /// # Errors
    /// What does.
    pub(crate) fn judge(
        &self,
        (account, facts): (&Account, &Facts),
        fault: Option<LoginFault>,
        mut looking: impl FnMut(Check),
    ) -> Result<(), Refusal> {
        looking(Check::Standing);
        self.check_standing(account, facts)?;
        looking(Check::Login);
        fault.map_or(Ok(()), |fault| Err(Refusal::BadLogin(fault)))
    }

    /// Whether another connection of that account would be counted in.
    ///
    /// # Errors
    /// The limit that is reached.
    pub(crate) fn check_room(&self, account: &Account) -> Result<(), Refusal> {
        account.customer().check_room(self.now_ns())
    }

    /// An account by its name.
    pub(crate) fn named(&self, username: &Username) -> Option<Arc<Account>> {
        self.by_name.pin().get(username).cloned()
    }

    /// Lets somebody use an account without a login, when his source is on the allow list of its customer.
    ///
    /// # Errors
    /// [`Refusal::SourceNotListed`], also for an account that does not exist; for those who are listed, what else stands in
    /// the way.
    pub(crate) fn admit_source(&self, username: &Username, comer: (&Arrival, Protocol)) -> Result<Permit, Refusal> {
        let account = self.by_name.pin().get(username).cloned().ok_or(Refusal::SourceNotListed)?;
        self.admit_listed(&account, comer)
    }

    /// As [`Directory::admit_source`], for an account that was looked up before.
    pub(crate) fn admit_listed(&self, account: &Arc<Account>, comer: (&Arrival, Protocol)) -> Result<Permit, Refusal> {
        let epoch = account.epoch();
        let facts = account.facts();
        if !account.customer().lists(comer.0.source.ip().to_canonical()) {
            return Err(Refusal::SourceNotListed);
        }
        self.check_standing(account, &facts)?;
        self.seat((Arc::clone(account), epoch), comer, Credential::Source)
    }

    /// An account by its number.
    pub(crate) fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.roll.lock().accounts.get(&id).cloned()
    }

    fn check_standing(&self, account: &Account, facts: &Facts) -> Result<(), Refusal> {
        self.check_contact()?;
        if !facts.enabled {
            return Err(Refusal::AccountDisabled);
        }
        account.customer().standing()
    }

    /// Counts a connection in and puts it down.
    fn seat(
        &self,
        (account, epoch): (Arc<Account>, u64),
        (arrival, protocol): (&Arrival, Protocol),
        credential: Credential,
    ) -> Result<Permit, Refusal> {
        let seat = account.customer().seat(self.now_ns())?;
        let desk = Arc::clone(&self.desk);
        let line = self.desk.registry.enter(Line::new((account, epoch), desk, arrival, (protocol, credential)));
        line.log_begin();
        // The list may have changed before the connection was on the register.
        if credential == Credential::Source && !line.account.customer().lists(line.source()) {
            line.kick(Kick::Order);
        }
        Ok(Permit::new(Leave::new(line), seat))
    }

    fn check_contact(&self) -> Result<(), Refusal> {
        let most = Duration::from_millis(self.staleness_ms.load(Ordering::Relaxed));
        if self.contact_age().is_some_and(|age| age <= most) { Ok(()) } else { Err(Refusal::Stale) }
    }

    /// How long ago the store was last heard of.
    pub(crate) fn contact_age(&self) -> Option<Duration> {
        let contact = self.contact_ns.load(Ordering::Relaxed);
        (contact != NEVER).then(|| Duration::from_nanos(self.now_ns().saturating_sub(contact)))
    }

    /// Puts other deadlines in force, for open connections too.
    pub(crate) fn set_deadlines(&self, staleness: Duration, deadlines: Deadlines) {
        self.staleness_ms.store(milliseconds(staleness), Ordering::Relaxed);
        self.desk.deadlines.store(Arc::new(deadlines));
    }

    /// Everything up to that place in the feed is in force.
    pub(crate) fn note_place(&self, place: Option<FeedSeq>) {
        self.place.store(place.map_or(0, FeedSeq::get), Ordering::Relaxed);
    }

    /// The place in the feed up to which everything is in force.
    pub(crate) fn place(&self) -> Option<FeedSeq> {
        let place = self.place.load(Ordering::Relaxed);
        (place > 0).then(|| FeedSeq::new(place))
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
        let Altered { relisted, moved } = roll.update_customers(customers);
        for customer in relisted {
            customer.with_sources(|sources| self.desk.registry.turn_out(customer.id(), sources));
        }
        for customer in moved {
            self.desk.registry.close_static_ips(customer.id(), &customer.static_ips());
        }
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
        // Nobody logs in to an account without a name.
        if !entry.username.is_nameless() {
            self.by_name.pin().insert(entry.username, Arc::clone(&account));
        }
        roll.accounts.insert(entry.id, account);
    }

    fn forget(&self, account: &Arc<Account>) {
        let names = self.by_name.pin();
        // The name may belong to a newer account by now.
        names.remove_if(account.username(), |_, holder| holder.id() == account.id()).ok();
        account.end();
    }
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Customers of whom more changed than what is looked up anew each time.
#[derive(Default)]
struct Altered {
    /// Those with another allow list.
    relisted: Vec<Arc<Customer>>,
    /// Those with other static IPs.
    moved: Vec<Arc<Customer>>,
}

impl Roll {
    /// Ends the permits of all accounts whose customer may no longer use them.
    fn update_customers(&mut self, entries: Vec<CustomerEntry>) -> Altered {
        let (mut fallen, mut altered) = (HashSet::new(), Altered::default());
        for entry in entries {
            let id = entry.id;
            let Some(customer) = self.customers.get(&id) else {
                self.customers.insert(id, Arc::new(Customer::new(entry)));
                continue;
            };
            let stood = customer.standing().is_ok();
            if !customer.with_sources(|sources| sources == entry.sources) {
                altered.relisted.push(Arc::clone(customer));
            }
            if customer.static_ips() != entry.static_ips {
                altered.moved.push(Arc::clone(customer));
            }
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
        altered
    }
}

#[cfg(test)]
mod tests;
