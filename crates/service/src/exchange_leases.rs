//! A gateway reports what it used of its leases and asks for new ones.

use std::collections::{BTreeMap, HashMap};

use turnpike_domain::ids::{AccountId, LeaseId, NodeId};
use turnpike_domain::lease::{Lease, LeaseGrant, LeaseReport};
use turnpike_domain::quota::{Denial, Terms};
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;
use turnpike_store::lease::{self, NewLease, OpenLease};
use turnpike_store::{StoreError, Tx, node};

use crate::books::Books;
use crate::error::ServiceError;
use crate::service::Service;

struct Exchange {
    service: Service,
    node: NodeId,
    reports: Vec<LeaseReport>,
    requests: Vec<AccountId>,
    now: Timestamp,
}

impl Service {
    /// Books all reports, then answers each account's request, in one transaction. Reports are absolute, so one that
    /// comes twice or late changes nothing; one on a lease that is not this gateway's is ignored. An account that is
    /// asked for twice is answered once.
    ///
    /// # Errors
    /// Only the store's; nothing was booked or granted then.
    pub async fn exchange_leases(
        &self,
        node: NodeId,
        reports: Vec<LeaseReport>,
        mut requests: Vec<AccountId>,
    ) -> Result<Vec<LeaseGrant>, ServiceError> {
        requests.sort_unstable();
        requests.dedup();
        let exchange = Exchange { service: self.clone(), node, reports, requests, now: self.now() };
        Ok(self.store.write(exchange, |exchange, tx| Box::pin(run(exchange, tx))).await?)
    }
}

async fn run(exchange: &Exchange, tx: &mut Tx) -> Result<Vec<LeaseGrant>, StoreError> {
    let Exchange { service, node, reports, requests, now } = exchange;
    node::touch(tx, *node, *now).await?;
    if reports.is_empty() && requests.is_empty() {
        return Ok(Vec::new());
    }
    let reported: Vec<_> = reports.iter().map(|report| report.lease).collect();
    let open = if reported.is_empty() { Vec::new() } else { lease::lock(tx, *node, &reported).await? };
    let mut books = Books::open(tx, service, &open, requests, *now).await?;
    book_all(tx, &mut books, open, reports).await?;
    let granted = grant_all(exchange, tx, &mut books).await?;
    books.close(tx).await?;
    Ok(granted)
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

async fn grant_all(exchange: &Exchange, tx: &mut Tx, books: &mut Books) -> Result<Vec<LeaseGrant>, StoreError> {
    let Exchange { service, node, requests, .. } = exchange;
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let held: HashMap<_, _> = lease::held_by_node(tx, *node, requests).await?.into_iter().collect();
    let (mut new, mut decided) = (Vec::new(), Vec::with_capacity(requests.len()));
    for account in requests {
        let node_holds = held.get(account).copied().unwrap_or(Bytes::ZERO);
        let outcome = books.grant(&service.shared.lease_policy, *account, node_holds);
        if let Ok((customer, Terms { package, bytes, lapses_at, .. })) = outcome {
            new.push(NewLease { customer, account: *account, package, bytes, lapses_at });
        }
        decided.push((*account, outcome));
    }
    let ids: HashMap<_, _> = lease::insert(tx, *node, &new).await?.into_iter().collect();
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
    Ok(Lease { id, bytes: terms.bytes, valid_for: terms.valid_for })
}
