//! Turnpike's rules: no IO, no async, no clock, no randomness.
