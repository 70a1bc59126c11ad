-- Up to when what was granted of a package with a bandwidth has flowed, in microseconds.
ALTER TABLE package ADD COLUMN paid_until_us BIGINT NOT NULL DEFAULT 0;

-- How many connections a gateway may have open for an account of a time plan. All rows of a package never come to more than its
-- plan has. `seat_round`: the last round of seats that a gateway's incarnation has made.
CREATE TABLE seat (
    node_id BIGINT NOT NULL REFERENCES node (id),
    account_id BIGINT NOT NULL REFERENCES account (id),
    customer_id BIGINT NOT NULL REFERENCES customer (id),
    package_id BIGINT NOT NULL REFERENCES package (id),
    seats BIGINT NOT NULL CHECK (seats > 0),
    PRIMARY KEY (node_id, account_id)
);
CREATE INDEX seat_of_package ON seat (package_id);
ALTER TABLE node ADD COLUMN seat_round BIGINT NOT NULL DEFAULT 0 CHECK (seat_round >= 0);
