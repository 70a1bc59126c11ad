//! What is shipped beside the binary fits it: dashboard and alerts name metrics that there are.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::server::{Server, Site};
use crate::watch::get;

const DASHBOARD: &str = include_str!("../../../../packaging/grafana/turnpike.json");
const ALERTS: &str = include_str!("../../../../packaging/prometheus/alerts.yml");
const CONFIGURATION: &str = include_str!("../../../../packaging/turnpike.toml");

/// The series that a page of metrics has, by its lines such as `# TYPE turnpike_store_seconds histogram`.
fn series(page: &str) -> BTreeSet<String> {
    let mut series = BTreeSet::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let ends: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            _ => &[""],
        };
        series.extend(ends.iter().map(|end| format!("{name}{end}")));
    }
    series
}

/// The series that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let ours = words.filter(|word| ["turnpike_", "process_"].iter().any(|start| word.starts_with(start)));
    ours.map(str::to_owned).collect()
}

/// Every panel of the dashboard that shows something.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row")
}

#[test]
fn dashboard_and_alerts_name_metrics_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let _server = Server::start(&site);
    let page = get(site.watch, "/metrics").unwrap();
    let there = series(&page.body);
    assert!(there.contains("turnpike_store_seconds_bucket"), "{there:?}");
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let shown: BTreeSet<String> = panels(&dashboard)
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .flat_map(|target| named(target["expr"].as_str().unwrap()))
        .collect();
    let watched: BTreeSet<String> =
        ALERTS.lines().filter(|line| !line.contains("description:")).flat_map(named).collect();
    assert!(shown.len() > 12 && watched.len() > 8, "{shown:?} {watched:?}");
    let missing: Vec<_> = shown.union(&watched).filter(|name| !there.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} are not among {there:?}");
    // What is measured is also shown.
    let unseen: Vec<_> = there.iter().filter(|name| !name.ends_with("_sum") && !shown.contains(*name)).collect();
    assert!(unseen.is_empty(), "no panel shows {unseen:?}");
}

#[test]
fn every_panel_has_a_unit_and_says_what_it_shows() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{title} is not described");
    }
}

#[test]
fn the_shipped_configuration_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    std::fs::write(&site.config, CONFIGURATION).unwrap();
    let told = site.operator(&["check-config"]);
    let settings: Value = serde_json::from_str(&told).unwrap();
    for listener in ["api", "gateway", "watch"] {
        let listen = settings[listener]["listen"].as_str().unwrap();
        assert!(listen.starts_with("127.0.0.1:"), "{listener} listens on {listen}");
    }
}
