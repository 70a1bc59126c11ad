//! Of two pins for the same session one is kept, the same on both databases and whoever comes first.

use turnpike_domain::ids::{CustomerId, ExitId, FeedSeq};
use turnpike_domain::login::SessionId;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;
use turnpike_domain::session::{Pin, SessionKey};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::feed::{self, Changed};
use turnpike_store::{Store, StoreError, pin};
use turnpike_testkit::each_store;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

fn key(number: i64) -> SessionKey {
    let session = SessionId::parse("a").unwrap();
    SessionKey::of(CustomerId::new(number), ProductType::DynamicTraffic, &session, &PlaceWish::default())
}

fn one(session: i64, exit: i64, seconds: i64, moves: u16) -> Pin {
    Pin {
        key: key(session),
        exit: ExitId::new(exit),
        after: Timestamp::from_ms(7),
        until: NOW.plus(Span::from_secs(seconds)),
        moves,
    }
}

async fn keep(store: &Store, pins: &[Pin]) -> u64 {
    let kept: Result<u64, StoreError> = store.write(pins.to_vec(), |pins, tx| Box::pin(pin::keep(tx, pins, NOW))).await;
    kept.unwrap()
}

async fn all(store: &Store) -> Vec<Pin> {
    let found: Result<_, StoreError> = store.read(async |tx| pin::after(tx, None, NOW, 1000).await).await;
    found.unwrap()
}

/// What the feed tells from a place on.
async fn told(store: &Store, after: i64) -> (Vec<Pin>, i64) {
    let after = (after > 0).then(|| FeedSeq::new(after));
    let told: Result<_, StoreError> = store
        .read(async |tx| {
            let newest = feed::reach(tx).await?.newest.unwrap_or(FeedSeq::new(0));
            let changes = feed::since(tx, after, newest).await?;
            let batch = |changed: &Changed| match changed {
                Changed::Pins(batch) => Some(*batch),
                _ => None,
            };
            let batches: Vec<_> = changes.iter().filter_map(batch).collect();
            Ok((pin::of(tx, &batches, 1000).await?, newest.get()))
        })
        .await;
    told.unwrap()
}

each_store! {
    async fn the_statement_decides_as_the_rule_does(given: &TestStore) {
        let store = given.store();
        let choices = [one(0, 1, 60, 0), one(0, 2, 60, 0), one(0, 3, 61, 0), one(0, 1, 60, 1), one(0, 9, 600, 1),
            one(0, 4, 60, 65_535)];
        for (turn, first) in choices.iter().enumerate() {
            for (other, second) in choices.iter().enumerate() {
                let session = key(i64::try_from(turn * choices.len() + other).unwrap());
                let (first, second) = (Pin { key: session, ..*first }, Pin { key: session, ..*second });
                assert_eq!(keep(&store, &[first]).await, 1);
                let prevails = second.prevails_over(&first, NOW);
                assert_eq!(keep(&store, &[second]).await, u64::from(prevails), "{first:?} {second:?}");
                let kept = all(&store).await.into_iter().find(|pin| pin.key == session).unwrap();
                assert_eq!(kept, if prevails { second } else { first });
            }
        }
    }

    async fn what_has_ended_gives_way_and_is_dropped(given: &TestStore) {
        let store = given.store();
        assert_eq!(keep(&store, &[one(1, 1, 0, 0)]).await, 0, "it has ended");
        keep(&store, &[one(1, 1, 10, 5), one(2, 1, 20, 0)]).await;
        let later = NOW.plus(Span::from_secs(10));
        let next = Pin { exit: ExitId::new(7), until: later.plus(Span::from_secs(5)), ..one(1, 1, 0, 0) };
        let kept: Result<u64, StoreError> = store.write(next, move |next, tx| Box::pin(async move {
            pin::keep(tx, &[*next], later).await
        })).await;
        assert_eq!(kept.unwrap(), 1);
        let trim = async |now: Timestamp| -> u64 {
            let dropped: Result<u64, StoreError> =
                store.write(now, |now, tx| Box::pin(async move { pin::trim(tx, *now, 10).await })).await;
            dropped.unwrap()
        };
        assert_eq!(trim(later).await, 0);
        assert_eq!(trim(later.plus(Span::from_secs(5))).await, 1);
        assert_eq!(all(&store).await, [one(2, 1, 20, 0)]);
    }

    async fn a_batch_is_one_change_and_what_loses_is_none(given: &TestStore) {
        let store = given.store();
        // The same session twice in a batch: the one that prevails.
        assert_eq!(keep(&store, &[one(1, 5, 60, 0), one(1, 4, 60, 0), one(2, 1, 60, 0)]).await, 2);
        let (mut pins, place) = told(&store, 0).await;
        pins.sort_unstable_by_key(|pin| pin.exit);
        assert_eq!((pins, place), (vec![one(2, 1, 60, 0), one(1, 4, 60, 0)], 1));
        assert_eq!(keep(&store, &[one(1, 6, 60, 0)]).await, 0);
        assert_eq!(told(&store, place).await, (vec![], place));
    }

    async fn pins_are_read_in_parts_by_session(given: &TestStore) {
        let store = given.store();
        let mut pins: Vec<_> = (0..7).map(|session| one(session, 1, 60, 0)).collect();
        keep(&store, &pins).await;
        pins.sort_unstable_by_key(|pin| pin.key);
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let part: Result<Vec<Pin>, StoreError> = store.read(async |tx| pin::after(tx, after, NOW, 3).await).await;
            let part = part.unwrap();
            let Some(last) = part.last() else { break };
            after = Some(last.key);
            read.extend(part);
        }
        assert_eq!(read, pins);
    }

    async fn gateways_that_pin_at_the_same_moment_come_to_the_same(given: &TestStore) {
        let store = given.store();
        let sessions = 0..50;
        // Each gateway tells its sessions in another order.
        let gateways = (1..=4_i64).map(|exit| {
            let mut pins: Vec<_> = sessions.clone().map(|session| one(session, exit, 60, 0)).collect();
            pins.rotate_left(usize::try_from(exit).unwrap() * 11);
            let store = store.clone();
            tokio::spawn(async move { keep(&store, &pins).await })
        });
        for kept in futures_util::future::join_all(gateways).await {
            kept.unwrap();
        }
        assert!(all(&store).await.iter().all(|pin| pin.exit == ExitId::new(1)));
        let (pins, _) = told(&store, 0).await;
        assert_eq!(pins.len(), 50);
    }
}
