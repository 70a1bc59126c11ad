-- What became of customers' connections that failed, as gateways have told. `account_id` is NULL where many are counted together
-- (`count` of them); `username` is the account's name at the time. `protocol`, `place`, `status` and what belongs to an endpoint
-- are NULL where there is nothing to say; `host` is NULL when the client had not said where to. Never a path or a payload.
CREATE TABLE activity (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    account_id BIGINT,
    username TEXT NOT NULL,
    endpoint_id BIGINT,
    endpoint_port BIGINT,
    protocol TEXT,
    host TEXT,
    port BIGINT,
    place TEXT,
    reason TEXT NOT NULL,
    status BIGINT,
    count BIGINT NOT NULL CHECK (count >= 1)
);
CREATE INDEX activity_of_customer ON activity (customer_id, at, id);
CREATE INDEX activity_by_age ON activity (at);
