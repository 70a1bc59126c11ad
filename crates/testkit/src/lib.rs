//! Fixtures, ephemeral stores and a counting origin, for tests only.
