//! What gateways are told, and when.

use std::time::Duration;

use turnpike_domain::directory::Changes;
use turnpike_domain::ids::{AccountId, CustomerId, FeedSeq};
use turnpike_domain::remark::Remark;
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::time::Span;
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_service::{Grant, Keys};
use turnpike_testkit::each_store;

use crate::given::{Given, TYPE, name, operator, password};

/// The ids in an answer: customers, live accounts, accounts that are gone.
type Told = (Vec<CustomerId>, Vec<AccountId>, Vec<AccountId>);

/// Follows the feed from a place to its end.
async fn told(given: &Given, place: &mut Option<FeedSeq>) -> Told {
    match given.service.directory_changes(*place).await.unwrap() {
        Changes::None => Told::default(),
        Changes::TooOld => panic!("too old"),
        Changes::Since { seq, changed } => {
            assert!(Some(seq) > *place);
            *place = Some(seq);
            let accounts = changed.accounts.into_iter().map(|account| account.id).collect();
            (changed.customers.into_iter().map(|customer| customer.id).collect(), accounts, changed.gone_accounts)
        }
    }
}

each_store! {
    async fn a_snapshot_holds_everything_that_lives(given: &TestStore) {
        let given = Given::over(given);
        assert_eq!(given.service.directory_snapshot().await.unwrap().seq, None);
        let anna = given.customer("anna@example.com").await;
        let (gone, kept) = (given.account(anna, "gone").await, given.limited_account(anna, "kept", 3, 2).await);
        given.service.delete_accounts(anna, &[name("gone")]).await.unwrap();
        given.service.limit_customer(&operator(), anna, Some(5), None).await.unwrap();
        let snapshot = given.service.directory_snapshot().await.unwrap();
        let [account] = &snapshot.accounts[..] else { panic!("{gone} is gone") };
        assert_eq!((account.id, account.customer, account.limit.get(), account.daily_limit.get()), (kept, anna, 3, 2));
        let mac = Keys::derive(&[5; 32]);
        assert_eq!(account.password, PasswordMac::of(mac.passwords(), &name("kept"), b"keptPw"));
        let [customer] = &snapshot.customers[..] else { panic!("one customer") };
        assert_eq!((customer.verified, customer.max_tunnels), (true, Some(5)));
        assert!(matches!(given.service.directory_changes(snapshot.seq).await.unwrap(), Changes::None));
    }

    async fn every_change_that_matters_is_told_once(given: &TestStore) {
        let given = Given::over(given);
        let (service, mut place) = (&given.service, None);
        let anna = given.customer("anna@example.com").await;
        assert_eq!(told(&given, &mut place).await, (vec![anna], vec![], vec![]));
        let account = given.account(anna, "user1").await;
        let user = [name("user1")];
        assert_eq!(told(&given, &mut place).await, (vec![], vec![account], vec![]));
        service.set_accounts_enabled(anna, &user, false).await.unwrap();
        assert_eq!(told(&given, &mut place).await, (vec![], vec![account], vec![]));
        service.change_password(anna, &user[0], password("other")).await.unwrap();
        assert_eq!(told(&given, &mut place).await, (vec![], vec![account], vec![]));
        service.change_limit(anna, &user[0], LimitGb::new(9).unwrap()).await.unwrap();
        assert_eq!(told(&given, &mut place).await, (vec![], vec![account], vec![]));
        service.change_remark(anna, &user[0], Remark::parse("x").unwrap()).await.unwrap();
        assert_eq!(told(&given, &mut place).await, Told::default());
        service.suspend_customer(&operator(), anna).await.unwrap();
        service.resume_customer(&operator(), anna).await.unwrap();
        assert_eq!(told(&given, &mut place).await, (vec![anna], vec![], vec![]));
        service.delete_accounts(anna, &user).await.unwrap();
        assert_eq!(told(&given, &mut place).await, (vec![], vec![], vec![account]));
        assert_eq!(told(&given, &mut place).await, Told::default());
    }

    async fn a_package_is_told_of_when_granted_and_when_it_begins(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let version = async || given.service.directory_snapshot().await.unwrap().customers[0].packages_version;
        assert_eq!(version().await, 0);
        let starts_at = given.now().plus(Span::from_days(1));
        let (expires_at, title) = (starts_at.plus(Span::from_days(1)), "Later".to_owned());
        let grant = Grant { customer: anna, product_type: TYPE, size: Bytes::new(1 << 30), starts_at, expires_at, title };
        given.service.grant_package(&operator(), grant).await.unwrap();
        assert_eq!(version().await, 1);
        assert_eq!(given.service.start_packages().await.unwrap(), 0);
        given.pass(Span::from_days(1));
        let mut place = given.service.directory_snapshot().await.unwrap().seq;
        assert_eq!(given.service.start_packages().await.unwrap(), 1);
        assert_eq!(told(&given, &mut place).await, (vec![anna], vec![], vec![]));
        assert_eq!(version().await, 2);
        assert_eq!(given.service.start_packages().await.unwrap(), 0);
        assert_eq!(version().await, 2);
    }

    async fn who_has_fallen_behind_loads_a_snapshot(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let behind = given.service.directory_snapshot().await.unwrap().seq;
        given.account(anna, "user1").await;
        given.pass(Span::from_days(2));
        given.account(anna, "user2").await;
        let trimmed = given.service.trim_feed().await.unwrap();
        assert!(trimmed > 0);
        assert!(matches!(given.service.directory_changes(behind).await.unwrap(), Changes::TooOld));
        assert!(matches!(given.service.directory_changes(None).await.unwrap(), Changes::TooOld));
        // One that had followed up to what was trimmed has missed nothing.
        let mut place = Some(FeedSeq::new(i64::try_from(trimmed).unwrap()));
        assert_eq!(told(&given, &mut place).await.1.len(), 1);
    }

    async fn a_place_from_another_database_is_too_old(given: &TestStore) {
        let given = Given::over(given);
        given.customer("anna@example.com").await;
        let ahead = given.service.directory_changes(Some(FeedSeq::new(1_000_000))).await.unwrap();
        assert!(matches!(ahead, Changes::TooOld));
    }

    async fn word_of_a_change_comes_at_once(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let place = given.service.directory_snapshot().await.unwrap().seq;
        let service = given.service.clone();
        let waiting = tokio::spawn(async move { service.wait_for_news(place).await });
        given.account(anna, "user1").await;
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    }
}
