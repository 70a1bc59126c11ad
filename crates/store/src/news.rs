//! Word of new changes: from this process at once, from others over PostgreSQL's LISTEN.

use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::db::{CHANNEL, Db};

/// How long to wait before listening again when the database cannot be reached.
const LISTEN_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

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

    /// Waits until the feed is known to have passed `seq`.
    pub(crate) async fn after(&self, seq: i64) {
        // The sender is ours, so it cannot be gone.
        drop(self.newest.subscribe().wait_for(|newest| *newest > seq).await);
    }
}

/// Hears what other processes commit, until `stop`. Nothing to do on SQLite.
pub(crate) async fn listen(db: Db, news: std::sync::Arc<News>, stop: CancellationToken) {
    let Db::Postgres(pool) = db else { return };
    let listening = async {
        loop {
            if let Err(error) = hear(&pool, &news).await {
                tracing::warn!(%error, "not listening for changes; gateways ask for them meanwhile");
            }
            tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
        }
    };
    stop.run_until_cancelled(listening).await;
}

async fn hear(pool: &sqlx::PgPool, news: &News) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // A number that is none comes from no Turnpike.
        if let Ok(seq) = listener.recv().await?.payload().parse() {
            news.tell(seq);
        }
    }
}
