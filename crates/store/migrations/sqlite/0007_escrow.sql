-- Whether a lease stays held after its gateway fell silent, in case the spool file comes back.
ALTER TABLE lease ADD COLUMN escrowed INTEGER NOT NULL DEFAULT FALSE;
