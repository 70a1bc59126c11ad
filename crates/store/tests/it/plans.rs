//! How SQLite carries out the statements that unfold a list: whatever statistics say, it goes through the list once and
//! finds the rows of it, and never through a table and for each row through the list.
//!
//! Statistics are as old as the last `ANALYZE`. A table that held one row then may hold a hundred thousand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sqlx::{AssertSqlSafe, SqlitePool};
use turnpike_store::Store;
use turnpike_testkit::stores::TestStore;

/// One line of a plan: its number, that of the line it is part of, and what it says.
type Line = (i64, i64, i64, String);

/// Every statement of the store that unfolds a list and is written in one piece.
fn statements() -> BTreeMap<String, String> {
    let mut statements = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for piece in text.split("\nconst ").skip(1) {
                let Some((name, rest)) = piece.split_once(": &str = \"\\\n") else { continue };
                let statement = rest.split_once("\";").unwrap().0;
                if !name.contains('\n') && statement.contains("json_each($") {
                    let statement = statement.split("FOR NO KEY UPDATE").next().unwrap();
                    statements.insert(format!("{}: {name}", path.display()), statement.to_owned());
                }
            }
        }
    }
    statements
}

/// What a loop goes through, and whether it goes through all of it.
fn loops(line: &str) -> Option<(&str, bool)> {
    let (how, rest) = line.split_once(' ')?;
    let name = rest.split(' ').next()?;
    matches!(how, "SCAN" | "SEARCH").then_some((name, how == "SCAN"))
}

/// Why a plan is not as it must be: a list that is gone through for every row of a table, or a table that is gone through.
fn faults(statement: &str, plan: &[Line]) -> Vec<String> {
    let is_list = |name: &str| name == "json_each" || statement.contains(&format!("{name} AS "));
    let mut faults = Vec::new();
    for (place, (_, parent, _, line)) in plan.iter().enumerate() {
        let Some((name, whole)) = loops(line) else { continue };
        let outer = plan[..place].iter().filter(|before| before.1 == *parent).filter_map(|before| loops(&before.3));
        if is_list(name) && outer.clone().any(|(name, _)| !is_list(name)) {
            faults.push(format!("for each row of a table: {line}"));
        }
        // Who inserts into a table that others point to is shown as going through those, and does not.
        if !is_list(name) && whole && !statement.contains("INSERT INTO") {
            faults.push(format!("all of a table: {line}"));
        }
    }
    faults
}

/// The statements whose plans are not as they must be.
async fn wrong(uri: &str, concerns: impl Fn(&str) -> bool) -> Vec<String> {
    let database = SqlitePool::connect(uri).await.unwrap();
    let mut wrong = Vec::new();
    for (name, statement) in statements().iter().filter(|(_, statement)| concerns(statement)) {
        let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan = sqlx::query_as(plan).fetch_all(&database).await.unwrap_or_else(|why| panic!("{name}: {why}"));
        let faults = faults(statement, &plan);
        if !faults.is_empty() {
            wrong.push(format!("{name}\n  {}\n    {plan:#?}", faults.join("\n  ")));
        }
    }
    database.close().await;
    wrong
}

#[tokio::test]
async fn lists_are_gone_through_once() {
    let given = TestStore::sqlite().await.unwrap();
    assert!(statements().len() > 40, "{:#?}", statements().keys());
    let wrong = wrong(given.uri(), |_| true).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    given.remove().await.unwrap();
}

#[tokio::test]
async fn joined_lists_come_first_whatever_statistics_say() {
    let given = TestStore::sqlite().await.unwrap();
    given.store().run_raw("ANALYZE").await.unwrap();
    // As if every table had held one row then.
    let one_row_each = "
        DELETE FROM sqlite_stat1;
        INSERT INTO sqlite_stat1 (tbl, idx, stat)
        SELECT tbl_name, name, '1 1 1 1 1' FROM sqlite_schema WHERE type = 'index';
        INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT name, NULL, '1' FROM sqlite_schema WHERE type = 'table'";
    given.store().run_raw(one_row_each).await.unwrap();
    let joined = |statement: &str| statement.contains(" JOIN ") && !statement.contains("INSERT");
    let wrong = wrong(given.uri(), joined).await;
    let wrong: Vec<_> = wrong.iter().filter(|wrong| wrong.contains("for each row of a table")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    given.remove().await.unwrap();
}

/// How many tables of statistics there are.
const KNOWN: &str = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'";

#[tokio::test]
async fn statistics_are_forgotten_when_a_store_is_opened() {
    let given = TestStore::sqlite().await.unwrap();
    given.store().run_raw("ANALYZE").await.unwrap();
    assert!(given.store().number(KNOWN).await.unwrap() > 0);
    let opened = Store::open(given.uri()).await.unwrap();
    assert_eq!(opened.number(KNOWN).await.unwrap(), 0);
    opened.close().await;
    given.remove().await.unwrap();
}
