-- What a machine shows that may run gateways. `mac` finds it; it is shown once only.
CREATE TABLE node_credential (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    mac BYTEA NOT NULL UNIQUE,
    enrolled_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX node_credential_live_name ON node_credential (name) WHERE revoked_at IS NULL;

-- `credential_id` is NULL for a gateway in the same process as the store. `applied`: the place in the feed up to which
-- every change is in force there. `left_at`: it has drained and settled everything.
ALTER TABLE node ADD COLUMN credential_id BIGINT REFERENCES node_credential (id);
ALTER TABLE node ADD COLUMN applied BIGINT NOT NULL DEFAULT 0;
ALTER TABLE node ADD COLUMN left_at BIGINT;

-- What the operator asks all gateways, and what each answers. Rows live for minutes.
CREATE TABLE question (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ask TEXT NOT NULL,
    asked_at BIGINT NOT NULL
);
CREATE TABLE answer (
    question_id BIGINT NOT NULL,
    node_id BIGINT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (question_id, node_id)
);
