//! What is put down of refusals and failures, for the customers whose connections they were. Nothing is put down of what succeeds,
//! or of a login that is wrong.
//!
//! One customer cannot flood it: beyond so many a minute they are only counted. When the store does not listen, what has no room
//! is counted too.

mod keeper;
mod quota;

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use turnpike_domain::activity::{ActivityEntry, Aim, LARGEST_BATCH, Reason};
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;

use self::quota::Quotas;
use crate::account::Account;
use crate::line::{Arrival, Line};
use crate::ports::Clock;
use crate::refusal::Refusal;

pub(crate) use keeper::ActivityKeeper;

/// The most entries that wait for the store.
const MOST_WAITING: usize = 20_000;

/// What is to be told.
#[derive(Debug)]
pub(crate) struct Activity {
    clock: Clock,
    waiting: Mutex<Waiting>,
    news: Notify,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: Vec<ActivityEntry>,
    quotas: Quotas,
}

/// Whom something was refused.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// Nobody knows.
    Nobody,
    /// Whoever may use this account, but was not let in.
    Account(&'a Account, Protocol, Option<&'a Target>),
    /// Whoever was let in.
    Line(&'a Line),
}

impl Activity {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, waiting: Mutex::default(), news: Notify::new(), dropped: AtomicU64::new(0) }
    }

    /// Puts a refusal down.
    pub(crate) fn refused(&self, refusal: &Refusal, arrival: &Arrival, subject: Subject<'_>) {
        let Some(reason) = refusal.reason() else { return };
        let status = Some(refusal.http().status);
        match subject {
            Subject::Nobody => {}
            Subject::Line(line) => self.note(line, reason, status),
            Subject::Account(account, protocol, target) => {
                let endpoint = arrival.door.endpoint();
                self.put(ActivityEntry {
                    at: (self.clock)(),
                    customer: account.customer().id(),
                    account: Some(account.id()),
                    username: account.username().as_str().to_owned(),
                    endpoint: endpoint.map(|(id, _)| id),
                    endpoint_port: endpoint.map(|(_, port)| port),
                    protocol: Some(protocol),
                    target: target.and_then(|target| aim(&target.to_string())),
                    place: None,
                    reason,
                    status,
                    count: 1,
                });
            }
        }
    }

    /// Puts down what became of a connection that was let in; `status` is what its client was told, if it was.
    pub(crate) fn note(&self, line: &Line, reason: Reason, status: Option<u16>) {
        let account = &line.account;
        let endpoint = line.endpoint();
        self.put(ActivityEntry {
            at: (self.clock)(),
            customer: account.customer().id(),
            account: Some(account.id()),
            username: account.username().as_str().to_owned(),
            endpoint: endpoint.map(|(id, _)| id),
            endpoint_port: endpoint.map(|(_, port)| port),
            protocol: Some(line.protocol()),
            target: aim(&line.target()),
            place: line.place(),
            reason,
            status,
            count: 1,
        });
    }

    fn put(&self, entry: ActivityEntry) {
        let mut waiting = self.waiting.lock();
        let Waiting { entries, quotas } = &mut *waiting;
        if quotas.admit(entry.customer, entry.at) {
            self.keep(entries, [entry]);
        }
        drop(waiting);
        self.news.notify_one();
    }

    /// As many as there is room for.
    fn keep(&self, entries: &mut Vec<ActivityEntry>, more: impl IntoIterator<Item = ActivityEntry>) {
        for entry in more {
            if entries.len() < MOST_WAITING {
                entries.push(entry);
            } else {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How many nobody will hear of, because the store did not listen for too long.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until the store has something to be told.
    async fn news(&self) {
        loop {
            let news = self.news.notified();
            if !self.waiting.lock().entries.is_empty() {
                return;
            }
            news.await;
        }
    }

    /// Adds how many were only counted in minutes that are over.
    fn count_suppressed(&self) {
        let mut waiting = self.waiting.lock();
        let Waiting { entries, quotas } = &mut *waiting;
        let counted = quotas.suppressed((self.clock)());
        self.keep(entries, counted);
        drop(waiting);
        self.news.notify_one();
    }

    /// What the store is to be told, a batch of it.
    fn waiting(&self) -> Vec<ActivityEntry> {
        let mut waiting = self.waiting.lock();
        let count = waiting.entries.len().min(LARGEST_BATCH);
        waiting.entries.drain(..count).collect()
    }

    /// The store did not hear it.
    fn wait_again(&self, batch: Vec<ActivityEntry>) {
        let mut waiting = self.waiting.lock();
        let younger = std::mem::take(&mut waiting.entries);
        self.keep(&mut waiting.entries, batch.into_iter().chain(younger));
    }
}

/// A host and its port; `None` when nothing was asked for.
fn aim(target: &str) -> Option<Aim> {
    let (host, port) = target.rsplit_once(':')?;
    Some(Aim { host: host.trim_matches(['[', ']']).to_owned(), port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use turnpike_domain::ids::CustomerId;
    use turnpike_domain::time::Timestamp;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(90_000);

    fn entry(customer: i64) -> ActivityEntry {
        ActivityEntry {
            at: NOW,
            customer: CustomerId::new(customer),
            account: None,
            username: "alice".to_owned(),
            endpoint: None,
            endpoint_port: None,
            protocol: Some(Protocol::Connect),
            target: aim("[2001:db8::1]:443"),
            place: None,
            reason: Reason::ConnectRefused,
            status: Some(502),
            count: 1,
        }
    }

    #[test]
    fn a_target_is_parted_into_host_and_port() {
        let parts = |text| aim(text).map(|aim| (aim.host, aim.port));
        assert_eq!(parts("[2001:db8::1]:443"), Some(("2001:db8::1".to_owned(), 443)));
        assert_eq!(parts("example.com:80"), Some(("example.com".to_owned(), 80)));
        assert_eq!(parts(""), None);
    }

    #[test]
    fn what_the_store_did_not_hear_is_told_again_and_first() {
        let activity = Activity::new(|| NOW);
        activity.put(entry(1));
        let told = activity.waiting();
        activity.put(entry(2));
        activity.wait_again(told.clone());
        assert_eq!(activity.waiting(), [told[0].clone(), entry(2)]);
        assert!(activity.waiting().is_empty());
    }

    #[test]
    fn one_customer_takes_no_room_from_others_and_what_has_none_is_counted() {
        let activity = Activity::new(|| NOW);
        for _ in 0..1_000 {
            activity.put(entry(1));
        }
        let floods = activity.waiting().len();
        assert_eq!(floods, usize::try_from(quota::MOST_A_MINUTE).unwrap());
        for customer in 0..i64::try_from(MOST_WAITING).unwrap() + 10 {
            activity.put(entry(customer + 2));
        }
        assert_eq!(activity.dropped(), 10);
    }
}
