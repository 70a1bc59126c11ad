//! The schema: brought up to date at the start, refused when it is newer than this program.

use sqlx::migrate::Migrator;

use crate::error::StoreError;

/// SQLite's.
pub(crate) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
/// PostgreSQL's.
pub(crate) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// The newest migration a database has had.
pub(crate) const APPLIED: &str = "SELECT CAST(coalesce(max(version), 0) AS BIGINT) FROM _sqlx_migrations";

/// Refuses a database that has had a migration newer than all of ours. `found` is the answer to [`APPLIED`], `None`
/// when the table of migrations is not there yet.
///
/// # Errors
/// [`StoreError::SchemaNewer`].
pub(crate) fn refuse_newer(migrator: &Migrator, found: Option<i64>) -> Result<(), StoreError> {
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
    match found {
        Some(found) if found > known => Err(StoreError::SchemaNewer { found, known }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_migrations() {
        let versions = |migrator: &Migrator| migrator.iter().map(|migration| migration.version).collect::<Vec<_>>();
        assert_eq!(versions(&SQLITE), versions(&POSTGRES));
    }
}
