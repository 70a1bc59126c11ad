-- Ways for traffic to leave. `name` is the operator's own. `route` is as it is written: `direct`, an address, an IPv6 prefix,
-- `http://host:port` or `socks5://host:port`; the last two may have a login, its username a template, its password sealed.
-- `places` is a JSON list of [country, state, what follows the country in its ISO 3166-2 code, city], `product_types` one of
-- numbers. `capacity` NULL is without a limit. `state` 0 active, 1 draining, 2 maintenance, 3 down; `provenance` 0 owned,
-- 1 contracted, `evidence` a note on that. `seen` and `fault` are what came of the last check, the address seen from outside and
-- what was missing.
CREATE TABLE exit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    route TEXT NOT NULL,
    username TEXT,
    password_sealed BYTEA,
    places TEXT NOT NULL,
    product_types TEXT NOT NULL,
    capacity BIGINT CHECK (capacity >= 1),
    weight BIGINT NOT NULL CHECK (weight BETWEEN 1 AND 1000),
    state BIGINT NOT NULL CHECK (state IN (0, 1, 2, 3)),
    provenance BIGINT NOT NULL CHECK (provenance IN (0, 1)),
    evidence TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    checked_at BIGINT,
    seen TEXT,
    fault TEXT
);

-- The exit that an address to sell is behind; NULL for an address of the gateways' own hosts.
ALTER TABLE static_ip ADD COLUMN exit_id BIGINT REFERENCES exit (id);
CREATE INDEX static_ip_behind ON static_ip (exit_id) WHERE exit_id IS NOT NULL;

-- Batches in which gateways told which exits their sessions keep; the change feed names them.
CREATE TABLE pin_batch (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX pin_batch_by_age ON pin_batch (at);

-- Which exit a session keeps, and until when; `follows` is when its last life ended, `moves` counts how often its exit died.
-- The exit may be gone.
CREATE TABLE pin (
    key BYTEA PRIMARY KEY CHECK (length(key) = 16),
    exit_id BIGINT NOT NULL,
    follows BIGINT NOT NULL,
    until BIGINT NOT NULL,
    moves BIGINT NOT NULL CHECK (moves >= 0),
    batch BIGINT NOT NULL
);
CREATE INDEX pin_of_batch ON pin (batch);
CREATE INDEX pin_by_end ON pin (until);
