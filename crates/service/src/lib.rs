//! What a person can do: one act per file, each one transaction.
