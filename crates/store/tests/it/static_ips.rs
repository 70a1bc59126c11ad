//! Addresses are taken by one, however many ask, and none is thought gone that comes back.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::sync::Notify;
use turnpike_domain::country::CountryCode;
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::{NewStaticIp, StaticIpState};
use turnpike_store::{Store, StoreError, static_ip};
use turnpike_testkit::each_store;

const KIND: ProductType = ProductType::StaticResidentialIp;

fn japan() -> CountryCode {
    CountryCode::parse("JP").unwrap()
}

async fn stock(store: &Store, count: u8) {
    let one = |last| NewStaticIp {
        ip: Ipv4Addr::new(192, 0, 2, last).into(),
        product_type: KIND,
        country: japan(),
        region: String::new(),
        city: String::new(),
        state: StaticIpState::ForSale,
        note: String::new(),
        exit: None,
    };
    let ips: Vec<_> = (1..=count).map(one).collect();
    let done: Result<u64, StoreError> = store.write(ips, |ips, tx| Box::pin(static_ip::insert(tx, ips))).await;
    assert_eq!(done.unwrap(), u64::from(count));
}

/// Takes so many; how many it got.
async fn take(store: &Store, count: u32) -> Option<usize> {
    let taken: Result<_, StoreError> =
        store.write(count, |count, tx| Box::pin(static_ip::take(tx, KIND, japan(), *count))).await;
    taken.unwrap().map(|ips| ips.len())
}

each_store! {
    async fn what_comes_back_is_not_thought_gone(given: &TestStore) {
        let store = given.store();
        stock(&store, 3).await;
        let (has_taken, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let signs = (Arc::clone(&has_taken), Arc::clone(&may_end));
        let first = store.clone();
        let undone = tokio::spawn(async move {
            let outcome: Result<(), StoreError> = first.write(signs, |(has_taken, may_end), tx| Box::pin(async move {
                assert_eq!(static_ip::take(tx, KIND, japan(), 2).await?.map(|ips| ips.len()), Some(2));
                has_taken.notify_one();
                may_end.notified().await;
                Err(StoreError::Interrupted)
            })).await;
            outcome.unwrap_err()
        });
        has_taken.notified().await;
        let second = tokio::spawn({
            let store = store.clone();
            async move { take(&store, 3).await }
        });
        if !given.is_sqlite() {
            // It waits for what the first one has: there is one that is free, and three are wanted.
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
            while store.number(waiting).await.unwrap() == 0 {
                tokio::task::yield_now().await;
            }
        }
        may_end.notify_one();
        undone.await.unwrap();
        assert_eq!(second.await.unwrap(), Some(3));
        assert_eq!(take(&store, 1).await, None);
    }

    async fn whoever_comes_second_takes_others_while_there_is_plenty(given: &TestStore) {
        let store = given.store();
        stock(&store, 4).await;
        if given.is_sqlite() {
            // Its one writer comes after the other.
            assert_eq!((take(&store, 2).await, take(&store, 2).await), (Some(2), Some(2)));
            return;
        }
        let (has_taken, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let signs = (Arc::clone(&has_taken), Arc::clone(&may_end));
        let first = store.clone();
        let slow = tokio::spawn(async move {
            let outcome: Result<_, StoreError> = first.write(signs, |(has_taken, may_end), tx| Box::pin(async move {
                let taken = static_ip::take(tx, KIND, japan(), 2).await?.map(|ips| ips.len());
                has_taken.notify_one();
                may_end.notified().await;
                Ok(taken)
            })).await;
            outcome.unwrap()
        });
        has_taken.notified().await;
        // The first one has not ended, and will not before this has.
        assert_eq!(take(&store, 2).await, Some(2));
        may_end.notify_one();
        assert_eq!(slow.await.unwrap(), Some(2));
        assert_eq!(store.number("SELECT count(*) FROM static_ip WHERE state = 1").await.unwrap(), 4);
    }
}
