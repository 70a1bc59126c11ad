//! Start-up: what is opened, and what is refused.

use turnpike_store::{Store, StoreError};
use turnpike_testkit::each_store;
use turnpike_testkit::stores::TestStore;

each_store! {
    async fn a_store_opens_again_with_what_was_in_it(given: &TestStore) {
        given.store().run_raw("UPDATE feed_head SET seq = 7").await.unwrap();
        let again = Store::open(given.uri()).await.unwrap();
        assert_eq!(again.number("SELECT seq FROM feed_head").await.unwrap(), 7);
        again.close().await;
    }

    async fn a_schema_from_a_newer_turnpike_is_refused(given: &TestStore) {
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            SELECT 9999, 'from the future', TRUE, checksum, 0 FROM _sqlx_migrations LIMIT 1";
        given.store().run_raw(newer).await.unwrap();
        let refused = Store::open(given.uri()).await.unwrap_err();
        assert!(matches!(refused, StoreError::SchemaNewer { found: 9999, .. }), "{refused:?}");
        assert!(refused.to_string().contains("start a newer Turnpike"), "{refused}");
    }

    async fn a_migration_that_was_changed_afterwards_is_refused(given: &TestStore) {
        let changed = if given.is_sqlite() { "x'00'" } else { "'\\x00'" };
        given.store().run_raw(&format!("UPDATE _sqlx_migrations SET checksum = {changed}")).await.unwrap();
        assert!(matches!(Store::open(given.uri()).await, Err(StoreError::Migration(_))));
    }

    async fn no_table_accepts_more_used_and_held_than_there_is(given: &TestStore) {
        let store = given.store();
        store.run_raw(
            "INSERT INTO customer (id, email, login_hash, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 'a', 'h', 0)"
                .replace(if given.is_sqlite() { "OVERRIDING SYSTEM VALUE " } else { "\0" }, "").as_str(),
        ).await.unwrap();
        store.run_raw(
            "INSERT INTO orders (customer_id, trade_no, product_type, title, status, total_fee, pay_fee, created_at)
             VALUES (1, '2022080204300500000000000042', 9, 't', 1, 0, 0, 0)",
        ).await.unwrap();
        let package = |size: i64, used: i64, held: i64| {
            format!(
                "INSERT INTO package
                     (customer_id, order_id, product_type, size, used, held, starts_at, expires_at, announced)
                 SELECT 1, id, 9, {size}, {used}, {held}, 0, 1, TRUE FROM orders"
            )
        };
        store.run_raw(&package(10, 4, 6)).await.unwrap();
        for (used, held) in [(5, 6), (-1, 0), (0, -1)] {
            assert!(store.run_raw(&package(10, used, held)).await.is_err(), "used {used}, held {held}");
        }
    }
}

#[tokio::test]
async fn what_names_no_database_is_refused() {
    for uri in ["", "turnpike.db", "mysql://localhost/turnpike", "/var/lib/turnpike.db"] {
        assert!(matches!(Store::open(uri).await, Err(StoreError::UnknownUri)), "{uri:?}");
    }
}

#[tokio::test]
async fn sqlite_keeps_what_it_acknowledged() {
    let given = TestStore::sqlite().await.unwrap();
    let store = given.store();
    for (setting, value) in [("synchronous", 2), ("foreign_keys", 1), ("wal_autocheckpoint", 1000)] {
        assert_eq!(store.number(&format!("PRAGMA {setting}")).await.unwrap(), value, "{setting}");
    }
    let wal = "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'";
    assert_eq!(store.number(wal).await.unwrap(), 1);
    given.remove().await.unwrap();
}
