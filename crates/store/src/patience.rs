//! How long PostgreSQL is waited for. Its own time limits end what it works on; these end waits in which it, or the
//! network before it, says nothing at all.

use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnectionMetadata;
use sqlx::{Connection, PgConnection};

/// How long one statement may go without an answer: a little more than PostgreSQL lets it run.
const ANSWER: Duration = Duration::from_secs(22);
/// How long a connection may take to show that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// A connection that was idle for longer is asked before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Waits for the answer to a statement. After an error the connection is of no more use.
pub(crate) fn answer<'a, T>(
    call: impl Future<Output = Result<T, sqlx::Error>> + Send + 'a,
) -> impl Future<Output = Result<T, sqlx::Error>> + Send + 'a
where
    T: 'a,
{
    // Kept apart: sqlx' calls take kilobytes, and acts hold many of them.
    let call: BoxFuture<'a, _> = Box::pin(call);
    async move { tokio::time::timeout(ANSWER, call).await.unwrap_or_else(|_| Err(silence())) }
}

/// Whether a connection that comes back is to be kept. One that hangs would hold its place in the pool for as long as
/// the kernel believes in it, a quarter of an hour.
pub(crate) async fn still_lives(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sign_of_life(connection.ping()).await.map(|()| true)
}

/// Waits for an answer that comes at once when there is anybody.
pub(crate) async fn sign_of_life<T>(call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(SIGN_OF_LIFE, call).await.unwrap_or_else(|_| Err(silence()))
}

/// Whether an idle connection can be used.
pub(crate) async fn is_usable(
    connection: &mut PgConnection,
    idle: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if idle.idle_for > TRUSTED_FOR { still_lives(connection).await } else { Ok(true) }
}

fn silence() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database says nothing"))
}
