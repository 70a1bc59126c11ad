//! The floors' edges: which crate may import which.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use crate::shell;

/// A crate, its floor, and what it may import. Tests of a crate may also use `testkit` and any floor below theirs.
struct Floor {
    name: &'static str,
    number: u32,
    imports: &'static [&'static str],
}

const FLOORS: &[Floor] = &[
    Floor { name: "domain", number: 1, imports: &[] },
    Floor { name: "atlas", number: 2, imports: &["domain"] },
    Floor { name: "spool", number: 2, imports: &["domain"] },
    Floor { name: "socket", number: 2, imports: &[] },
    Floor { name: "store", number: 2, imports: &["domain"] },
    Floor { name: "gateway", number: 3, imports: &["domain", "atlas", "spool", "socket"] },
    Floor { name: "service", number: 4, imports: &["store", "domain", "atlas"] },
    Floor { name: "api", number: 5, imports: &["service", "domain", "atlas"] },
    Floor { name: "link", number: 5, imports: &["service", "gateway", "domain"] },
    Floor { name: "operator", number: 5, imports: &["service", "domain", "atlas"] },
    Floor { name: "console", number: 6, imports: &["service", "domain", "atlas"] },
    Floor {
        name: "app",
        number: 7,
        imports: &[
            "domain", "atlas", "spool", "socket", "store", "gateway", "service", "api", "operator", "link", "console",
        ],
    },
];

/// Beside the floors; nothing that is shipped imports them.
const BESIDE: &[&str] = &["testkit", "bench", "xtask"];

/// Checks every crate's manifest.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let metadata: Value = serde_json::from_str(&shell::read(&mut cargo)?).context("cargo metadata")?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata has no packages")?;
    Ok(packages.iter().flat_map(|package| check_package(root, package)).collect())
}

fn check_package(root: &Path, package: &Value) -> Vec<Finding> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text(package, "name");
    let manifest = text(package, "manifest_path");
    let edges = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    let edges = edges.map(|edge| Edge { name: text(edge, "name"), only_tests: text(edge, "kind") == "dev" });
    let lines = std::fs::read_to_string(&manifest).unwrap_or_default();
    let shown = Path::new(&manifest).strip_prefix(root).unwrap_or(Path::new(&manifest)).display().to_string();
    let finding = |(edge, message): (Edge, String)| {
        let line =
            lines.lines().position(|line| line.starts_with(&edge.name)).map_or(1, |index| index.saturating_add(1));
        Finding::new(&shown, line, message)
    };
    edges.filter_map(|edge| judge(short(&name), &edge).map(|message| (edge, message))).map(finding).collect()
}

/// One line of a manifest's dependencies.
struct Edge {
    name: String,
    only_tests: bool,
}

/// What is wrong with an edge; `None` when nothing is.
fn judge(from: &str, edge: &Edge) -> Option<String> {
    if edge.name == "anyhow" && FLOORS.iter().any(|floor| floor.name == from && from != "app") {
        return Some(format!("{from} must not use anyhow: its errors are an enum of its own"));
    }
    if edge.name.starts_with("sqlx") && !["store", "testkit", "bench"].contains(&from) {
        return Some(format!("{from} must not use sqlx: SQL lives in store"));
    }
    let to = edge.name.strip_prefix("turnpike-")?;
    if BESIDE.contains(&from) {
        return None;
    }
    let Some(floor) = FLOORS.iter().find(|floor| floor.name == from) else {
        return Some(format!("{from} has no floor: give it one in xtask/src/tidy/floors.rs"));
    };
    let below = FLOORS.iter().any(|other| other.name == to && other.number < floor.number);
    let allowed = floor.imports.contains(&to) || (edge.only_tests && (to == "testkit" || below));
    (!allowed).then(|| format!("{from} must not import {to}: it may import {}", listed(floor.imports)))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "no other crate of ours".to_owned() } else { format!("only {}", names.join(", ")) }
}

fn short(package: &str) -> &str {
    package.strip_prefix("turnpike-").unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(from: &str, to: &str, only_tests: bool) -> bool {
        judge(from, &Edge { name: to.to_owned(), only_tests }).is_none()
    }

    #[test]
    fn floors_import_what_lies_below_and_nothing_else() {
        assert!(verdict("service", "turnpike-store", false));
        assert!(verdict("app", "turnpike-gateway", false));
        assert!(verdict("bench", "turnpike-api", false));
        assert!(!verdict("gateway", "turnpike-store", false));
        assert!(!verdict("api", "turnpike-store", false));
        assert!(!verdict("domain", "turnpike-store", false));
        assert!(!verdict("app", "turnpike-testkit", false));
        assert!(!verdict("stranger", "turnpike-domain", false));
    }

    #[test]
    fn tests_may_use_the_testkit_and_lower_floors() {
        assert!(verdict("store", "turnpike-testkit", true));
        assert!(verdict("api", "turnpike-store", true));
        assert!(!verdict("store", "turnpike-api", true));
    }

    #[test]
    fn some_crates_stay_on_their_floor() {
        assert!(!verdict("api", "sqlx", false) && verdict("store", "sqlx", false));
        assert!(!verdict("service", "anyhow", false) && verdict("app", "anyhow", false));
    }
}
