-- What programs show that act for the operator. `mac` finds a token; it is shown once only. `scopes` are words parted
-- by blanks. `used_on`: the last day on which it was used, counted from 1970.
CREATE TABLE operator_token (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    mac BYTEA NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    used_on BIGINT
);
CREATE UNIQUE INDEX operator_token_live_name ON operator_token (name) WHERE revoked_at IS NULL;

-- Why it was done, in the operator's own words.
ALTER TABLE audit ADD COLUMN reason TEXT NOT NULL DEFAULT '';
-- The audit is read newest first.
DROP INDEX audit_of_customer;
CREATE INDEX audit_of_customer ON audit (customer_id, id);
