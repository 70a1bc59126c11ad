//! Word of new changes: from this process at once, from others over PostgreSQL's LISTEN, and by asking.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use turnpike_domain::ids::FeedSeq;

use crate::db::{CHANNEL, Db};
use crate::error::StoreError;
use crate::patience;

/// How long to wait before listening again when the database cannot be reached.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long nothing may be heard before the connection is asked whether it lives.
const SILENCE: Duration = Duration::from_secs(5);
/// How often the database is asked how far the feed reaches.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// How a process hears of what others commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// PostgreSQL tells it within milliseconds; behind that it asks four times a second, as it does on SQLite.
    Notified,
    /// It only asks: for engines that speak PostgreSQL's protocol and lack LISTEN, and for poolers that swallow it.
    Asking,
}

/// The newest place in the feed that this process has heard of.
#[derive(Debug)]
pub(crate) struct News {
    newest: watch::Sender<i64>,
}

impl News {
    pub(crate) fn new() -> Self {
        Self { newest: watch::Sender::new(0) }
    }

    /// The feed has reached `seq`.
    pub(crate) fn tell(&self, seq: i64) {
        self.newest.send_if_modified(|newest| {
            let risen = seq > *newest;
            *newest = seq.max(*newest);
            risen
        });
    }

    /// How far the feed is known to reach.
    pub(crate) fn newest(&self) -> Option<FeedSeq> {
        let newest = *self.newest.borrow();
        (newest > 0).then(|| FeedSeq::new(newest))
    }

    /// Waits until the feed is known to have passed `seq`.
    pub(crate) async fn after(&self, seq: i64) {
        // The sender is ours, so it cannot be gone.
        drop(self.newest.subscribe().wait_for(|newest| *newest > seq).await);
    }
}

/// Hears what other processes commit, until `stop`: on PostgreSQL at once, and everywhere by asking from time to time, as
/// SQLite tells nobody and a connection that broke is deaf for a while. One question a process serves all who follow.
pub(crate) async fn listen(db: Db, news: Arc<News>, hearing: Hearing, stop: CancellationToken) {
    let asking = ask(&db, &news);
    let hearing = async {
        if let (Db::Postgres(pool), Hearing::Notified) = (&db, hearing) {
            hear_again(pool, &news).await;
        }
    };
    stop.run_until_cancelled(Box::pin(async { tokio::join!(asking, hearing) })).await;
}

async fn ask(db: &Db, news: &News) {
    let mut pace = tokio::time::interval(ASK_EVERY);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        // Whoever follows sees for himself that the database is away.
        if let Ok(Some(seq)) = newest(db).await {
            news.tell(seq.get());
        }
    }
}

async fn newest(db: &Db) -> Result<Option<FeedSeq>, StoreError> {
    Ok(crate::feed::reach(&mut db.reader().await?).await?.newest)
}

async fn hear_again(pool: &sqlx::PgPool, news: &News) {
    loop {
        if let Err(error) = hear(pool, news).await {
            tracing::warn!(%error, "not listening for changes; asking for them meanwhile");
        }
        tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
    }
}

async fn hear(pool: &sqlx::PgPool, news: &News) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let Ok(heard) = tokio::time::timeout(SILENCE, listener.recv()).await else {
            // A connection whose other side is gone stays silent for ever, so it is asked now and then.
            patience::sign_of_life(sqlx::query("SELECT 1").execute(&mut listener)).await?;
            continue;
        };
        // A number that is none comes from no Turnpike.
        if let Ok(seq) = heard?.payload().parse() {
            news.tell(seq);
        }
    }
}
