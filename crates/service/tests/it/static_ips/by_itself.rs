//! What is bought again by itself when it nears its end.

use super::*;

each_store! {
    async fn a_static_ip_is_renewed_by_itself_before_its_end(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let id = all(&given, anna).await[0].id;
        let wish = AutoRenewalWish { target: Target::Holding(id), product: None, months: 1, enabled: true };
        let set = given.service.set_auto_renewal(anna, wish).await.unwrap();
        assert_eq!((set.product, set.due_at), (RENEWAL, given.now().plus(Span::from_days(29))));
        assert_eq!(given.service.buy_again().await.unwrap(), 0);
        given.pass(Span::from_days(29));
        assert_eq!(given.service.buy_again().await.unwrap(), 1);
        assert_eq!(given.service.zone().format(all(&given, anna).await[0].expires_at), "2026-05-09 12:00:00");
        assert_eq!(given.service.balance(anna).await.unwrap(), money(1000 - 10 - 8));
        let [attempt] = &logged(&given, anna).await[..] else { panic!("one attempt") };
        assert!(attempt.outcome == "renewed" && attempt.trade_no.is_some());
        assert_eq!(given.service.buy_again().await.unwrap(), 0);
        let listed = given.service.list_auto_renewals(anna, (1, 10)).await.unwrap();
        assert_eq!(given.service.zone().format(listed.items[0].due_at), "2026-05-08 12:00:00");
        given.service.set_auto_renewal(anna, AutoRenewalWish { enabled: false, ..wish }).await.unwrap();
        given.pass(Span::from_days(31));
        assert_eq!(given.service.buy_again().await.unwrap(), 0);
    }

    async fn what_was_renewed_by_hand_is_not_renewed_too_early(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let id = all(&given, anna).await[0].id;
        let wish = AutoRenewalWish { target: Target::Holding(id), product: None, months: 1, enabled: true };
        given.service.set_auto_renewal(anna, wish).await.unwrap();
        renew(&given, anna, &[id], Duration::Months(1)).await.unwrap();
        let due = async || {
            let page = given.service.list_auto_renewals(anna, (1, 10)).await.unwrap();
            given.service.zone().format(page.items[0].due_at)
        };
        assert_eq!(due().await, "2026-05-08 12:00:00");
        given.pass(Span::from_days(29));
        given.service.buy_again().await.unwrap();
        assert_eq!((logged(&given, anna).await.len(), given.service.buy_again().await.unwrap()), (0, 0));
        given.pass(Span::from_days(30));
        given.service.buy_again().await.unwrap();
        assert_eq!(logged(&given, anna).await.len(), 1);
        assert_eq!(due().await, "2026-06-08 12:00:00");
    }

    async fn what_has_ended_is_not_bought_again(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        let bought = buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let id = all(&given, anna).await[0].id;
        let wish = AutoRenewalWish { target: Target::Holding(id), product: None, months: 1, enabled: true };
        given.service.set_auto_renewal(anna, wish).await.unwrap();
        given.service.refund_order(&operator(), bought.trade_no, None).await.unwrap();
        given.pass(Span::from_days(29));
        given.service.buy_again().await.unwrap();
        assert_eq!(given.service.buy_again().await.unwrap(), 0);
        let outcomes: Vec<_> = logged(&given, anna).await.into_iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, ["ended"]);
        assert!(!given.service.list_auto_renewals(anna, (1, 10)).await.unwrap().items[0].enabled);
    }

    async fn a_package_is_bought_again_and_its_successor_after_it(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        order(&given, anna, Wish { amount: Some(2), ..Wish::of(TRAFFIC, BALANCE) }).await.unwrap();
        let packages = async || given.number("SELECT count(*) FROM package WHERE size = 21474836480").await;
        let package = turnpike_domain::ids::PackageId::new(given.number("SELECT max(id) FROM package").await);
        let wish = AutoRenewalWish { target: Target::Package(package), product: None, months: 1, enabled: true };
        given.service.set_auto_renewal(anna, wish).await.unwrap();
        let first_end = given.now().plus(Span::from_days(30));
        for (bought, days, began) in [(2, 29, 0), (3, 30, 1)] {
            given.pass(Span::from_days(days));
            assert_eq!(given.service.start_packages().await.unwrap(), began);
            given.service.buy_again().await.unwrap();
            given.service.buy_again().await.unwrap();
            assert_eq!(packages().await, bought);
            // Each begins where the one before ends, so that no paid time is lost.
            let whole = Span::from_days(30 * (bought - 2));
            let newest = "FROM package ORDER BY id DESC LIMIT 1";
            assert_eq!(given.number(&format!("SELECT starts_at {newest}")).await, first_end.plus(whole).ms());
            let end = first_end.plus(whole).plus(Span::from_days(30)).ms();
            assert_eq!(given.number(&format!("SELECT expires_at {newest}")).await, end);
            assert_eq!(given.number("SELECT count(*) FROM package WHERE NOT announced").await, 1);
        }
        assert_eq!(given.service.balance(anna).await.unwrap(), money(1000 - 3 * 10));
    }

    async fn why_nothing_was_bought_is_written_down_and_it_is_tried_again(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let id = all(&given, anna).await[0].id;
        let wish = AutoRenewalWish { target: Target::Holding(id), product: Some(RENEWAL), months: 12, enabled: true };
        given.service.set_auto_renewal(anna, wish).await.unwrap();
        pay_in(&given, anna, -990).await;
        given.pass(Span::from_days(29));
        given.service.buy_again().await.unwrap();
        assert_eq!(given.service.buy_again().await.unwrap(), 0);
        pay_in(&given, anna, 96).await;
        given.pass(Span::from_secs(3 * 3600));
        given.service.suspend_customer(&operator(), anna).await.unwrap();
        given.service.buy_again().await.unwrap();
        given.service.resume_customer(&operator(), anna).await.unwrap();
        given.pass(Span::from_secs(3 * 3600));
        given.service.buy_again().await.unwrap();
        let outcomes: Vec<_> = logged(&given, anna).await.into_iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, ["balance-too-low", "suspended", "renewed"]);
        assert_eq!(given.number("SELECT count(*) FROM orders WHERE product_type = 19").await, 1);
    }

    async fn tries_come_sooner_as_the_end_nears(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        let package = order(&given, anna, Wish::of(TRAFFIC, BALANCE)).await.unwrap();
        assert_eq!(package.pay_fee, money(5));
        let package = turnpike_domain::ids::PackageId::new(given.number("SELECT max(id) FROM package").await);
        let wish = AutoRenewalWish { target: Target::Package(package), product: None, months: 1, enabled: true };
        given.service.set_auto_renewal(anna, wish).await.unwrap();
        pay_in(&given, anna, -995).await;
        given.pass(Span::from_secs(30 * 86_400 - 600));
        given.service.buy_again().await.unwrap();
        given.pass(Span::from_secs(149));
        assert_eq!(given.service.buy_again().await.unwrap(), 0);
        given.pass(Span::from_secs(1));
        assert_eq!(given.service.buy_again().await.unwrap(), 1);
        pay_in(&given, anna, 5).await;
        // Half a minute before the end the last try is in time.
        given.pass(Span::from_secs(420));
        given.service.buy_again().await.unwrap();
        let outcomes: Vec<_> = logged(&given, anna).await.into_iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, ["balance-too-low", "balance-too-low", "renewed"]);
    }

    async fn two_processes_buy_it_once(given: &TestStore) {
        let (one, two) = (Given::over(given), Given::second(given).await);
        let anna = shop(&one, 1).await;
        buy(&one, anna, &[("JP", 1)]).await.unwrap();
        let id = all(&one, anna).await[0].id;
        let wish = AutoRenewalWish { target: Target::Holding(id), product: None, months: 1, enabled: true };
        one.service.set_auto_renewal(anna, wish).await.unwrap();
        one.pass(Span::from_days(29));
        two.pass(Span::from_days(29));
        let (first, second) = tokio::join!(one.service.buy_again(), two.service.buy_again());
        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        assert_eq!(logged(&one, anna).await.len(), 1);
        assert_eq!(one.service.balance(anna).await.unwrap(), money(1000 - 10 - 8));
        two.store.close().await;
    }

    async fn what_cannot_be_bought_again_is_refused(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        given.package(anna, 1 << 30).await;
        let granted = turnpike_domain::ids::PackageId::new(given.number("SELECT max(id) FROM package").await);
        let set = async |target, product| {
            let wish = AutoRenewalWish { target, product, months: 1, enabled: true };
            given.service.set_auto_renewal(anna, wish).await.unwrap_err()
        };
        assert!(matches!(set(Target::Package(granted), None).await, ServiceError::NotRenewable));
        let unknown = turnpike_domain::ids::PackageId::new(99);
        assert!(matches!(set(Target::Package(unknown), None).await, ServiceError::NoSuchPackage));
        assert!(matches!(set(Target::Holding(HoldingId::new(99)), None).await, ServiceError::NoSuchHolding(_)));
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let mine = Target::Holding(all(&given, anna).await[0].id);
        assert!(matches!(set(mine, Some(TRAFFIC)).await, ServiceError::Shop(ShopError::NoSuchProduct)));
    }
}
