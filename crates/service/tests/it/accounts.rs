//! Proxy accounts: batches are whole or nothing, and what is another customer's does not exist.

use futures_util::future::join_all;
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::units::LimitGb;
use turnpike_service::{NewAccounts, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{Given, TYPE, name, pair, password};

each_store! {
    async fn a_taken_name_refuses_the_whole_batch_whoever_has_it(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.account(anna, "taken").await;
        for customer in [anna, ben] {
            let batch = NewAccounts::of(vec![pair("free1"), pair("taken"), pair("free2")], TYPE);
            let refused = given.service.add_accounts(customer, batch).await;
            assert!(matches!(refused, Err(ServiceError::NameTaken(taken)) if taken == name("taken")));
        }
        assert_eq!(given.number("SELECT count(*) FROM account").await, 1);
    }

    async fn a_deleted_name_is_free_for_anybody(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.account(anna, "name1").await;
        given.service.delete_accounts(anna, &[name("name1")]).await.unwrap();
        given.account(ben, "name1").await;
        let again = given.service.add_accounts(anna, NewAccounts::of(vec![pair("name1")], TYPE)).await;
        assert!(matches!(again, Err(ServiceError::NameTaken(_))));
    }

    async fn one_name_is_given_once_however_many_want_it(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let wish = |_| {
            let service = given.service.clone();
            tokio::spawn(async move { service.add_accounts(anna, NewAccounts::of(vec![pair("hot")], TYPE)).await })
        };
        let outcomes = join_all((0..20).map(wish)).await;
        let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Ok(())))).count();
        let lost = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Err(ServiceError::NameTaken(_))))).count();
        assert_eq!((won, lost), (1, 19), "{outcomes:?}");
    }

    async fn the_largest_batch_goes_in_and_out_again(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let names: Vec<_> = (0..500).map(|number| format!("batch{number}")).collect();
        let pairs = names.iter().map(|name| pair(name)).collect();
        given.service.add_accounts(anna, NewAccounts::of(pairs, TYPE)).await.unwrap();
        let listed = given.service.list_accounts(anna, None).await.unwrap();
        assert_eq!(listed.len(), 500);
        assert!(listed.iter().all(|one| one.password.reveal() == format!("{}Pw", one.username)));
        let names: Vec<_> = names.iter().map(|text| name(text)).collect();
        given.service.set_accounts_enabled(anna, &names, false).await.unwrap();
        given.service.delete_accounts(anna, &names).await.unwrap();
        assert!(given.service.list_accounts(anna, None).await.unwrap().is_empty());
    }

    async fn what_is_another_customers_does_not_exist(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.account(anna, "annas").await;
        given.account(ben, "bens").await;
        let (service, annas) = (&given.service, name("annas"));
        let before = given.number("SELECT seq FROM feed_head").await;
        let both = [name("bens"), annas];
        let outcomes = [
            service.delete_accounts(ben, &both).await,
            service.set_accounts_enabled(ben, &both, false).await,
            service.change_password(ben, &annas, password("mine")).await,
            service.change_remark(ben, &annas, Remark::parse("mine").unwrap()).await,
            service.change_limit(ben, &annas, LimitGb::new(1).unwrap()).await,
        ];
        for outcome in outcomes {
            assert!(matches!(outcome, Err(ServiceError::NotFound(missing)) if missing == annas), "{outcome:?}");
        }
        // The same answer for a name that nobody has.
        let nobody = service.change_limit(ben, &name("nobody"), LimitGb::new(1).unwrap()).await;
        assert!(matches!(nobody, Err(ServiceError::NotFound(missing)) if missing == name("nobody")));
        assert_eq!(given.number("SELECT seq FROM feed_head").await, before);
        for (customer, own) in [(anna, "annas"), (ben, "bens")] {
            let listed = service.list_accounts(customer, None).await.unwrap();
            let [account] = &listed[..] else { panic!("one account") };
            assert_eq!((account.username, account.password.reveal().to_owned()), (name(own), format!("{own}Pw")));
            assert!(account.enabled && account.remark.is_empty() && account.limit == LimitGb::UNLIMITED);
        }
    }

    async fn accounts_are_listed_by_type(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.account(anna, "traffic").await;
        let static_ip = ProductType::StaticDatacenterIp;
        given.service.add_accounts(anna, NewAccounts::of(vec![pair("static")], static_ip)).await.unwrap();
        let listed = given.service.list_accounts(anna, Some(static_ip)).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.username.as_str()).collect::<Vec<_>>(), ["static"]);
        assert_eq!(given.service.list_accounts(anna, None).await.unwrap().len(), 2);
        let wrong = NewAccounts::of(vec![pair("wrong")], ProductType::IdcTraffic);
        assert!(matches!(given.service.add_accounts(anna, wrong).await, Err(ServiceError::TypeTakesNoAccounts)));
    }

    async fn a_name_twice_in_one_call_changes_nothing(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let twice = NewAccounts::of(vec![pair("same"), pair("same")], TYPE);
        assert!(given.service.add_accounts(anna, twice).await.is_err());
        assert_eq!(given.number("SELECT count(*) FROM account").await, 0);
    }
}
