-- What a machine shows that may run gateways. `mac` finds it; it is shown once only.
CREATE TABLE node_credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    mac BLOB NOT NULL UNIQUE,
    enrolled_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX node_credential_live_name ON node_credential (name) WHERE revoked_at IS NULL;

-- `credential_id` is NULL for a gateway in the same process as the store. `applied`: the place in the feed up to which
-- every change is in force there. `left_at`: it has drained and settled everything.
ALTER TABLE node ADD COLUMN credential_id INTEGER REFERENCES node_credential (id);
ALTER TABLE node ADD COLUMN applied INTEGER NOT NULL DEFAULT 0;
ALTER TABLE node ADD COLUMN left_at INTEGER;

-- What the operator asks all gateways, and what each answers. Rows live for minutes.
CREATE TABLE question (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ask TEXT NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;
CREATE TABLE answer (
    question_id INTEGER NOT NULL,
    node_id INTEGER NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (question_id, node_id)
) STRICT, WITHOUT ROWID;
