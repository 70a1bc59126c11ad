//! JSON for programs: the customer API.
