-- What became of customers' connections that failed, as gateways have told. `account_id` is NULL where many are counted together
-- (`count` of them); `username` is the account's name at the time. `protocol`, `place`, `status` and what belongs to an endpoint
-- are NULL where there is nothing to say; `host` is NULL when the client had not said where to. Never a path or a payload.
CREATE TABLE activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    account_id INTEGER,
    username TEXT NOT NULL,
    endpoint_id INTEGER,
    endpoint_port INTEGER,
    protocol TEXT,
    host TEXT,
    port INTEGER,
    place TEXT,
    reason TEXT NOT NULL,
    status INTEGER,
    count INTEGER NOT NULL CHECK (count >= 1)
) STRICT;
CREATE INDEX activity_of_customer ON activity (customer_id, at, id);
CREATE INDEX activity_by_age ON activity (at);
