//! What gateways know of customers and accounts, and how they follow its changes.

use turnpike_domain::directory::{Changes, Snapshot};
use turnpike_domain::ids::FeedSeq;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::{self, Changed};
use turnpike_store::{Tx, account, customer, question};

use crate::ask_gateways::ANSWERED_WITHIN;
use crate::error::ServiceError;
use crate::service::Service;

/// More changes than this are read faster as a snapshot.
const MOST_CHANGES: i64 = 50_000;

impl Service {
    /// Every customer and live account, as of a place in the feed.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn directory_snapshot(&self) -> Result<Snapshot, ServiceError> {
        let look = async |tx: &mut Tx| {
            let seq = feed::reach(tx).await?.newest;
            let customers = customer::entries(tx).await?;
            let accounts = account::entries(tx).await?;
            Ok(Snapshot { seq, customers, accounts })
        };
        self.store.snapshot(look).await
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

    /// Waits until there may be changes after `after`. Whoever follows also asks from time to time: word of other
    /// processes comes over PostgreSQL only.
    pub async fn wait_for_news(&self, after: Option<FeedSeq>) {
        self.store.wait_for_news(after).await;
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
        }
    }
    let live = account::entries_of(tx, &accounts).await?;
    let known: std::collections::HashSet<_> = live.iter().map(|entry| entry.id).collect();
    accounts.retain(|account| !known.contains(account));
    let customers = customer::entries_of(tx, &customers).await?;
    let questions = question::of(tx, &questions, oldest).await?;
    Ok(Changes::Since { seq, customers, accounts: live, gone: accounts, questions })
}
