//! The teller on virtual time: when it asks, reports, recalls and settles.

use std::collections::VecDeque;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use turnpike_domain::account::Username;
use turnpike_domain::connection::Protocol;
use turnpike_domain::directory::{AccountEntry, CustomerEntry};
use turnpike_domain::ids::{CustomerId, Incarnation, LeaseId, NodeId};
use turnpike_domain::lease::Lease as Grant;
use turnpike_domain::pace::AskAgain;
use turnpike_domain::product::ProductType;
use turnpike_domain::seats::{SeatGrant, SeatRound};
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::time::Span;
use turnpike_domain::units::LimitGb;

use super::*;
use crate::account::Account;
use crate::allowance::hunger::{Hunger, Waiter};
use crate::allowance::lease::Reservation;
use crate::customer::Customer;
use crate::line::{Arrival, Credential, Door, Line};
use crate::permit::{Leave, Permit};
use crate::settings::Deadlines;

const GRANTED: u64 = 1000;
const VALID_FOR: Span = Span::from_secs(60);

/// A store that says what it is told to, and a grant where it is told nothing.
#[derive(Default)]
struct Script {
    seen: Mutex<Vec<Exchange>>,
    answers: Mutex<VecDeque<Answer>>,
    leases: Mutex<i64>,
    /// How much each lease has; [`GRANTED`] unless something else was said.
    granted: Mutex<Option<u64>>,
    /// How long each lease must wait, where there is a pace.
    paced: Mutex<Option<Span>>,
}

#[derive(Clone, Copy)]
enum Answer {
    Deny(Denial),
    Fail,
    /// Never answers.
    Hang,
    /// Says that the gateway's identity is another process's.
    Fence,
}

impl Script {
    fn answer(&self, with: Answer, times: usize) {
        self.answers.lock().extend(std::iter::repeat_n(with, times));
    }

    fn grant(&self, bytes: u64) {
        *self.granted.lock() = Some(bytes);
    }

    fn requests(&self) -> usize {
        self.seen.lock().iter().map(|exchange| exchange.requests.len()).sum()
    }

    fn reports(&self) -> Vec<LeaseReport> {
        self.seen.lock().iter().flat_map(|exchange| exchange.reports.clone()).collect()
    }

    fn outcome(&self, answer: Option<Answer>) -> Result<Grant, Denial> {
        if let Some(Answer::Deny(denial)) = answer {
            return Err(denial);
        }
        let mut leases = self.leases.lock();
        *leases += 1;
        Ok(Grant {
            id: LeaseId::new(*leases),
            bytes: Bytes::new(self.granted.lock().unwrap_or(GRANTED)),
            valid_for: VALID_FOR,
            paced: *self.paced.lock(),
        })
    }
}

impl Leases for Script {
    fn settle(&self, _: Incarnation, _: Vec<LeaseReport>) -> BoxFuture<'_, Result<(), PortError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn exchange(&self, _: Incarnation, exchange: Exchange) -> BoxFuture<'_, Result<Vec<LeaseGrant>, PortError>> {
        let answer = self.answers.lock().pop_front();
        self.seen.lock().push(exchange.clone());
        let granted = match answer {
            Some(Answer::Hang) => return std::future::pending().boxed(),
            Some(Answer::Fail) => Err(PortError::Unreachable("told to fail".to_owned())),
            Some(Answer::Fence) => Err(PortError::Fenced(Fence::Overtaken)),
            answer => Ok(exchange
                .requests
                .into_iter()
                .map(|request| LeaseGrant { account: request.account, outcome: self.outcome(answer) })
                .collect()),
        };
        std::future::ready(granted).boxed()
    }

    fn seats(&self, _: Incarnation, _: SeatRound) -> BoxFuture<'_, Result<Vec<SeatGrant>, PortError>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }
}

/// A teller at work, and one account.
struct House {
    script: Arc<Script>,
    account: Arc<Account>,
    desk: Arc<Desk>,
    spool: Spool,
    stop: CancellationToken,
    fencing: Fencing,
    teller: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl House {
    fn with_slots(slots: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(&folder.path().join("spool"), slots, NodeId::new(1)).unwrap().spool;
        let script = Arc::new(Script::default());
        let desk = Arc::new(Desk::new(Deadlines::default(), || turnpike_domain::time::Timestamp::from_ms(0)));
        let (stop, fencing) = (CancellationToken::new(), Fencing::default());
        let teller = Teller::new(script.clone(), spool.clone(), Arc::clone(&desk), fencing.clone()).run(stop.clone());
        let account = Arc::new(Account::new(&entry(), Arc::new(Customer::new(customer()))));
        Self { script, account, desk, spool, stop, fencing, teller: tokio::spawn(teller), _folder: folder }
    }

    fn new() -> Self {
        Self::with_slots(4)
    }

    fn permit(&self) -> Permit {
        let seat = self.account.customer().seat(0).unwrap();
        let (account, desk) = ((Arc::clone(&self.account), self.account.epoch()), Arc::clone(&self.desk));
        let source = ([127, 0, 0, 1], 1).into();
        let id = self.desk.registry.number_accepted();
        let arrival = Arrival { id, accepted: Instant::now(), source, door: Door::Login };
        let line = Line::new(account, desk, &arrival, (Protocol::Connect, Credential::Login));
        Permit::new(Leave::new(self.desk.registry.enter(line)), seat)
    }

    fn reserve(&self, bytes: u64) -> Option<Reservation> {
        self.account.used(&self.desk).allowance.reserve(&self.account, bytes, Instant::now())
    }

    async fn close(self) {
        self.stop.cancel();
        self.teller.await.unwrap();
    }
}

fn customer() -> CustomerEntry {
    CustomerEntry {
        id: CustomerId::new(1),
        verified: true,
        suspended: false,
        max_tunnels: None,
        max_connections_per_second: None,
        packages_version: 0,
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
        product_type: ProductType::DynamicTraffic,
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

fn report(lease: i64, used: u64, ceiling: u64, last: bool) -> LeaseReport {
    let used = Bytes::new(used);
    LeaseReport { lease: LeaseId::new(lease), used, written: used, ceiling: Bytes::new(ceiling), last }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_uses_is_handed_back_after_three_seconds() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    house.reserve(100).unwrap().sent(100);
    pass(Duration::from_millis(2900)).await;
    assert_eq!(house.script.reports(), [report(1, 100, GRANTED, false)]);
    pass(Duration::from_millis(1200)).await;
    assert_eq!(house.script.reports().last(), Some(&report(1, 100, 100, true)));
    assert!(house.reserve(1).is_none());
    assert_eq!(house.script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn bytes_on_their_way_keep_their_lease_renewed() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    let mut paid = house.reserve(100).unwrap();
    paid.delivered(100);
    let lease = Arc::clone(paid.lease());
    pass(Duration::from_secs(90)).await;
    let reports = house.script.reports();
    assert!(reports.iter().all(|report| !report.last), "{reports:?}");
    assert!(reports.len() >= 15, "{}", reports.len());
    assert_eq!(lease.unheld_for(Instant::now()), Duration::ZERO);
    lease.meter().prove(100);
    pass(Duration::from_secs(1)).await;
    assert_eq!(house.script.reports().last(), Some(&report(1, 100, 100, true)));
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_not_used_past_its_validity_even_while_the_store_hangs() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    house.script.answer(Answer::Hang, 100);
    // Kept busy, so that it is not handed back for being idle.
    for _ in 0..59 {
        house.reserve(1).unwrap().sent(1);
        pass(Duration::from_secs(1)).await;
    }
    pass(Duration::from_secs(1)).await;
    assert!(house.reserve(1).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_for_a_second_or_until_something_changes() {
    let house = House::new();
    house.script.answer(Answer::Deny(Denial::NoTraffic), 2);
    let permit = house.permit();
    for _ in 0..10 {
        assert_eq!(permit.ensure_traffic().await, Err(Denial::NoTraffic));
    }
    assert_eq!(house.script.requests(), 1);
    pass(Duration::from_millis(1100)).await;
    assert_eq!(permit.ensure_traffic().await, Err(Denial::NoTraffic));
    assert_eq!(house.script.requests(), 2);
    house.account.customer().update(CustomerEntry { packages_version: 1, ..customer() });
    assert_eq!(permit.ensure_traffic().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn contention_is_waited_out_and_in_the_end_counts_as_no_traffic() {
    let house = House::new();
    let permit = house.permit();
    house.script.answer(Answer::Deny(Denial::Contended), 5);
    let started = Instant::now();
    assert_eq!(permit.ensure_traffic().await, Ok(()));
    assert!(started.elapsed() < Duration::from_secs(1));
    house.reserve(GRANTED).unwrap().sent(GRANTED);
    house.script.answer(Answer::Deny(Denial::Contended), 1000);
    let started = Instant::now();
    assert_eq!(permit.ensure_traffic().await, Err(Denial::NoTraffic));
    assert!((5..7).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    // Whoever comes after is not kept waiting, as long as nothing has come free.
    pass(Duration::from_secs(50)).await;
    let started = Instant::now();
    assert_eq!(permit.ensure_traffic().await, Err(Denial::NoTraffic));
    assert!(started.elapsed() < Duration::from_millis(100), "{:?}", started.elapsed());
    house.script.answers.lock().clear();
    pass(Duration::from_secs(2)).await;
    assert_eq!(permit.ensure_traffic().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn reports_survive_an_outage_and_are_absolute() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    house.script.answer(Answer::Fail, 4);
    house.reserve(10).unwrap().sent(10);
    pass(Duration::from_millis(600)).await;
    house.reserve(10).unwrap().sent(10);
    pass(Duration::from_secs(5)).await;
    assert_eq!(house.script.reports().last().map(|report| report.used), Some(Bytes::new(20)));
    // At most four tries failed; between them the pauses grew.
    assert!(house.script.seen.lock().len() < 12, "{}", house.script.seen.lock().len());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_keeps_no_new_connection_waiting() {
    let house = House::new();
    house.script.answer(Answer::Fail, 10_000);
    assert_eq!(house.permit().ensure_traffic().await, Err(Denial::Contended));
}

#[tokio::test(start_paused = true)]
async fn a_lease_without_a_slot_is_handed_back_unused() {
    let house = House::with_slots(0);
    assert_eq!(house.permit().ensure_traffic().await, Err(Denial::NoTraffic));
    assert!(house.script.reports().contains(&report(1, 0, 0, true)));
}

#[tokio::test(start_paused = true)]
async fn a_changed_limit_takes_leases_back_at_once() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    let mut paid = house.reserve(300).unwrap();
    house.account.update(&AccountEntry { limit: LimitGb::new(1).unwrap(), ..entry() });
    assert!(house.reserve(1).is_none());
    pass(Duration::from_millis(10)).await;
    assert_eq!(house.script.reports().last(), Some(&report(1, 0, 300, false)));
    paid.sent(300);
    pass(Duration::from_millis(600)).await;
    assert_eq!(house.script.reports().last(), Some(&report(1, 300, 300, true)));
}

#[tokio::test(start_paused = true)]
async fn closing_settles_everything_and_frees_the_slots() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    house.reserve(300).unwrap().sent(300);
    let (script, spool) = (Arc::clone(&house.script), house.spool.clone());
    let account = Arc::clone(&house.account);
    house.close().await;
    assert_eq!(script.reports().last(), Some(&report(1, 300, 300, true)));
    drop(account);
    let header = SlotHeader { lease: LeaseId::new(9), account: AccountId::new(1), granted: Bytes::new(1) };
    let slots: Vec<_> = std::iter::from_fn(|| spool.claim(&header)).collect();
    assert_eq!(slots.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_the_store_is_told_what_leases_there_are() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    house.reserve(100).unwrap().sent(100);
    house.script.answer(Answer::Fail, 1);
    pass(Duration::from_secs(2)).await;
    house.reserve(100).unwrap().sent(100);
    pass(Duration::from_secs(1)).await;
    let seen = house.script.seen.lock();
    let held: Vec<_> = seen.iter().map(|exchange| exchange.held.clone()).collect();
    assert_eq!(held[..3], [None, None, Some(vec![LeaseId::new(1)])], "{held:?}");
    assert!(held[3..].iter().all(Option::is_none), "{held:?}");
    assert!(seen.iter().map(|exchange| exchange.number).eq(1..=u64::try_from(seen.len()).unwrap()));
}

#[tokio::test(start_paused = true)]
async fn unacknowledged_bytes_are_reported_as_written() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    house.reserve(400).unwrap().delivered(400);
    pass(Duration::from_millis(600)).await;
    let written = LeaseReport { written: Bytes::new(400), ..report(1, 0, GRANTED, false) };
    assert_eq!(house.script.reports(), [written]);
}

#[tokio::test(start_paused = true)]
async fn a_fenced_gateway_says_so_and_settles_nothing() {
    let house = House::new();
    house.permit().ensure_traffic().await.unwrap();
    house.reserve(300).unwrap().sent(300);
    house.script.answer(Answer::Fence, 1000);
    pass(Duration::from_secs(1)).await;
    assert!(house.fencing.is_fenced());
    assert!(house.reserve(1).is_none());
    assert_eq!(house.script.seen.lock().len(), 2);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_fast_account_asks_for_more_and_a_slow_one_for_the_usual() {
    const USUAL: u64 = 16 * 1024 * 1024;
    let house = House::new();
    let wants = || house.script.seen.lock().iter().flat_map(|seen| seen.requests.clone()).last().unwrap().want.get();
    house.script.grant(USUAL);
    house.permit().ensure_traffic().await.unwrap();
    assert_eq!(wants(), USUAL);
    pass(Duration::from_millis(10)).await;
    house.reserve(USUAL).unwrap().sent(USUAL);
    house.permit().ensure_traffic().await.unwrap();
    assert!((USUAL * 40..USUAL * 51).contains(&wants()), "{}", wants());
    pass(Duration::from_secs(2)).await;
    house.reserve(USUAL).unwrap().sent(USUAL);
    house.permit().ensure_traffic().await.unwrap();
    assert_eq!(wants(), USUAL);
}

#[tokio::test(start_paused = true)]
async fn a_large_lease_of_an_account_that_has_become_slow_is_handed_back() {
    const LARGE: u64 = 256 * 1024 * 1024;
    let house = House::new();
    house.script.grant(LARGE);
    house.permit().ensure_traffic().await.unwrap();
    // A twentieth in three seconds: what is left would last for most of a minute.
    for _ in 0..30 {
        house.reserve(LARGE / 600).unwrap().sent(LARGE / 600);
        pass(Duration::from_millis(100)).await;
    }
    house.script.grant(GRANTED);
    pass(Duration::from_millis(1100)).await;
    let reports = house.script.reports();
    assert!(reports.last().is_some_and(|report| report.last && report.ceiling.get() < LARGE / 10), "{reports:?}");
}

#[tokio::test(start_paused = true)]
async fn a_large_lease_that_is_used_up_quickly_is_kept() {
    const LARGE: u64 = 256 * 1024 * 1024;
    let house = House::new();
    house.script.grant(LARGE);
    house.permit().ensure_traffic().await.unwrap();
    for _ in 0..30 {
        house.reserve(LARGE / 100).unwrap().sent(LARGE / 100);
        pass(Duration::from_millis(100)).await;
    }
    pass(Duration::from_millis(1100)).await;
    assert!(house.script.reports().iter().all(|report| !report.last && report.ceiling.get() == LARGE));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_granted_ahead_is_used_when_its_turn_comes() {
    let house = House::new();
    *house.script.paced.lock() = Some(Span::from_ms(300));
    let (began, permit) = (Instant::now(), house.permit());
    permit.ensure_traffic().await.unwrap();
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_millis(310), "{waited:?}");
    assert_eq!(house.script.requests(), 1);
    // Of a lease with a pace nobody takes all at once.
    assert!(house.reserve(1 << 30).is_some_and(|paid| paid.bytes() == GRANTED));
    house.script.grant(1 << 20);
    house.reserve(GRANTED).unwrap().sent(GRANTED);
    pass(Duration::from_millis(310)).await;
    assert!(house.reserve(1 << 30).is_some_and(|paid| paid.bytes() == 1 << 17));
}

#[tokio::test(start_paused = true)]
async fn what_a_plan_cannot_carry_yet_is_waited_for_however_long_that_is() {
    let house = House::new();
    house.script.answer(Answer::Deny(Denial::Paced(AskAgain { after: Span::from_ms(100) })), 90);
    let permit = house.permit();
    let began = Instant::now();
    // Far longer than contention is waited for.
    let first = tokio::time::timeout(Duration::from_secs(7), permit.ensure_traffic()).await;
    assert!(first.is_err(), "{first:?}");
    // Whoever comes meanwhile opens at once, and waits for bytes like all others.
    assert_eq!(house.permit().ensure_traffic().await, Ok(()));
    let mut hunger = Hunger::default();
    let account = Arc::clone(&house.account);
    let source = (&account, account.used(&house.desk));
    let waited = std::future::poll_fn(|cx| hunger.poll_reserve(cx, source, 1, Waiter::OpenConnection)).await;
    assert_eq!(waited.map(|paid| paid.bytes()), Ok(1));
    assert!(began.elapsed() >= Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(house.script.requests(), 91);
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_another_plan_is_handed_back_before_it_is_used() {
    let house = House::new();
    *house.script.paced.lock() = Some(Span::from_ms(400));
    let waits = tokio::spawn({
        let permit = house.permit();
        async move { permit.ensure_traffic().await }
    });
    pass(Duration::from_millis(100)).await;
    house.account.customer().update(CustomerEntry { packages_version: 1, ..customer() });
    *house.script.paced.lock() = Some(Span::from_ms(0));
    pass(Duration::from_millis(400)).await;
    assert_eq!(waits.await.unwrap(), Ok(()));
    pass(Duration::from_millis(600)).await;
    assert!(house.script.reports().contains(&report(1, 0, 0, true)), "{:?}", house.script.reports());
    assert_eq!(house.script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_lease_with_a_pace_goes_back_after_three_seconds_though_it_is_used_a_little() {
    let house = House::new();
    *house.script.paced.lock() = Some(Span::from_ms(0));
    house.permit().ensure_traffic().await.unwrap();
    for _ in 0..40 {
        house.reserve(1).into_iter().for_each(|mut paid| paid.sent(1));
        pass(Duration::from_millis(100)).await;
    }
    let reports = house.script.reports();
    assert!(reports.iter().any(|report| report.lease == LeaseId::new(1) && report.last), "{reports:?}");
}
