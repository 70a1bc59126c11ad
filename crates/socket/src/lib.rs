//! Safe wrappers for socket facts no other crate offers.
