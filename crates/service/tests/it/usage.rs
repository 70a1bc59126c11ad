//! Usage by day: honoured to the second, rolled up without a byte lost.

use turnpike_domain::calendar::{WindowError, Zone};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_service::{ServiceError, UsageWindow};
use turnpike_testkit::each_store;

use crate::given::{GB, Given, TYPE, name, operator};

impl Given {
    /// Days and their bytes, as text and number.
    async fn days(&self, customer: CustomerId, from: Timestamp, to: Timestamp) -> Vec<(String, u64)> {
        let window = UsageWindow { from, to, username: None, product_type: None };
        let days = self.service.usage_by_day(customer, window).await.unwrap();
        days.into_iter().map(|(day, bytes)| (day.to_string(), bytes.get())).collect()
    }

    async fn sum(&self, customer: CustomerId, from: Timestamp, to: Timestamp) -> u64 {
        self.days(customer, from, to).await.iter().map(|(_, bytes)| bytes).sum()
    }

    async fn of_name(&self, customer: CustomerId, username: &str) -> u64 {
        let (from, to) = (self.now().minus(Span::from_days(1)), self.now());
        let window = UsageWindow { from, to, username: Some(username.to_owned()), product_type: None };
        let days = self.service.usage_by_day(customer, window).await.unwrap();
        days.iter().map(|(_, bytes)| bytes.get()).sum()
    }
}

each_store! {
    async fn bounds_are_honoured_to_the_second(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        let start = given.now();
        for bytes in [1, 10, 100] {
            given.bill(account, bytes).await;
            given.pass(Span::from_secs(1));
        }
        let at = |seconds| start.plus(Span::from_secs(seconds));
        assert_eq!(given.sum(anna, at(0), at(2)).await, 111);
        assert_eq!(given.sum(anna, at(1), at(2)).await, 110);
        assert_eq!(given.sum(anna, at(0), at(1)).await, 11);
        assert_eq!(given.sum(anna, at(1), at(1)).await, 10);
        assert_eq!(given.sum(anna, at(3), at(9)).await, 0);
    }

    async fn days_are_local_zero_filled_and_ascending(given: &TestStore) {
        let given = Given::in_zone(given, Zone::named("Asia/Shanghai").unwrap());
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        let zone = given.service.zone().clone();
        given.pass(zone.parse("2026-03-10 23:59:59").unwrap().since(given.now()));
        given.bill(account, 1).await;
        given.pass(Span::from_secs(1));
        given.bill(account, 2).await;
        given.pass(Span::from_days(2));
        let days = given.days(anna, zone.parse("2026-03-10").unwrap(), given.now()).await;
        let expected = [("2026-03-10", 1), ("2026-03-11", 2), ("2026-03-12", 0), ("2026-03-13", 0)];
        assert_eq!(days, expected.map(|(day, bytes)| (day.to_owned(), bytes)));
    }

    async fn a_name_adds_up_every_account_of_this_customer_that_bore_it(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        for (customer, bytes) in [(anna, 1), (ben, 10), (anna, 100)] {
            given.package(customer, GB).await;
            let account = given.account(customer, "name1").await;
            given.bill(account, bytes).await;
            given.service.delete_accounts(customer, &[name("name1")]).await.unwrap();
        }
        let other = given.account(anna, "name2").await;
        given.bill(other, 1000).await;
        assert_eq!((given.of_name(anna, "name1").await, given.of_name(ben, "name1").await), (101, 10));
        for nobody in ["", "name", "NAME1", "name1 ", "%", "no such name"] {
            assert_eq!(given.of_name(anna, nobody).await, 0, "{nobody:?}");
        }
        assert_eq!(given.sum(anna, given.now().minus(Span::from_days(1)), given.now()).await, 1101);
        let by_account = given.service.usage_by_account(Some(anna), Timestamp::from_ms(0), given.now()).await.unwrap();
        let shown: Vec<_> = by_account.iter().map(|row| (row.username.as_str(), row.used.get())).collect();
        assert_eq!(shown, [("name1", 101), ("name2", 1000)]);
    }

    async fn usage_is_told_by_type(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let account = given.account(anna, "user1").await;
        given.bill(account, 7).await;
        let of_type = async |product_type| {
            let (from, to) = (given.now(), given.now());
            let window = UsageWindow { from, to, username: None, product_type: Some(product_type) };
            given.service.usage_by_day(anna, window).await.unwrap()[0].1.get()
        };
        assert_eq!((of_type(TYPE).await, of_type(ProductType::IdcTraffic).await), (7, 0));
    }

    async fn rolling_up_loses_nothing_and_moves_nothing_to_another_day(given: &TestStore) {
        let given = Given::in_zone(given, Zone::named("Asia/Kathmandu").unwrap());
        let anna = given.customer("anna@example.com").await;
        given.package_until(anna, GB, given.now().plus(Span::from_days(1000))).await;
        let account = given.account(anna, "user1").await;
        let zone = given.service.zone().clone();
        let begin = given.now();
        // Around midnight, an odd number of minutes and seconds apart.
        given.pass(zone.parse("2026-03-10 23:40:00").unwrap().since(begin));
        for turn in 0..60 {
            given.bill(account, 1 << (turn % 8)).await;
            given.pass(Span::from_secs(47));
        }
        let end = given.now();
        let before = given.days(anna, begin, end).await;
        let rows = async |span: i64| given.number(&format!("SELECT count(*) FROM usage WHERE span_ms = {span}")).await;
        let ages = [(Span::from_secs(3 * 3600), 60_000), (Span::from_days(33), 3_600_000), (Span::from_days(401), 86_400_000)];
        for (age, span) in ages {
            given.pass(age);
            assert!(given.service.roll_up_usage().await.unwrap() > 0);
            assert!(rows(span).await > 0, "rows of {span} ms");
            assert_eq!(given.number("SELECT CAST(SUM(bytes) AS BIGINT) FROM usage").await, 1800);
            assert_eq!(given.days(anna, zone.parse("2026-03-10").unwrap(), end).await, before, "as rows of {span} ms");
        }
        assert_eq!(given.number("SELECT count(*) FROM usage").await, 2);
        assert_eq!(given.service.roll_up_usage().await.unwrap(), 0);
    }

    async fn a_window_is_at_most_366_days_and_forwards(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let ask = async |from, to| {
            given.service.usage_by_day(anna, UsageWindow { from, to, username: None, product_type: None }).await
        };
        let now = given.now();
        assert_eq!(ask(now.minus(Span::from_days(365)), now).await.unwrap().len(), 366);
        let long = ask(now.minus(Span::from_days(366)), now).await;
        assert!(matches!(long, Err(ServiceError::Window(WindowError::TooLong))));
        let backwards = ask(now, now.minus(Span::from_ms(1))).await;
        assert!(matches!(backwards, Err(ServiceError::Window(WindowError::Backwards))));
    }

    async fn an_unverified_customer_is_told_nothing(given: &TestStore) {
        let given = Given::over(given);
        let added = given.service.add_customer(&operator(), "new@example.com", "a long password").await.unwrap();
        let window = UsageWindow { from: given.now(), to: given.now(), username: None, product_type: None };
        let refused = given.service.usage_by_day(added.id, window).await;
        assert!(matches!(refused, Err(ServiceError::Unverified)));
    }
}
