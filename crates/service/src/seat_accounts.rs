//! A gateway asks for seats: as many connections as its accounts' time plans let it have open.

use std::collections::HashMap;

use turnpike_domain::ids::{AccountId, Incarnation, PackageId};
use turnpike_domain::seats::{SeatGrant, SeatRequest, SeatRound, SeatTerms, allot};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::seat::{self, Plan, Seats};
use turnpike_store::{StoreError, Tx, node};

use crate::error::ServiceError;
use crate::service::Service;

struct Round {
    node: Incarnation,
    asked: SeatRound,
    held_for: Span,
    now: Timestamp,
}

impl Service {
    /// Takes back what the gateway does not want any more and gives it what it wants and the plans have, in one
    /// transaction. An account draws on the plan that ends first, as for its traffic; one without a plan has no limit here,
    /// for it has no traffic either.
    ///
    /// # Errors
    /// [`ServiceError::Fenced`] when the gateway is another incarnation's, [`ServiceError::Overtaken`] when it has made this
    /// round or a later one, or the store's; nothing was given or taken then.
    pub async fn seat_accounts(&self, node: Incarnation, mut round: SeatRound) -> Result<Vec<SeatGrant>, ServiceError> {
        round.requests.sort_by_key(|request| request.account);
        round.requests.dedup_by_key(|request| request.account);
        let round = Round { node, asked: round, held_for: self.lease_policy().validity, now: self.now() };
        self.store.write(round, |round, tx| Box::pin(run(round, tx))).await
    }
}

async fn run(round: &Round, tx: &mut Tx) -> Result<Vec<SeatGrant>, ServiceError> {
    let Round { node: me, asked: SeatRound { number, requests }, now, .. } = round;
    if !seat::advance(tx, *me, *number, *now).await? {
        let ours = node::boot(tx, me.node).await? == Some(me.boot);
        return Err(if ours { ServiceError::Overtaken } else { ServiceError::Fenced });
    }
    let accounts: Vec<AccountId> = requests.iter().map(|request| request.account).collect();
    let plans = first_plans(seat::lock_plans(tx, &accounts, *now).await?);
    let mut shares = Shares::read(tx, &plans).await?;
    let answer = |request: &SeatRequest| {
        let terms = match plans.get(&request.account) {
            Some(plan) => shares.share_out(round, plan, request.want),
            None => unlimited(round, Span::from_secs(1)),
        };
        SeatGrant { account: request.account, terms }
    };
    let mut grants: Vec<SeatGrant> = requests.iter().map(answer).collect();
    // Told for all alike once all have theirs.
    for grant in &mut grants {
        let spare = |plan: &Plan| plan.tunnels.is_none_or(|limit| shares.taken_of(plan.package) < limit);
        grant.terms.spare = plans.get(&grant.account).is_none_or(spare);
    }
    seat::replace(tx, me.node, &accounts, &shares.of(me.node, &accounts)).await?;
    Ok(grants)
}

/// Of each account the plan that it draws on: the one that ends first.
fn first_plans(plans: Vec<Plan>) -> HashMap<AccountId, Plan> {
    let mut first: HashMap<AccountId, Plan> = HashMap::new();
    for plan in plans {
        let known = first.entry(plan.account).or_insert(plan);
        if (plan.expires_at, plan.package) < (known.expires_at, known.package) {
            *known = plan;
        }
    }
    first
}

const fn unlimited(round: &Round, ends_in: Span) -> SeatTerms {
    SeatTerms { seats: None, spare: true, ends_in, held_for: round.held_for }
}

/// Who has how many seats of the plans that are locked.
struct Shares(Vec<Seats>);

impl Shares {
    async fn read(tx: &mut Tx, plans: &HashMap<AccountId, Plan>) -> Result<Self, StoreError> {
        let mut packages: Vec<PackageId> = plans.values().map(|plan| plan.package).collect();
        packages.sort_unstable();
        packages.dedup();
        Ok(Self(seat::taken(tx, &packages).await?))
    }

    fn taken_of(&self, package: PackageId) -> u32 {
        self.0.iter().filter(|one| one.package == package).fold(0, |sum, one| sum.saturating_add(one.seats))
    }

    /// Gives an account of this gateway what it wants, as far as the plan goes.
    fn share_out(&mut self, round: &Round, plan: &Plan, want: u32) -> SeatTerms {
        let ends_in = round.held_for.min(plan.expires_at.since(round.now));
        let (node, account) = (round.node.node, plan.account);
        self.0.retain(|one| one.node != node || one.account != account);
        let Some(limit) = plan.tunnels else { return unlimited(round, ends_in) };
        let seats = allot(limit, self.taken_of(plan.package), want);
        if seats > 0 {
            self.0.push(Seats { node, account, customer: plan.customer, package: plan.package, seats });
        }
        SeatTerms { seats: Some(seats), spare: false, ends_in, held_for: round.held_for }
    }

    /// What a gateway has for these accounts.
    fn of(&self, node: turnpike_domain::ids::NodeId, accounts: &[AccountId]) -> Vec<Seats> {
        let mine = |one: &&Seats| one.node == node && accounts.contains(&one.account);
        self.0.iter().filter(mine).copied().collect()
    }
}
