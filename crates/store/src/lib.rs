//! SQL for both databases: embedded SQLite and PostgreSQL.
