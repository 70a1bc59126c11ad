-- Ways for traffic to leave. `name` is the operator's own. `route` is as it is written: `direct`, an address, an IPv6 prefix,
-- `http://host:port` or `socks5://host:port`; the last two may have a login, its username a template, its password sealed.
-- `places` is a JSON list of [country, state, what follows the country in its ISO 3166-2 code, city], `product_types` one of
-- numbers. `capacity` NULL is without a limit. `state` 0 active, 1 draining, 2 maintenance, 3 down; `provenance` 0 owned,
-- 1 contracted, `evidence` a note on that. `seen` and `fault` are what came of the last check, the address seen from outside and
-- what was missing.
CREATE TABLE exit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    route TEXT NOT NULL,
    username TEXT,
    password_sealed BLOB,
    places TEXT NOT NULL,
    product_types TEXT NOT NULL,
    capacity INTEGER CHECK (capacity >= 1),
    weight INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 1000),
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2, 3)),
    provenance INTEGER NOT NULL CHECK (provenance IN (0, 1)),
    evidence TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    checked_at INTEGER,
    seen TEXT,
    fault TEXT
) STRICT;

-- The exit that an address to sell is behind; NULL for an address of the gateways' own hosts.
ALTER TABLE static_ip ADD COLUMN exit_id INTEGER REFERENCES exit (id);
CREATE INDEX static_ip_behind ON static_ip (exit_id) WHERE exit_id IS NOT NULL;

-- Batches in which gateways told which exits their sessions keep; the change feed names them.
CREATE TABLE pin_batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX pin_batch_by_age ON pin_batch (at);

-- Which exit a session keeps, and until when; `follows` is when its last life ended, `moves` counts how often its exit died.
-- The exit may be gone.
CREATE TABLE pin (
    key BLOB PRIMARY KEY CHECK (length(key) = 16),
    exit_id INTEGER NOT NULL,
    follows INTEGER NOT NULL,
    until INTEGER NOT NULL,
    moves INTEGER NOT NULL CHECK (moves >= 0),
    batch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pin_of_batch ON pin (batch);
CREATE INDEX pin_by_end ON pin (until);
