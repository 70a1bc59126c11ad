//! The allow list, and what customers may have.

use std::net::IpAddr;

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::directory::Changes;
use turnpike_domain::remark::Remark;
use turnpike_service::{AccountChange, NewAccounts, NewSources, Quotas, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{Given, TYPE, operator};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn wish(sources: &[&str], remark: &str) -> NewSources {
    NewSources { sources: sources.iter().map(|text| ip(text)).collect(), remark: Remark::parse(remark).unwrap() }
}

each_store! {
    async fn addresses_are_added_listed_and_deleted_all_or_none(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("a@example.com").await, given.customer("b@example.com").await);
        let service = &given.service;
        service.add_sources(anna, wish(&["8.8.8.8", "2606:4700::1"], "office")).await.unwrap();
        service.add_sources(ben, wish(&["8.8.8.8"], "")).await.unwrap();
        service.add_sources(anna, wish(&["8.8.8.8", "9.9.9.9"], "")).await.unwrap();
        let listed = async |customer| {
            let mut list: Vec<_> = service.list_sources(customer).await.unwrap();
            list.sort_by_key(|source| source.ip);
            list.into_iter().map(|source| format!("{} {}", source.ip, source.remark)).collect::<Vec<_>>()
        };
        assert_eq!(listed(anna).await, ["8.8.8.8 office", "9.9.9.9 ", "2606:4700::1 office"]);
        service.add_sources(anna, wish(&["9.9.9.9"], "home")).await.unwrap();
        assert_eq!(listed(anna).await, ["8.8.8.8 office", "9.9.9.9 home", "2606:4700::1 office"]);
        let refused = service.delete_sources(anna, vec![ip("9.9.9.9"), ip("1.1.1.1")]).await;
        assert!(matches!(refused, Err(ServiceError::NoSuchSource(missing)) if missing == ip("1.1.1.1")));
        assert_eq!(listed(anna).await.len(), 3);
        service.delete_sources(anna, vec![ip("9.9.9.9"), ip("8.8.8.8")]).await.unwrap();
        assert_eq!(listed(anna).await, ["2606:4700::1 office"]);
        assert_eq!(listed(ben).await, ["8.8.8.8 "]);
    }

    async fn gateways_are_told_of_every_change(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        let service = &given.service;
        let told = async |after| match service.directory_changes(after).await.unwrap() {
            Changes::Since { seq, changed } => (Some(seq), changed.customers[0].sources.clone()),
            other => panic!("{other:?}"),
        };
        let seq = service.directory_snapshot().await.unwrap().seq;
        service.add_sources(anna, wish(&["9.9.9.9", "8.8.8.8", "2606:4700::1"], "")).await.unwrap();
        let (seq, sources) = told(seq).await;
        assert_eq!(sources, [ip("8.8.8.8"), ip("9.9.9.9"), ip("2606:4700::1")]);
        service.delete_sources(anna, vec![ip("8.8.8.8")]).await.unwrap();
        let (_, sources) = told(seq).await;
        assert_eq!(sources, [ip("9.9.9.9"), ip("2606:4700::1")]);
        assert_eq!(service.directory_snapshot().await.unwrap().customers[0].sources, sources);
    }

    async fn the_list_holds_no_more_than_the_quota(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        let service = given.service.clone().with_quotas(Quotas { accounts: 3, sources: 2 });
        service.add_sources(anna, wish(&["8.8.8.8", "9.9.9.9"], "")).await.unwrap();
        let full = service.add_sources(anna, wish(&["1.1.1.1"], "")).await;
        assert!(matches!(full, Err(ServiceError::TooManySources(2))));
        // Adding one again is no more than there is.
        service.add_sources(anna, wish(&["8.8.8.8"], "again")).await.unwrap();
        let quota = service.source_quota(anna).await.unwrap();
        assert_eq!((quota.most, quota.used, quota.remaining()), (2, 2, 0));
        // Two at once do not slip through together.
        service.delete_sources(anna, vec![ip("8.8.8.8")]).await.unwrap();
        let (one, other) = tokio::join!(
            service.add_sources(anna, wish(&["8.8.4.4"], "")),
            service.add_sources(anna, wish(&["1.0.0.1"], "")),
        );
        assert!(one.is_ok() != other.is_ok());
        assert_eq!(service.source_quota(anna).await.unwrap().used, 2);
    }

    async fn accounts_are_no_more_than_the_quota(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        let service = given.service.clone().with_quotas(Quotas { accounts: 2, sources: 2 });
        let add = async |name: &str| {
            let pair = (Username::parse(name).unwrap(), AccountPassword::parse("p").unwrap());
            service.add_accounts(anna, NewAccounts::of(vec![pair], TYPE)).await
        };
        add("a1").await.unwrap();
        add("a2").await.unwrap();
        assert!(matches!(add("a3").await, Err(ServiceError::TooManyAccounts(2))));
        service.delete_accounts(anna, &[Username::parse("a1").unwrap()]).await.unwrap();
        add("a3").await.unwrap();
        let quota = service.account_quota(anna).await.unwrap();
        assert_eq!((quota.most, quota.used, quota.remaining()), (2, 2, 0));
    }

    async fn a_suspended_customer_keeps_its_list_as_it_is(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("a@example.com").await;
        given.service.add_sources(anna, wish(&["8.8.8.8"], "")).await.unwrap();
        given.service.suspend_customer(&operator(), anna).await.unwrap();
        let added = given.service.add_sources(anna, wish(&["9.9.9.9"], "")).await;
        let deleted = given.service.delete_sources(anna, vec![ip("8.8.8.8")]).await;
        assert!(matches!((added, deleted), (Err(ServiceError::Suspended), Err(ServiceError::Suspended))));
        assert_eq!(given.service.list_sources(anna).await.unwrap().len(), 1);
    }

    async fn an_account_is_changed_at_once_and_what_is_not_named_stays(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("a@example.com").await, given.customer("b@example.com").await);
        given.limited_account(anna, "a1", 5, 1).await;
        let name = Username::parse("a1").unwrap();
        let remark = Some(Remark::parse("new").unwrap());
        let password = Some(AccountPassword::parse("newpass").unwrap());
        let wish = AccountChange { remark, password, enabled: Some(false), udp: Some(true), ..AccountChange::default() };
        let changed = given.service.change_account(anna, &name, wish.clone()).await.unwrap();
        assert_eq!((changed.limit.get(), changed.enabled), (5, false));
        let account = given.service.list_accounts(anna, None).await.unwrap().remove(0);
        assert_eq!((account.password.reveal(), account.remark.as_str(), account.enabled), ("newpass", "new", false));
        assert_eq!((account.limit.get(), account.daily_limit.get()), (5, 1));
        let udp = "SELECT count(*) FROM account WHERE udp";
        assert_eq!(given.store.number(udp).await.unwrap(), 1);
        let same = given.service.change_account(anna, &name, AccountChange::default()).await.unwrap();
        assert_eq!(same, changed);
        let refused = given.service.change_account(ben, &name, wish).await;
        assert!(matches!(refused, Err(ServiceError::NotFound(missing)) if missing == name));
    }
}
