//! Which connections are open, and what they and those before them came to. Each thread has a shelf of its own, so
//! registering waits for nobody; only a question looks at all shelves.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::time::Instant;
use turnpike_domain::connection::ConnectionId;
use turnpike_domain::directory::HeldIp;
use turnpike_domain::ids::{AccountId, CustomerId, EndpointId, ExitId, NodeId};
use turnpike_domain::question::{Answer, Ask};

use crate::line::{Credential, Kick, Line, WayOut};

/// Threads beyond so many share shelves.
const SHELVES: u64 = 64;
/// The most connections that one answer lists, whatever was asked.
const MOST_LISTED: usize = 10_000;

thread_local! {
    /// This thread's shelf.
    static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed);
}
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// All connections of a gateway.
#[derive(Debug)]
pub(crate) struct Registry {
    shelves: Vec<Shelf>,
}

/// One thread's connections. Aligned, so that threads do not share a cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shelf {
    open: Mutex<HashMap<u64, Arc<Line>>>,
    /// How many there have been.
    accepted: AtomicU64,
    /// What connections that have ended carried, to clients and to targets.
    ended: [AtomicU64; 2],
    refused: Mutex<BTreeMap<&'static str, u64>>,
}

/// What all connections come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Connections that are logged in now.
    pub open: u64,
    /// Connections that were accepted so far.
    pub accepted: u64,
    /// Payload delivered to clients so far, in bytes.
    pub to_client: u64,
    /// Payload sent to targets so far, in bytes.
    pub to_origin: u64,
    /// Requests and connections that were refused so far, by [`Refusal::word`](crate::refusal::Refusal::word).
    pub refused: BTreeMap<&'static str, u64>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { shelves: (0..SHELVES).map(|_| Shelf::default()).collect() }
    }
}

impl Registry {
    fn shelf(&self, number: u64) -> Option<&Shelf> {
        self.shelves.get(usize::try_from(number % SHELVES).unwrap_or_default())
    }

    fn own(&self) -> Option<(u64, &Shelf)> {
        let number = u64::try_from(OWN.with(|own| *own)).unwrap_or_default() % SHELVES;
        self.shelf(number).map(|shelf| (number, shelf))
    }

    /// A connection was accepted: the number that it has from here on, in the log and for the operator.
    pub(crate) fn number_accepted(&self) -> ConnectionId {
        let Some((number, own)) = self.own() else { return ConnectionId::new(0) };
        // The number tells the shelf.
        ConnectionId::new(own.accepted.fetch_add(1, Ordering::Relaxed).wrapping_mul(SHELVES).wrapping_add(number))
    }

    /// Somebody was refused.
    pub(crate) fn count_refusal(&self, word: &'static str) {
        if let Some((_, shelf)) = self.own() {
            let mut refused = shelf.refused.lock();
            let count = refused.entry(word).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Puts a connection down.
    pub(crate) fn enter(&self, line: Line) -> Arc<Line> {
        let line = Arc::new(line);
        if let Some(shelf) = self.shelf(line.id.get()) {
            shelf.open.lock().insert(line.id.get(), Arc::clone(&line));
        }
        line
    }

    /// A connection has ended.
    pub(crate) fn leave(&self, line: &Line) {
        let Some(own) = self.shelf(line.id.get()) else { return };
        // Under the lock, so that nobody counts it twice or not at all.
        let mut open = own.open.lock();
        open.remove(&line.id.get());
        let (to_client, to_origin) = line.carried();
        for (sum, carried) in own.ended.iter().zip([to_client, to_origin]) {
            sum.fetch_add(carried, Ordering::Relaxed);
        }
    }

    /// What everything comes to.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for shelf in &self.shelves {
            let open = shelf.open.lock();
            let [ended_to_client, ended_to_origin] = &shelf.ended;
            let ended = (ended_to_client.load(Ordering::Relaxed), ended_to_origin.load(Ordering::Relaxed));
            let (to_client, to_origin) = open
                .values()
                .map(|line| line.carried())
                .fold(ended, |sum, one| (sum.0.wrapping_add(one.0), sum.1.wrapping_add(one.1)));
            totals.open = totals.open.saturating_add(u64::try_from(open.len()).unwrap_or(u64::MAX));
            drop(open);
            totals.accepted = totals.accepted.wrapping_add(shelf.accepted.load(Ordering::Relaxed));
            totals.to_client = totals.to_client.wrapping_add(to_client);
            totals.to_origin = totals.to_origin.wrapping_add(to_origin);
            for (word, count) in shelf.refused.lock().iter() {
                let sum = totals.refused.entry(word).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        totals
    }

    /// What this gateway answers; `None` to what has nothing to do with what is open.
    pub(crate) fn answer(&self, ask: &Ask, me: NodeId) -> Option<Answer> {
        Some(match ask {
            &Ask::Connections { customer, account, most } => {
                let wanted = |line: &Line| {
                    customer.is_none_or(|customer| line.account.customer().id() == customer)
                        && account.is_none_or(|account| line.account.id() == account)
                };
                let most = usize::try_from(most).unwrap_or(usize::MAX).min(MOST_LISTED);
                let now = Instant::now();
                let mut found = self.lines(wanted, most);
                found.sort_by_key(|line| line.id);
                Answer::Connections(found.iter().map(|line| line.show(now)).collect())
            }
            Ask::Kick { node, .. } if *node != me => Answer::Kicked(0),
            Ask::Kick { connection, .. } => {
                let open = self.shelf(connection.get()).map(|shelf| shelf.open.lock().get(&connection.get()).cloned());
                Answer::Kicked(kick(&open.flatten().into_iter().collect::<Vec<_>>(), Kick::Order))
            }
            Ask::KickAccount(account) => {
                Answer::Kicked(kick(&self.lines(|line| line.account.id() == *account, usize::MAX), Kick::Order))
            }
            Ask::Explain(_) | Ask::CheckExit(_) => return None,
        })
    }

    /// Ends the connections that came by endpoints which have ended.
    pub(crate) fn close_endpoints(&self, ended: &HashSet<EndpointId>) {
        kick(&self.lines(|line| ended.contains(&line.endpoint), usize::MAX), Kick::Order);
    }

    /// Ends the connections of a customer that were let in by a source which is on its list no more.
    pub(crate) fn turn_out(&self, customer: CustomerId, sources: &[IpAddr]) {
        let is_unlisted = |line: &Line| {
            line.credential == Credential::Source
                && line.account.customer().id() == customer
                && !sources.contains(&line.source())
        };
        kick(&self.lines(is_unlisted, usize::MAX), Kick::Order);
    }

    /// Ends the connections that leave by one of these exits, static IPs behind them included.
    pub(crate) fn close_exits(&self, exits: &HashSet<ExitId>) {
        if !exits.is_empty() {
            let is_theirs = |line: &Line| match line.way_out() {
                WayOut::Exit(exit) | WayOut::StaticIp(_, Some(exit)) => exits.contains(&exit),
                WayOut::Host | WayOut::StaticIp(_, None) => false,
            };
            kick(&self.lines(is_theirs, usize::MAX), Kick::Exit);
        }
    }

    /// Ends the connections of a customer that leave by a static IP which is not among these, or is behind another exit now.
    pub(crate) fn close_static_ips(&self, customer: CustomerId, held: &[HeldIp]) {
        let is_lost = |line: &Line| match line.way_out() {
            WayOut::StaticIp(ip, exit) => !held.iter().any(|held| held.ip == ip && held.exit == exit),
            _ => false,
        };
        let is_theirs = |line: &Line| line.account.customer().id() == customer && is_lost(line);
        kick(&self.lines(is_theirs, usize::MAX), Kick::Exit);
    }

    /// Ends all of an account's connections that have seats of its plan, but the `keep` oldest.
    pub(crate) fn close_newest(&self, account: AccountId, keep: u32) {
        let mut seated =
            self.lines(|line| line.account.id() == account && line.is_seated() && !line.is_kicked(), usize::MAX);
        seated.sort_by_key(|line| line.accepted());
        kick(seated.get(usize::try_from(keep).unwrap_or(usize::MAX)..).unwrap_or_default(), Kick::Order);
    }

    fn lines(&self, wanted: impl Fn(&Line) -> bool, most: usize) -> Vec<Arc<Line>> {
        let mut found = Vec::new();
        for shelf in &self.shelves {
            let open = shelf.open.lock();
            let left = most.saturating_sub(found.len());
            found.extend(open.values().filter(|line| wanted(line)).take(left).cloned());
        }
        found
    }
}

/// Resets connections: how many.
fn kick(lines: &[Arc<Line>], why: Kick) -> u32 {
    for line in lines {
        line.kick(why);
    }
    u32::try_from(lines.len()).unwrap_or(u32::MAX)
}
