//! Ephemeral stores: a SQLite file in a folder of its own, or a PostgreSQL database of its own in the cluster that
//! `TURNPIKE_TEST_POSTGRES` names. `each_store!` makes two tests of one body.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use turnpike_store::{Store, testing};

/// Names the cluster, such as `postgres://postgres@127.0.0.1:5432/postgres`.
const POSTGRES: &str = "TURNPIKE_TEST_POSTGRES";
/// `1` lets the PostgreSQL half of every test pass unrun.
const SQLITE_ONLY: &str = "TURNPIKE_TEST_SQLITE_ONLY";

/// A store that is gone after the test.
#[derive(Debug)]
pub struct TestStore {
    store: Store,
    uri: String,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Folder(tempfile::TempDir),
    Database { admin_uri: String, name: String },
}

impl TestStore {
    /// A fresh SQLite file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn sqlite() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let uri = format!("sqlite:{}", folder.path().join("turnpike.db").display());
        Ok(Self { store: Store::open(&uri).await?, uri, home: Home::Folder(folder) })
    }

    /// A fresh PostgreSQL database; `None` when only SQLite is to be tested.
    ///
    /// # Errors
    /// When no cluster is named, or it refuses.
    pub async fn postgres() -> Result<Option<Self>> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        if environment(SQLITE_ONLY).as_deref() == Some("1") {
            return Ok(None);
        }
        let admin_uri = environment(POSTGRES)
            .with_context(|| format!("{POSTGRES} names no PostgreSQL cluster; set it, or {SQLITE_ONLY}=1"))?;
        let name = format!("turnpike_test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        // One left over from an earlier process of the same number is in the way.
        drop(testing::drop_database(&admin_uri, &name).await);
        testing::create_database(&admin_uri, &name).await?;
        let (server, _) = admin_uri.rsplit_once('/').context("a PostgreSQL URI ends with /DATABASE")?;
        let uri = format!("{server}/{name}");
        Ok(Some(Self { store: Store::open(&uri).await?, uri, home: Home::Database { admin_uri, name } }))
    }

    /// The store.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Where it is, to open it once more.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether it is a SQLite file.
    pub const fn is_sqlite(&self) -> bool {
        matches!(self.home, Home::Folder(_))
    }

    /// Closes the store and removes it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(self) -> Result<()> {
        self.store.close().await;
        match self.home {
            Home::Folder(folder) => folder.close()?,
            Home::Database { admin_uri, name } => testing::drop_database(&admin_uri, &name).await?,
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are told by the environment which cluster to use")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Makes two tests of one body: `each_store! { async fn name(given: &TestStore) { … } }` is run on a fresh SQLite file
/// as `name::sqlite` and on a fresh PostgreSQL database as `name::postgres`.
#[macro_export]
macro_rules! each_store {
    ($($(#[$doc:meta])* async fn $name:ident($given:ident: &TestStore) $body:block)*) => {$(
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every test uses all that its file imports")]
            use super::*;

            async fn story($given: &$crate::stores::TestStore) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let given = $crate::stores::TestStore::sqlite().await.unwrap();
                story(&given).await;
                given.remove().await.unwrap();
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(given) = $crate::stores::TestStore::postgres().await.unwrap() {
                    story(&given).await;
                    given.remove().await.unwrap();
                }
            }
        }
    )*};
}
