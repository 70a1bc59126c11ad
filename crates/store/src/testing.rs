//! For tests only: databases made and dropped, and statements that no production code runs.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::db::{Connection, Db, Tx};
use crate::error::StoreError;
use crate::store::Store;

/// Makes a database in the PostgreSQL cluster at `admin_uri`, from a template that nobody is connected to.
///
/// # Errors
/// Whatever the database says.
pub async fn create_database(admin_uri: &str, name: &str) -> Result<(), StoreError> {
    run_alone(admin_uri, format!("CREATE DATABASE {name} TEMPLATE template0")).await
}

/// Drops a database, whoever is connected to it.
///
/// # Errors
/// Whatever the database says.
pub async fn drop_database(admin_uri: &str, name: &str) -> Result<(), StoreError> {
    run_alone(admin_uri, format!("DROP DATABASE {name} WITH (FORCE)")).await
}

async fn run_alone(admin_uri: &str, sql: String) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(admin_uri).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

impl Tx {
    /// Runs any statements in this transaction, past every rule.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn run_raw(&mut self, sql: &str) -> Result<(), StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.connection() {
            Connection::Sqlite(connection) => {
                sqlx::raw_sql(sql).execute(connection).await?;
            }
            Connection::Postgres(connection) => {
                sqlx::raw_sql(sql).execute(connection).await?;
            }
        }
        Ok(())
    }
}

impl Store {
    /// Runs any statements, past every rule.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn run_raw(&self, sql: &str) -> Result<(), StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.db() {
            Db::Sqlite { writer, .. } => {
                sqlx::raw_sql(sql).execute(writer).await?;
            }
            Db::Postgres(pool) => {
                sqlx::raw_sql(sql).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// The first column of the first row of a statement, as a number.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn number(&self, sql: &str) -> Result<i64, StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self.db() {
            Db::Sqlite { writer, .. } => sqlx::query_scalar(sql).fetch_one(writer).await?,
            Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await?,
        })
    }
}
