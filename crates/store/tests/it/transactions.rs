//! The one way into a transaction: nothing is lost, nothing is done by half, and those in the way are waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use tokio::sync::{Barrier, oneshot};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{Store, StoreError, Tx, customer};
use turnpike_testkit::each_store;
use turnpike_testkit::stores::TestStore;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

async fn add(store: &Store, email: &str) -> Result<CustomerId, StoreError> {
    let email = email.to_owned();
    store.write(email, |email, tx| Box::pin(customer::insert(tx, email, "hash", NOW))).await
}

/// Adds a customer and tells gateways; whether it can be read in the same transaction.
async fn announce_new(store: &Store) -> Result<bool, StoreError> {
    store
        .write((), |(), tx| {
            Box::pin(async {
                let id = customer::insert(tx, "a@example.com", "hash", NOW).await?;
                tx.announce(Changed::Customer(id), NOW);
                Ok(customer::by_id(tx, id).await?.is_some())
            })
        })
        .await
}

async fn version(store: &Store, id: CustomerId) -> i64 {
    store.number(&format!("SELECT packages_version FROM customer WHERE id = {id}")).await.unwrap()
}

each_store! {
    async fn parallel_writers_all_get_through(given: &TestStore) {
        // Two stores on one database, as when an operator's command runs beside the server.
        let (ours, theirs) = (given.store(), Store::open(given.uri()).await.unwrap());
        let id = add(&ours, "a@example.com").await.unwrap();
        let raise = |store: Store| async move {
            for _ in 0..20 {
                store.write(id, |id, tx| Box::pin(customer::raise_packages_version(tx, *id))).await?;
            }
            Ok::<_, StoreError>(())
        };
        let writers = (0..16).map(|turn| tokio::spawn(raise(if turn % 4 == 0 { theirs.clone() } else { ours.clone() })));
        for outcome in join_all(writers).await {
            outcome.unwrap().unwrap();
        }
        assert_eq!(version(&ours, id).await, 320);
        theirs.close().await;
    }

    async fn an_act_that_fails_leaves_nothing(given: &TestStore) {
        let store = given.store();
        let failed: Result<(), StoreError> = store
            .write((), |(), tx| {
                Box::pin(async {
                    customer::insert(tx, "half@example.com", "hash", NOW).await?;
                    Err(StoreError::Interrupted)
                })
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Interrupted)));
        assert_eq!(store.number("SELECT count(*) FROM customer").await.unwrap(), 0);
    }

    async fn a_rehearsal_finds_out_what_an_act_would_do_and_leaves_nothing(given: &TestStore) {
        let store = given.store();
        assert!(announce_new(&store.rehearsing()).await.unwrap());
        let left = "SELECT (SELECT count(*) FROM customer) + (SELECT count(*) FROM feed) + seq FROM feed_head";
        assert_eq!(store.number(left).await.unwrap(), 0);
        assert!(announce_new(&store).await.unwrap());
        // What stands in the way is found by a rehearsal, too.
        assert!(matches!(announce_new(&store.rehearsing()).await, Err(StoreError::Conflict)));
    }

    async fn a_panicking_act_leaves_nothing_and_the_store_goes_on(given: &TestStore) {
        let store = given.store();
        let failed: Result<(), StoreError> = store
            .write((), |(), tx| {
                Box::pin(async {
                    customer::insert(tx, "half@example.com", "hash", NOW).await?;
                    panic!("on purpose")
                })
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Interrupted)));
        add(&store, "whole@example.com").await.unwrap();
        assert_eq!(store.number("SELECT count(*) FROM customer").await.unwrap(), 1);
    }

    async fn a_unique_value_given_twice_is_a_conflict(given: &TestStore) {
        let store = given.store();
        add(&store, "a@example.com").await.unwrap();
        assert!(matches!(add(&store, "a@example.com").await, Err(StoreError::Conflict)));
        add(&store, "b@example.com").await.unwrap();
    }

    async fn an_act_runs_to_its_end_when_its_caller_goes_away(given: &TestStore) {
        let store = given.store();
        let (begun, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel();
        let signals = tokio::sync::Mutex::new(Some((begun, may_go_on)));
        let writer = store.clone();
        let caller = tokio::spawn(async move {
            let act = writer.write(signals, |signals, tx| {
                Box::pin(async move {
                    customer::insert(tx, "kept@example.com", "hash", NOW).await?;
                    let (begun, may_go_on) = signals.lock().await.take().unwrap();
                    begun.send(()).unwrap();
                    may_go_on.await.unwrap();
                    Ok::<_, StoreError>(())
                })
            });
            act.await
        });
        has_begun.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        go_on.send(()).unwrap();
        // Closing waits for acts that run.
        store.close().await;
        let again = Store::open(given.uri()).await.unwrap();
        assert_eq!(again.number("SELECT count(*) FROM customer").await.unwrap(), 1);
        again.close().await;
    }

    async fn an_act_in_the_way_of_others_is_run_again(given: &TestStore) {
        let store = given.store();
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        store
            .write(counted, |tries, tx| {
                Box::pin(async move {
                    customer::insert(tx, "again@example.com", "hash", NOW).await?;
                    match tries.fetch_add(1, Ordering::SeqCst) {
                        0 | 1 => Err(StoreError::Contended),
                        _ => Ok(()),
                    }
                })
            })
            .await
            .unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), 3);
        assert_eq!(store.number("SELECT count(*) FROM customer").await.unwrap(), 1);
    }

    async fn an_act_that_is_always_in_the_way_gives_up(given: &TestStore) {
        let store = given.store();
        let tries = Arc::new(AtomicU32::new(0));
        let outcome: Result<(), _> = store
            .write(Arc::clone(&tries), |tries, _| {
                Box::pin(async move {
                    tries.fetch_add(1, Ordering::SeqCst);
                    Err(StoreError::Contended)
                })
            })
            .await;
        assert!(matches!(outcome, Err(StoreError::Contended)));
        assert_eq!(tries.load(Ordering::SeqCst), 12);
    }

    async fn a_closed_store_refuses(given: &TestStore) {
        let store = Store::open(given.uri()).await.unwrap();
        store.close().await;
        assert!(matches!(add(&store, "late@example.com").await, Err(StoreError::Interrupted)));
        let read: Result<_, StoreError> = store.read(async |tx| customer::by_id(tx, CustomerId::new(1)).await).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))));
    }
}

/// Only PostgreSQL has more than one writer, so only there can these happen.
async fn postgres() -> Option<TestStore> {
    TestStore::postgres().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serialization_failures_of_the_database_are_repeated() {
    let Some(given) = postgres().await else { return };
    let store = given.store();
    let tries = Arc::new(AtomicU32::new(0));
    store
        .write(Arc::clone(&tries), |tries, tx| {
            Box::pin(async move {
                if tries.fetch_add(1, Ordering::SeqCst) < 3 {
                    tx.run_raw("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$").await?;
                }
                customer::insert(tx, "a@example.com", "hash", NOW).await
            })
        })
        .await
        .unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 4);
    given.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_costs_one_side_a_second_try() {
    let Some(given) = postgres().await else { return };
    let store = given.store();
    let one = add(&store, "one@example.com").await.unwrap();
    let two = add(&store, "two@example.com").await.unwrap();
    let (both_hold, tries) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let cross = |first: CustomerId, second: CustomerId| {
        let input = (first, second, Arc::clone(&both_hold), Arc::clone(&tries));
        store.write(input, |(first, second, both_hold, tries), tx: &mut Tx| {
            Box::pin(async move {
                customer::raise_packages_version(tx, *first).await?;
                if tries.fetch_add(1, Ordering::SeqCst) < 2 {
                    both_hold.wait().await;
                }
                customer::raise_packages_version(tx, *second).await
            })
        })
    };
    let both = try_join_all([cross(one, two), cross(two, one)]);
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap().unwrap();
    assert_eq!((version(&store, one).await, version(&store, two).await), (2, 2));
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    given.remove().await.unwrap();
}
