//! The checks of the shop: wallets, orders, payments, coupons and static IPs against the journal and against each other.

use super::checks::{Check, Measure, check, with_days};

/// All of them. What is sold in an order that was topped up is its price less the top-up, which is sold by itself.
pub static LEDGER_CHECKS: &[Check] = &[
    check!(
        "ledger-sum",
        Money,
        "all books together come to nothing",
        "SELECT 'the journal' AS subject, 0 AS should_be, coalesce(sum(amount), 0) AS is_now FROM posting"
    ),
    check!(
        "entry-balance",
        Money,
        "the amounts of an entry add up to nothing",
        "\
        SELECT 'entry ' || entry.id || ' (' || entry.cause || ')' AS subject, 0 AS should_be,
            coalesce(sum(posting.amount), 0) AS is_now
        FROM entry LEFT JOIN posting ON posting.entry_id = entry.id
        GROUP BY entry.id, entry.cause"
    ),
    check!(
        "entry-moves",
        Kept,
        "an entry moves something between two books or more",
        "\
        SELECT 'entry ' || entry.id || ' (' || entry.cause || ')' AS subject, 1 AS should_be,
            CASE WHEN count(posting.entry_id) >= 2 THEN 1 ELSE 0 END AS is_now
        FROM entry LEFT JOIN posting ON posting.entry_id = entry.id
        GROUP BY entry.id, entry.cause"
    ),
    check!(
        "posting-book",
        Kept,
        "a posting is of an entry, and in a book there is or the wallet of a customer that exists",
        "\
        SELECT 'posting of entry ' || posting.entry_id AS subject, 1 AS should_be,
            CASE WHEN entry.id IS NOT NULL AND (
                (posting.book = 1 AND customer.id IS NOT NULL)
                OR (posting.book BETWEEN 2 AND 6 AND posting.customer_id = 0)
            ) THEN 1 ELSE 0 END AS is_now
        FROM posting
        LEFT JOIN entry ON entry.id = posting.entry_id
        LEFT JOIN customer ON customer.id = posting.customer_id"
    ),
    check!(
        "wallet-balance",
        Money,
        "a wallet holds what the journal says",
        "\
        SELECT 'wallet of customer ' || coalesce(wallet.customer_id, booked.customer_id) AS subject,
            coalesce(booked.amount, 0) AS should_be, coalesce(wallet.balance, 0) AS is_now
        FROM wallet FULL OUTER JOIN (
            SELECT customer_id, sum(amount) AS amount FROM posting WHERE book = 1 GROUP BY customer_id
        ) AS booked ON booked.customer_id = wallet.customer_id"
    ),
    check!(
        "wallet-history",
        Money,
        "no wallet was ever below nothing",
        "\
        SELECT 'wallet of customer ' || customer_id AS subject, 0 AS should_be,
            CASE WHEN lowest < 0 THEN lowest ELSE 0 END AS is_now
        FROM (
            SELECT customer_id, min(reached) AS lowest
            FROM (
                SELECT customer_id, sum(amount) OVER (PARTITION BY customer_id ORDER BY entry_id) AS reached
                FROM posting WHERE book = 1
            ) AS steps
            GROUP BY customer_id
        ) AS lows"
    ),
    check!(
        "order-step",
        Kept,
        "an order's status is borne out by when it was paid and ended",
        "\
        SELECT 'order ' || trade_no AS subject, 1 AS should_be,
            CASE WHEN status IN (0, 1, 2, 3)
                AND (paid_at IS NOT NULL) = (status IN (1, 3)) AND (ended_at IS NOT NULL) = (status IN (2, 3))
            THEN 1 ELSE 0 END AS is_now
        FROM orders"
    ),
    check!(
        "order-sold",
        Money,
        "what was sold in an order is its price while it is paid, and what was not refunded after that",
        "\
        SELECT 'order ' || orders.trade_no AS subject,
            CASE
                WHEN orders.product_type = 3 OR orders.status IN (0, 2) THEN 0
                ELSE orders.pay_fee - coalesce(rest.amount, 0) - orders.refunded
            END AS should_be,
            coalesce(booked.amount, 0) AS is_now
        FROM orders
        LEFT JOIN (
            SELECT entry.order_id, sum(posting.amount) AS amount
            FROM entry JOIN posting ON posting.entry_id = entry.id
            WHERE posting.book = 3
            GROUP BY entry.order_id
        ) AS booked ON booked.order_id = orders.id
        LEFT JOIN (
            SELECT tops_up, sum(pay_fee) AS amount FROM orders
            WHERE tops_up IS NOT NULL AND status IN (1, 3)
            GROUP BY tops_up
        ) AS rest ON rest.tops_up = orders.id"
    ),
    check!(
        "order-received",
        Money,
        "what came in for an order is what its payments say",
        "\
        SELECT 'order ' || orders.trade_no AS subject, coalesce(booked.amount, 0) AS should_be,
            orders.received AS is_now
        FROM orders LEFT JOIN (
            SELECT entry.order_id, -sum(posting.amount) AS amount
            FROM entry JOIN posting ON posting.entry_id = entry.id
            WHERE posting.book = 2 AND entry.cause LIKE 'event:%'
            GROUP BY entry.order_id
        ) AS booked ON booked.order_id = orders.id"
    ),
    check!(
        "order-deposit",
        Money,
        "what came in for an order waits while the order does, and no longer",
        "\
        SELECT 'order ' || orders.trade_no AS subject,
            CASE WHEN orders.status = 0 THEN orders.received ELSE 0 END AS should_be,
            coalesce(booked.amount, 0) AS is_now
        FROM orders LEFT JOIN (
            SELECT entry.order_id, sum(posting.amount) AS amount
            FROM entry JOIN posting ON posting.entry_id = entry.id
            WHERE posting.book = 6
            GROUP BY entry.order_id
        ) AS booked ON booked.order_id = orders.id"
    ),
    check!(
        "order-refunded",
        Money,
        "what was paid back of an order is what its refund says",
        "\
        SELECT 'order ' || orders.trade_no AS subject, coalesce(booked.amount, 0) AS should_be,
            orders.refunded AS is_now
        FROM orders LEFT JOIN (
            SELECT entry.order_id, posting.book, sum(posting.amount) AS amount
            FROM entry JOIN posting ON posting.entry_id = entry.id
            WHERE posting.book IN (1, 2) AND entry.cause LIKE 'order:%:refund'
            GROUP BY entry.order_id, posting.book
        ) AS booked ON booked.order_id = orders.id
            AND booked.book = CASE WHEN orders.product_type = 3 THEN 2 ELSE 1 END"
    ),
    check!(
        "recharge-paid-in",
        Kept,
        "a recharge that was paid was paid in, with nothing off",
        "\
        SELECT 'order ' || orders.trade_no AS subject, 1 AS should_be,
            CASE WHEN coalesce((
                SELECT sum(posting.amount) FROM entry JOIN posting ON posting.entry_id = entry.id
                WHERE entry.cause = 'order:' || orders.id || ':pay' AND posting.book = 1
            ), 0) >= orders.pay_fee THEN 1 ELSE 0 END AS is_now
        FROM orders WHERE orders.product_type = 3 AND orders.status IN (1, 3) AND orders.product_id IS NOT NULL"
    ),
    check!(
        "event-booked",
        Money,
        "a payment that was applied is in the journal, and one that is parked is not",
        "\
        SELECT coalesce('payment ' || payment_event.id, booked.cause) AS subject,
            CASE
                WHEN payment_event.state = 1 OR (payment_event.state = 2 AND booked.amount IS NOT NULL)
                THEN payment_event.amount ELSE 0
            END AS should_be,
            coalesce(booked.amount, 0) AS is_now
        FROM payment_event FULL OUTER JOIN (
            SELECT entry.cause, -sum(posting.amount) AS amount
            FROM entry JOIN posting ON posting.entry_id = entry.id
            WHERE posting.book = 2 AND entry.cause LIKE 'event:%'
            GROUP BY entry.cause
        ) AS booked ON booked.cause = 'event:' || payment_event.id"
    ),
    check!(
        "coupon-uses",
        Rows,
        "a coupon was used as often as orders that are not closed say",
        "\
        SELECT 'coupon ' || coupon.code AS subject,
            (SELECT count(*) FROM orders WHERE orders.coupon_id = coupon.id AND orders.status <> 2) AS should_be,
            coupon.uses AS is_now
        FROM coupon"
    ),
    check!(
        "coupon-customer",
        Rows,
        "a customer used a coupon as often as its orders that are not closed say",
        "\
        SELECT 'coupon ' || coalesce(coupon_use.coupon_id, used.coupon_id)
                || ' of customer ' || coalesce(coupon_use.customer_id, used.customer_id) AS subject,
            coalesce(used.orders, 0) AS should_be, coalesce(coupon_use.uses, 0) AS is_now
        FROM coupon_use FULL OUTER JOIN (
            SELECT coupon_id, customer_id, count(*) AS orders FROM orders
            WHERE coupon_id IS NOT NULL AND status <> 2
            GROUP BY coupon_id, customer_id
        ) AS used ON used.coupon_id = coupon_use.coupon_id AND used.customer_id = coupon_use.customer_id"
    ),
    check!(
        "invitation",
        Kept,
        "the discount for having been invited is with an order of the customer that is not closed",
        "\
        SELECT 'customer ' || customer.id AS subject, 1 AS should_be,
            CASE WHEN orders.id IS NULL THEN 0 ELSE 1 END AS is_now
        FROM customer LEFT JOIN orders ON orders.id = customer.invitation_order_id
            AND orders.customer_id = customer.id AND orders.status <> 2
        WHERE customer.invitation_order_id IS NOT NULL"
    ),
    check!(
        "order-packages",
        Rows,
        "an order of traffic or of a time plan gave one package, and none before it was paid",
        "\
        SELECT 'order ' || orders.trade_no AS subject,
            CASE
                WHEN orders.status IN (0, 2) THEN 0
                WHEN orders.product_id IS NULL OR orders.product_type IN (9, 11, 12, 24) THEN 1
                WHEN orders.product_type IN (14, 25) AND coalesce(given.packages, 0) = 1 THEN 1
                ELSE 0
            END AS should_be,
            coalesce(given.packages, 0) AS is_now
        FROM orders LEFT JOIN (
            SELECT order_id, count(*) AS packages FROM package GROUP BY order_id
        ) AS given ON given.order_id = orders.id"
    ),
    check!(
        "order-holdings",
        Rows,
        "an order of static IPs gave as many as were ordered, and none before it was paid",
        "\
        SELECT 'order ' || orders.trade_no AS subject,
            CASE
                WHEN orders.status IN (1, 3) AND orders.product_type IN (14, 25) AND orders.product_id IS NOT NULL
                THEN orders.amount ELSE 0
            END AS should_be,
            coalesce(given.holdings, 0) AS is_now
        FROM orders LEFT JOIN (
            SELECT order_id, count(*) AS holdings FROM holding GROUP BY order_id
        ) AS given ON given.order_id = orders.id"
    ),
    check!(
        "address-holder",
        Rows,
        "an address has one holder while it is held, and none while it is for sale or withdrawn",
        "\
        SELECT 'static IP ' || static_ip.ip AS subject,
            CASE static_ip.state WHEN 1 THEN 1 WHEN 2 THEN coalesce(live.holders, 0) ELSE 0 END AS should_be,
            coalesce(live.holders, 0) AS is_now
        FROM static_ip LEFT JOIN (
            SELECT static_ip_id, count(*) AS holders FROM holding WHERE ended_at IS NULL GROUP BY static_ip_id
        ) AS live ON live.static_ip_id = static_ip.id"
    ),
];
