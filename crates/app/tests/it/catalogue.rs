//! The catalogue file and coupons, as an operator types them; and what the demo has on its shelves.

use std::path::Path;

use turnpike_testkit::product::{Launch, Product};

use crate::server::Site;

const FILE: &str = r#"
[[product]]
code = "gb"
type = 9
name = "Traffic"
price = "5"
size = "1 GB"
stock = 10
steps = [{ from = 10, price = "4.50" }]

[[product]]
code = "ip"
type = 25
name = "Address"
price = "5.00"
countries = { JP = "6.40" }

[[tier]]
amount = 100
ratio = "1.05"
"#;

#[test]
fn what_is_exported_loads_as_no_change_and_is_exported_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (first, second, third) = (path("first.toml"), path("second.toml"), path("third.toml"));
    std::fs::write(&first, FILE).unwrap();
    site.operator(&["customer", "add", "anna@example.com"]);
    let dry = site.operator(&["catalogue", "load", &first, "--dry-run"]);
    assert!(dry.ends_with("2 would be new, 0 changed, 0 off sale; 0 stay as they were.\n"), "{dry}");
    assert!(site.operator(&["catalogue", "load", &first]).contains("      new       1  gb"));
    site.operator(&["catalogue", "export", &second]);
    let again = site.operator(&["catalogue", "load", &second]);
    assert_eq!(again, "0 are new, 0 changed, 0 off sale; 2 stay as they were.\n");
    site.operator(&["catalogue", "export", &third]);
    let (second, third) = (std::fs::read_to_string(&second).unwrap(), std::fs::read_to_string(&third).unwrap());
    assert_eq!(second, third);
    assert_eq!(site.operator(&["catalogue", "export", "-"]), third);

    // Another installation gets the same products under the same numbers.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Site::embedded(elsewhere.path());
    other.operator(&["catalogue", "load", &path("third.toml")]);
    assert_eq!(other.operator(&["catalogue", "export", "-"]), third);
}

#[test]
fn a_wrong_file_is_told_line_by_line_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let path = folder.path().join("wrong.toml");
    let file = path.display().to_string();
    std::fs::write(&path, FILE.replace("\"5\"", "\"-5\"").replace("type = 25", "type = 9")).unwrap();
    let told = site.refused(&["catalogue", "load", &file]);
    for line in [
        "6:1: product[0].price: must not be negative",
        "11:1: product[1].size: must be given for traffic",
        "16:1: product[1].countries: are not known for this type",
    ] {
        assert!(told.contains(&format!("{file}:{line}")), "{line}: {told}");
    }
    std::fs::write(&path, FILE).unwrap();
    site.operator(&["catalogue", "load", &file]);
    std::fs::write(&path, FILE.replace("type = 25", "type = 14")).unwrap();
    let told = site.refused(&["catalogue", "load", &file]);
    assert!(told.contains(&format!("{file}:13:1: product[1].type: cannot change")), "{told}");
    assert!(site.refused(&["catalogue", "load", "/nowhere.toml"]).contains("/nowhere.toml cannot be read"));
}

#[test]
fn coupons_are_made_listed_and_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let made = site.operator(&["coupon", "add", "spring-26", "--percent", "12.5", "--most-uses", "3"]);
    assert!(made.contains("SPRING-26") && made.contains("12.50 % off") && made.contains("0/3 used"), "{made}");
    site.operator(&["coupon", "add", "FIVE", "--amount", "5", "--type", "9", "--days", "2", "--name", "Five off"]);
    let listed = site.operator(&["coupon", "list"]);
    assert!(listed.lines().count() == 2 && listed.contains("5.00 off") && listed.contains("Five off"), "{listed}");
    assert!(site.operator(&["coupon", "disable", "Spring-26"]).trim_end().ends_with("disabled"));
    assert!(!site.operator(&["coupon", "enable", "SPRING-26"]).contains("disabled"));
    for (wrong, told) in [
        (&["coupon", "add", "FIVE", "--amount", "5"][..], "a coupon with the code FIVE exists"),
        (&["coupon", "add", "NINE", "--percent", "101"], "at most 100 percent"),
        (&["coupon", "add", "NINE"], "--percent"),
        (&["coupon", "add", "x", "--percent", "5"], "4 to 32 letters"),
        (&["coupon", "add", "NINE", "--percent", "5", "--product", "none"], "no product has the code none"),
        (&["coupon", "disable", "NINE"], "no coupon has the code NINE"),
    ] {
        let refused = site.refused(wrong);
        assert!(refused.contains(told), "{wrong:?}: {refused}");
    }
}

#[test]
fn articles_and_invitations_are_looked_after_by_command() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let file = folder.path().join("news.txt");
    std::fs::write(&file, "Two\nlines\n").unwrap();
    let add = ["article", "add", "News", file.to_str().unwrap(), "--reason", "A new price"];
    assert!(site.operator(&add).contains("published  News"));
    assert!(site.operator(&[&["article", "withdraw", "1"][..], &["--dry-run"]].concat()).contains("withdrawn"));
    assert!(site.operator(&["article", "list"]).contains("published  News"));
    site.operator(&["article", "withdraw", "1"]);
    assert!(site.operator(&["article", "list"]).contains("withdrawn  News"));
    assert!(site.operator(&["article", "publish", "1"]).contains("published  News"));
    assert!(site.refused(&["article", "withdraw", "2"]).contains("no such article"));

    for email in ["anna@example.com", "ben@example.com"] {
        site.operator(&["customer", "add", email]);
    }
    let code = site.operator(&["invitation", "code", "anna@example.com"]);
    assert_eq!(site.operator(&["invitation", "code", "anna@example.com"]), code);
    let note = ["invitation", "note", "ben@example.com", code.trim()];
    assert_eq!(site.operator(&note), "ben@example.com was invited by customer 1.\n");
    assert!(site.refused(&note).contains("was invited before"));
    assert!(site.refused(&["invitation", "note", "anna@example.com", code.trim()]).contains("no other customer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_sells_everything_that_can_be_sold() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let launch = || Launch::new(Path::new(env!("CARGO_BIN_EXE_turnpike")), &data).unwrap();
    let mut product = Product::start(launch()).unwrap();
    let listed = product.api().unwrap().get("product", "").await.unwrap();
    let types: std::collections::BTreeSet<_> =
        listed.as_array().unwrap().iter().filter_map(|product| product["type"].as_i64()).collect();
    assert_eq!(types.into_iter().collect::<Vec<_>>(), [3, 9, 11, 12, 14, 19, 20, 24, 25, 26]);
    let coupons = product.api().unwrap().get("coupon/list", "").await.unwrap();
    assert_eq!(coupons["list"][0]["code"], "WELCOME-10");
    assert_eq!(product.api().unwrap().get("article/list", "").await.unwrap()["total_count"], 1);
    product.kill().unwrap();
    // It is filled once.
    let again = Product::start(launch()).unwrap();
    assert_eq!(again.api().unwrap().get("product", "").await.unwrap(), listed);
    assert_eq!(again.api().unwrap().get("article/list", "").await.unwrap()["total_count"], 1);
}
