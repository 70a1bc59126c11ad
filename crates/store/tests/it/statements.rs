//! Statements that no service test reaches by a path of its own: what they find, and what they leave alone.

use turnpike_domain::account::Username;
use turnpike_domain::ids::{AccountId, CustomerId, NodeId};
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_store::account::{self, Credentials, Terms};
use turnpike_store::usage::{self, UsageKey};
use turnpike_store::{Store, StoreError, account_quota, customer, node};
use turnpike_testkit::each_store;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
/// Every account, however many.
const ALL: (AccountId, u32) = (AccountId::new(i64::MAX), u32::MAX);

fn credentials(name: &str) -> Credentials {
    Credentials {
        username: Username::parse(name).unwrap(),
        password_mac: PasswordMac::from_bytes([0xab; 32]),
        password_sealed: vec![0, 1, 0xfe, 0xff, b'"', b'\\'],
    }
}

fn terms() -> Terms {
    Terms {
        remark: Remark::parse("备注 \"quoted\" \\ ' ; --").unwrap(),
        product_type: ProductType::DynamicTraffic,
        limit: LimitGb::new(3).unwrap(),
        daily_limit: LimitGb::UNLIMITED,
        created_at: NOW,
    }
}

async fn customer_with(store: &Store, names: &'static [&'static str]) -> (CustomerId, Vec<AccountId>) {
    let email = format!("{}@example.com", names.join("."));
    let made: Result<_, StoreError> = store
        .write(email, move |email, tx| {
            Box::pin(async move {
                let customer = customer::insert(tx, email, "hash", NOW).await?;
                let all: Vec<_> = names.iter().map(|name| credentials(name)).collect();
                Ok((customer, account::insert(tx, customer, &all, &terms()).await?))
            })
        })
        .await;
    made.unwrap()
}

each_store! {
    async fn an_account_comes_back_as_it_went_in(given: &TestStore) {
        let store = given.store();
        let (customer, _) = customer_with(&store, &["user1"]).await;
        let listed: Result<_, StoreError> = store.read(async |tx| account::list(tx, customer, None, ALL).await).await;
        let [listed] = &listed.unwrap()[..] else { panic!("one account") };
        assert_eq!(listed.password_sealed, credentials("user1").password_sealed);
        assert_eq!((listed.remark.as_str(), listed.limit.get()), ("备注 \"quoted\" \\ ' ; --", 3));
        let entries: Result<_, StoreError> = store.read(async |tx| account::entries(tx, AccountId::new(0), 1000).await).await;
        assert_eq!(entries.unwrap()[0].password, PasswordMac::from_bytes([0xab; 32]));
    }

    async fn entries_are_read_in_parts_by_number(given: &TestStore) {
        let store = given.store();
        customer_with(&store, &["user3", "user1", "user2"]).await;
        let (mut after, mut read) = (AccountId::new(0), Vec::new());
        loop {
            let part: Result<_, StoreError> = store.read(async |tx| account::entries(tx, after, 2).await).await;
            let part = part.unwrap();
            assert!(part.len() <= 2);
            let Some(last) = part.last() else { break };
            after = last.id;
            read.extend(part.into_iter().map(|entry| entry.username.as_str().to_owned()));
        }
        assert_eq!(read, ["user3", "user1", "user2"]);
    }

    async fn names_differ_by_case_and_numbers_are_names(given: &TestStore) {
        let store = given.store();
        let (customer, _) = customer_with(&store, &["User", "user", "123", "0123"]).await;
        let taken = |name: &'static str| {
            let store = store.clone();
            async move {
                let names = [Username::parse(name).unwrap()];
                let taken: Result<_, StoreError> = store.read(async |tx| account::taken(tx, &names).await).await;
                taken.unwrap().is_some()
            }
        };
        assert!(taken("123").await && taken("0123").await && taken("User").await);
        assert!(!taken("USER").await && !taken("23").await);
        let listed: Result<_, StoreError> = store.read(async |tx| account::list(tx, customer, None, ALL).await).await;
        assert_eq!(listed.unwrap().len(), 4);
    }

    async fn a_row_that_breaks_a_rule_is_corrupt(given: &TestStore) {
        let store = given.store();
        let (customer, _) = customer_with(&store, &["user1"]).await;
        store.run_raw("UPDATE account SET product_type = 99").await.unwrap();
        let listed: Result<_, StoreError> = store.read(async |tx| account::list(tx, customer, None, ALL).await).await;
        let error = listed.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { table: "account", column: "product_type", .. }), "{error:?}");
    }

    async fn amounts_up_to_the_end_of_the_books_are_kept(given: &TestStore) {
        let store = given.store();
        let (_, accounts) = customer_with(&store, &["user1"]).await;
        let kept: Result<_, StoreError> = store
            .write(accounts, |accounts, tx| {
                Box::pin(async move {
                    let mut books = account_quota::lock(tx, accounts).await?;
                    books[0].quota.used = Bytes::MAX;
                    account_quota::store(tx, &books.iter().collect::<Vec<_>>()).await?;
                    account_quota::lock(tx, accounts).await
                })
            })
            .await;
        assert_eq!(kept.unwrap()[0].quota.used, Bytes::MAX);
    }

    async fn books_name_their_customer(given: &TestStore) {
        let store = given.store();
        let (_, accounts) = customer_with(&store, &["user1"]).await;
        let kept: Result<_, StoreError> = store
            .write(accounts, |accounts, tx| {
                Box::pin(async move {
                    let mut books = account_quota::lock(tx, accounts).await?;
                    books[0].quota.used = Bytes::new(5);
                    books[0].customer = CustomerId::new(999);
                    account_quota::store(tx, &books.iter().collect::<Vec<_>>()).await?;
                    account_quota::lock(tx, accounts).await
                })
            })
            .await;
        assert_eq!(kept.unwrap()[0].quota.used, Bytes::ZERO);
    }

    async fn usage_is_added_to_and_taken_oldest_first(given: &TestStore) {
        let store = given.store();
        let key = |seconds: i64| UsageKey {
            customer: CustomerId::new(1),
            account: AccountId::new(2),
            product_type: ProductType::DynamicTraffic,
            span: Span::from_secs(1),
            starts_at: NOW.plus(Span::from_secs(seconds)),
        };
        let taken: Result<_, StoreError> = store
            .write((), move |(), tx| {
                Box::pin(async move {
                    usage::add(tx, &[(key(3), Bytes::new(3)), (key(1), Bytes::new(1))]).await?;
                    usage::add(tx, &[(key(1), Bytes::new(10)), (key(2), Bytes::new(2))]).await?;
                    usage::take(tx, Span::from_secs(1), NOW.plus(Span::from_secs(3)), 1).await
                })
            })
            .await;
        assert_eq!(taken.unwrap(), vec![(key(1), Bytes::new(11))]);
        assert_eq!(store.number("SELECT CAST(SUM(bytes) AS BIGINT) FROM usage").await.unwrap(), 5);
    }

    async fn a_gateway_is_remembered_by_its_last_contact(given: &TestStore) {
        let (store, node) = (given.store(), NodeId::new(i64::MIN));
        for at in [NOW, NOW.plus(Span::from_secs(5))] {
            let touched: Result<_, StoreError> =
                store.write(at, move |at, tx| Box::pin(node::touch(tx, node, *at))).await;
            touched.unwrap();
        }
        let last: Result<_, StoreError> = store.read(async |tx| node::last_contact(tx, node).await).await;
        assert_eq!(last.unwrap(), Some(NOW.plus(Span::from_secs(5))));
    }
}
