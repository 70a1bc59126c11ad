//! The books balance whatever gateways do: at random, and at once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use turnpike_domain::ids::{AccountId, LeaseId, NodeId};
use turnpike_domain::lease::{Exchange, LeaseReport};
use turnpike_domain::time::Span;
use turnpike_domain::units::LimitGb;
use turnpike_testkit::each_store;

use crate::given::{GB, Given, last, name, partial, wishes};

/// Numbers that repeat with their seed.
struct Dice(u64);

impl Dice {
    /// From 0 to `sides` - 1.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut stirred = self.0;
        stirred = (stirred ^ (stirred >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (stirred ^ (stirred >> 31)) % sides
    }
}

/// Every sum that must agree with another, as a statement that counts what does not.
const FAULTS: [(&str, &str); 6] = [
    (
        "an account holds what its leases hold",
        "
        SELECT count(*) FROM account WHERE held <> (
            SELECT coalesce(SUM(ceiling - lease.used), 0) FROM lease WHERE account_id = account.id AND lapsed = FALSE)",
    ),
    (
        "a package holds what its leases hold",
        "
        SELECT count(*) FROM package WHERE held <> (
            SELECT coalesce(SUM(ceiling - lease.used), 0) FROM lease WHERE package_id = package.id AND lapsed = FALSE)",
    ),
    (
        "no package gives more than it has",
        "SELECT count(*) FROM package WHERE used + held > size OR used < 0 OR held < 0",
    ),
    (
        "an account's usage is what it is billed",
        "
        SELECT count(*) FROM account WHERE used <> (
            SELECT coalesce(SUM(bytes), 0) FROM usage WHERE account_id = account.id)",
    ),
    (
        "a customer's packages gave what its accounts used",
        "
        SELECT count(*) FROM customer WHERE
            (SELECT coalesce(SUM(used), 0) FROM package WHERE customer_id = customer.id)
            <> (SELECT coalesce(SUM(used), 0) FROM account WHERE customer_id = customer.id)",
    ),
    (
        "no account passes the highest limit it had",
        "
        SELECT count(*) FROM account WHERE limit_gb <> 0 AND used + held > 3 * CAST(1073741824 AS BIGINT)",
    ),
];

impl Given {
    async fn assert_balanced(&self, when: &str) {
        for (rule, faults) in FAULTS {
            assert_eq!(self.number(faults).await, 0, "{rule}, {when}");
        }
    }

    /// Two customers with packages of all sizes and ends, and accounts with and without limits.
    async fn small_town(&self) -> Vec<AccountId> {
        let mut accounts = Vec::new();
        for person in ["anna", "ben"] {
            let customer = self.customer(&format!("{person}@example.com")).await;
            for (size, seconds) in [(1 << 10, 9), (1 << 24, 100), (3 << 20, 500), (4 * GB, 100_000)] {
                self.package_until(customer, size, self.now().plus(Span::from_secs(seconds))).await;
            }
            for (number, (limit, daily)) in [(0, 0), (1, 0), (0, 1), (3, 2)].into_iter().enumerate() {
                accounts.push(self.limited_account(customer, &format!("{person}{number}"), limit, daily).await);
            }
        }
        accounts
    }
}

/// What a gateway knows of its leases: how far each is used and may go.
type Held = BTreeMap<LeaseId, (u64, u64)>;

/// One gateway's turn: it reports some of what it holds, truly or late, and asks for some accounts.
async fn turn(given: &Given, dice: &mut Dice, node: NodeId, held: &mut Held, accounts: &[AccountId]) {
    let mut reports: Vec<LeaseReport> = Vec::new();
    for (lease, (used, ceiling)) in held.iter_mut() {
        match dice.roll(4) {
            0 => *used += dice.roll(*ceiling - *used + 1),
            1 => *ceiling -= dice.roll(*ceiling - *used + 1),
            2 => reports.push(partial(*lease, *used / 2, *ceiling)),
            _ => {}
        }
        reports.push(partial(*lease, *used, *ceiling));
    }
    if dice.roll(3) == 0 {
        let done: Vec<_> = held.keys().filter(|_| dice.roll(2) == 0).copied().collect();
        for lease in done {
            let (used, _) = held.remove(&lease).unwrap();
            reports.push(last(lease, used));
        }
    }
    let requests = wishes(accounts.iter().filter(|_| dice.roll(2) == 0).copied());
    let sent_twice = dice.roll(5) == 0;
    if sent_twice {
        given.report_at(node, reports.clone()).await;
    }
    for grant in given.exchange(node, Exchange { reports, requests, ..Exchange::default() }).await.unwrap() {
        if let Ok(lease) = grant.outcome {
            held.insert(lease.id, (0, lease.bytes.get()));
        }
    }
}

each_store! {
    async fn the_books_balance_after_anything(given: &TestStore) {
        let given = Given::over(given);
        let accounts = given.small_town().await;
        let anna = given.service.find_customer("anna@example.com").await.unwrap().id;
        let mut gateways: Vec<(NodeId, Held)> = (1..=3).map(|id| (NodeId::new(id), Held::new())).collect();
        let mut dice = Dice(20_260_310);
        for step in 0..150 {
            let which = usize::try_from(dice.roll(3)).unwrap();
            let (node, held) = &mut gateways[which];
            match dice.roll(10) {
                0 => given.pass(Span::from_secs(i64::try_from(dice.roll(200)).unwrap())),
                1 => {
                    given.give_up(*node).await;
                    given.lapse().await;
                }
                2 => {
                    // It crashed: some of its spool is lost.
                    let found = held.iter().filter(|_| dice.roll(3) > 0).map(|(lease, (used, _))| last(*lease, *used));
                    given.boot(*node, found.collect()).await;
                    held.clear();
                }
                3 => {
                    let limit = LimitGb::new(u32::try_from(1 + dice.roll(3)).unwrap()).unwrap();
                    given.service.change_limit(anna, &name("anna1"), limit).await.unwrap();
                }
                4 if step > 100 => drop(given.service.roll_up_usage().await.unwrap()),
                _ => turn(&given, &mut dice, *node, held, &accounts).await,
            }
            if step % 10 == 0 {
                given.assert_balanced(&format!("after step {step}")).await;
            }
        }
        for (node, _) in gateways {
            given.boot(node, Vec::new()).await;
        }
        given.assert_balanced("at the end").await;
        assert_eq!(given.number("SELECT CAST(SUM(held) AS BIGINT) FROM account").await, 0);
        assert!(given.number("SELECT CAST(SUM(used) AS BIGINT) FROM account").await > 0);
    }

    async fn the_books_balance_when_everybody_acts_at_once(given: &TestStore) {
        let given = std::sync::Arc::new(Given::over(given));
        let accounts = given.small_town().await;
        let anna = given.service.find_customer("anna@example.com").await.unwrap().id;
        let gateway = |id: i64| {
            let (given, accounts) = (std::sync::Arc::clone(&given), accounts.clone());
            tokio::spawn(async move {
                let (mut dice, mut held) = (Dice(id.unsigned_abs()), Held::new());
                for _ in 0..15 {
                    turn(&given, &mut dice, NodeId::new(id), &mut held, &accounts).await;
                }
                given.boot(NodeId::new(id), Vec::new()).await;
            })
        };
        let gateways: Vec<_> = (1..=6).map(gateway).collect();
        let meddler = std::sync::Arc::clone(&given);
        let meddling = tokio::spawn(async move {
            for turn in 0..15 {
                let limit = LimitGb::new(1 + turn % 3).unwrap();
                meddler.service.change_limit(anna, &name("anna1"), limit).await.unwrap();
                meddler.service.set_accounts_enabled(anna, &[name("anna2"), name("anna0")], turn % 2 == 0).await.unwrap();
                meddler.give_up(NodeId::new(i64::from(1 + turn % 6))).await;
                meddler.pass(Span::from_secs(20));
                meddler.lapse().await;
            }
        });
        for outcome in join_all(gateways).await {
            outcome.unwrap();
        }
        meddling.await.unwrap();
        given.assert_balanced("at the end").await;
        assert_eq!(given.number("SELECT CAST(SUM(held) AS BIGINT) FROM account").await, 0);
    }
}
