-- Times are UTC milliseconds, amounts of traffic bytes, money minor units.

CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL UNIQUE,
    login_hash TEXT NOT NULL,
    verified INTEGER NOT NULL DEFAULT FALSE CHECK (verified IN (FALSE, TRUE)),
    suspended INTEGER NOT NULL DEFAULT FALSE CHECK (suspended IN (FALSE, TRUE)),
    max_tunnels INTEGER CHECK (max_tunnels >= 0),
    max_connections_per_second INTEGER CHECK (max_connections_per_second >= 0),
    packages_version INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- One a customer. `mac` finds it, `sealed` shows it again.
CREATE TABLE app_key (
    customer_id INTEGER PRIMARY KEY REFERENCES customer (id),
    mac BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- A deleted account stays: its usage is asked for by name, and its open leases still settle.
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    username TEXT NOT NULL,
    password_mac BLOB NOT NULL,
    password_sealed BLOB NOT NULL,
    remark TEXT NOT NULL,
    product_type INTEGER NOT NULL,
    limit_gb INTEGER NOT NULL CHECK (limit_gb >= 0),
    daily_limit_gb INTEGER NOT NULL CHECK (daily_limit_gb >= 0),
    enabled INTEGER NOT NULL DEFAULT TRUE CHECK (enabled IN (FALSE, TRUE)),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    day INTEGER NOT NULL DEFAULT 0,
    day_used INTEGER NOT NULL DEFAULT 0 CHECK (day_used >= 0),
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX account_live_username ON account (username) WHERE deleted_at IS NULL;
CREATE INDEX account_of_customer ON account (customer_id, username);

-- `order` is a word of SQL.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    trade_no TEXT NOT NULL UNIQUE CHECK (length(trade_no) = 28),
    product_type INTEGER NOT NULL,
    title TEXT NOT NULL,
    status INTEGER NOT NULL,
    total_fee INTEGER NOT NULL CHECK (total_fee >= 0),
    pay_fee INTEGER NOT NULL CHECK (pay_fee >= 0),
    created_at INTEGER NOT NULL,
    paid_at INTEGER
) STRICT;
CREATE INDEX orders_of_customer ON orders (customer_id);

-- `announced`: whether gateways were told that its validity began.
CREATE TABLE package (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    product_type INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    starts_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    announced INTEGER NOT NULL CHECK (announced IN (FALSE, TRUE)),
    CHECK (used + held <= size)
) STRICT;
CREATE INDEX package_by_expiry ON package (customer_id, product_type, expires_at);
CREATE INDEX package_of_order ON package (order_id);
CREATE INDEX package_unannounced ON package (starts_at) WHERE NOT announced;

CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    first_contact INTEGER NOT NULL,
    last_contact INTEGER NOT NULL
) STRICT;

-- Numbers are never given twice: a late report must not find another lease under its number.
CREATE TABLE lease (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    node_id INTEGER NOT NULL REFERENCES node (id),
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    account_id INTEGER NOT NULL REFERENCES account (id),
    package_id INTEGER NOT NULL REFERENCES package (id),
    ceiling INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    lapsed INTEGER NOT NULL DEFAULT FALSE CHECK (lapsed IN (FALSE, TRUE)),
    lapses_at INTEGER NOT NULL,
    CHECK (used <= ceiling)
) STRICT;
CREATE INDEX lease_of_node ON lease (node_id, account_id);
CREATE INDEX lease_by_lapse ON lease (lapsed, lapses_at);

-- `account_id` 0: traffic without an account.
CREATE TABLE usage (
    customer_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    product_type INTEGER NOT NULL,
    span_ms INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (customer_id, account_id, product_type, span_ms, starts_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_time ON usage (customer_id, starts_at);
CREATE INDEX usage_by_span ON usage (span_ms, starts_at);

CREATE TABLE feed (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    subject INTEGER NOT NULL
) STRICT;

-- One row. `seq` is the newest number given, `trimmed` the newest whose row is gone.
CREATE TABLE feed_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    trimmed INTEGER NOT NULL
) STRICT;
INSERT INTO feed_head (id, seq, trimmed) VALUES (1, 0, 0);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    customer_id INTEGER,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of_customer ON audit (customer_id, at);
