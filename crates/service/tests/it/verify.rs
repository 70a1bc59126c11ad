//! Books that agree are found to agree; each way in which they can disagree is named with the first row of it.

use std::time::Duration;

use turnpike_domain::ids::CustomerId;
use turnpike_domain::question::Ask;
use turnpike_domain::time::Span;
use turnpike_service::Verification;
use turnpike_testkit::each_store;
use turnpike_testkit::stores::TestStore;

use crate::given::{GB, Given, NEIGHBOUR, operator, partial};

/// Something done to the store past all rules, what undoes it, and the checks that must name it, each with its row.
struct Damage {
    done: &'static str,
    undone: &'static str,
    named: &'static [(&'static str, &'static str)],
}

const DAMAGES: &[Damage] = &[
    Damage {
        done: "UPDATE account SET used = used + 1 WHERE id = 2",
        undone: "UPDATE account SET used = used - 1 WHERE id = 2",
        named: &[("account-used", "account 2 (bravo)")],
    },
    Damage {
        done: "UPDATE account SET day_used = day_used - 1 WHERE id = 1",
        undone: "UPDATE account SET day_used = day_used + 1 WHERE id = 1",
        named: &[("account-day", "account 1 (alpha)")],
    },
    Damage {
        done: "UPDATE account SET held = held + 5 WHERE id = 1",
        undone: "UPDATE account SET held = held - 5 WHERE id = 1",
        named: &[("account-held", "account 1 (alpha)")],
    },
    Damage {
        done: "UPDATE account SET limit_gb = 1, used = used + 1073741824 WHERE id = 2",
        undone: "UPDATE account SET limit_gb = 0, used = used - 1073741824 WHERE id = 2",
        named: &[("account-used", "account 2 (bravo)"), ("account-limit", "account 2 (bravo)")],
    },
    Damage {
        done: "UPDATE account SET daily_limit_gb = 1, day_used = day_used + 1073741825 WHERE id = 2",
        undone: "UPDATE account SET daily_limit_gb = 0, day_used = day_used - 1073741825 WHERE id = 2",
        named: &[("account-day", "account 2 (bravo)"), ("account-daily-limit", "account 2 (bravo)")],
    },
    Damage {
        done: "UPDATE package SET used = used + 9 WHERE id = 1",
        undone: "UPDATE package SET used = used - 9 WHERE id = 1",
        named: &[("package-used", "customer 1, type 9")],
    },
    Damage {
        done: "UPDATE package SET held = held - 9 WHERE id = 1",
        undone: "UPDATE package SET held = held + 9 WHERE id = 1",
        named: &[("package-held", "package 1")],
    },
    Damage {
        done: "UPDATE package SET size = size - 2147483648 WHERE id = 1",
        undone: "UPDATE package SET size = size + 2147483648 WHERE id = 1",
        named: &[("package-size", "package 1")],
    },
    Damage {
        done: "UPDATE lease SET written = used - 1 WHERE lapsed = FALSE",
        undone: "UPDATE lease SET written = used WHERE lapsed = FALSE",
        named: &[("lease-amounts", "lease 2")],
    },
    Damage {
        done: "UPDATE lease SET account_id = 77 WHERE lapsed = TRUE",
        undone: "UPDATE lease SET account_id = 2 WHERE lapsed = TRUE",
        named: &[("lease-owner", "lease 3")],
    },
    Damage {
        done: "UPDATE package SET product_type = 14 WHERE id = 2",
        undone: "UPDATE package SET product_type = 9 WHERE id = 2",
        // Two leases are out of it; its usage is under another type than what it has given.
        named: &[("package-used", "customer 1, type 14"), ("lease-owner", "lease 2")],
    },
    Damage {
        done: "INSERT INTO usage (customer_id, account_id, product_type, span_ms, starts_at, bytes)
            VALUES (1, 88, 9, 1000, 5000, 0)",
        undone: "DELETE FROM usage WHERE account_id = 88",
        named: &[("usage-owner", "usage of account 88 at 5000")],
    },
    Damage {
        done: "INSERT INTO usage (customer_id, account_id, product_type, span_ms, starts_at, bytes)
            VALUES (1, 1, 9, 1234, 5000, 3)",
        undone: "DELETE FROM usage WHERE span_ms = 1234",
        named: &[
            ("account-used", "account 1 (alpha)"),
            ("package-used", "customer 1, type 9"),
            ("usage-span", "usage of account 1 at 5000"),
        ],
    },
    Damage {
        done: "UPDATE orders SET customer_id = 99 WHERE id = 1",
        undone: "UPDATE orders SET customer_id = 1 WHERE id = 1",
        named: &[("package-order", "package 1"), ("customer", "order 1")],
    },
    Damage {
        done: "INSERT INTO allowed_source (customer_id, ip, remark, created_at) VALUES (99, '192.0.2.1', '', 0)",
        undone: "DELETE FROM allowed_source",
        named: &[("customer", "allowed source 1")],
    },
    Damage {
        done: "UPDATE feed_head SET seq = seq + 2",
        undone: "UPDATE feed_head SET seq = seq - 2",
        named: &[("feed-rows", "feed")],
    },
    Damage {
        done: "INSERT INTO feed (seq, at, kind, subject) VALUES (1000, 0, 1, 1)",
        undone: "DELETE FROM feed WHERE seq = 1000",
        named: &[("feed-head", "change 1000")],
    },
    Damage {
        done: "UPDATE feed SET subject = 99 WHERE seq = (SELECT max(seq) FROM feed)",
        undone: "UPDATE feed SET subject = 1 WHERE seq = (SELECT max(seq) FROM feed)",
        named: &[("feed-subject", "change 6")],
    },
    Damage {
        done: "UPDATE node SET applied = 1000 WHERE id = 11",
        undone: "UPDATE node SET applied = 0 WHERE id = 11",
        named: &[("node-place", "node 11")],
    },
    Damage {
        done: "UPDATE node SET left_at = 5 WHERE id = 11",
        undone: "UPDATE node SET left_at = NULL WHERE id = 11",
        named: &[("node-left", "node 11")],
    },
    Damage {
        done: "UPDATE node SET credential_id = 5 WHERE id = -12",
        undone: "UPDATE node SET credential_id = NULL WHERE id = -12",
        named: &[("node-credential", "node -12")],
    },
];

each_store! {
    async fn what_disagrees_is_named(given: &TestStore) {
        let rules = if given.is_sqlite() { SQLITE_WITHOUT_RULES } else { POSTGRES_WITHOUT_RULES };
        let given = worked_with(given).await;
        assert_eq!(named(&given.service.verify().await.unwrap()), []);
        given.store.run_raw(rules).await.unwrap();
        for damage in DAMAGES {
            given.store.run_raw(damage.done).await.unwrap();
            let found = given.service.verify().await.unwrap();
            assert!(!found.is_clean(), "{}", damage.done);
            assert_eq!(named(&found), damage.named, "{}", damage.done);
            given.store.run_raw(damage.undone).await.unwrap();
            assert_eq!(named(&given.service.verify().await.unwrap()), [], "{}", damage.undone);
        }
    }

    async fn a_limit_that_was_lowered_below_what_was_used_is_no_difference(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, 5 * GB).await;
        let alpha = given.limited_account(anna, "alpha", 4, 0).await;
        for _ in 0..130 {
            given.bill(alpha, 16 << 20).await;
        }
        let limit = turnpike_domain::units::LimitGb::new(1).unwrap();
        given.service.change_limit(anna, &crate::given::name("alpha"), limit).await.unwrap();
        assert_eq!(named(&given.service.verify().await.unwrap()), []);
    }

    async fn a_question_and_a_revoked_machine_are_changes_like_any_other(given: &TestStore) {
        let given = Given::over(given);
        given.service.add_node_credential(&operator(), "fra-1").await.unwrap();
        given.service.revoke_node_credential(&operator(), "fra-1").await.unwrap();
        let ask = Ask::Connections { customer: None, account: None, most: 1 };
        given.service.ask_gateways(ask, Duration::ZERO).await.unwrap();
        assert_eq!(given.number("SELECT count(*) FROM feed").await, 2);
        assert_eq!(named(&given.service.verify().await.unwrap()), []);
    }
}

/// A store with something of everything: two accounts with usage of several ages, an open lease, a lapsed one, a
/// gateway that left.
async fn worked_with(store: &TestStore) -> Given {
    let given = Given::over(store);
    let anna: CustomerId = given.customer("anna@example.com").await;
    given.package(anna, 2 * GB + 1000).await;
    let (alpha, bravo) = (given.account(anna, "alpha").await, given.account(anna, "bravo").await);
    given.bill(bravo, 3000).await;
    given.pass(Span::from_days(40));
    given.service.roll_up_usage().await.unwrap();
    given.service.trim_feed().await.unwrap();
    given.package(anna, 1 << 20).await;
    let open = given.ask(alpha).await.unwrap();
    given.ask_at(NEIGHBOUR, vec![bravo]).await;
    given.give_up(NEIGHBOUR).await;
    assert_eq!(given.lapse().await, 0);
    given.pass(Span::from_secs(95));
    given.report(vec![partial(open.id, 700, open.bytes.get())]).await;
    assert_eq!(given.lapse().await, 1);
    given
}

/// The checks that found something, each with its first row.
fn named(found: &Verification) -> Vec<(&str, &str)> {
    let wrong = found.findings.iter().filter(|finding| finding.wrong > 0);
    wrong.map(|finding| (finding.check.name, finding.first.as_ref().unwrap().subject.as_str())).collect()
}

/// Lets the connection that writes break the schema's rules.
const SQLITE_WITHOUT_RULES: &str = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON";
const POSTGRES_WITHOUT_RULES: &str = "\
    DO $$ DECLARE rule record; BEGIN
        FOR rule IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint
            WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', rule.owner, rule.conname); END LOOP;
    END $$";
