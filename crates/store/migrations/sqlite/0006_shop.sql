-- The shop: ledger, catalogue, orders, coupons, payments, static IPs. Money is minor units of the one currency.

-- One row: what an installation's money is, for good.
CREATE TABLE shop (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    currency TEXT NOT NULL CHECK (length(currency) = 3)
) STRICT;

-- The journal. Rows are only ever added. `cause` is what an entry was made for, such as `order:17:pay`: nothing is booked
-- twice.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    cause TEXT NOT NULL UNIQUE,
    order_id INTEGER REFERENCES orders (id),
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX entry_of_order ON entry (order_id) WHERE order_id IS NOT NULL;

-- Amounts of an entry add up to 0. `book` is the number of a ledger account; wallets have a customer, others have 0.
CREATE TABLE posting (
    entry_id INTEGER NOT NULL REFERENCES entry (id),
    book INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry_id, book, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX posting_of_customer ON posting (customer_id, entry_id) WHERE customer_id <> 0;

CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER posting_stays BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER posting_is_kept BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- What the journal comes to for each customer.
CREATE TABLE wallet (
    customer_id INTEGER PRIMARY KEY REFERENCES customer (id),
    balance INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0)
) STRICT;

-- What is sold. `size` is the traffic of one unit in bytes, NULL without a limit; `validity_s` how long it is valid;
-- `ip_type` the kind of static IP that a renewal, a change quota or an add-on is for; `stock` NULL without a limit.
-- `terms` is JSON: prices by quantity, by country, and the parts a time plan is put together of.
CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    product_type INTEGER NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    on_sale INTEGER NOT NULL CHECK (on_sale IN (FALSE, TRUE)),
    rank INTEGER NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    size INTEGER CHECK (size > 0),
    validity_s INTEGER NOT NULL CHECK (validity_s > 0),
    ip_type INTEGER,
    least INTEGER NOT NULL CHECK (least >= 1),
    most INTEGER NOT NULL CHECK (most >= least),
    stock INTEGER CHECK (stock >= 0),
    terms TEXT NOT NULL
) STRICT;

-- More is paid in than was paid out, from an amount on: `ratio` in ten-thousandths.
CREATE TABLE recharge_tier (
    amount INTEGER PRIMARY KEY CHECK (amount > 0),
    ratio INTEGER NOT NULL CHECK (ratio >= 10000)
) STRICT;

-- `percent` in hundredths of a percent, or `amount`. `scope` is JSON: product codes and types; empty means all. Customers
-- see what is `listed`; of the others they must know the code.
CREATE TABLE coupon (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    percent INTEGER CHECK (percent BETWEEN 1 AND 10000),
    amount INTEGER CHECK (amount > 0),
    scope TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    most_uses INTEGER CHECK (most_uses > 0),
    most_uses_each INTEGER CHECK (most_uses_each > 0),
    customer_id INTEGER REFERENCES customer (id),
    uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
    listed INTEGER NOT NULL CHECK (listed IN (FALSE, TRUE)),
    enabled INTEGER NOT NULL DEFAULT TRUE CHECK (enabled IN (FALSE, TRUE)),
    CHECK ((percent IS NULL) <> (amount IS NULL)),
    CHECK (most_uses IS NULL OR uses <= most_uses)
) STRICT;

-- How often a customer has used a coupon, in orders that are not closed.
CREATE TABLE coupon_use (
    coupon_id INTEGER NOT NULL REFERENCES coupon (id),
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    uses INTEGER NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (coupon_id, customer_id)
) STRICT, WITHOUT ROWID;

-- `invitation_order_id`: the one order that had the discount for being invited.
ALTER TABLE customer ADD COLUMN invite_code TEXT;
ALTER TABLE customer ADD COLUMN invited_by INTEGER REFERENCES customer (id);
ALTER TABLE customer ADD COLUMN invitation_order_id INTEGER REFERENCES orders (id);
ALTER TABLE customer ADD COLUMN ip_changes INTEGER NOT NULL DEFAULT 0 CHECK (ip_changes >= 0);
CREATE UNIQUE INDEX customer_invite_code ON customer (invite_code) WHERE invite_code IS NOT NULL;

-- `basket` is JSON: what was ordered, as it was understood. `method` is the number of a payment method, 0 not chosen.
-- `received` is what has come in of `pay_fee` from outside and waits for the rest. `tops_up`: the order paid short.
-- An order of the operator's own has no product.
ALTER TABLE orders ADD COLUMN product_id INTEGER REFERENCES product (id);
ALTER TABLE orders ADD COLUMN amount INTEGER NOT NULL DEFAULT 1 CHECK (amount >= 1);
ALTER TABLE orders ADD COLUMN basket TEXT NOT NULL DEFAULT '{}';
ALTER TABLE orders ADD COLUMN method INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN coupon_id INTEGER REFERENCES coupon (id);
ALTER TABLE orders ADD COLUMN received INTEGER NOT NULL DEFAULT 0 CHECK (received >= 0);
ALTER TABLE orders ADD COLUMN tops_up INTEGER REFERENCES orders (id);
ALTER TABLE orders ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN ended_at INTEGER;
ALTER TABLE orders ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0);
DROP INDEX orders_of_customer;
CREATE INDEX orders_of_customer ON orders (customer_id, id, status, product_type, created_at);
CREATE INDEX orders_awaiting ON orders (expires_at) WHERE status = 0;

-- What a payment provider told, each once; `transfer` is the operator's own word. `state` 0 parked, 1 applied,
-- 2 resolved by the operator; `why` says what was in the way, or how it was resolved.
CREATE TABLE payment_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    event TEXT NOT NULL,
    at INTEGER NOT NULL,
    trade_no TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    why TEXT NOT NULL,
    UNIQUE (provider, event)
) STRICT;
CREATE INDEX payment_event_parked ON payment_event (id) WHERE state = 0;

-- A time plan's bandwidth in kbit/s and concurrent tunnels, NULL without a limit.
CREATE TABLE time_plan (
    package_id INTEGER PRIMARY KEY REFERENCES package (id),
    bandwidth INTEGER CHECK (bandwidth > 0),
    tunnels INTEGER CHECK (tunnels > 0)
) STRICT;

-- The addresses there are to sell. `state` 0 for sale, 1 held by a customer, 2 in maintenance, 3 withdrawn.
CREATE TABLE static_ip (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ip TEXT NOT NULL UNIQUE,
    product_type INTEGER NOT NULL CHECK (product_type IN (14, 25)),
    country TEXT NOT NULL CHECK (length(country) = 2),
    region TEXT NOT NULL,
    city TEXT NOT NULL,
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2, 3)),
    note TEXT NOT NULL
) STRICT;
CREATE INDEX static_ip_for_sale ON static_ip (product_type, country, id) WHERE state = 0;

-- Who holds an address and until when; its number is what is renewed. It ends when the grace time after `expires_at`
-- is over, or by a refund, and the address is for sale again.
CREATE TABLE holding (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    static_ip_id INTEGER NOT NULL REFERENCES static_ip (id),
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    product_type INTEGER NOT NULL,
    country TEXT NOT NULL,
    remark TEXT NOT NULL DEFAULT '',
    starts_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    announced INTEGER NOT NULL DEFAULT TRUE CHECK (announced IN (FALSE, TRUE)),
    ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX holding_live ON holding (static_ip_id) WHERE ended_at IS NULL;
CREATE INDEX holding_of_customer ON holding (customer_id, id);
CREATE INDEX holding_of_order ON holding (order_id);
CREATE INDEX holding_by_expiry ON holding (expires_at) WHERE ended_at IS NULL;

-- What is bought again by balance when it nears its end: a package by its product, or a holding by a renewal.
CREATE TABLE auto_renewal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    package_id INTEGER REFERENCES package (id),
    holding_id INTEGER REFERENCES holding (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    amount INTEGER NOT NULL CHECK (amount >= 1),
    enabled INTEGER NOT NULL CHECK (enabled IN (FALSE, TRUE)),
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK ((package_id IS NULL) <> (holding_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX auto_renewal_of_package ON auto_renewal (package_id) WHERE package_id IS NOT NULL;
CREATE UNIQUE INDEX auto_renewal_of_holding ON auto_renewal (holding_id) WHERE holding_id IS NOT NULL;
CREATE INDEX auto_renewal_of_customer ON auto_renewal (customer_id, id);
CREATE INDEX auto_renewal_due ON auto_renewal (due_at) WHERE enabled;

-- What came of each.
CREATE TABLE auto_renewal_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    auto_renewal_id INTEGER NOT NULL REFERENCES auto_renewal (id),
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    at INTEGER NOT NULL,
    order_id INTEGER REFERENCES orders (id),
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX auto_renewal_log_of_customer ON auto_renewal_log (customer_id, id);

-- What the operator tells customers.
CREATE TABLE article (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;
