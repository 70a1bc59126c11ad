-- Times are UTC milliseconds, amounts of traffic bytes, money minor units.

-- The two functions of SQLite that our statements use and PostgreSQL lacks. With them one text serves both.
CREATE FUNCTION json_each(list TEXT) RETURNS TABLE (value JSON) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 100
    AS $$ SELECT item FROM json_array_elements(CAST(list AS JSON)) AS items (item) $$;
CREATE FUNCTION unhex(digits TEXT) RETURNS BYTEA LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT decode(digits, 'hex') $$;

CREATE TABLE customer (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    login_hash TEXT NOT NULL,
    verified BOOLEAN NOT NULL DEFAULT FALSE,
    suspended BOOLEAN NOT NULL DEFAULT FALSE,
    max_tunnels BIGINT CHECK (max_tunnels >= 0),
    max_connections_per_second BIGINT CHECK (max_connections_per_second >= 0),
    packages_version BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);

-- One a customer. `mac` finds it, `sealed` shows it again.
CREATE TABLE app_key (
    customer_id BIGINT PRIMARY KEY REFERENCES customer (id),
    mac BYTEA NOT NULL UNIQUE,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- A deleted account stays: its usage is asked for by name, and its open leases still settle.
CREATE TABLE account (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    username TEXT NOT NULL,
    password_mac BYTEA NOT NULL,
    password_sealed BYTEA NOT NULL,
    remark TEXT NOT NULL,
    product_type BIGINT NOT NULL,
    limit_gb BIGINT NOT NULL CHECK (limit_gb >= 0),
    daily_limit_gb BIGINT NOT NULL CHECK (daily_limit_gb >= 0),
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    used BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
    held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    day BIGINT NOT NULL DEFAULT 0,
    day_used BIGINT NOT NULL DEFAULT 0 CHECK (day_used >= 0),
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX account_live_username ON account (username) WHERE deleted_at IS NULL;
CREATE INDEX account_of_customer ON account (customer_id, username);

-- `order` is a word of SQL.
CREATE TABLE orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    trade_no TEXT NOT NULL UNIQUE CHECK (length(trade_no) = 28),
    product_type BIGINT NOT NULL,
    title TEXT NOT NULL,
    status BIGINT NOT NULL,
    total_fee BIGINT NOT NULL CHECK (total_fee >= 0),
    pay_fee BIGINT NOT NULL CHECK (pay_fee >= 0),
    created_at BIGINT NOT NULL,
    paid_at BIGINT
);
CREATE INDEX orders_of_customer ON orders (customer_id);

-- `announced`: whether gateways were told that its validity began.
CREATE TABLE package (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    order_id BIGINT NOT NULL REFERENCES orders (id),
    product_type BIGINT NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0),
    used BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
    held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    starts_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    announced BOOLEAN NOT NULL,
    CHECK (used + held <= size)
);
CREATE INDEX package_by_expiry ON package (customer_id, product_type, expires_at);
CREATE INDEX package_of_order ON package (order_id);
CREATE INDEX package_unannounced ON package (starts_at) WHERE NOT announced;

CREATE TABLE node (
    id BIGINT PRIMARY KEY,
    first_contact BIGINT NOT NULL,
    last_contact BIGINT NOT NULL
);

-- Numbers are never given twice: a late report must not find another lease under its number.
CREATE TABLE lease (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node_id BIGINT NOT NULL REFERENCES node (id),
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    account_id BIGINT NOT NULL REFERENCES account (id),
    package_id BIGINT NOT NULL REFERENCES package (id),
    ceiling BIGINT NOT NULL,
    used BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
    lapsed BOOLEAN NOT NULL DEFAULT FALSE,
    lapses_at BIGINT NOT NULL,
    CHECK (used <= ceiling)
);
CREATE INDEX lease_of_node ON lease (node_id, account_id);
CREATE INDEX lease_by_lapse ON lease (lapsed, lapses_at);

-- `account_id` 0: traffic without an account.
CREATE TABLE usage (
    customer_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    product_type BIGINT NOT NULL,
    span_ms BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    bytes BIGINT NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (customer_id, account_id, product_type, span_ms, starts_at)
);
CREATE INDEX usage_by_time ON usage (customer_id, starts_at);
CREATE INDEX usage_by_span ON usage (span_ms, starts_at);

CREATE TABLE feed (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    subject BIGINT NOT NULL
);

-- One row. `seq` is the newest number given, `trimmed` the newest whose row is gone.
CREATE TABLE feed_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    trimmed BIGINT NOT NULL
);
INSERT INTO feed_head (id, seq, trimmed) VALUES (1, 0, 0);

CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    customer_id BIGINT,
    detail TEXT NOT NULL
);
CREATE INDEX audit_of_customer ON audit (customer_id, at);
