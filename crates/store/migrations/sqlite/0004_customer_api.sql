-- `sessions` counts what ended every session of a customer; `NULL` quotas are the configured ones.
ALTER TABLE customer ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE customer ADD COLUMN most_accounts INTEGER CHECK (most_accounts >= 0);
ALTER TABLE customer ADD COLUMN most_sources INTEGER CHECK (most_sources >= 0);

-- Whether the account may use UDP.
ALTER TABLE account ADD COLUMN udp INTEGER NOT NULL DEFAULT FALSE CHECK (udp IN (FALSE, TRUE));
CREATE INDEX account_live_of_customer ON account (customer_id, id) WHERE deleted_at IS NULL;

-- The allow list: addresses in their canonical form that may connect without credentials.
CREATE TABLE allowed_source (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    ip TEXT NOT NULL,
    remark TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (customer_id, ip)
) STRICT;

-- Requests that were carried out under an idempotency key. A row is written in the transaction of what was done;
-- `answer` is sealed, and absent until it is known.
CREATE TABLE once (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    answer BLOB,
    begun_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX once_by_age ON once (begun_at);
