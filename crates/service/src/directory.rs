//! What gateways know of customers and accounts, and how they follow its changes.

use futures_util::stream::{self, Stream, TryStreamExt};
use turnpike_domain::directory::{Changes, Snapshot, SnapshotPart};
use turnpike_domain::ids::{AccountId, CustomerId, FeedSeq};
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::{self, Changed};
use turnpike_store::{StoreError, Tx, account, customer, question};

use crate::ask_gateways::ANSWERED_WITHIN;
use crate::error::ServiceError;
use crate::service::Service;

/// More changes than this are read faster as a snapshot.
const MOST_CHANGES: i64 = 50_000;
/// Customers or accounts in a part of a snapshot, at most.
const PART: u32 = 1000;

impl Service {
    /// Every customer and live account, in parts, as of the place in the feed that the first part tells. Each part is read
    /// when it is asked for, by itself, so that a slow reader keeps no transaction open: what changes meanwhile may be
    /// in it or not, and is told by the feed in any case. Errors are only the store's, and end the stream.
    pub fn directory_parts(&self) -> impl Stream<Item = Result<SnapshotPart, ServiceError>> + Send + use<> {
        stream::try_unfold((self.store.clone(), Some(Reading::Begin)), async |(store, reading)| {
            let Some(reading) = reading else { return Ok(None) };
            let (part, next) = store.read(async |tx| reading.part(tx).await).await?;
            Ok(Some((part, (store, next))))
        })
    }

    /// Every customer and live account, as of a place in the feed.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn directory_snapshot(&self) -> Result<Snapshot, ServiceError> {
        let mut whole = Snapshot::default();
        let mut parts = std::pin::pin!(self.directory_parts());
        while let Some(part) = parts.try_next().await? {
            match part {
                SnapshotPart::Begin(seq) => whole.seq = seq,
                SnapshotPart::Customers(customers) => whole.customers.extend(customers),
                SnapshotPart::Accounts(accounts) => whole.accounts.extend(accounts),
            }
        }
        Ok(whole)
    }

    /// The present state of everything that changed after a place in the feed.
    ///
    /// # Errors
    /// Only the store's.
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
        self.store.snapshot(async |tx| changes(tx, after, oldest).await).await
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
    /// Customers after that number come next.
    Customers(CustomerId),
    /// Accounts after that number come next.
    Accounts(AccountId),
}

impl Reading {
    /// The next part, and what comes after it.
    async fn part(self, tx: &mut Tx) -> Result<(SnapshotPart, Option<Self>), StoreError> {
        Ok(match self {
            Self::Begin => {
                (SnapshotPart::Begin(feed::reach(tx).await?.newest), Some(Self::Customers(CustomerId::new(0))))
            }
            Self::Customers(after) => {
                let customers = customer::entries(tx, after, PART).await?;
                let next = customers.last().map_or(Self::Accounts(AccountId::new(0)), |last| Self::Customers(last.id));
                (SnapshotPart::Customers(customers), Some(next))
            }
            Self::Accounts(after) => {
                let accounts = account::entries(tx, after, PART).await?;
                let next = accounts.last().map(|last| Self::Accounts(last.id));
                (SnapshotPart::Accounts(accounts), next)
            }
        })
    }
}

async fn changes(tx: &mut Tx, after: Option<FeedSeq>, oldest: Timestamp) -> Result<Changes, ServiceError> {
    let reach = feed::reach(tx).await?;
    let Some(seq) = reach.newest else { return Ok(Changes::None) };
    // `None` is before every number.
    if reach.trimmed > after {
        return Ok(Changes::TooOld);
    }
    let (mut customers, mut accounts, mut questions) = (Vec::new(), Vec::new(), Vec::new());
    for changed in feed::since(tx, after, seq).await? {
        match changed {
            Changed::Customer(customer) => customers.push(customer),
            Changed::Account(account) => accounts.push(account),
            Changed::Question(question) => questions.push(question),
            Changed::Machines => {}
        }
    }
    let live = account::entries_of(tx, &accounts).await?;
    let known: std::collections::HashSet<_> = live.iter().map(|entry| entry.id).collect();
    accounts.retain(|account| !known.contains(account));
    let customers = customer::entries_of(tx, &customers).await?;
    let questions = question::of(tx, &questions, oldest).await?;
    Ok(Changes::Since { seq, customers, accounts: live, gone: accounts, questions })
}
