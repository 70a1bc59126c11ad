//! Parameters out of a JSON object: one level is read, what lies deeper is only stepped over.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Given, Malformed, Parameters};

/// How deep lists and objects may lie in each other.
const DEEPEST: usize = 64;

pub(super) fn read(body: &[u8]) -> Result<Parameters, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| Malformed::Json)?;
    // Some clients write a byte order mark, which a reader may ignore (RFC 8259, 8.1).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    if text.is_empty() {
        return Ok(Parameters::default());
    }
    if is_too_deep(text) {
        return Err(Malformed::JsonTooDeep);
    }
    match serde_json::from_str::<TopLevel>(text) {
        Ok(top_level) => top_level.0,
        Err(error) if error.is_data() => Err(Malformed::JsonNoObject),
        Err(_) => Err(Malformed::Json),
    }
}

fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

struct TopLevel(Result<Parameters, Malformed>);

impl<'de> Deserialize<'de> for TopLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TopLevelVisitor)
    }
}

struct TopLevelVisitor;

impl<'de> Visitor<'de> for TopLevelVisitor {
    type Value = TopLevel;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopLevel, A::Error> {
        let mut parameters = Ok(Parameters::default());
        while let Some(name) = map.next_key::<String>()? {
            let value: &RawValue = map.next_value()?;
            // The rest is still read: JSON that breaks off is malformed, however much of it there is.
            parameters = parameters.and_then(|mut parameters: Parameters| {
                parameters.add(name, given(value.get()))?;
                Ok(parameters)
            });
        }
        Ok(TopLevel(parameters))
    }

    /// PHP writes an empty object as an empty list.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TopLevel, A::Error> {
        match list.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(TopLevel(Ok(Parameters::default()))),
            Some(_) => Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self)),
        }
    }

    fn visit_unit<E>(self) -> Result<TopLevel, E> {
        Ok(TopLevel(Ok(Parameters::default())))
    }
}

/// What a piece of valid JSON is.
fn given(json: &str) -> Given {
    match json.as_bytes().first() {
        // A text with half a surrogate pair is valid JSON and no text.
        Some(b'"') => serde_json::from_str(json).map_or(Given::Unusable, Given::Text),
        Some(b't') => Given::Boolean(true),
        Some(b'f') => Given::Boolean(false),
        Some(b'n') => Given::Null,
        Some(b'-' | b'0'..=b'9') => Given::Number(json.to_owned()),
        _ => Given::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(json: &str) -> Given {
        let parameters = read(format!(r#"{{"a": {json} }}"#).as_bytes()).unwrap();
        parameters.get("a").unwrap().clone()
    }

    #[test]
    fn values_come_as_they_are() {
        assert_eq!(one(r#""b\u00e9""#), Given::Text("bé".into()));
        assert_eq!(one("9.0"), Given::Number("9.0".into()));
        assert_eq!(one("-1e400"), Given::Number("-1e400".into()));
        assert_eq!(one("true"), Given::Boolean(true));
        assert_eq!(one("null"), Given::Null);
        for json in ["[]", "[9]", "{}", r#""\ud800""#] {
            assert_eq!(one(json), Given::Unusable, "{json}");
        }
        let digits = "9".repeat(100_000);
        assert_eq!(one(&digits), Given::Number(digits));
    }

    #[test]
    fn a_name_given_twice_counts_once_or_not_at_all() {
        let read = |json: &str| read(json.as_bytes()).unwrap().get("a").cloned();
        assert_eq!(read(r#"{"a":1,"a":1}"#), Some(Given::Number("1".into())));
        assert_eq!(read(r#"{"a":1,"a":2}"#), Some(Given::Repeated));
        assert_eq!(read(r#"{"a":1,"a":2,"a":1}"#), Some(Given::Repeated));
    }

    #[test]
    fn nothing_is_no_parameters() {
        for body in ["", " ", "\u{feff}", "{}", "[]", "null", "\u{feff} { } "] {
            assert_eq!(read(body.as_bytes()), Ok(Parameters::default()), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["1", "\"a\"", "true", "[1]", "[[]]", "1e400"] {
            let refusal = read(body.as_bytes()).unwrap_err();
            assert!(matches!(refusal, Malformed::JsonNoObject | Malformed::Json), "{body}");
        }
        let broken: [&[u8]; 11] = [
            b"{",
            b"}",
            b"{\"a\"}",
            b"{\"a\":1,}",
            b"{a:1}",
            b"{\"a\":1}x",
            b"{\"a\":01}",
            b"{\"a\":NaN}",
            b"{\"a\":Infinity}",
            b"{\"a\":\"\xff\"}",
            b"\xff\xfe{\0}\0",
        ];
        for body in broken {
            assert_eq!(read(body), Err(Malformed::Json), "{:?}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn depth_is_bounded_and_brackets_in_texts_do_not_count() {
        let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(63).as_bytes()).is_ok());
        assert_eq!(read(nested(64).as_bytes()), Err(Malformed::JsonTooDeep));
        assert_eq!(read(nested(100_000).as_bytes()), Err(Malformed::JsonTooDeep));
        assert_eq!(read("[".repeat(100_000).as_bytes()), Err(Malformed::JsonTooDeep));
        let text = format!(r#"{{"a":"{}\"{}"}}"#, "[".repeat(100), "{".repeat(100));
        assert!(read(text.as_bytes()).is_ok());
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let object = |count: usize| {
            let members: Vec<String> = (0..count).map(|n| format!(r#""{n}":{n}"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(read(object(super::super::MOST_PARAMETERS).as_bytes()).is_ok());
        assert_eq!(read(object(super::super::MOST_PARAMETERS + 1).as_bytes()), Err(Malformed::TooMany));
    }
}
