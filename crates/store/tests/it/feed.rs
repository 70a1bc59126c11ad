//! The change feed: numbers follow commits, and word gets around.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use turnpike_domain::ids::{AccountId, CustomerId, FeedSeq};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::feed::{self, Changed, Reach};
use turnpike_store::{Store, StoreError};
use turnpike_testkit::each_store;
use turnpike_testkit::stores::TestStore;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

async fn announce(store: &Store, changes: Vec<Changed>, at: Timestamp) {
    let told: Result<(), StoreError> = store
        .write(changes, move |changes, tx| {
            for changed in changes {
                tx.announce(*changed, at);
            }
            Box::pin(async { Ok(()) })
        })
        .await;
    told.unwrap();
}

async fn reach(store: &Store) -> Reach {
    let reach: Result<_, StoreError> = store.read(async |tx| feed::reach(tx).await).await;
    reach.unwrap()
}

async fn since(store: &Store, after: i64, newest: i64) -> Vec<Changed> {
    let after = (after > 0).then(|| FeedSeq::new(after));
    let found: Result<_, StoreError> = store.read(async |tx| feed::since(tx, after, FeedSeq::new(newest)).await).await;
    found.unwrap()
}

fn account(id: i64) -> Changed {
    Changed::Account(AccountId::new(id))
}

each_store! {
    async fn numbers_have_no_gaps_and_none_is_skipped(given: &TestStore) {
        let store = given.store();
        assert_eq!(reach(&store).await, Reach { newest: None, trimmed: None });
        let writers = (0..40).map(|turn| {
            let store = store.clone();
            tokio::spawn(async move { announce(&store, vec![account(turn), account(turn + 100)], NOW).await })
        });
        // A follower that reads while others write sees every change exactly in the stretch that it is numbered in.
        let follower = store.clone();
        let followed = tokio::spawn(async move {
            let (mut seen, mut place) = (BTreeSet::new(), 0);
            while place < 80 {
                let newest = reach(&follower).await.newest.map_or(0, FeedSeq::get);
                if newest > place {
                    let stretch = since(&follower, place, newest).await;
                    assert_eq!(i64::try_from(stretch.len()).unwrap(), newest - place);
                    seen.extend(stretch.into_iter().map(|changed| format!("{changed:?}")));
                    place = newest;
                }
                tokio::task::yield_now().await;
            }
            seen.len()
        });
        for outcome in join_all(writers).await {
            outcome.unwrap();
        }
        assert_eq!(followed.await.unwrap(), 80);
        assert_eq!(reach(&store).await.newest, Some(FeedSeq::new(80)));
    }

    async fn an_act_that_fails_announces_nothing(given: &TestStore) {
        let store = given.store();
        let failed: Result<(), StoreError> = store
            .write((), |(), tx| {
                tx.announce(account(1), NOW);
                Box::pin(async { Err(StoreError::Interrupted) })
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(reach(&store).await.newest, None);
    }

    async fn a_thing_that_changed_twice_is_named_once(given: &TestStore) {
        let store = given.store();
        let customer = Changed::Customer(CustomerId::new(1));
        announce(&store, vec![account(1), customer], NOW).await;
        announce(&store, vec![account(1)], NOW).await;
        assert_eq!(since(&store, 0, 3).await.len(), 2);
        assert_eq!(since(&store, 2, 3).await, vec![account(1)]);
    }

    async fn old_changes_are_trimmed_and_the_place_is_kept(given: &TestStore) {
        let store = given.store();
        for age in [3, 2, 1] {
            announce(&store, vec![account(age)], NOW.minus(Span::from_days(age))).await;
        }
        let trim = |keep| {
            let before = NOW.minus(Span::from_secs(36 * 3600));
            store.write(before, move |before, tx| Box::pin(feed::trim(tx, *before, keep)))
        };
        let dropped: Result<_, StoreError> = trim(1_000).await;
        assert_eq!(dropped.unwrap(), 2);
        let kept = Reach { newest: Some(FeedSeq::new(3)), trimmed: Some(FeedSeq::new(2)) };
        assert_eq!(reach(&store).await, kept);
        let dropped: Result<_, StoreError> = trim(0).await;
        assert_eq!(dropped.unwrap(), 1);
        let dropped: Result<_, StoreError> = trim(0).await;
        assert_eq!(dropped.unwrap(), 0);
        assert_eq!(reach(&store).await.trimmed, Some(FeedSeq::new(3)));
    }

    async fn word_of_a_change_wakes_whoever_waits(given: &TestStore) {
        let store = given.store();
        let wait = |after: Option<i64>| {
            let store = store.clone();
            tokio::spawn(async move { store.wait_for_news(after.map(FeedSeq::new)).await })
        };
        let (first, second) = (wait(None), wait(Some(1)));
        announce(&store, vec![account(1)], NOW).await;
        tokio::time::timeout(Duration::from_secs(5), first).await.unwrap().unwrap();
        assert!(!second.is_finished());
        announce(&store, vec![account(1)], NOW).await;
        tokio::time::timeout(Duration::from_secs(5), second).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn word_of_another_process_comes_over_postgresql() {
    let Some(given) = TestStore::postgres().await.unwrap() else { return };
    let theirs = Store::open(given.uri()).await.unwrap();
    let ours = given.store();
    // Until the other side listens, word may be missed: say it again.
    let heard = tokio::spawn(async move { ours.wait_for_news(None).await });
    let said = async {
        while !heard.is_finished() {
            announce(&theirs, vec![account(1)], NOW).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), said).await.unwrap();
    theirs.close().await;
    given.remove().await.unwrap();
}
