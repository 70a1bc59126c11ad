//! Leases: what is granted, what reports book, what lapses and what a restart settles.

use turnpike_domain::ids::{AccountId, LeaseId, NodeId};
use turnpike_domain::lease::Exchange;
use turnpike_domain::quota::{Denial, LeasePolicy};
use turnpike_domain::time::Span;
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_service::{NodeAccess, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{GB, Given, NEIGHBOUR, NODE, last, name, operator, partial, wishes};

const MIB: u64 = 1 << 20;

impl Given {
    async fn used_and_held(&self, account: AccountId) -> (i64, i64) {
        let of = |column: &str| format!("SELECT {column} FROM account WHERE id = {account}");
        (self.number(&of("used")).await, self.number(&of("held")).await)
    }
}

each_store! {
    async fn traffic_is_taken_from_the_package_that_expires_first(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let account = given.account(anna, "user1").await;
        let days = |days| given.now().plus(Span::from_days(days));
        given.package_until(anna, GB, days(20)).await;
        given.package_until(anna, MIB, days(10)).await;
        given.package_until(anna, GB, days(30)).await;
        let mut left = 3 * MIB;
        while left > 0 {
            let lease = given.ask(account).await.unwrap();
            let used = lease.bytes.get().min(left);
            given.report(vec![last(lease.id, used)]).await;
            left -= used;
        }
        let used = |position| format!("SELECT used FROM package ORDER BY expires_at LIMIT 1 OFFSET {position}");
        let mib = i64::try_from(MIB).unwrap();
        assert_eq!(given.number(&used(0)).await, mib);
        assert_eq!(given.number(&used(1)).await, 2 * mib);
        assert_eq!(given.number(&used(2)).await, 0);
    }

    async fn a_package_gives_within_its_validity_only(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let account = given.account(anna, "user1").await;
        given.package_until(anna, GB, given.now().plus(Span::from_secs(10))).await;
        let lease = given.ask(account).await.unwrap();
        assert_eq!(lease.valid_for, Span::from_secs(10));
        given.pass(Span::from_secs(10));
        assert_eq!(given.ask(account).await, Err(Denial::NoTraffic));
        // What was relayed while it was valid is still booked.
        given.report(vec![last(lease.id, 77)]).await;
        assert_eq!(given.used_and_held(account).await, (77, 0));
    }

    async fn a_limit_holds_over_all_gateways(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, 10 * GB).await;
        let account = given.limited_account(anna, "user1", 1, 0).await;
        given.service.set_lease_policy(LeasePolicy { doubt_share: 1, ..LeasePolicy::default() });
        let (mut granted, mut leases) = (0, Vec::new());
        for turn in 0.. {
            let node = NodeId::new(turn % 100);
            let grants = given.ask_at(node, vec![account]).await;
            match &grants[0].outcome {
                Ok(lease) => {
                    granted += lease.bytes.get();
                    leases.push((node, last(lease.id, lease.bytes.get())));
                }
                Err(denial) => {
                    assert_eq!(*denial, Denial::Contended);
                    break;
                }
            }
        }
        assert_eq!(granted, GB);
        for (node, report) in leases {
            given.report_at(node, vec![report]).await;
        }
        assert_eq!(given.ask(account).await, Err(Denial::LimitReached));
        given.service.change_limit(anna, &name("user1"), LimitGb::new(2).unwrap()).await.unwrap();
        assert!(given.ask(account).await.is_ok());
    }

    async fn a_daily_limit_begins_anew_with_the_day_and_not_when_the_clock_goes_back(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, 10 * GB).await;
        let account = given.limited_account(anna, "user1", 0, 1).await;
        let drain = async || {
            let mut drained = 0;
            loop {
                match given.ask(account).await {
                    Ok(lease) => {
                        drained += lease.bytes.get();
                        given.report(vec![last(lease.id, lease.bytes.get())]).await;
                    }
                    Err(denial) => {
                        assert_eq!(denial, Denial::DailyLimitReached);
                        return drained;
                    }
                }
            }
        };
        assert_eq!(drain().await, GB);
        given.pass(Span::from_days(1));
        assert_eq!(drain().await, GB);
        given.turn_clock(Span::from_days(-1));
        assert_eq!(drain().await, 0);
        given.pass(Span::from_days(1));
        assert_eq!(drain().await, 0);
    }

    async fn a_report_that_comes_twice_or_late_changes_nothing(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        let lease = given.ask(account).await.unwrap();
        let full = lease.bytes.get();
        let reports = [
            partial(lease.id, 10, full), partial(lease.id, 30, full), partial(lease.id, 20, full),
            partial(lease.id, 30, 100), partial(lease.id, 30, full), last(lease.id, 40), last(lease.id, 40),
            partial(lease.id, 50, full),
        ];
        for report in reports {
            given.report(vec![report.clone(), report]).await;
        }
        assert_eq!(given.used_and_held(account).await, (40, 0));
        assert_eq!(given.number("SELECT CAST(SUM(bytes) AS BIGINT) FROM usage").await, 40);
        assert_eq!(given.number("SELECT count(*) FROM lease").await, 0);
    }

    async fn a_report_never_books_more_than_was_granted(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, MIB).await;
        let account = given.account(anna, "user1").await;
        let lease = given.ask(account).await.unwrap();
        given.report(vec![last(lease.id, u64::MAX)]).await;
        let full = i64::try_from(lease.bytes.get()).unwrap();
        assert_eq!(given.used_and_held(account).await, (full, 0));
    }

    async fn a_lease_belongs_to_its_gateway(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        let lease = given.ask(account).await.unwrap();
        let report = vec![last(lease.id, 100), last(LeaseId::new(424_242), 100)];
        given.report_at(NEIGHBOUR, report).await;
        assert_eq!(given.used_and_held(account).await.0, 0);
        given.boot(NEIGHBOUR, vec![last(lease.id, 100)]).await;
        assert_eq!(given.used_and_held(account).await, (0, i64::try_from(lease.bytes.get()).unwrap()));
    }

    async fn a_lease_nobody_settles_lapses_and_what_it_used_is_booked_where_there_is_room(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, MIB).await;
        let account = given.account(anna, "user1").await;
        let lost = given.ask(account).await.unwrap();
        let size = lost.bytes.get();
        given.report(vec![partial(lost.id, 100, size)]).await;
        assert_eq!(given.give_up(NODE).await, 1);
        assert_eq!(given.lapse().await, 0);
        given.pass(Span::from_secs(89));
        assert_eq!(given.lapse().await, 0);
        given.pass(Span::from_secs(1));
        assert_eq!(given.lapse().await, 1);
        assert_eq!(given.lapse().await, 0);
        assert_eq!(given.used_and_held(account).await, (100, 0));
        // Others take all but 50 bytes of what became free.
        let mut left = MIB - 100 - 50;
        while left > 0 {
            let lease = given.ask(account).await.unwrap();
            let used = lease.bytes.get().min(left);
            given.report(vec![last(lease.id, used)]).await;
            left -= used;
        }
        given.report(vec![last(lost.id, size)]).await;
        assert_eq!(given.used_and_held(account).await, (i64::try_from(MIB).unwrap(), 0));
        assert_eq!(given.number("SELECT count(*) FROM lease").await, 0);
    }

    async fn what_a_silent_gateway_may_have_delivered_stays_held_for_a_day(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, MIB).await;
        let account = given.account(anna, "user1").await;
        let lease = given.ask(account).await.unwrap();
        let held = lease.bytes.to_column();
        given.report(vec![partial(lease.id, 100, lease.bytes.get())]).await;
        for _ in 0..24 {
            assert_eq!(given.lapse().await, 0);
            given.pass(Span::from_secs(3600));
        }
        // Whoever watches, and if nobody did for a while.
        let successor = Given::beside(&given);
        assert_eq!(successor.lapse().await, 0);
        assert_eq!(given.used_and_held(account).await, (100, held - 100));
        successor.pass(Span::from_secs(90));
        assert_eq!(successor.lapse().await, 1);
        assert_eq!(given.used_and_held(account).await, (100, 0));
        assert!(matches!(given.service.give_up_gateway(&operator(), NodeId::new(4711)).await, Err(ServiceError::NoSuchGateway)));
    }

    async fn a_spool_that_comes_back_within_a_day_is_billed_whole(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, MIB).await;
        let account = given.account(anna, "user1").await;
        let lost = given.ask(account).await.unwrap();
        given.lapse().await;
        given.pass(Span::from_secs(23 * 3600));
        given.lapse().await;
        let mut left = MIB - lost.bytes.get();
        while left > 0 {
            let grants = given.ask_at(NEIGHBOUR, vec![account]).await;
            let lease = grants[0].outcome.as_ref().unwrap();
            left -= lease.bytes.get();
            given.report_at(NEIGHBOUR, vec![last(lease.id, lease.bytes.get())]).await;
        }
        assert_eq!(given.ask_at(NEIGHBOUR, vec![account]).await[0].outcome, Err(Denial::Contended));
        given.boot(NODE, vec![last(lost.id, lost.bytes.get())]).await;
        assert_eq!(given.used_and_held(account).await, (i64::try_from(MIB).unwrap(), 0));
    }

    async fn a_gateway_of_a_revoked_machine_keeps_nothing_in_escrow(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, MIB).await;
        let account = given.account(anna, "user1").await;
        let secret = given.service.add_node_credential(&operator(), "fra-1").await.unwrap();
        let NodeAccess::Granted(machine) = given.service.authenticate_node(&secret).await.unwrap() else {
            panic!("a fresh credential is worth nothing")
        };
        assert!(given.service.claim_node(machine, NODE).await.unwrap());
        given.ask(account).await.unwrap();
        given.lapse().await;
        given.service.revoke_node_credential(&operator(), "fra-1").await.unwrap();
        given.pass(Span::from_secs(89));
        assert_eq!(given.lapse().await, 0);
        given.pass(Span::from_secs(1));
        assert_eq!(given.lapse().await, 1);
        assert_eq!(given.used_and_held(account).await, (0, 0));
    }

    async fn beside_the_store_leases_are_large_and_lapse_soon(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        let apart = given.ask(account).await.unwrap();
        let node = given.boot(NEIGHBOUR, Vec::new()).await;
        let asks = Exchange { number: 1, requests: wishes([account]), ..Exchange::default() };
        let policy = LeasePolicy { largest_beside: Some(Bytes::new(256 * MIB)), ..LeasePolicy::default() };
        given.service.set_lease_policy(policy);
        let grants = given.service.exchange_leases_beside(node, asks).await.unwrap();
        let beside = grants[0].outcome.as_ref().unwrap();
        assert_eq!(apart.bytes, Bytes::new(GB / 1280));
        // A quarter of what is left.
        assert_eq!(beside.bytes, Bytes::new((GB - GB / 1280) / 4));
        given.lapse().await;
        given.pass(Span::from_secs(90));
        assert_eq!(given.lapse().await, 1);
        assert_eq!(given.used_and_held(account).await, (0, apart.bytes.to_column()));
    }

    async fn a_lease_that_is_reported_stays_held(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        let lease = given.ask(account).await.unwrap();
        given.give_up(NODE).await;
        for _ in 0..5 {
            assert_eq!(given.lapse().await, 0);
            given.pass(Span::from_secs(80));
            given.report(vec![partial(lease.id, 10, lease.bytes.get())]).await;
        }
        assert_eq!(given.lapse().await, 0);
        given.pass(Span::from_secs(90));
        assert_eq!(given.lapse().await, 1);
        given.report(vec![partial(lease.id, 20, lease.bytes.get())]).await;
        assert_eq!(given.used_and_held(account).await, (20, 0));
    }

    async fn a_clock_that_jumps_lapses_nothing_and_keeps_nothing(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        given.ask(account).await.unwrap();
        given.give_up(NODE).await;
        for days in [1, -3, 1] {
            assert_eq!(given.lapse().await, 0);
            given.pass(Span::from_secs(29));
            given.turn_clock(Span::from_days(days));
        }
        assert_eq!(given.lapse().await, 0);
        given.pass(Span::from_secs(3));
        assert_eq!(given.lapse().await, 1);
    }

    async fn a_lapsed_lease_is_forgotten_after_a_week(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        let lease = given.ask(account).await.unwrap();
        given.lapse().await;
        given.pass(Span::from_days(6));
        assert_eq!(given.lapse().await, 1);
        assert_eq!(given.number("SELECT count(*) FROM lease").await, 1);
        given.pass(Span::from_days(2));
        given.lapse().await;
        assert_eq!(given.number("SELECT count(*) FROM lease").await, 0);
        given.report(vec![last(lease.id, 100)]).await;
        assert_eq!(given.used_and_held(account).await, (0, 0));
    }

    async fn a_restart_books_what_the_spool_proves_and_voids_the_rest(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let (one, two) = (given.account(anna, "user1").await, given.account(anna, "user2").await);
        let (proven, lost) = (given.ask(one).await.unwrap(), given.ask(two).await.unwrap());
        given.report(vec![partial(lost.id, 30, lost.bytes.get())]).await;
        let theirs = given.ask_at(NEIGHBOUR, vec![one]).await;
        given.boot(NODE, vec![last(proven.id, 200)]).await;
        let held = theirs[0].outcome.as_ref().unwrap().bytes.to_column();
        assert_eq!(given.used_and_held(one).await, (200, held));
        assert_eq!(given.used_and_held(two).await, (30, 0));
        given.boot(NODE, vec![last(proven.id, 200)]).await;
        assert_eq!(given.used_and_held(one).await, (200, held));
        assert_eq!(given.number("SELECT count(*) FROM lease").await, 1);
    }

    async fn who_may_not_use_the_gateway_gets_no_lease(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        assert_eq!(given.ask(AccountId::new(4711)).await, Err(Denial::Refused));
        given.service.suspend_customer(&operator(), anna).await.unwrap();
        assert_eq!(given.ask(account).await, Err(Denial::Refused));
        given.service.resume_customer(&operator(), anna).await.unwrap();
        assert!(given.ask(account).await.is_ok());
    }

    async fn many_accounts_are_served_in_one_exchange(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.package(anna, GB).await;
        let mut accounts = Vec::new();
        for number in 0..20 {
            accounts.push(given.account(anna, &format!("anna{number}")).await);
        }
        let poor = given.account(ben, "ben1").await;
        let asked = [accounts.clone(), vec![poor], accounts.clone()].concat();
        let grants = given.ask_at(NODE, asked).await;
        assert_eq!(grants.len(), 21);
        let (mut reports, mut total) = (Vec::new(), Bytes::ZERO);
        for grant in &grants {
            match &grant.outcome {
                Ok(lease) => {
                    total = total.plus(Bytes::new(1000));
                    reports.push(partial(lease.id, 1000, lease.bytes.get()));
                }
                Err(denial) => assert_eq!((grant.account, *denial), (poor, Denial::NoTraffic)),
            }
        }
        let again = given.exchange(NODE, Exchange { reports, requests: wishes(accounts), ..Exchange::default() }).await.unwrap();
        // They hold nearly as much as one gateway may.
        let smallest = again.iter().filter_map(|grant| grant.outcome.as_ref().ok()).map(|lease| lease.bytes).min();
        assert_eq!(smallest, Some(Bytes::new(1000)));
        assert_eq!(given.number("SELECT CAST(SUM(used) AS BIGINT) FROM account").await, total.to_column());
        assert_eq!(given.number("SELECT used FROM package").await, total.to_column());
    }
}
