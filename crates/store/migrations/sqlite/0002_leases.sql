-- `boot`: the opening of its spool file whose leases these are. `exchange`: the last one that was carried out.
ALTER TABLE node ADD COLUMN boot INTEGER NOT NULL DEFAULT 0 CHECK (boot >= 0);
ALTER TABLE node ADD COLUMN exchange INTEGER NOT NULL DEFAULT 0 CHECK (exchange >= 0);

-- What its gateway has written of a lease, acknowledged or not.
ALTER TABLE lease ADD COLUMN written INTEGER NOT NULL DEFAULT 0 CHECK (written >= 0);
UPDATE lease SET written = used;
