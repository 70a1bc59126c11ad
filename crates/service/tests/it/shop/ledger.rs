//! The journal: only ever added to, and each way in which it can disagree with the rest is named.

use turnpike_service::{Adjustment, EntryFilter, ShopError, Verification, Wish};
use turnpike_testkit::each_store;
use turnpike_testkit::stores::TestStore;

use super::{ADDRESS, BALANCE, LATER, RECHARGE, Shop, TRAFFIC, country, money, refusal, wish};
use crate::given::operator;

/// Something done past all rules, what undoes it, and what the checks must name first.
struct Damage {
    done: &'static str,
    undone: &'static str,
    named: &'static [&'static str],
}

const DAMAGES: &[Damage] = &[
    Damage {
        done: "UPDATE wallet SET balance = balance + 1 WHERE customer_id = 1",
        undone: "UPDATE wallet SET balance = balance - 1 WHERE customer_id = 1",
        named: &["wallet-balance wallet of customer 1"],
    },
    Damage {
        done: "UPDATE posting SET amount = amount - 1 WHERE book = 3 AND entry_id = 4",
        undone: "UPDATE posting SET amount = amount + 1 WHERE book = 3 AND entry_id = 4",
        named: &["ledger-sum the journal", "entry-balance entry 4 (order:2:pay)", "order-sold order #2"],
    },
    Damage {
        done: "UPDATE posting SET book = 9 WHERE book = 4",
        undone: "UPDATE posting SET book = 4 WHERE book = 9",
        named: &["posting-book posting of entry 3"],
    },
    Damage {
        done: "INSERT INTO entry (at, cause, detail) VALUES (0, 'adjust:nothing', '')",
        undone: "DELETE FROM entry WHERE cause = 'adjust:nothing'",
        named: &["entry-moves entry 7 (adjust:nothing)"],
    },
    Damage {
        done: "UPDATE orders SET pay_fee = pay_fee + 1 WHERE id = 2",
        undone: "UPDATE orders SET pay_fee = pay_fee - 1 WHERE id = 2",
        named: &["order-sold order #2"],
    },
    Damage {
        done: "UPDATE orders SET received = received + 1 WHERE id = 4",
        undone: "UPDATE orders SET received = received - 1 WHERE id = 4",
        named: &["order-received order #4", "order-deposit order #4"],
    },
    Damage {
        done: "UPDATE orders SET refunded = 1 WHERE id = 2",
        undone: "UPDATE orders SET refunded = 0 WHERE id = 2",
        named: &["order-sold order #2", "order-refunded order #2"],
    },
    Damage {
        done: "UPDATE orders SET pay_fee = 1000000 WHERE id = 1",
        undone: "UPDATE orders SET pay_fee = 10000 WHERE id = 1",
        named: &["recharge-paid-in order #1"],
    },
    Damage {
        done: "UPDATE orders SET paid_at = NULL WHERE id = 2",
        undone: "UPDATE orders SET paid_at = created_at WHERE id = 2",
        named: &["order-step order #2"],
    },
    Damage {
        done: "UPDATE payment_event SET amount = amount + 1 WHERE id = 1",
        undone: "UPDATE payment_event SET amount = amount - 1 WHERE id = 1",
        named: &["event-booked payment 1"],
    },
    Damage {
        done: "UPDATE coupon SET uses = 0",
        undone: "UPDATE coupon SET uses = 1",
        named: &["coupon-uses coupon HALF"],
    },
    Damage {
        done: "UPDATE coupon_use SET uses = 2",
        undone: "UPDATE coupon_use SET uses = 1",
        named: &["coupon-customer coupon 1 of customer 1"],
    },
    Damage {
        done: "UPDATE customer SET invitation_order_id = 99",
        undone: "UPDATE customer SET invitation_order_id = NULL",
        named: &["invitation customer 1"],
    },
    Damage {
        done: "UPDATE package SET order_id = 99 WHERE order_id = 2",
        undone: "UPDATE package SET order_id = 2 WHERE order_id = 99",
        named: &["order-packages order #2"],
    },
    Damage {
        done: "UPDATE holding SET order_id = 99 WHERE id = 1",
        undone: "UPDATE holding SET order_id = 3 WHERE id = 1",
        named: &["order-holdings order #3"],
    },
    Damage {
        done: "UPDATE static_ip SET state = 0 WHERE id = 1",
        undone: "UPDATE static_ip SET state = 1 WHERE id = 1",
        named: &["address-holder static IP 127.0.5.1"],
    },
];

each_store! {
    async fn what_disagrees_with_the_journal_is_named(given: &TestStore) {
        let rules = if given.is_sqlite() { SQLITE_WITHOUT_RULES } else { POSTGRES_WITHOUT_RULES };
        let shop = worked_with(given).await;
        assert_eq!(named(&shop).await, Vec::<String>::new());
        shop.given.store.run_raw(rules).await.unwrap();
        for damage in DAMAGES {
            shop.given.store.run_raw(damage.done).await.unwrap();
            assert_eq!(named(&shop).await, damage.named, "{}", damage.done);
            shop.given.store.run_raw(damage.undone).await.unwrap();
            assert_eq!(named(&shop).await, Vec::<String>::new(), "{}", damage.undone);
        }
    }

    async fn a_wallet_that_was_once_below_nothing_is_named(given: &TestStore) {
        let rules = if given.is_sqlite() { SQLITE_WITHOUT_RULES } else { POSTGRES_WITHOUT_RULES };
        let shop = worked_with(given).await;
        shop.given.store.run_raw(rules).await.unwrap();
        // What was paid in before it was spent is paid in at last instead, so that all sums stay.
        let damage = "\
            INSERT INTO entry (at, cause, order_id, detail) VALUES (0, 'late', 1, '');
            UPDATE posting SET entry_id = (SELECT max(id) FROM entry) WHERE entry_id = 3;
            DELETE FROM entry WHERE id = 3;
            UPDATE entry SET cause = 'order:1:pay' WHERE cause = 'late'";
        shop.given.store.run_raw(damage).await.unwrap();
        assert_eq!(named(&shop).await, ["wallet-history wallet of customer 1"]);
    }

    async fn the_journal_is_only_added_to(given: &TestStore) {
        let shop = worked_with(given).await;
        for change in [
            "UPDATE entry SET detail = ''",
            "DELETE FROM entry",
            "UPDATE posting SET amount = 1",
            "DELETE FROM posting",
        ] {
            assert!(shop.given.store.run_raw(change).await.is_err(), "{change}");
        }
        shop.agrees().await;
    }

    async fn an_adjustment_is_made_once_under_its_name(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.customer("anna@example.com").await;
        let adjust = async |amount: &str, key: &str| {
            let key = Some(key.to_owned());
            let adjustment = Adjustment { customer: anna, amount: money(amount), key, reason: "Because".to_owned() };
            shop.service.adjust_balance(&operator(), adjustment).await
        };
        assert_eq!(adjust("10", "first").await.unwrap().balance, money("10"));
        assert_eq!(refusal(adjust("10", "first").await), ShopError::KeyTaken);
        assert_eq!(refusal(adjust("-10.01", "second").await), ShopError::BalanceTooLow);
        assert_eq!(refusal(adjust("0", "third").await), ShopError::NoAmount);
        assert_eq!(adjust("-10", "second").await.unwrap().balance, money("0"));
        shop.agrees().await;
    }

    async fn the_journal_is_read_newest_first(given: &TestStore) {
        let shop = worked_with(given).await;
        let page = async |filter: EntryFilter, before, most| {
            let found = shop.service.page_entries(&filter, before, most).await.unwrap();
            found.into_iter().map(|entry| (entry.cause, entry.postings.len(), entry.id)).collect::<Vec<_>>()
        };
        let first = page(EntryFilter::default(), None, 2).await;
        assert_eq!((first[0].0.as_str(), first[1].0.as_str()), ("event:2", "order:3:pay"));
        let second = page(EntryFilter::default(), Some(first[1].2), 10).await;
        let causes: Vec<_> = second.iter().map(|(cause, ..)| cause.as_str()).collect();
        assert_eq!(causes[..3], ["order:2:pay", "order:1:pay", "event:1"]);
        assert!(causes[3].starts_with("adjust:") && causes.len() == 4, "{causes:?}");
        let of_order = EntryFilter { order: Some(turnpike_domain::ids::OrderId::new(1)), ..EntryFilter::default() };
        assert_eq!(page(of_order, None, 10).await.len(), 2);
        let of_customer = EntryFilter { customer: Some(turnpike_domain::ids::CustomerId::new(1)), ..EntryFilter::default() };
        assert_eq!(page(of_customer, None, 10).await.len(), 4);
        let totals = shop.service.ledger_totals().await.unwrap();
        assert_eq!(totals.iter().map(|(_, minor)| minor).sum::<i64>(), 0);
    }
}

/// A gift, a recharge with a bonus, an order with a coupon, addresses, and an order that was paid short.
async fn worked_with(store: &TestStore) -> Shop {
    let shop = Shop::over(store).await;
    let anna = shop.buyer("anna@example.com", "1").await;
    let recharge = Wish { recharge: Some(money("100")), ..wish(RECHARGE, LATER) };
    let recharge = shop.order(anna, recharge).await.unwrap();
    shop.transfer("T-1", &recharge, "100").await;
    let code = shop.coupon("HALF", 5).await;
    shop.order(anna, Wish { coupon: Some(code), amount: Some(47), ..wish(TRAFFIC, BALANCE) }).await.unwrap();
    shop.order(anna, Wish { regions: vec![(country("JP"), 1)], ..wish(ADDRESS, BALANCE) }).await.unwrap();
    let short = shop.awaiting(anna, TRAFFIC).await;
    shop.transfer("T-2", &short, "3").await;
    shop
}

/// The checks that found something, each with its first row. Orders are named by their place, as their numbers are drawn.
async fn named(shop: &Shop) -> Vec<String> {
    let found: Verification = shop.service.verify_ledger().await.unwrap();
    let mut named = Vec::new();
    for finding in found.findings.iter().filter(|finding| finding.wrong > 0) {
        let subject = &finding.first.as_ref().unwrap().subject;
        let subject = match subject.strip_prefix("order ") {
            Some(trade_no) => {
                let place = shop.number(&format!("SELECT id FROM orders WHERE trade_no = '{trade_no}'")).await;
                format!("order #{place}")
            }
            None => subject.clone(),
        };
        named.push(format!("{} {subject}", finding.check.name));
    }
    named
}

/// Lets the connection that writes break the schema's rules.
const SQLITE_WITHOUT_RULES: &str = "\
    PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
    DROP TRIGGER entry_stays; DROP TRIGGER entry_is_kept; DROP TRIGGER posting_stays; DROP TRIGGER posting_is_kept";
const POSTGRES_WITHOUT_RULES: &str = "\
    DROP TRIGGER entry_stays ON entry; DROP TRIGGER posting_stays ON posting;
    DO $$ DECLARE rule record; BEGIN
        FOR rule IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint
            WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', rule.owner, rule.conname); END LOOP;
    END $$";
