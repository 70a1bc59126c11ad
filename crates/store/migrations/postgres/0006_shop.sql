-- The shop: ledger, catalogue, orders, coupons, payments, static IPs. Money is minor units of the one currency.

-- One row: what an installation's money is, for good.
CREATE TABLE shop (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    currency TEXT NOT NULL CHECK (length(currency) = 3)
);

-- The journal. Rows are only ever added. `cause` is what an entry was made for, such as `order:17:pay`: nothing is booked
-- twice.
CREATE TABLE entry (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    cause TEXT NOT NULL UNIQUE,
    order_id BIGINT REFERENCES orders (id),
    detail TEXT NOT NULL
);
CREATE INDEX entry_of_order ON entry (order_id) WHERE order_id IS NOT NULL;

-- Amounts of an entry add up to 0. `book` is the number of a ledger account; wallets have a customer, others have 0.
CREATE TABLE posting (
    entry_id BIGINT NOT NULL REFERENCES entry (id),
    book BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry_id, book, customer_id)
);
CREATE INDEX posting_of_customer ON posting (customer_id, entry_id) WHERE customer_id <> 0;


CREATE FUNCTION journal_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END $$;
CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION journal_stays();
CREATE TRIGGER posting_stays BEFORE UPDATE OR DELETE ON posting FOR EACH ROW EXECUTE FUNCTION journal_stays();

-- What the journal comes to for each customer.
CREATE TABLE wallet (
    customer_id BIGINT PRIMARY KEY REFERENCES customer (id),
    balance BIGINT NOT NULL DEFAULT 0 CHECK (balance >= 0)
);

-- What is sold. `size` is the traffic of one unit in bytes, NULL without a limit; `validity_s` how long it is valid;
-- `ip_type` the kind of static IP that a renewal, a change quota or an add-on is for; `stock` NULL without a limit.
-- `terms` is JSON: prices by quantity, by country, and the parts a time plan is put together of.
CREATE TABLE product (
    id BIGINT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    product_type BIGINT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    on_sale BOOLEAN NOT NULL,
    rank BIGINT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    size BIGINT CHECK (size > 0),
    validity_s BIGINT NOT NULL CHECK (validity_s > 0),
    ip_type BIGINT,
    least BIGINT NOT NULL CHECK (least >= 1),
    most BIGINT NOT NULL CHECK (most >= least),
    stock BIGINT CHECK (stock >= 0),
    terms TEXT NOT NULL
);

-- More is paid in than was paid out, from an amount on: `ratio` in ten-thousandths.
CREATE TABLE recharge_tier (
    amount BIGINT PRIMARY KEY CHECK (amount > 0),
    ratio BIGINT NOT NULL CHECK (ratio >= 10000)
);

-- `percent` in hundredths of a percent, or `amount`. `scope` is JSON: product codes and types; empty means all. Customers
-- see what is `listed`; of the others they must know the code.
CREATE TABLE coupon (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    percent BIGINT CHECK (percent BETWEEN 1 AND 10000),
    amount BIGINT CHECK (amount > 0),
    scope TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    most_uses BIGINT CHECK (most_uses > 0),
    most_uses_each BIGINT CHECK (most_uses_each > 0),
    customer_id BIGINT REFERENCES customer (id),
    uses BIGINT NOT NULL DEFAULT 0 CHECK (uses >= 0),
    listed BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    CHECK ((percent IS NULL) <> (amount IS NULL)),
    CHECK (most_uses IS NULL OR uses <= most_uses)
);

-- How often a customer has used a coupon, in orders that are not closed.
CREATE TABLE coupon_use (
    coupon_id BIGINT NOT NULL REFERENCES coupon (id),
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    uses BIGINT NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (coupon_id, customer_id)
);

-- `invitation_order_id`: the one order that had the discount for being invited.
ALTER TABLE customer ADD COLUMN invite_code TEXT;
ALTER TABLE customer ADD COLUMN invited_by BIGINT REFERENCES customer (id);
ALTER TABLE customer ADD COLUMN invitation_order_id BIGINT REFERENCES orders (id);
ALTER TABLE customer ADD COLUMN ip_changes BIGINT NOT NULL DEFAULT 0 CHECK (ip_changes >= 0);
CREATE UNIQUE INDEX customer_invite_code ON customer (invite_code) WHERE invite_code IS NOT NULL;

-- `basket` is JSON: what was ordered, as it was understood. `method` is the number of a payment method, 0 not chosen.
-- `received` is what has come in of `pay_fee` from outside and waits for the rest. `tops_up`: the order paid short.
-- An order of the operator's own has no product.
ALTER TABLE orders ADD COLUMN product_id BIGINT REFERENCES product (id);
ALTER TABLE orders ADD COLUMN amount BIGINT NOT NULL DEFAULT 1 CHECK (amount >= 1);
ALTER TABLE orders ADD COLUMN basket TEXT NOT NULL DEFAULT '{}';
ALTER TABLE orders ADD COLUMN method BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN coupon_id BIGINT REFERENCES coupon (id);
ALTER TABLE orders ADD COLUMN received BIGINT NOT NULL DEFAULT 0 CHECK (received >= 0);
ALTER TABLE orders ADD COLUMN tops_up BIGINT REFERENCES orders (id);
ALTER TABLE orders ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN ended_at BIGINT;
ALTER TABLE orders ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0 CHECK (refunded >= 0);
DROP INDEX orders_of_customer;
CREATE INDEX orders_of_customer ON orders (customer_id, id, status, product_type, created_at);
CREATE INDEX orders_awaiting ON orders (expires_at) WHERE status = 0;

-- What a payment provider told, each once; `transfer` is the operator's own word. `state` 0 parked, 1 applied,
-- 2 resolved by the operator; `why` says what was in the way, or how it was resolved.
CREATE TABLE payment_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider TEXT NOT NULL,
    event TEXT NOT NULL,
    at BIGINT NOT NULL,
    trade_no TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    state BIGINT NOT NULL CHECK (state IN (0, 1, 2)),
    why TEXT NOT NULL,
    UNIQUE (provider, event)
);
CREATE INDEX payment_event_parked ON payment_event (id) WHERE state = 0;

-- A time plan's bandwidth in kbit/s and concurrent tunnels, NULL without a limit.
CREATE TABLE time_plan (
    package_id BIGINT PRIMARY KEY REFERENCES package (id),
    bandwidth BIGINT CHECK (bandwidth > 0),
    tunnels BIGINT CHECK (tunnels > 0)
);

-- The addresses there are to sell. `state` 0 for sale, 1 held by a customer, 2 in maintenance, 3 withdrawn.
CREATE TABLE static_ip (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ip TEXT NOT NULL UNIQUE,
    product_type BIGINT NOT NULL CHECK (product_type IN (14, 25)),
    country TEXT NOT NULL CHECK (length(country) = 2),
    region TEXT NOT NULL,
    city TEXT NOT NULL,
    state BIGINT NOT NULL CHECK (state IN (0, 1, 2, 3)),
    note TEXT NOT NULL
);
CREATE INDEX static_ip_for_sale ON static_ip (product_type, country, id) WHERE state = 0;

-- Who holds an address and until when; its number is what is renewed. It ends when the grace time after `expires_at`
-- is over, or by a refund, and the address is for sale again.
CREATE TABLE holding (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    static_ip_id BIGINT NOT NULL REFERENCES static_ip (id),
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    order_id BIGINT NOT NULL REFERENCES orders (id),
    product_type BIGINT NOT NULL,
    country TEXT NOT NULL,
    remark TEXT NOT NULL DEFAULT '',
    starts_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    announced BOOLEAN NOT NULL DEFAULT TRUE,
    ended_at BIGINT
);
CREATE UNIQUE INDEX holding_live ON holding (static_ip_id) WHERE ended_at IS NULL;
CREATE INDEX holding_of_customer ON holding (customer_id, id);
CREATE INDEX holding_of_order ON holding (order_id);
CREATE INDEX holding_by_expiry ON holding (expires_at) WHERE ended_at IS NULL;

-- What is bought again by balance when it nears its end: a package by its product, or a holding by a renewal.
CREATE TABLE auto_renewal (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    package_id BIGINT REFERENCES package (id),
    holding_id BIGINT REFERENCES holding (id),
    product_id BIGINT NOT NULL REFERENCES product (id),
    amount BIGINT NOT NULL CHECK (amount >= 1),
    enabled BOOLEAN NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK ((package_id IS NULL) <> (holding_id IS NULL))
);
CREATE UNIQUE INDEX auto_renewal_of_package ON auto_renewal (package_id) WHERE package_id IS NOT NULL;
CREATE UNIQUE INDEX auto_renewal_of_holding ON auto_renewal (holding_id) WHERE holding_id IS NOT NULL;
CREATE INDEX auto_renewal_of_customer ON auto_renewal (customer_id, id);
CREATE INDEX auto_renewal_due ON auto_renewal (due_at) WHERE enabled;

-- What came of each.
CREATE TABLE auto_renewal_log (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    auto_renewal_id BIGINT NOT NULL REFERENCES auto_renewal (id),
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    at BIGINT NOT NULL,
    order_id BIGINT REFERENCES orders (id),
    outcome TEXT NOT NULL
);
CREATE INDEX auto_renewal_log_of_customer ON auto_renewal_log (customer_id, id);

-- What the operator tells customers.
CREATE TABLE article (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
