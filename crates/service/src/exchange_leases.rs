//! A gateway reports what it used of its leases and asks for new ones.

use std::collections::{BTreeMap, HashMap, HashSet};

use turnpike_domain::ids::{AccountId, Incarnation, LeaseId};
use turnpike_domain::lease::{Exchange, Lease, LeaseGrant, LeaseReport};
use turnpike_domain::quota::{Denial, LeasePolicy, Terms};
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;
use turnpike_store::lease::{self, NewLease, OpenLease};
use turnpike_store::{StoreError, Tx, node};

use crate::books::Books;
use crate::error::ServiceError;
use crate::service::Service;

struct Round {
    service: Service,
    node: Incarnation,
    exchange: Exchange,
    policy: LeasePolicy,
    now: Timestamp,
}

impl Service {
    /// Books all reports, frees what the gateway says it does not have, then answers each account's request, in one
    /// transaction. A report on a lease that is not this gateway's is ignored. An account that is asked for twice is
    /// answered once.
    ///
    /// # Errors
    /// [`ServiceError::Fenced`] when the gateway's leases are another incarnation's, [`ServiceError::Overtaken`] when it
    /// has made this exchange or a later one, or the store's; nothing was booked or granted then.
    pub async fn exchange_leases(
        &self,
        node: Incarnation,
        exchange: Exchange,
    ) -> Result<Vec<LeaseGrant>, ServiceError> {
        self.exchange_under(self.lease_policy(), node, exchange).await
    }

    /// As [`Service::exchange_leases`], for a gateway in this process. If its spool file lies beside the store, its leases
    /// may be larger, and are not kept in escrow.
    ///
    /// # Errors
    /// As [`Service::exchange_leases`].
    pub async fn exchange_leases_beside(
        &self,
        node: Incarnation,
        exchange: Exchange,
    ) -> Result<Vec<LeaseGrant>, ServiceError> {
        self.exchange_under(self.lease_policy().beside(), node, exchange).await
    }

    async fn exchange_under(
        &self,
        policy: LeasePolicy,
        node: Incarnation,
        mut exchange: Exchange,
    ) -> Result<Vec<LeaseGrant>, ServiceError> {
        exchange.requests.sort_by_key(|request| request.account);
        exchange.requests.dedup_by_key(|request| request.account);
        let round = Round { service: self.clone(), node, exchange, policy, now: self.now() };
        self.store.write(round, |round, tx| Box::pin(run(round, tx))).await
    }
}

async fn run(round: &Round, tx: &mut Tx) -> Result<Vec<LeaseGrant>, ServiceError> {
    let Round { service, node, exchange, now, .. } = round;
    if !node::advance(tx, *node, exchange.number, *now).await? {
        let ours = node::boot(tx, node.node).await? == Some(node.boot);
        return Err(if ours { ServiceError::Overtaken } else { ServiceError::Fenced });
    }
    let (open, reports) = reported(round, tx).await?;
    if open.is_empty() && exchange.requests.is_empty() {
        return Ok(Vec::new());
    }
    let asking: Vec<_> = exchange.requests.iter().map(|request| request.account).collect();
    let mut books = Books::open(tx, service, &open, &asking, *now).await?;
    book_all(tx, &mut books, open, &reports).await?;
    let granted = grant_all(round, &asking, tx, &mut books).await?;
    books.close(tx).await?;
    Ok(granted)
}

/// The leases to book, locked, and the reports on them: the gateway's own, and one for each lease it does not have.
async fn reported(round: &Round, tx: &mut Tx) -> Result<(Vec<OpenLease>, Vec<LeaseReport>), StoreError> {
    let (node, mut reports) = (round.node.node, round.exchange.reports.clone());
    let named: HashSet<_> = reports.iter().map(|report| report.lease).collect();
    let Some(held) = &round.exchange.held else {
        let named: Vec<_> = named.into_iter().collect();
        let open = if named.is_empty() { Vec::new() } else { lease::lock(tx, node, &named).await? };
        return Ok((open, reports));
    };
    let held: HashSet<_> = held.iter().copied().collect();
    let mut open = lease::lock_of_node(tx, node).await?;
    let lost = open.iter().map(|lease| lease.id).filter(|lease| !held.contains(lease) && !named.contains(lease));
    reports.extend(lost.map(LeaseReport::void));
    let booked: HashSet<_> = reports.iter().map(|report| report.lease).collect();
    open.retain(|lease| booked.contains(&lease.id));
    Ok((open, reports))
}

/// Books reports on locked leases, and keeps or removes each of these.
pub(crate) async fn book_all(
    tx: &mut Tx,
    books: &mut Books,
    open: Vec<OpenLease>,
    reports: &[LeaseReport],
) -> Result<(), StoreError> {
    let mut open: BTreeMap<LeaseId, OpenLease> = open.into_iter().map(|lease| (lease.id, lease)).collect();
    let mut done = Vec::new();
    for report in reports {
        let Some(lease) = open.get_mut(&report.lease) else { continue };
        if books.book(lease, report)? {
            done.extend(open.remove(&report.lease));
        }
    }
    lease::store(tx, &open.values().collect::<Vec<_>>()).await?;
    lease::remove(tx, &done.iter().collect::<Vec<_>>()).await
}

async fn grant_all(
    round: &Round,
    asking: &[AccountId],
    tx: &mut Tx,
    books: &mut Books,
) -> Result<Vec<LeaseGrant>, StoreError> {
    let (node, requests) = (round.node.node, &round.exchange.requests);
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let held: HashMap<_, _> = lease::held_by_node(tx, node, asking).await?.into_iter().collect();
    let (mut new, mut decided) = (Vec::new(), Vec::with_capacity(requests.len()));
    for request in requests {
        let account = &request.account;
        let node_holds = held.get(account).copied().unwrap_or(Bytes::ZERO);
        let outcome = books.grant(&round.policy, request, node_holds);
        if let Ok((customer, Terms { package, bytes, lapses_at, .. })) = outcome {
            let escrowed = round.policy.escrows();
            new.push(NewLease { customer, account: *account, package, bytes, lapses_at, escrowed });
        }
        decided.push((*account, outcome));
    }
    let ids: HashMap<_, _> = lease::insert(tx, node, &new).await?.into_iter().collect();
    let answer = |(account, outcome): (AccountId, Result<_, Denial>)| {
        let outcome = match outcome {
            Ok((_, terms)) => Ok(leased(&ids, account, &terms)?),
            Err(denial) => Err(denial),
        };
        Ok(LeaseGrant { account, outcome })
    };
    decided.into_iter().map(answer).collect()
}

fn leased(ids: &HashMap<AccountId, LeaseId>, account: AccountId, terms: &Terms) -> Result<Lease, StoreError> {
    let missing = StoreError::Corrupt { table: "lease", column: "account_id", id: account.get() };
    let id = ids.get(&account).copied().ok_or(missing)?;
    Ok(Lease { id, bytes: terms.bytes, valid_for: terms.valid_for, paced: terms.paced() })
}
