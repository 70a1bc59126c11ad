-- What a customer's traffic without a login is booked to. Nobody is shown it or logs in to it, so it counts as deleted.
ALTER TABLE account ADD COLUMN nameless INTEGER NOT NULL DEFAULT FALSE CHECK (nameless IN (FALSE, TRUE));
CREATE UNIQUE INDEX account_nameless ON account (customer_id, product_type) WHERE nameless;

-- Whoever gives out ports of an entry has its row locked.
CREATE TABLE network_entry (
    name TEXT PRIMARY KEY
) STRICT;

-- Endpoints that gateways are told of together; the change feed names the batch. `bound_by` is the first gateway that listened
-- on its ports, `failed` a JSON list of the endpoints that it could not bind. Numbers are drawn.
CREATE TABLE endpoint_batch (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    bound_by INTEGER,
    failed TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX endpoint_batch_by_age ON endpoint_batch (at);

-- Ports that are given out. `country`, `state` and `city` are where its exit shall be, as they are compared, NULL for anywhere;
-- `holding_id` names the static IP that an endpoint leaves by, which lasts as long as that is held. `batch` is the one in which
-- gateways were told last.
CREATE TABLE endpoint (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry TEXT NOT NULL REFERENCES network_entry (name),
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    account_id INTEGER NOT NULL REFERENCES account (id),
    product_type INTEGER NOT NULL,
    country TEXT,
    state TEXT,
    city TEXT,
    holding_id INTEGER REFERENCES holding (id),
    batch INTEGER NOT NULL REFERENCES endpoint_batch (id),
    created_at INTEGER NOT NULL,
    ends_at INTEGER,
    ended_at INTEGER,
    CHECK ((ends_at IS NULL) = (holding_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX endpoint_live ON endpoint (entry, port) WHERE ended_at IS NULL;
CREATE INDEX endpoint_live_of_customer ON endpoint (customer_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX endpoint_of_holding ON endpoint (holding_id) WHERE holding_id IS NOT NULL AND ended_at IS NULL;
CREATE INDEX endpoint_of_batch ON endpoint (batch);
CREATE INDEX endpoint_by_end ON endpoint (ends_at) WHERE ended_at IS NULL;
CREATE INDEX endpoint_ended ON endpoint (ended_at) WHERE ended_at IS NOT NULL;
