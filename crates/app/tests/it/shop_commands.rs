//! What an operator types about money and orders, beside no server at all.

use crate::server::Site;

/// A customer with a package that the operator gave; its order's number.
fn anna(site: &Site) -> String {
    site.operator(&["customer", "add", "anna@example.com", "--verified"]);
    let granted = site.operator(&["grant", "anna@example.com", "--gb", "1"]);
    granted.lines().find_map(|line| line.strip_prefix("trade_no  ")).unwrap().to_owned()
}

fn balance(site: &Site) -> String {
    site.operator(&["ledger", "balance", "anna@example.com"]).trim().to_owned()
}

#[test]
fn money_is_given_and_taken_once_under_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    anna(&site);
    let adjust = ["ledger", "adjust", "anna@example.com", "12.50", "--reason", "Goodwill", "--key", "2026-11/7"];
    let shown = site.operator(&[&adjust[..], &["--dry-run"]].concat());
    assert!(shown.contains("balance   12.50 (nothing was done)"), "{shown}");
    assert_eq!(balance(&site), "0.00");
    assert!(site.operator(&adjust).contains("balance   12.50\n"));
    assert!(site.refused(&adjust).contains("another adjustment has this name"));
    let more = ["ledger", "adjust", "anna@example.com", "-12.51", "--reason", "A mistake"];
    assert!(site.refused(&more).contains("the balance is too low"));
    let taken = ["ledger", "adjust", "anna@example.com", "-2.5", "--reason", "A mistake"];
    assert!(site.operator(&taken).contains("balance   10.00\n"));
    assert!(site.refused(&["ledger", "adjust", "anna@example.com", "1.005", "--reason", "x"]).contains("two decimals"));

    let entries = site.operator(&["ledger", "entries", "--customer", "anna@example.com"]);
    assert!(entries.contains("adjust:2026-11/7  Goodwill") && entries.contains("12.50  wallet of 1"), "{entries}");
    let totals = site.operator(&["ledger", "totals"]);
    let of = |book: &str| totals.lines().find(|line| line.starts_with(book)).unwrap().rsplit(' ').next().unwrap();
    assert_eq!((of("wallet"), of("adjustment")), ("10.00", "-10.00"));
    let verified = site.operator(&["verify", "ledger"]);
    assert!(verified.contains("wallet-balance") && !verified.contains("account-used"), "{verified}");
    let all: Vec<serde_json::Value> = serde_json::from_str(&site.operator(&["verify", "--json"])).unwrap();
    let names: Vec<_> = all.iter().filter_map(|line| line["check"].as_str()).collect();
    assert!(names.contains(&"ledger-sum") && names.contains(&"account-used"), "{names:?}");
}

#[test]
fn payments_are_confirmed_parked_and_resolved() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let trade_no = anna(&site);
    // An order of the operator's own is paid already.
    let confirm = ["order", "confirm", trade_no.as_str(), "5", "--event", "statement-1"];
    let shown = site.operator(&[&confirm[..], &["--dry-run", "--reason", "Only a look"]].concat());
    assert!(shown.contains("(parked)") && shown.ends_with("(nothing was done)\n"), "{shown}");
    assert_eq!(site.operator(&["order", "payments"]).lines().count(), 1);
    let told = site.operator(&confirm);
    assert!(told.contains("payment   1 (parked)") && told.contains("the order is paid"), "{told}");
    assert!(site.operator(&confirm).contains("payment   1 (parked, told before)"));
    let parked = site.operator(&["order", "payments", "--parked"]);
    assert!(parked.contains("5.00 USD") && parked.contains(&trade_no), "{parked}");
    assert!(site.refused(&["order", "resolve", "1"]).contains("say what becomes of it"));
    let shown = site.operator(&["order", "resolve", "1", "--credit", "anna@example.com", "--dry-run"]);
    assert!(shown.contains("payment   1 (resolved)") && shown.ends_with("(nothing was done)\n"), "{shown}");
    assert_eq!(balance(&site), "0.00");
    let credited = site.operator(&["order", "resolve", "1", "--credit", "anna@example.com", "--reason", "Her money"]);
    assert!(credited.contains("payment   1 (resolved)"), "{credited}");
    assert!(site.refused(&["order", "resolve", "1", "--sent-back"]).contains("not parked"));
    assert_eq!(balance(&site), "5.00");
    assert_eq!(site.operator(&["order", "payments", "--parked"]).lines().count(), 1);
    site.operator(&["verify"]);
}

#[test]
fn an_order_is_shown_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let trade_no = anna(&site);
    let shown = site.operator(&["grant", "anna@example.com", "--gb", "2", "--dry-run", "--reason", "Only a look"]);
    assert!(shown.contains("size      2097152 KB") && shown.ends_with("(nothing was done)\n"), "{shown}");
    let listed = site.operator(&["order", "list", "--customer", "anna@example.com", "--status", "1"]);
    assert!(listed.contains(&trade_no) && listed.lines().count() == 2, "{listed}");
    let refund = ["order", "refund", trade_no.as_str(), "--reason", "A gift too many"];
    let shown = site.operator(&[&refund[..], &["--dry-run"]].concat());
    assert!(shown.contains("unused    100.00%") && shown.contains("(nothing was done)"), "{shown}");
    assert!(site.operator(&["order", "show", &trade_no]).contains("status    paid"));
    site.operator(&refund);
    assert!(site.operator(&["order", "show", &trade_no]).contains("status    refunded"));
    assert!(site.refused(&refund).contains("the order is refunded"));
    assert!(site.refused(&["order", "show", "123"]).contains("28 digits"));
    site.operator(&["verify"]);
}

#[test]
fn money_cannot_be_called_otherwise_later() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    anna(&site);
    site.write("shop.currency = 'EUR'");
    let told = site.refused(&["customer", "list"]);
    assert!(told.contains("shop.currency") && told.contains("USD, and cannot become EUR"), "{told}");
}
