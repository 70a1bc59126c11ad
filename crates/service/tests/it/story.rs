//! One customer's story, from the first day to a deleted account, with a second customer looking on.

use turnpike_domain::ids::NodeId;
use turnpike_domain::quota::Denial;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::Span;
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_service::{NewAccounts, ServiceError, UsageWindow};
use turnpike_testkit::each_store;

use crate::given::{GB, Given, NODE, TYPE, last, name, operator, pair, partial, password};

each_store! {
    async fn from_the_first_day_to_a_deleted_account(given: &TestStore) {
        let given = Given::over(given);
        let service = &given.service;

        // A new customer may look but not change until the operator has verified it.
        let added = service.add_customer(&operator(), "Anna@Example.com", "a long password").await.unwrap();
        let anna = service.authenticate(&added.app_key).await.unwrap().unwrap();
        assert_eq!((anna.email.as_str(), anna.verified, anna.suspended), ("anna@example.com", false, false));
        let batch = NewAccounts::of(vec![pair("user1"), pair("user2")], TYPE);
        assert!(matches!(service.add_accounts(anna.id, batch.clone()).await, Err(ServiceError::Unverified)));
        assert!(service.list_accounts(anna.id, None).await.unwrap().is_empty());
        service.verify_customer(&operator(), anna.id).await.unwrap();
        service.add_accounts(anna.id, batch).await.unwrap();

        // Passwords are shown again.
        let listed = service.list_accounts(anna.id, None).await.unwrap();
        let shown: Vec<_> = listed.iter().map(|one| (one.username.as_str(), one.password.reveal())).collect();
        assert_eq!(shown, [("user2", "user2Pw"), ("user1", "user1Pw")]);
        let (user2, user1) = (listed[0].id, listed[1].id);

        // Without a package there is no traffic; with one there is, and it is billed as it is reported.
        assert_eq!(given.ask(user1).await, Err(Denial::NoTraffic));
        given.package(anna.id, GB).await;
        let lease = given.ask(user1).await.unwrap();
        given.report(vec![partial(lease.id, 1000, lease.bytes.get())]).await;
        given.report(vec![last(lease.id, 5000)]).await;
        let used = service.list_accounts(anna.id, Some(TYPE)).await.unwrap()[1].used;
        assert_eq!(used, Bytes::new(5000));

        // A limit moves, a remark changes, a password too, an account is switched off and on.
        service.change_limit(anna.id, &name("user1"), LimitGb::new(7).unwrap()).await.unwrap();
        service.change_remark(anna.id, &name("user1"), Remark::parse("erste").unwrap()).await.unwrap();
        service.change_password(anna.id, &name("user1"), password("changed1")).await.unwrap();
        service.set_accounts_enabled(anna.id, &[name("user1"), name("user2")], false).await.unwrap();
        assert_eq!(given.ask(user1).await, Err(Denial::Refused));
        service.set_accounts_enabled(anna.id, &[name("user1")], true).await.unwrap();
        let listed = service.list_accounts(anna.id, None).await.unwrap();
        let user = &listed[1];
        assert_eq!((user.limit.get(), user.remark.as_str(), user.password.reveal()), (7, "erste", "changed1"));
        assert_eq!((user.enabled, listed[0].enabled), (true, false));

        // A deleted account is gone from the list; what it holds is still settled, its usage is still counted.
        let open = given.ask(user1).await.unwrap();
        service.delete_accounts(anna.id, &[name("user1")]).await.unwrap();
        assert_eq!(service.list_accounts(anna.id, None).await.unwrap().len(), 1);
        assert_eq!(given.ask(user1).await, Err(Denial::Refused));
        given.report(vec![last(open.id, 300)]).await;
        service.add_accounts(anna.id, NewAccounts::of(vec![pair("user1")], TYPE)).await.unwrap();
        assert_eq!(service.list_accounts(anna.id, None).await.unwrap()[0].used, Bytes::ZERO);
        let (from, to) = (given.now().minus(Span::from_days(6)), given.now());
        let window = UsageWindow { from, to, username: Some("user1".to_owned()), product_type: None };
        let days = service.usage_by_day(anna.id, window).await.unwrap();
        assert_eq!((days.len(), days[6].1), (7, Bytes::new(5300)));

        // The package knows it all; nothing is held any more.
        let summary = service.summarise_packages(anna.id, &[TYPE]).await.unwrap();
        assert_eq!((summary.total.get(), summary.used.kilobytes()), (GB, 5));
        assert_eq!(given.number("SELECT count(*) FROM package WHERE used = 5300 AND held = 0").await, 1);

        // A suspended customer gets nothing and changes nothing, until it may go on.
        service.suspend_customer(&operator(), anna.id).await.unwrap();
        let disable = service.set_accounts_enabled(anna.id, &[name("user2")], true).await;
        assert!(matches!(disable, Err(ServiceError::Suspended)));
        service.resume_customer(&operator(), anna.id).await.unwrap();
        service.set_accounts_enabled(anna.id, &[name("user2")], true).await.unwrap();
        assert!(given.ask(user2).await.is_ok());

        // A gateway that starts anew settles what its spool proves and voids the rest.
        given.boot(NODE, Vec::new()).await;
        given.boot(NodeId::new(12), Vec::new()).await;
        assert_eq!(given.number("SELECT count(*) FROM lease").await, 0);
        assert_eq!(given.number("SELECT CAST(SUM(held) AS BIGINT) FROM account").await, 0);
    }
}
