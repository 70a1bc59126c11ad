//! Which fields end at this proxy (RFC 9110 §7.6.1), and what `Connection` may take away.

use super::fault::MessageFault;
use super::head::Field;

/// Fields that speak to the next hop only, whatever `Connection` says. `Proxy-*` is among them.
const HOP_BY_HOP: [&str; 7] =
    ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"];

/// Fields that are meant for the other end. `Connection` cannot strip them, so it cannot turn a message into another.
const END_TO_END: [&str; 36] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "host",
    "last-modified",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-forwarded-for",
];

/// What the `Connection` fields of one message say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// `close` is among them.
    pub close: bool,
    /// Fields are named, so each line must be held against the list.
    names_fields: bool,
}

/// The most options that all `Connection` fields of a message may have: each is held against each field.
const MOST_OPTIONS: usize = 64;

impl ConnectionOptions {
    /// Reads all `Connection` fields.
    ///
    /// # Errors
    /// There are too many options.
    pub fn of(fields: &[Field<'_>]) -> Result<Self, MessageFault> {
        let mut options = Self::default();
        for (count, option) in nominations(fields).enumerate() {
            if count >= MOST_OPTIONS {
                return Err(MessageFault::TooLarge);
            }
            if option.eq_ignore_ascii_case(b"close") {
                options.close = true;
            } else if !option.eq_ignore_ascii_case(b"keep-alive") {
                options.names_fields = true;
            }
        }
        Ok(options)
    }

    /// Whether a field of the same message ends here.
    pub fn strips(self, field: &Field<'_>, fields: &[Field<'_>]) -> bool {
        ends_here(field.name) || (self.names_fields && nominated(field.name, fields))
    }
}

fn ends_here(name: &str) -> bool {
    let proxy = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("proxy-"));
    proxy || HOP_BY_HOP.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn nominated(name: &str, fields: &[Field<'_>]) -> bool {
    let protected = END_TO_END.iter().any(|known| name.eq_ignore_ascii_case(known));
    !protected && nominations(fields).any(|option| option.eq_ignore_ascii_case(name.as_bytes()))
}

fn nominations<'f>(fields: &'f [Field<'f>]) -> impl Iterator<Item = &'f [u8]> {
    fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("connection"))
        .flat_map(|field| field.value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &[(&'static str, &str)]) -> Vec<&'static str> {
        let fields: Vec<Field<'_>> =
            lines.iter().map(|(name, value)| Field { name, value: value.as_bytes() }).collect();
        let options = ConnectionOptions::of(&fields).unwrap();
        lines
            .iter()
            .zip(&fields)
            .filter(|(_, field)| !options.strips(field, &fields))
            .map(|((name, _), _)| *name)
            .collect()
    }

    #[test]
    fn hop_by_hop_and_named_fields_end_here() {
        let lines = [
            ("Connection", "X-Step, keep-alive"),
            ("Keep-Alive", "timeout=5"),
            ("X-Step", "1"),
            ("Proxy-Connection", "keep-alive"),
            ("PROXY-ANYTHING", "x"),
            ("TE", "trailers"),
            ("Upgrade", "websocket"),
            ("X-Other", "2"),
        ];
        assert_eq!(kept(&lines), ["X-Other"]);
    }

    #[test]
    fn connection_cannot_take_an_end_to_end_field() {
        let lines = [
            ("Connection", "Host, Content-Length, Authorization, Cookie, close"),
            ("Host", "a"),
            ("Content-Length", "5"),
            ("Authorization", "Basic x"),
            ("Cookie", "a=b"),
        ];
        assert_eq!(kept(&lines), ["Host", "Content-Length", "Authorization", "Cookie"]);
    }

    #[test]
    fn close_is_found_among_several_lines() {
        let fields = [Field { name: "connection", value: b"a" }, Field { name: "Connection", value: b"b , CLOSE" }];
        assert!(ConnectionOptions::of(&fields).unwrap().close);
    }
}
