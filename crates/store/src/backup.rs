//! Copies of an embedded store: taken while others write, and looked into before anybody trusts one.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use turnpike_domain::ids::FeedSeq;

use crate::db::Db;
use crate::error::StoreError;
use crate::migrations;
use crate::store::Store;

/// The file of an embedded store; `None` for a database that is a server.
///
/// # Errors
/// [`StoreError::Database`] when the URI cannot be read.
pub fn embedded_file(uri: &str) -> Result<Option<PathBuf>, StoreError> {
    if !uri.starts_with("sqlite:") {
        return Ok(None);
    }
    Ok(Some(SqliteConnectOptions::from_str(uri)?.get_filename().to_path_buf()))
}

impl Store {
    /// Writes everything, as of one moment, into `file`, which must be empty or not there. Others go on reading and
    /// writing meanwhile. Not synchronised to the disk. False when the store is not embedded: nothing was done then.
    ///
    /// # Errors
    /// Whatever the database says, as when the disk is full.
    pub async fn copy_into(&self, file: &Path) -> Result<bool, StoreError> {
        const COPY: &str = "VACUUM INTO $1";
        let Db::Sqlite { readers, .. } = self.db() else { return Ok(false) };
        // Of its own, so that nobody waits for a reader meanwhile.
        let mut connection = SqliteConnection::connect_with(&readers.connect_options()).await?;
        let copied = sqlx::query(COPY).bind(file.to_string_lossy()).execute(&mut connection).await;
        connection.close().await?;
        copied?;
        Ok(true)
    }

    /// How many bytes an embedded store has at most in use; `None` when it is not embedded.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn size(&self) -> Result<Option<u64>, StoreError> {
        const SIZE: &str = "SELECT (page_count - freelist_count) * page_size \
            FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
        let Db::Sqlite { readers, .. } = self.db() else { return Ok(None) };
        let bytes: i64 = sqlx::query_scalar(SIZE).fetch_one(readers).await?;
        Ok(u64::try_from(bytes).ok())
    }
}

/// What a copy is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The newest migration it has had.
    pub schema: i64,
    /// How far its change feed reaches.
    pub feed: Option<FeedSeq>,
}

/// Looks into a copy without changing anything: that it is a store of a schema we know.
///
/// # Errors
/// [`StoreError::SchemaNewer`], or whatever the database says of a file that is no store.
pub async fn look_into(file: &Path) -> Result<Copied, StoreError> {
    const FEED: &str = "SELECT seq FROM feed_head WHERE id = 1";
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let look = async {
        let schema: i64 = sqlx::query_scalar(migrations::APPLIED).fetch_one(&mut connection).await?;
        let feed: i64 = sqlx::query_scalar(FEED).fetch_one(&mut connection).await?;
        migrations::refuse_newer(&migrations::SQLITE, Some(schema))?;
        Ok(Copied { schema, feed: (feed > 0).then(|| FeedSeq::new(feed)) })
    };
    let seen = look.await;
    connection.close().await?;
    seen
}
