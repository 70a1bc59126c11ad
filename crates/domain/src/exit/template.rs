//! The username that an upstream proxy is given: a text with places to fill in, so that one contracted account serves many
//! places and sessions.

use serde::{Deserialize, Serialize};

use super::ExitPlace;

/// A username with `{cc}`, `{CC}`, `{state}`, `{city}`, `{session}` and `{life}` in it. What stands in square brackets is left out when
/// a value in it is not known: `user-country-{cc}[-city-{city}][-session-{session}]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LoginTemplate {
    text: Box<str>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Value(Value),
    Optional(Vec<Piece>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Country,
    CountryCapital,
    State,
    City,
    Session,
    Life,
}

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    /// Where the exit shall be.
    pub place: &'a ExitPlace,
    /// A name for the session; the same for the same session.
    pub session: Option<&'a str>,
    /// For how long the session keeps its exit, in minutes.
    pub life: Option<u16>,
}

impl LoginTemplate {
    /// The longest template and the longest username, in bytes (RFC 1929 has one byte for the length).
    pub const LONGEST: usize = 255;

    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.is_empty() || text.len() > Self::LONGEST {
            return Err(TemplateError::Length);
        }
        if text.chars().any(|character| character.is_control() || character == ':') {
            return Err(TemplateError::Character);
        }
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find(['[', ']']) {
            let (before, from) = rest.split_at(at);
            plain(before, &mut pieces)?;
            let inner = from.strip_prefix('[').ok_or(TemplateError::Brackets)?;
            let (inside, after) = inner.split_once(']').ok_or(TemplateError::Brackets)?;
            if inside.contains('[') {
                return Err(TemplateError::Brackets);
            }
            let mut optional = Vec::new();
            plain(inside, &mut optional)?;
            pieces.push(Piece::Optional(optional));
            rest = after;
        }
        plain(rest, &mut pieces)?;
        Ok(Self { text: text.into(), pieces })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The username for a place and a session. What is not known and not in brackets is left empty. Cut off at
    /// [`LoginTemplate::LONGEST`].
    pub fn fill(&self, filling: &Filling<'_>) -> String {
        let mut username = String::with_capacity(self.text.len());
        for piece in &self.pieces {
            piece.write(filling, &mut username);
        }
        let end = (0..=Self::LONGEST).rev().find(|end| username.is_char_boundary(*end)).unwrap_or(0);
        username.truncate(end);
        username
    }

    /// Whether each session can have an exit of its own behind it.
    pub fn tells_sessions(&self) -> bool {
        self.text.contains("{session}")
    }
}

/// Text and values without brackets.
fn plain(mut text: &str, pieces: &mut Vec<Piece>) -> Result<(), TemplateError> {
    while let Some((before, after)) = text.split_once('{') {
        let (name, rest) = after.split_once('}').ok_or(TemplateError::Braces)?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before.into()));
        }
        pieces.push(Piece::Value(Value::named(name).ok_or(TemplateError::Unknown)?));
        text = rest;
    }
    if text.contains('}') {
        return Err(TemplateError::Braces);
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
    Ok(())
}

impl Piece {
    fn write(&self, filling: &Filling<'_>, username: &mut String) {
        match self {
            Self::Text(text) => username.push_str(text),
            Self::Value(value) => username.push_str(&value.of(filling).unwrap_or_default()),
            Self::Optional(pieces) => {
                let is_known = |piece: &Self| !matches!(piece, Self::Value(value) if value.of(filling).is_none());
                if pieces.iter().all(is_known) {
                    for piece in pieces {
                        piece.write(filling, username);
                    }
                }
            }
        }
    }
}

impl Value {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "cc" => Self::Country,
            "CC" => Self::CountryCapital,
            "state" => Self::State,
            "city" => Self::City,
            "session" => Self::Session,
            "life" => Self::Life,
            _ => return None,
        })
    }

    fn of(self, filling: &Filling<'_>) -> Option<String> {
        let place = filling.place;
        match self {
            Self::Country => Some(place.country.as_str().to_ascii_lowercase()),
            Self::CountryCapital => Some(place.country.to_string()),
            Self::State => place.region.as_ref().map(|region| region.name.to_string()),
            Self::City => place.city.as_ref().map(ToString::to_string),
            Self::Session => filling.session.map(str::to_owned),
            Self::Life => filling.life.map(|life| life.to_string()),
        }
    }
}

impl From<LoginTemplate> for String {
    fn from(template: LoginTemplate) -> Self {
        template.text.into()
    }
}

impl TryFrom<String> for LoginTemplate {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        Self::parse(&text)
    }
}

/// Why a text is no username for an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Empty or too long.
    #[error("an upstream's username must have 1 to 255 bytes")]
    Length,
    /// A colon, or a control character: neither protocol can carry it.
    #[error("an upstream's username must not hold colons or control characters")]
    Character,
    /// Square brackets that do not match, or stand in one another.
    #[error("square brackets in an upstream's username must come in pairs, none within another")]
    Brackets,
    /// Braces that do not match.
    #[error("braces in an upstream's username must come in pairs")]
    Braces,
    /// A value there is not.
    #[error(
        "in an upstream's username only {{cc}}, {{CC}}, {{state}}, {{city}}, {{session}} and {{life}} can be filled in"
    )]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, place: &str, session: Option<&str>) -> String {
        let place = ExitPlace::parse(place).unwrap();
        LoginTemplate::parse(template).unwrap().fill(&Filling { place: &place, session, life: session.map(|_| 30) })
    }

    #[test]
    fn values_are_filled_in_and_unknown_parts_left_out() {
        let vendor = "acme-country-{cc}[-state-{state}][-city-{city}][-session-{session}-time-{life}]";
        assert_eq!(
            filled(vendor, "US/Texas/Austin", Some("a1")),
            "acme-country-us-state-Texas-city-Austin-session-a1-time-30"
        );
        assert_eq!(filled(vendor, "US", None), "acme-country-us");
        assert_eq!(filled("plain", "US", Some("a")), "plain");
        assert_eq!(filled("{CC}.{city}", "DE", None), "DE.");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for (text, error) in [
            ("", TemplateError::Length),
            ("a:b", TemplateError::Character),
            ("a\n", TemplateError::Character),
            ("a[b", TemplateError::Brackets),
            ("a]b", TemplateError::Brackets),
            ("a[b[c]]", TemplateError::Brackets),
            ("a{cc", TemplateError::Braces),
            ("a}b", TemplateError::Braces),
            ("{zip}", TemplateError::Unknown),
        ] {
            assert_eq!(LoginTemplate::parse(text), Err(error), "{text}");
        }
        assert_eq!(LoginTemplate::parse(&"x".repeat(256)), Err(TemplateError::Length));
    }
}
