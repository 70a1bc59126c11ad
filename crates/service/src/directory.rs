//! What gateways know of exits, sessions, customers and accounts, and how they follow its changes.

use std::collections::HashSet;
use std::hash::Hash;

use futures_util::stream::{self, Stream, TryStreamExt};
use turnpike_domain::directory::{self, Changes, Snapshot, SnapshotPart};
use turnpike_domain::exit::ExitEntry;
use turnpike_domain::ids::{
    AccountId, CustomerId, EndpointBatchId, EndpointId, ExitId, FeedSeq, PinBatchId, QuestionId,
};
use turnpike_domain::session::SessionKey;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::{self, Changed};
use turnpike_store::{Tx, account, customer, endpoint, exit, pin, question};

use crate::ask_gateways::ANSWERED_WITHIN;
use crate::error::ServiceError;
use crate::service::Service;

/// More changes than this are read faster as a snapshot.
const MOST_CHANGES: i64 = 50_000;
/// More pins than this are read faster as a snapshot.
const MOST_PINS: u32 = 200_000;
/// Exits, pins, customers or accounts in a part of a snapshot, at most.
const PART: u32 = 1000;

impl Service {
    /// Every exit, pin, customer and live account, in parts, as of the place in the feed that the first part tells. Each part is read
    /// when it is asked for, by itself, so that a slow reader keeps no transaction open: what changes meanwhile may be
    /// in it or not, and is told by the feed in any case. Errors are only the store's, and end the stream.
    pub fn directory_parts(&self) -> impl Stream<Item = Result<SnapshotPart, ServiceError>> + Send + use<> {
        stream::try_unfold((self.clone(), Some(Reading::Begin)), async |(service, reading)| {
            let Some(reading) = reading else { return Ok(None) };
            let (part, next) = service.store.read(async |tx| reading.part(&service, tx).await).await?;
            Ok(Some((part, (service, next))))
        })
    }

    /// Everything, as of a place in the feed.
    ///
    /// # Errors
    /// [`ServiceError::Vault`] when an upstream's password does not open, or the store's.
    pub async fn directory_snapshot(&self) -> Result<Snapshot, ServiceError> {
        let mut whole = Snapshot::default();
        let mut parts = std::pin::pin!(self.directory_parts());
        while let Some(part) = parts.try_next().await? {
            match part {
                SnapshotPart::Begin(seq) => whole.seq = seq,
                SnapshotPart::Exits(exits) => whole.exits.extend(exits),
                SnapshotPart::Pins(pins) => whole.pins.extend(pins),
                SnapshotPart::Customers(customers) => whole.customers.extend(customers),
                SnapshotPart::Accounts(accounts) => whole.accounts.extend(accounts),
                SnapshotPart::Endpoints(endpoints) => whole.endpoints.extend(endpoints),
            }
        }
        Ok(whole)
    }

    /// The present state of everything that changed after a place in the feed.
    ///
    /// # Errors
    /// [`ServiceError::Vault`] when an upstream's password does not open, or the store's.
    pub async fn directory_changes(&self, after: Option<FeedSeq>) -> Result<Changes, ServiceError> {
        let reach = self.store.read(async |tx| feed::reach(tx).await).await?;
        let (from, newest) = (after.map_or(0, FeedSeq::get), reach.newest.map_or(0, FeedSeq::get));
        if from == newest {
            return Ok(Changes::None);
        }
        // A gateway that is ahead followed a database that this one is an older copy of.
        if from > newest || newest - from > MOST_CHANGES {
            return Ok(Changes::TooOld);
        }
        let oldest = self.now().minus(ANSWERED_WITHIN);
        self.store.snapshot(async |tx| changes(self, tx, after, oldest).await).await
    }

    /// The newest change that this process has heard of.
    pub fn newest_news(&self) -> Option<FeedSeq> {
        self.store.newest_news()
    }

    /// Waits until there may be changes after `after`. Whoever follows also asks from time to time: word of other
    /// processes comes over PostgreSQL only.
    pub async fn wait_for_news(&self, after: Option<FeedSeq>) {
        self.store.wait_for_news(after).await;
    }
}

/// How far the reading of everything has come.
#[derive(Clone, Copy)]
enum Reading {
    Begin,
    /// Exits after that number come next.
    Exits(ExitId),
    /// Pins after that session come next.
    Pins(Option<SessionKey>),
    /// Customers after that number come next.
    Customers(CustomerId),
    /// Accounts after that number come next.
    Accounts(AccountId),
    /// Endpoints after that number come next.
    Endpoints(EndpointId),
}

impl Reading {
    /// The next part, and what comes after it.
    async fn part(self, service: &Service, tx: &mut Tx) -> Result<(SnapshotPart, Option<Self>), ServiceError> {
        Ok(match self {
            Self::Begin => (SnapshotPart::Begin(feed::reach(tx).await?.newest), Some(Self::Exits(ExitId::new(0)))),
            Self::Exits(after) => {
                let exits = exit::after(tx, after, PART).await?;
                let next = exits.last().map_or(Self::Pins(None), |last| Self::Exits(last.id));
                (SnapshotPart::Exits(entries(service, exits)?), Some(next))
            }
            Self::Pins(after) => {
                let pins = pin::after(tx, after, service.now(), PART).await?;
                let next = pins.last().map_or(Self::Customers(CustomerId::new(0)), |last| Self::Pins(Some(last.key)));
                (SnapshotPart::Pins(pins), Some(next))
            }
            Self::Customers(after) => {
                let customers = customer::entries(tx, after, PART, service.now()).await?;
                let next = customers.last().map_or(Self::Accounts(AccountId::new(0)), |last| Self::Customers(last.id));
                (SnapshotPart::Customers(customers), Some(next))
            }
            Self::Accounts(after) => {
                let accounts = account::entries(tx, after, PART).await?;
                let next = accounts.last().map_or(Self::Endpoints(EndpointId::new(0)), |last| Self::Accounts(last.id));
                (SnapshotPart::Accounts(accounts), Some(next))
            }
            Self::Endpoints(after) => {
                let endpoints = endpoint::entries(tx, after, PART).await?;
                let next = endpoints.last().map(|last| Self::Endpoints(last.id));
                (SnapshotPart::Endpoints(endpoints), next)
            }
        })
    }
}

/// Exits as gateways need them, with what upstreams are logged in to by.
fn entries(service: &Service, exits: Vec<exit::Exit>) -> Result<Vec<ExitEntry>, ServiceError> {
    exits.into_iter().map(|exit| Ok(service.exit_entry(exit)?)).collect()
}

/// What changed, by kind.
#[derive(Default)]
struct Subjects {
    exits: Vec<ExitId>,
    pins: Vec<PinBatchId>,
    customers: Vec<CustomerId>,
    accounts: Vec<AccountId>,
    endpoints: Vec<EndpointBatchId>,
    questions: Vec<QuestionId>,
}

impl Subjects {
    fn of(changes: Vec<Changed>) -> Self {
        let mut subjects = Self::default();
        for changed in changes {
            match changed {
                Changed::Exit(exit) => subjects.exits.push(exit),
                Changed::Pins(batch) => subjects.pins.push(batch),
                Changed::Customer(customer) => subjects.customers.push(customer),
                Changed::Account(account) => subjects.accounts.push(account),
                Changed::Endpoints(batch) => subjects.endpoints.push(batch),
                Changed::Question(question) => subjects.questions.push(question),
                Changed::Machines => {}
            }
        }
        subjects
    }
}

async fn changes(
    service: &Service,
    tx: &mut Tx,
    after: Option<FeedSeq>,
    oldest: Timestamp,
) -> Result<Changes, ServiceError> {
    let reach = feed::reach(tx).await?;
    let Some(seq) = reach.newest else { return Ok(Changes::None) };
    // `None` is before every number.
    if reach.trimmed > after {
        return Ok(Changes::TooOld);
    }
    let Subjects { exits, pins, customers, accounts, endpoints, questions } =
        Subjects::of(feed::since(tx, after, seq).await?);
    let pins = pin::of(tx, &pins, MOST_PINS).await?;
    if pins.len() >= usize::try_from(MOST_PINS).unwrap_or(usize::MAX) {
        return Ok(Changes::TooOld);
    }
    let known = entries(service, exit::of(tx, &exits).await?)?;
    let live = account::entries_of(tx, &accounts).await?;
    let (endpoints, ended_endpoints) = endpoint::of_batches(tx, &endpoints).await?;
    let changed = directory::Changed {
        gone_exits: gone(exits, known.iter().map(|entry| entry.id)),
        exits: known,
        pins,
        customers: customer::entries_of(tx, &customers, service.now()).await?,
        gone_accounts: gone(accounts, live.iter().map(|entry| entry.id)),
        accounts: live,
        endpoints,
        ended_endpoints,
        questions: question::of(tx, &questions, oldest).await?,
    };
    Ok(Changes::Since { seq, changed: Box::new(changed) })
}

/// Those of the given that are not among the known.
fn gone<T: Copy + Eq + Hash>(given: Vec<T>, known: impl Iterator<Item = T>) -> Vec<T> {
    let known: HashSet<_> = known.collect();
    given.into_iter().filter(|one| !known.contains(one)).collect()
}
