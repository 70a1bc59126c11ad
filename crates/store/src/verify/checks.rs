//! The checks, each a query that gives for every row it looks at what it is (`subject`), and two numbers that must be
//! equal (`should_be`, `is_now`).

/// One check.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, such as `account-used`.
    pub name: &'static str,
    /// What must hold.
    pub rule: &'static str,
    /// What its numbers are.
    pub measure: Measure,
    pub(super) count: &'static str,
    pub(super) first: &'static str,
}

/// What a check's two numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Amounts of traffic in bytes.
    Bytes,
    /// Numbers of rows.
    Rows,
    /// Amounts of money in minor units.
    Money,
    /// 1 for a rule that is kept, 0 for one that is broken.
    Kept,
}

/// `days` are the days that accounts have counted for, with the moments at which they began.
macro_rules! with_days {
    ($query:literal, $select:literal) => {
        concat!(
            "WITH days AS (SELECT CAST(value ->> 0 AS BIGINT) AS day, CAST(value ->> 1 AS BIGINT) AS began \
             FROM json_each($1)), compared AS (",
            $query,
            ") ",
            $select
        )
    };
}

macro_rules! check {
    ($name:literal, $measure:ident, $rule:literal, $query:literal) => {
        Check {
            name: $name,
            rule: $rule,
            measure: Measure::$measure,
            count: with_days!(
                $query,
                "SELECT CAST(count(*) AS BIGINT), \
                 CAST(coalesce(sum(CASE WHEN should_be <> is_now THEN 1 ELSE 0 END), 0) AS BIGINT) FROM compared"
            ),
            first: with_days!(
                $query,
                "SELECT subject, CAST(should_be AS BIGINT), CAST(is_now AS BIGINT) FROM compared \
                 WHERE should_be <> is_now ORDER BY subject LIMIT 1"
            ),
        }
    };
}

pub(super) use {check, with_days};

/// All of them but the shop's.
///
/// Usage is moved into rows of wider spans, never copied, so that the sum over all spans counts every byte once. A limit
/// that was lowered may lie below what was used before.
pub static CHECKS: &[Check] = &[
    check!(
        "account-used",
        Bytes,
        "an account has used what its usage rows say",
        "\
        SELECT 'account ' || account.id || ' (' || account.username || ')' AS subject,
            coalesce(booked.bytes, 0) AS should_be, account.used AS is_now
        FROM account LEFT JOIN (
            SELECT customer_id, account_id, sum(bytes) AS bytes FROM usage GROUP BY customer_id, account_id
        ) AS booked ON booked.customer_id = account.customer_id AND booked.account_id = account.id"
    ),
    check!(
        "account-day",
        Bytes,
        "an account has used on its last day what its usage rows since then say",
        "\
        SELECT 'account ' || account.id || ' (' || account.username || ')' AS subject,
            coalesce((
                SELECT sum(usage.bytes) FROM usage
                WHERE usage.customer_id = account.customer_id AND usage.account_id = account.id
                    AND usage.starts_at >= days.began
            ), 0) AS should_be, account.day_used AS is_now
        FROM account JOIN days ON days.day = account.day"
    ),
    check!(
        "account-held",
        Bytes,
        "an account holds what its open leases hold",
        "\
        SELECT 'account ' || account.id || ' (' || account.username || ')' AS subject,
            coalesce(open.bytes, 0) AS should_be, account.held AS is_now
        FROM account LEFT JOIN (
            SELECT account_id, sum(ceiling - used) AS bytes FROM lease WHERE lapsed = FALSE GROUP BY account_id
        ) AS open ON open.account_id = account.id"
    ),
    check!(
        "account-limit",
        Bytes,
        "used and held stay within a limit that was never changed",
        "\
        SELECT 'account ' || id || ' (' || username || ')' AS subject,
            CASE WHEN used + held > limit_gb * 1073741824 THEN limit_gb * 1073741824 ELSE used + held END AS should_be,
            used + held AS is_now
        FROM account
        WHERE limit_gb > 0 AND NOT EXISTS (
            SELECT 1 FROM audit
            WHERE audit.customer_id = account.customer_id AND (act LIKE '%limit%' OR act = 'account.change')
        )"
    ),
    check!(
        "account-daily-limit",
        Bytes,
        "today's use and what is held stay within a daily limit that was never changed",
        "\
        SELECT 'account ' || id || ' (' || username || ')' AS subject,
            CASE WHEN day_used + held > daily_limit_gb * 1073741824
                THEN daily_limit_gb * 1073741824 ELSE day_used + held END AS should_be,
            day_used + held AS is_now
        FROM account
        WHERE daily_limit_gb > 0 AND NOT EXISTS (
            SELECT 1 FROM audit
            WHERE audit.customer_id = account.customer_id AND (act LIKE '%limit%' OR act = 'account.change')
        )"
    ),
    check!(
        "package-used",
        Bytes,
        "a customer's packages of a type have given what its usage rows of the type say",
        "\
        SELECT 'customer ' || coalesce(given.customer_id, booked.customer_id)
                || ', type ' || coalesce(given.product_type, booked.product_type) AS subject,
            coalesce(booked.bytes, 0) AS should_be, coalesce(given.bytes, 0) AS is_now
        FROM (
            SELECT customer_id, product_type, sum(used) AS bytes FROM package GROUP BY customer_id, product_type
        ) AS given FULL OUTER JOIN (
            SELECT customer_id, product_type, sum(bytes) AS bytes FROM usage GROUP BY customer_id, product_type
        ) AS booked ON booked.customer_id = given.customer_id AND booked.product_type = given.product_type"
    ),
    check!(
        "package-held",
        Bytes,
        "a package holds what open leases hold of it",
        "\
        SELECT 'package ' || package.id AS subject, coalesce(open.bytes, 0) AS should_be, package.held AS is_now
        FROM package LEFT JOIN (
            SELECT package_id, sum(ceiling - used) AS bytes FROM lease WHERE lapsed = FALSE GROUP BY package_id
        ) AS open ON open.package_id = package.id"
    ),
    check!(
        "package-size",
        Bytes,
        "a package has given and holds no more than its size",
        "\
        SELECT 'package ' || id AS subject,
            CASE WHEN used + held > size THEN size ELSE used + held END AS should_be, used + held AS is_now
        FROM package"
    ),
    check!(
        "lease-amounts",
        Kept,
        "of a lease no more is booked than written, and no more written than granted",
        "\
        SELECT 'lease ' || id AS subject, 1 AS should_be,
            CASE WHEN used >= 0 AND used <= written AND written <= ceiling THEN 1 ELSE 0 END AS is_now
        FROM lease"
    ),
    check!(
        "lease-owner",
        Kept,
        "a lease is of one customer's account and package, both of one type",
        "\
        SELECT 'lease ' || lease.id AS subject, 1 AS should_be,
            CASE WHEN account.product_type = package.product_type THEN 1 ELSE 0 END AS is_now
        FROM lease
        LEFT JOIN account ON account.id = lease.account_id AND account.customer_id = lease.customer_id
        LEFT JOIN package ON package.id = lease.package_id AND package.customer_id = lease.customer_id"
    ),
    check!(
        "usage-owner",
        Kept,
        "usage is of an account of its customer and type, or of none",
        "\
        SELECT 'usage of account ' || usage.account_id || ' at ' || usage.starts_at AS subject, 1 AS should_be,
            CASE WHEN usage.account_id = 0 OR account.id IS NOT NULL THEN 1 ELSE 0 END AS is_now
        FROM usage LEFT JOIN account ON account.id = usage.account_id AND account.customer_id = usage.customer_id
            AND account.product_type = usage.product_type"
    ),
    check!(
        "usage-span",
        Kept,
        "usage is kept by second, minute, hour or day",
        "\
        SELECT 'usage of account ' || account_id || ' at ' || starts_at AS subject, 1 AS should_be,
            CASE WHEN span_ms IN (1000, 60000, 3600000, 86400000) THEN 1 ELSE 0 END AS is_now
        FROM usage"
    ),
    check!(
        "package-order",
        Kept,
        "a package comes from an order of its customer",
        "\
        SELECT 'package ' || package.id AS subject, 1 AS should_be,
            CASE WHEN orders.id IS NULL THEN 0 ELSE 1 END AS is_now
        FROM package LEFT JOIN orders ON orders.id = package.order_id AND orders.customer_id = package.customer_id"
    ),
    check!(
        "customer",
        Kept,
        "what is a customer's names a customer that exists",
        "\
        SELECT owned.subject, 1 AS should_be, CASE WHEN customer.id IS NULL THEN 0 ELSE 1 END AS is_now
        FROM (
            SELECT 'account ' || id AS subject, customer_id FROM account
            UNION ALL SELECT 'key of customer ' || customer_id, customer_id FROM app_key
            UNION ALL SELECT 'order ' || id, customer_id FROM orders
            UNION ALL SELECT 'allowed source ' || id, customer_id FROM allowed_source
            UNION ALL SELECT 'audit row ' || id, customer_id FROM audit WHERE customer_id IS NOT NULL
        ) AS owned LEFT JOIN customer ON customer.id = owned.customer_id"
    ),
    check!(
        "feed-rows",
        Rows,
        "the change feed has a row for every number that was given and is kept",
        "\
        SELECT 'feed' AS subject, feed_head.seq - feed_head.trimmed AS should_be,
            (SELECT count(*) FROM feed WHERE feed.seq > feed_head.trimmed AND feed.seq <= feed_head.seq) AS is_now
        FROM feed_head"
    ),
    check!(
        "feed-head",
        Kept,
        "no change has a number that was not given or is no longer kept",
        "\
        SELECT 'change ' || feed.seq AS subject, 1 AS should_be,
            CASE WHEN feed.seq > feed_head.trimmed AND feed.seq <= feed_head.seq THEN 1 ELSE 0 END AS is_now
        FROM feed CROSS JOIN feed_head"
    ),
    check!(
        "feed-subject",
        Kept,
        "a change names a customer or an account that exists, a question, the machines, an exit, or a batch of pins or endpoints",
        "\
        SELECT 'change ' || feed.seq AS subject, 1 AS should_be,
            CASE WHEN customer.id IS NOT NULL OR account.id IS NOT NULL OR feed.kind IN (3, 4, 5, 6, 7) THEN 1 ELSE 0 END AS is_now
        FROM feed
        LEFT JOIN customer ON feed.kind = 1 AND customer.id = feed.subject
        LEFT JOIN account ON feed.kind = 2 AND account.id = feed.subject"
    ),
    check!(
        "node-place",
        Kept,
        "no gateway has applied more of the feed than there is",
        "\
        SELECT 'node ' || node.id AS subject, 1 AS should_be,
            CASE WHEN node.applied >= 0 AND node.applied <= feed_head.seq THEN 1 ELSE 0 END AS is_now
        FROM node CROSS JOIN feed_head"
    ),
    check!(
        "node-left",
        Rows,
        "a gateway that has left holds no lease",
        "\
        SELECT 'node ' || node.id AS subject, 0 AS should_be,
            (SELECT count(*) FROM lease WHERE lease.node_id = node.id AND lease.lapsed = FALSE) AS is_now
        FROM node WHERE node.left_at IS NOT NULL"
    ),
    check!(
        "node-credential",
        Kept,
        "a gateway's credential exists",
        "\
        SELECT 'node ' || node.id AS subject, 1 AS should_be,
            CASE WHEN node_credential.id IS NULL THEN 0 ELSE 1 END AS is_now
        FROM node LEFT JOIN node_credential ON node_credential.id = node.credential_id
        WHERE node.credential_id IS NOT NULL"
    ),
];
