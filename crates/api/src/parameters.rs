//! What a caller gave, untyped: names and values from the query and the body, merged (contract 0.2).
//!
//! Bodies are JSON objects, URL-encoded forms or multipart forms. Nothing here knows any endpoint.

mod form;
mod json;

use std::collections::BTreeMap;

use bytes::Bytes;

/// At most so many parameters are taken from a query or a body.
pub const MOST_PARAMETERS: usize = 1000;

/// One value, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A text.
    Text(String),
    /// A JSON number, in its own digits.
    Number(String),
    /// A JSON boolean.
    Boolean(bool),
    /// JSON's `null`: as good as not given.
    Null,
    /// A list, an object, or bytes that are no text.
    Unusable,
    /// Twice in one place, with different values.
    Repeated,
}

impl Given {
    /// Whether it is the empty text, which mostly means that nothing was given.
    pub fn is_empty_text(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

/// How a body is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// A JSON object.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`, with its boundary.
    Multipart(String),
}

/// Why a query or body yields no parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not JSON.
    #[error("not valid JSON")]
    Json,
    /// JSON that is nested too deeply.
    #[error("JSON nested too deeply")]
    JsonTooDeep,
    /// JSON, but no object.
    #[error("JSON, but not an object")]
    JsonNoObject,
    /// Not multipart.
    #[error("not a valid multipart form")]
    Multipart,
    /// More than [`MOST_PARAMETERS`].
    #[error("too many parameters")]
    TooMany,
}

/// The parameters of a call, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, Given>);

impl Parameters {
    /// Reads a query string.
    ///
    /// # Errors
    /// [`Malformed::TooMany`].
    pub fn of_query(query: &str) -> Result<Self, Malformed> {
        form::read(query.as_bytes())
    }

    /// Reads a body. An empty one holds no parameters, whatever its kind.
    ///
    /// # Errors
    /// [`Malformed`] says why it cannot be read.
    pub async fn of_body(kind: &BodyKind, body: Bytes) -> Result<Self, Malformed> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        match kind {
            BodyKind::Json => json::read(&body),
            BodyKind::Form => form::read(&body),
            BodyKind::Multipart(boundary) => form::read_multipart(body, boundary).await,
        }
    }

    /// These, with those of `stronger` in place of the same names.
    #[must_use]
    pub fn overridden_by(mut self, stronger: Self) -> Self {
        self.0.extend(stronger.0);
        self
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Given> {
        self.0.get(name)
    }

    /// Every name with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Given)> {
        self.0.iter().map(|(name, given)| (name.as_str(), given))
    }

    /// The value of a name, when it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Given::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn add(&mut self, name: String, value: Given) -> Result<(), Malformed> {
        use std::collections::btree_map::Entry;
        let full = self.0.len() >= MOST_PARAMETERS;
        match self.0.entry(name) {
            Entry::Vacant(_) if full => return Err(Malformed::TooMany),
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(mut place) => {
                if *place.get() != value {
                    place.insert(Given::Repeated);
                }
            }
        }
        Ok(())
    }
}
