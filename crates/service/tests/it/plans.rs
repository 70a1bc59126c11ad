//! Time plans: their bandwidth is shared out by turns, their seats one by one, whatever gateways do.

use turnpike_domain::ids::{AccountId, CustomerId, Incarnation, NodeId};
use turnpike_domain::lease::Exchange;
use turnpike_domain::pace::AskAgain;
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::Denial;
use turnpike_domain::seats::{SeatRequest, SeatRound, SeatTerms};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_service::{Grant, NewAccounts, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{Given, NEIGHBOUR, NODE, last, name, operator, pair};

const DAY: Span = Span::from_days(1);

impl Given {
    /// A time plan as buying one makes it.
    async fn plan(&self, customer: CustomerId, terms: (Option<i64>, Option<i64>), expires_at: Timestamp) {
        let (starts_at, title) = (self.now(), "Test plan".to_owned());
        let (product_type, size) = (ProductType::DynamicTimePlan, turnpike_domain::units::Bytes::new(1 << 60));
        let grant = Grant { customer, product_type, size, starts_at, expires_at, title };
        self.service.grant_package(&operator(), grant).await.unwrap();
        let text = |value: Option<i64>| value.map_or("NULL".to_owned(), |value| value.to_string());
        let sql = format!(
            "INSERT INTO time_plan (package_id, bandwidth, tunnels) SELECT max(id), {}, {} FROM package RETURNING package_id",
            text(terms.0),
            text(terms.1)
        );
        self.number(&sql).await;
    }

    async fn plan_account(&self, customer: CustomerId, username: &str) -> AccountId {
        let accounts = NewAccounts::of(vec![pair(username)], ProductType::DynamicTimePlan);
        self.service.add_accounts(customer, accounts).await.unwrap();
        let listed = self.service.list_accounts(customer, None).await.unwrap();
        listed.into_iter().find(|account| account.username == name(username)).unwrap().id
    }

    /// A gateway's next round of seats.
    async fn seats(&self, node: NodeId, number: u64, wants: &[(AccountId, u32)]) -> Vec<SeatTerms> {
        let requests = wants.iter().map(|&(account, want)| SeatRequest { account, want }).collect();
        let node = Incarnation { node, boot: 1 };
        let grants = self.service.seat_accounts(node, SeatRound { number, requests }).await.unwrap();
        wants.iter().map(|(id, _)| grants.iter().find(|grant| grant.account == *id).unwrap().terms).collect()
    }

    /// As [`Given::seats`], for one account: how many it has, and whether there are more.
    async fn seat(&self, node: NodeId, number: u64, (account, want): (AccountId, u32)) -> (Option<u32>, bool) {
        let [terms] = self.seats(node, number, &[(account, want)]).await[..] else { panic!("one answer") };
        (terms.seats, terms.spare)
    }
}

each_store! {
    async fn a_plans_bandwidth_is_given_by_turns_to_all_who_ask(given: &TestStore) {
        let given = Given::over(given);
        let customer = given.customer("anna@example.com").await;
        given.plan(customer, (Some(8000), None), given.now().plus(DAY)).await;
        let accounts = [given.plan_account(customer, "alpha").await, given.plan_account(customer, "beta").await];
        // Ten seconds of two gateways and two accounts, each of which asks again when its turn has come.
        let (began, mut granted) = (given.now(), 0_u64);
        let mut due: Vec<_> = [NODE, NEIGHBOUR].iter().flat_map(|node| accounts.map(|one| (*node, one, began))).collect();
        while given.now().since(began) < Span::from_secs(10) {
            for (node, account, at) in &mut due {
                if *at > given.now() {
                    continue;
                }
                let [grant] = &given.ask_at(*node, vec![*account]).await[..] else { panic!("one answer") };
                match &grant.outcome {
                    Ok(lease) => {
                        granted += lease.bytes.get();
                        *at = given.now().plus(lease.paced.unwrap());
                        given.report_at(*node, vec![last(lease.id, lease.bytes.get())]).await;
                    }
                    Err(Denial::Paced(AskAgain { after })) => *at = given.now().plus(*after),
                    Err(other) => panic!("{other}"),
                }
            }
            given.pass(Span::from_ms(20));
        }
        let whole = 10_000_000_u64;
        // What is granted ahead at the end is at most half a second's worth, and a burst at the beginning a fifth.
        assert!((whole * 97 / 100..whole * 108 / 100).contains(&granted), "{granted}");
        assert_eq!(given.number("SELECT used FROM package").await.unsigned_abs(), granted);
    }

    async fn what_is_handed_back_flows_again_and_other_packages_have_no_pace(given: &TestStore) {
        let given = Given::over(given);
        let customer = given.customer("anna@example.com").await;
        given.plan(customer, (Some(8000), None), given.now().plus(DAY)).await;
        let account = given.plan_account(customer, "alpha").await;
        let first = given.ask(account).await.unwrap();
        assert_eq!((first.bytes.get(), first.paced), (325_000, Some(Span::from_ms(0))));
        given.report(vec![last(first.id, 0)]).await;
        assert_eq!(given.ask(account).await.unwrap().bytes, first.bytes);
        given.package(customer, 1 << 30).await;
        let usual = given.account(customer, "beta").await;
        assert_eq!(given.ask(usual).await.unwrap().paced, None);
    }

    async fn the_plan_that_ends_first_is_drawn_on_and_then_the_next(given: &TestStore) {
        let given = Given::over(given);
        let customer = given.customer("anna@example.com").await;
        given.plan(customer, (None, None), given.now().plus(DAY)).await;
        given.plan(customer, (Some(8000), Some(2)), given.now().plus(Span::from_secs(30))).await;
        let account = given.plan_account(customer, "alpha").await;
        given.boot(NODE, Vec::new()).await;
        let lease = given.ask(account).await.unwrap();
        assert_eq!((lease.bytes.get(), lease.valid_for), (325_000, Span::from_secs(30)));
        let [terms] = given.seats(NODE, 1, &[(account, 3)]).await[..] else { panic!("one answer") };
        assert_eq!((terms.seats, terms.ends_in), (Some(2), Span::from_secs(30)));
        given.pass(Span::from_secs(30));
        assert_eq!(given.ask(account).await.unwrap().paced, None);
        assert_eq!(given.seat(NODE, 2, (account, 3)).await, (None, true));
        assert_eq!(given.number("SELECT count(*) FROM seat").await, 0);
    }

    async fn seats_are_never_more_than_the_plan_has_and_all_can_be_had(given: &TestStore) {
        let given = Given::over(given);
        let customer = given.customer("anna@example.com").await;
        given.plan(customer, (None, Some(5)), given.now().plus(DAY)).await;
        let (alpha, beta) = (given.plan_account(customer, "alpha").await, given.plan_account(customer, "beta").await);
        for node in [NODE, NEIGHBOUR] {
            given.boot(node, Vec::new()).await;
        }
        assert_eq!(given.seat(NODE, 1, (alpha, 2)).await, (Some(2), true));
        assert_eq!(given.seat(NEIGHBOUR, 1, (alpha, 9)).await, (Some(3), false));
        let both = given.seats(NODE, 2, &[(alpha, 1), (beta, 4)]).await;
        assert_eq!(both.iter().map(|terms| terms.seats).collect::<Vec<_>>(), [Some(1), Some(1)]);
        assert_eq!(given.number("SELECT CAST(sum(seats) AS BIGINT) FROM seat").await, 5);
        assert_eq!(given.seat(NEIGHBOUR, 2, (alpha, 0)).await, (Some(0), true));
        assert_eq!(given.seat(NODE, 3, (beta, 4)).await, (Some(4), false));
        // A round that comes twice does nothing.
        let again = SeatRound { number: 3, requests: vec![SeatRequest { account: beta, want: 0 }] };
        let late = given.service.seat_accounts(Incarnation { node: NODE, boot: 1 }, again.clone()).await;
        assert!(matches!(late, Err(ServiceError::Overtaken)), "{late:?}");
        let other = given.service.seat_accounts(Incarnation { node: NODE, boot: 2 }, again).await;
        assert!(matches!(other, Err(ServiceError::Fenced)), "{other:?}");
        assert_eq!(given.number("SELECT CAST(sum(seats) AS BIGINT) FROM seat").await, 5);
    }

    async fn gateways_that_race_never_get_more_seats_than_there_are(given: &TestStore) {
        let given = Given::over(given);
        let customer = given.customer("anna@example.com").await;
        given.plan(customer, (None, Some(7)), given.now().plus(DAY)).await;
        let account = given.plan_account(customer, "alpha").await;
        let nodes: Vec<NodeId> = (1..=6).map(NodeId::new).collect();
        for node in &nodes {
            given.boot(*node, Vec::new()).await;
        }
        for number in 1..=10 {
            let round = nodes.iter().map(|node| given.seat(*node, number, (account, 3)));
            let got = futures_util::future::join_all(round).await;
            assert_eq!(got.iter().filter_map(|(seats, _)| *seats).sum::<u32>(), 7);
            assert_eq!(given.number("SELECT CAST(sum(seats) AS BIGINT) FROM seat").await, 7);
        }
    }

    async fn a_dead_gateways_seats_come_back_when_it_settles_or_has_been_silent(given: &TestStore) {
        let given = Given::over(given);
        let customer = given.customer("anna@example.com").await;
        given.plan(customer, (None, Some(2)), given.now().plus(DAY)).await;
        let account = given.plan_account(customer, "alpha").await;
        for node in [NODE, NEIGHBOUR] {
            given.boot(node, Vec::new()).await;
        }
        assert_eq!(given.seat(NODE, 1, (account, 2)).await, (Some(2), false));
        given.boot(NODE, Vec::new()).await;
        assert_eq!(given.seat(NEIGHBOUR, 1, (account, 2)).await, (Some(2), false));
        let (mut watch, at) = (given.service.silence_watch(), std::time::Duration::from_secs);
        assert_eq!(given.service.free_seats(&mut watch, at(0)).await.unwrap(), 0);
        given.seat(NEIGHBOUR, 2, (account, 2)).await;
        assert_eq!(given.service.free_seats(&mut watch, at(50)).await.unwrap(), 0);
        // That the gateway says something else does not renew them.
        given.service.note_applied(Incarnation { node: NEIGHBOUR, boot: 1 }, None);
        given.service.keep_places().await.unwrap();
        given.exchange(NEIGHBOUR, Exchange::default()).await.unwrap();
        assert_eq!(given.service.free_seats(&mut watch, at(139)).await.unwrap(), 0);
        assert_eq!(given.service.free_seats(&mut watch, at(140)).await.unwrap(), 1);
        assert_eq!(given.number("SELECT count(*) FROM seat").await, 0);
    }

    async fn accounts_without_a_plan_have_no_limit_of_seats(given: &TestStore) {
        let given = Given::over(given);
        let customer = given.customer("anna@example.com").await;
        let other = given.account(customer, "alpha").await;
        let plain = given.plan_account(customer, "beta").await;
        given.boot(NODE, Vec::new()).await;
        assert_eq!(given.seat(NODE, 1, (other, 50)).await, (None, true));
        assert_eq!(given.seat(NODE, 2, (plain, 50)).await, (None, true));
        assert_eq!(given.seat(NODE, 3, (AccountId::new(4711), 50)).await, (None, true));
        assert_eq!(given.number("SELECT count(*) FROM seat").await, 0);
    }
}
