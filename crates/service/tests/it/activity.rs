//! What became of connections is kept for its customer alone and for a time; what a login would get is told without giving it.

use std::time::Duration;

use turnpike_domain::activity::{ActivityEntry, Aim, Reason};
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::login::Login;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_service::{ActivityFilter, ExplainWish, Remaining, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{GB, Given};

fn entry(customer: CustomerId, at: Timestamp, reason: Reason) -> ActivityEntry {
    ActivityEntry {
        at,
        customer,
        account: Some(AccountId::new(7)),
        username: "alpha".to_owned(),
        endpoint: None,
        endpoint_port: Some(20_001),
        protocol: Some(Protocol::Socks5),
        target: Some(Aim { host: "2001:db8::1".to_owned(), port: 443 }),
        place: Some("DE/Berlin/Berlin".to_owned()),
        reason,
        status: Some(502),
        count: 1,
    }
}

/// Counted together, with nothing else to say.
fn suppressed(customer: CustomerId, at: Timestamp) -> ActivityEntry {
    ActivityEntry {
        account: None,
        username: String::new(),
        endpoint_port: None,
        protocol: None,
        target: None,
        place: None,
        status: None,
        count: 77,
        ..entry(customer, at, Reason::Suppressed)
    }
}

async fn listed(given: &Given, customer: CustomerId, filter: ActivityFilter) -> Vec<ActivityEntry> {
    let page = given.service.own_activity(customer, &filter, (1, 100)).await.unwrap();
    assert_eq!(page.total, u64::try_from(page.items.len()).unwrap());
    page.items.into_iter().map(|(_, entry)| entry).collect()
}

fn wish(login: &str) -> ExplainWish {
    ExplainWish {
        text: login.to_owned(),
        login: Login::parse(login).unwrap(),
        target: Target::parse_authority("example.com:443").unwrap(),
        protocol: Protocol::Connect,
    }
}

each_store! {
    async fn entries_come_back_as_they_were_told_newest_first_and_to_nobody_else(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let now = given.now();
        let [first, second] = [entry(anna, now, Reason::NoExit), suppressed(anna, now.plus(Span::from_secs(1)))];
        let others = entry(ben, now, Reason::Stalled);
        let nobodys = entry(CustomerId::new(999), now, Reason::Stalled);
        let told = vec![first.clone(), second.clone(), others.clone(), nobodys];
        assert_eq!(given.service.note_activity(told).await.unwrap(), 3);
        assert_eq!(given.service.note_activity(Vec::new()).await.unwrap(), 0);
        assert_eq!(listed(&given, anna, ActivityFilter::default()).await, [second.clone(), first.clone()]);
        assert_eq!(listed(&given, ben, ActivityFilter::default()).await, [others]);
        let only = |filter| listed(&given, anna, filter);
        let named = ActivityFilter { username: Some("alpha".to_owned()), ..ActivityFilter::default() };
        assert_eq!(only(named).await, std::slice::from_ref(&first));
        let late = ActivityFilter { from: Some(now.plus(Span::from_ms(1))), ..ActivityFilter::default() };
        assert_eq!(only(late).await, [second]);
        let early = ActivityFilter { to: Some(now), reason: Some(Reason::NoExit), ..ActivityFilter::default() };
        assert_eq!(only(early).await, [first]);
        let page = given.service.own_activity(anna, &ActivityFilter::default(), (2, 1)).await.unwrap();
        assert_eq!((page.items.len(), page.total, page.items[0].1.reason), (1, 2, Reason::NoExit));
    }

    async fn entries_are_forgotten_in_time(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.service.note_activity(vec![entry(anna, given.now(), Reason::NoExit)]).await.unwrap();
        given.pass(Span::from_days(7));
        given.service.note_activity(vec![entry(anna, given.now(), Reason::Stalled)]).await.unwrap();
        assert_eq!(given.service.trim_activity().await.unwrap(), 0);
        given.pass(Span::from_ms(1));
        assert_eq!(given.service.trim_activity().await.unwrap(), 1);
        assert_eq!(listed(&given, anna, ActivityFilter::default()).await[0].reason, Reason::Stalled);
        given.service.keep_activity_for(Span::from_ms(0));
        given.pass(Span::from_ms(1));
        assert_eq!(given.service.trim_activity().await.unwrap(), 1);
    }

    async fn what_remains_is_told_and_nothing_is_given(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.account(anna, "alpha").await;
        given.package(anna, GB).await;
        for _ in 0..2 {
            let explained = given.service.explain(Some(anna), wish("alpha_area-US"), Duration::ZERO).await.unwrap();
            let remaining = Remaining { of_limit: None, of_day: None, of_packages: Bytes::new(GB) };
            assert_eq!((explained.remaining, explained.gateways.len()), (remaining, 0));
            assert_eq!(explained.account.username.as_str(), "alpha");
        }
        assert_eq!(given.number("SELECT CAST(SUM(held) AS BIGINT) FROM account").await, 0);
        let theirs = given.service.explain(Some(ben), wish("alpha"), Duration::ZERO).await.unwrap_err();
        assert!(matches!(theirs, ServiceError::NotFound(_)), "{theirs}");
        assert!(given.service.explain(None, wish("alpha"), Duration::ZERO).await.unwrap().customer.verified);
        assert!(given.service.explain(None, wish("nobody"), Duration::ZERO).await.is_err());
    }
}
