//! What gateways ask: leases and reports, the feed, and where they are in it.

use anyhow::Result;
use turnpike_domain::ids::{AccountId, FeedSeq, Incarnation, NodeId};
use turnpike_domain::lease::{Exchange, Lease, LeaseReport, LeaseRequest};
use turnpike_domain::units::Bytes;
use turnpike_service::Service;

use super::{Bench, Until};

/// What each account asks for.
const WANT: Bytes = Bytes::new(1024 * 1024);
/// Gateways whose places are kept at once.
const GATEWAYS: i64 = 1000;

/// Measures and prints.
pub(super) async fn measure(bench: &Bench) -> Result<()> {
    for (accounts, at_once) in [(1, 1), (1, 16), (64, 1), (64, 4), (64, 16)] {
        let name = format!("exchange: {accounts} leases settled and {accounts} granted");
        let worker = |number, until| renew(Gateway::new(bench, number, accounts), until);
        bench.line(&name, at_once, u64::try_from(accounts)?, worker).await?;
    }
    for at_once in [1, 4] {
        let name = "exchange: 1024 reports, a usage row each";
        bench.line(name, at_once, 1024, |number, until| report(Gateway::new(bench, number, 1024), until)).await?;
    }
    places(bench).await
}

/// A gateway with accounts of its own.
struct Gateway {
    service: Service,
    node: Incarnation,
    number: u64,
    accounts: Vec<AccountId>,
}

impl Gateway {
    fn new(bench: &Bench, number: usize, accounts: usize) -> Self {
        let accounts = bench.accounts.iter().copied().skip(number.saturating_mul(accounts)).take(accounts).collect();
        let boot = u64::try_from(std::time::Duration::as_nanos(&began())).unwrap_or(u64::MAX) / 1_000_000;
        let node = NodeId::new(i64::try_from(number).unwrap_or(i64::MAX));
        Self { service: bench.service.clone(), node: Incarnation { node, boot }, number: 0, accounts }
    }

    async fn settle(&self) -> Result<()> {
        Ok(self.service.settle_node(self.node, Vec::new()).await?)
    }

    async fn exchange(&mut self, reports: Vec<LeaseReport>, ask: bool) -> Result<Vec<Lease>> {
        self.number = self.number.saturating_add(1);
        let request = |account: &AccountId| LeaseRequest { account: *account, want: WANT };
        let requests = if ask { self.accounts.iter().map(request).collect() } else { Vec::new() };
        let exchange = Exchange { number: self.number, reports, requests, held: None };
        let grants = self.service.exchange_leases(self.node, exchange).await?;
        Ok(grants.into_iter().filter_map(|grant| grant.outcome.ok()).collect())
    }
}

/// The clock that counts a gateway's boots: each line's gateways are later ones.
#[expect(clippy::disallowed_methods, reason = "this program stands beside the product and reads the clock itself")]
fn began() -> std::time::Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// Spends every lease at once and asks for the next.
async fn renew(mut gateway: Gateway, until: Until) -> Result<u64> {
    gateway.settle().await?;
    let (mut held, mut done) = (gateway.exchange(Vec::new(), true).await?, 0);
    while !until.is_over() {
        let spent = held.iter().map(|lease| LeaseReport::last(lease.id, Bytes::new(4096))).collect();
        held = gateway.exchange(spent, true).await?;
        anyhow::ensure!(held.len() == gateway.accounts.len(), "{} of {} leases", held.len(), gateway.accounts.len());
        done += 1;
    }
    Ok(done)
}

/// Reports a little more of every lease, again and again.
async fn report(mut gateway: Gateway, until: Until) -> Result<u64> {
    gateway.settle().await?;
    let held = gateway.exchange(Vec::new(), true).await?;
    let mut done: u64 = 0;
    while !until.is_over() {
        done = done.saturating_add(1);
        let used = Bytes::new(done.saturating_mul(64));
        let report =
            |lease: &Lease| LeaseReport { lease: lease.id, used, written: used, ceiling: lease.bytes, last: false };
        let reports = held.iter().map(report).collect();
        gateway.exchange(reports, false).await?;
    }
    Ok(done)
}

/// Keeps the places of many gateways, all of which have moved.
async fn places(bench: &Bench) -> Result<()> {
    let boot = u64::try_from(began().as_millis())?;
    let nodes: Vec<_> = (0..GATEWAYS).map(|node| Incarnation { node: NodeId::new(1_000_000 + node), boot }).collect();
    for node in &nodes {
        bench.service.settle_node(*node, Vec::new()).await?;
    }
    bench
        .line("places of 1,000 gateways kept", 1, 1000, |_, until| keep(bench.service.clone(), nodes.clone(), until))
        .await
}

async fn keep(service: Service, nodes: Vec<Incarnation>, until: Until) -> Result<u64> {
    let mut done: u32 = 0;
    while !until.is_over() {
        done = done.saturating_add(1);
        for node in &nodes {
            service.note_applied(*node, Some(FeedSeq::new(i64::from(done))));
        }
        service.keep_places().await?;
    }
    Ok(u64::from(done))
}
