//! Bytes: the data plane, without a database.
