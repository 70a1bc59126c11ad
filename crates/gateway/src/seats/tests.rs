//! Seats on virtual time: who gets one, who waits, and what goes back to the store.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use turnpike_domain::account::Username;
use turnpike_domain::connection::Protocol;
use turnpike_domain::directory::{AccountEntry, CustomerEntry};
use turnpike_domain::ids::{AccountId, CustomerId, Incarnation, NodeId};
use turnpike_domain::lease::{LeaseGrant, LeaseReport};
use turnpike_domain::product::ProductType;
use turnpike_domain::seats::{SeatGrant, SeatRequest, SeatRound, allot};
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::LimitGb;

use super::usher::Usher;
use super::*;
use crate::customer::Customer;
use crate::fencing::Fencing;
use crate::line::{Arrival, Credential, Door, Line};
use crate::permit::{Leave, Permit};
use crate::ports::{Exchange, Leases, PortError};
use crate::settings::Deadlines;

const NODE: Incarnation = Incarnation { node: NodeId::new(1), boot: 1 };

/// A plan that this gateway shares with others.
struct Plan {
    limit: Mutex<Option<u32>>,
    /// What others have.
    others: Mutex<u32>,
    mine: Mutex<u32>,
    away: AtomicBool,
    seen: Mutex<Vec<SeatRequest>>,
}

impl Plan {
    fn answer(&self, request: SeatRequest) -> SeatGrant {
        self.seen.lock().push(request);
        let (limit, others) = (*self.limit.lock(), *self.others.lock());
        let seats = limit.map(|limit| allot(limit, others, request.want));
        *self.mine.lock() = seats.unwrap_or(0);
        let spare = limit.is_none_or(|limit| others + seats.unwrap_or(0) < limit);
        let (ends_in, held_for) = (Span::from_secs(60), Span::from_secs(60));
        SeatGrant { account: request.account, terms: SeatTerms { seats, spare, ends_in, held_for } }
    }

    fn mine(&self) -> u32 {
        *self.mine.lock()
    }

    fn leave_to_others(&self, seats: u32) {
        *self.others.lock() = seats;
    }
}

impl Leases for Plan {
    fn settle(&self, _: Incarnation, _: Vec<LeaseReport>) -> BoxFuture<'_, Result<(), PortError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn exchange(&self, _: Incarnation, _: Exchange) -> BoxFuture<'_, Result<Vec<LeaseGrant>, PortError>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn seats(&self, _: Incarnation, round: SeatRound) -> BoxFuture<'_, Result<Vec<SeatGrant>, PortError>> {
        let away = self.away.load(Ordering::SeqCst);
        let answer = round.requests.into_iter().map(|request| self.answer(request)).collect();
        // What was asked for is carried out even when the answer is lost.
        let answer = if away { Err(PortError::Unreachable("away".to_owned())) } else { Ok(answer) };
        std::future::ready(answer).boxed()
    }
}

/// An usher at work, and one account.
struct House {
    plan: Arc<Plan>,
    account: Arc<Account>,
    desk: Arc<Desk>,
    stop: CancellationToken,
    usher: tokio::task::JoinHandle<()>,
}

impl House {
    fn of(limit: Option<u32>) -> Self {
        let plan = Arc::new(Plan {
            limit: Mutex::new(limit),
            others: Mutex::new(0),
            mine: Mutex::new(0),
            away: AtomicBool::new(false),
            seen: Mutex::new(Vec::new()),
        });
        let desk = Arc::new(Desk::new(Deadlines::default(), || Timestamp::from_ms(0)));
        let (stop, fencing) = (CancellationToken::new(), Fencing::default());
        let usher = Usher::new(plan.clone(), NODE, Arc::clone(&desk), fencing).run(stop.clone());
        let account = Arc::new(Account::new(&entry(), Arc::new(Customer::new(customer(0)))));
        Self { plan, account, desk, stop, usher: tokio::spawn(usher) }
    }

    fn permit(&self) -> Permit {
        let seat = self.account.customer().seat(0).unwrap();
        let (account, desk) = ((Arc::clone(&self.account), self.account.epoch()), Arc::clone(&self.desk));
        let id = self.desk.registry.number_accepted();
        let arrival = Arrival { id, accepted: Instant::now(), source: ([127, 0, 0, 1], 1).into(), door: Door::Login };
        let line = Line::new(account, desk, &arrival, (Protocol::Connect, Credential::Login));
        Permit::new(Leave::new(self.desk.registry.enter(line)), seat)
    }

    async fn seated(&self) -> Permit {
        let permit = self.permit();
        permit.ensure_seat().await.unwrap();
        permit
    }
}

fn customer(packages_version: i64) -> CustomerEntry {
    CustomerEntry {
        id: CustomerId::new(1),
        verified: true,
        suspended: false,
        max_tunnels: None,
        max_connections_per_second: None,
        packages_version,
        sources: Vec::new(),
        static_ips: Vec::new(),
    }
}

fn entry() -> AccountEntry {
    AccountEntry {
        id: AccountId::new(1),
        customer: CustomerId::new(1),
        username: Username::parse("alice").unwrap(),
        password: PasswordMac::from_bytes([1; 32]),
        product_type: ProductType::DynamicTimePlan,
        enabled: true,
        limit: LimitGb::UNLIMITED,
        daily_limit: LimitGb::UNLIMITED,
    }
}

/// Lets virtual time pass, in steps small enough for every timer.
async fn pass(span: Duration) {
    let end = Instant::now() + span;
    while Instant::now() < end {
        tokio::time::advance(Duration::from_millis(1)).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn all_seats_can_be_had_and_one_more_waits_a_second_in_vain() {
    let house = House::of(Some(3));
    let open = [house.seated().await, house.seated().await, house.seated().await];
    let began = Instant::now();
    assert_eq!(house.permit().ensure_seat().await, Err(Refusal::TooManyTunnels));
    assert!(began.elapsed() >= SEAT_PATIENCE && began.elapsed() < SEAT_PATIENCE + ASK_AGAIN, "{:?}", began.elapsed());
    assert_eq!(house.plan.mine(), 3);
    drop(open);
}

#[tokio::test(start_paused = true)]
async fn a_connection_keeps_its_seat_however_often_it_is_asked_about() {
    let house = House::of(Some(1));
    let permit = house.seated().await;
    permit.ensure_seat().await.unwrap();
    drop(permit);
    let again = house.seated().await;
    assert_eq!(house.permit().ensure_seat().await, Err(Refusal::TooManyTunnels));
    drop(again);
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_the_seat_that_somebody_leaves_here_or_elsewhere() {
    let house = House::of(Some(1));
    let first = house.seated().await;
    let (next, ()) = tokio::join!(house.seated(), async {
        pass(Duration::from_millis(500)).await;
        drop(first);
    });
    drop(next);
    pass(Duration::from_millis(50)).await;
    house.plan.leave_to_others(1);
    let (_last, ()) = tokio::join!(house.seated(), async {
        pass(Duration::from_millis(900)).await;
        house.plan.leave_to_others(0);
    });
}

#[tokio::test(start_paused = true)]
async fn a_free_seat_is_kept_for_a_moment_while_there_are_others_and_given_back_at_once_when_there_are_none() {
    let house = House::of(Some(2));
    drop(house.seated().await);
    let before = house.plan.seen.lock().len();
    drop(house.seated().await);
    assert_eq!(house.plan.seen.lock().len(), before, "the seat was still here");
    pass(Duration::from_secs(1)).await;
    assert_eq!(house.plan.mine(), 0);
    let both = (house.seated().await, house.seated().await);
    drop(both.0);
    pass(Duration::from_millis(5)).await;
    assert_eq!(house.plan.mine(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nobody_waits_and_a_limit_that_comes_ends_the_newest() {
    let house = House::of(None);
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(house.seated().await);
        pass(Duration::from_millis(10)).await;
    }
    assert_eq!(house.plan.seen.lock().len(), 1);
    *house.plan.limit.lock() = Some(2);
    house.account.customer().update(customer(1));
    pass(Duration::from_millis(900)).await;
    let ended: Vec<_> = open.iter().map(Permit::is_revoked).collect();
    assert_eq!(ended, [false, false, true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_cut_off_ends_its_connections_before_others_get_their_seats() {
    let house = House::of(Some(2));
    let permit = house.seated().await;
    house.plan.away.store(true, Ordering::SeqCst);
    pass(Duration::from_secs(59)).await;
    assert!(!permit.is_revoked());
    pass(Duration::from_secs(30)).await;
    assert!(permit.is_revoked(), "the store frees them after 90 s");
    drop(permit);
    house.plan.away.store(false, Ordering::SeqCst);
    pass(Duration::from_secs(2)).await;
    assert_eq!(house.plan.mine(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_answer_was_lost_goes_back() {
    let house = House::of(Some(2));
    house.plan.away.store(true, Ordering::SeqCst);
    let refused = house.permit().ensure_seat().await;
    assert_eq!(refused, Err(Refusal::NoTraffic(Denial::Contended)));
    assert_eq!(house.plan.mine(), 1);
    house.plan.away.store(false, Ordering::SeqCst);
    pass(Duration::from_secs(2)).await;
    assert_eq!(house.plan.mine(), 0);
}

#[tokio::test(start_paused = true)]
async fn idle_connections_renew_their_seats_and_the_end_gives_them_back() {
    let house = House::of(Some(2));
    let permit = house.seated().await;
    pass(Duration::from_mins(3)).await;
    assert!(!permit.is_revoked());
    let seen = house.plan.seen.lock().len();
    assert!((9..=13).contains(&seen), "{seen}");
    drop(permit);
    house.stop.cancel();
    house.usher.await.unwrap();
    assert_eq!(house.plan.mine(), 0);
}
