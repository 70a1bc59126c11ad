//! What makes an HTTP message unreadable: one variant per rule, with the status it is answered by.
//! Ambiguity is refused, never repaired.

use turnpike_domain::destination::TargetError;

/// What is wrong with a client's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// A CR without LF or an LF without CR.
    #[error("lines must end with CR LF")]
    LineEnding,
    /// A NUL byte in the head.
    #[error("the head has a NUL byte")]
    Nul,
    /// More than one empty line before the request.
    #[error("there are empty lines before the request")]
    LeadingLines,
    /// The first line is not `METHOD SP target SP version`.
    #[error("the request line is malformed")]
    RequestLine,
    /// A version other than HTTP/1.0 and HTTP/1.1.
    #[error("only HTTP/1.0 and HTTP/1.1 are spoken here")]
    Version,
    /// A method that is no short token.
    #[error("the method is malformed")]
    Method,
    /// `TRACE`, or a request that asks this proxy to answer in the target's place.
    #[error("TRACE and Max-Forwards are not served here")]
    Trace,
    /// The target is neither an `http` URL nor, for CONNECT, `host:port`.
    #[error("the target must be an http:// URL, or host:port for CONNECT")]
    Target,
    /// The host or port in the target cannot be read.
    #[error("{0}")]
    Authority(TargetError),
    /// An `https` URL: the client should have used CONNECT.
    #[error("use CONNECT for https")]
    HttpsTarget,
    /// A user or password in the URL.
    #[error("the URL must not hold a user or password")]
    Userinfo,
    /// A malformed field line.
    #[error("a header line is malformed")]
    Field,
    /// No `Host`, more than one, or a malformed one.
    #[error("there must be exactly one valid Host header")]
    Host,
    /// A malformed, repeated or oversized `Content-Length`.
    #[error("Content-Length must be given once, as a decimal number")]
    ContentLength,
    /// `Content-Length` beside `Transfer-Encoding`.
    #[error("Content-Length and Transfer-Encoding exclude each other")]
    LengthAndCoding,
    /// A malformed or repeated `Transfer-Encoding`, or one in HTTP/1.0.
    #[error("Transfer-Encoding is malformed")]
    Coding,
    /// A well-formed transfer coding other than `chunked`.
    #[error("the only transfer coding served here is chunked")]
    UnknownCoding,
    /// Body framing on CONNECT.
    #[error("CONNECT must not have a body")]
    ConnectBody,
    /// More than one `Proxy-Authorization`.
    #[error("Proxy-Authorization must be given once")]
    TwoLogins,
    /// A malformed chunk.
    #[error("the chunked body is malformed")]
    Chunk,
    /// The head or trailer is larger than the limit, or has too many fields.
    #[error("the request head is too large")]
    TooLarge,
    /// The client closed or fell silent within a message.
    #[error("the message is incomplete")]
    Incomplete,
}

impl From<TargetError> for MessageFault {
    fn from(error: TargetError) -> Self {
        Self::Authority(error)
    }
}

impl MessageFault {
    /// The status and reason phrase it is answered by.
    pub const fn status(self) -> (u16, &'static str) {
        match self {
            Self::TooLarge => (431, "Request Header Fields Too Large"),
            Self::UnknownCoding | Self::Trace => (501, "Not Implemented"),
            Self::Version => (505, "HTTP Version Not Supported"),
            _ => (400, "Bad Request"),
        }
    }
}

/// What is wrong with an origin's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseFault {
    /// Its head breaks the same rule a request's head would.
    #[error("{0}")]
    Head(MessageFault),
    /// Its first line is not `HTTP/1.x SP 3DIGIT SP reason`.
    #[error("the status line is malformed")]
    StatusLine,
    /// `101` although no upgrade was asked for.
    #[error("an upgrade nobody asked for")]
    Upgrade,
    /// More interim responses than the limit.
    #[error("too many interim responses")]
    TooManyInterim,
    /// A body where the status allows none.
    #[error("a body where there must be none")]
    UnexpectedBody,
}

impl ResponseFault {
    /// The `error` parameter of `Proxy-Status` (RFC 9209 §2.3).
    pub const fn error(self) -> &'static str {
        match self {
            Self::Head(MessageFault::TooLarge) => "http_response_header_section_size",
            Self::Head(MessageFault::UnknownCoding | MessageFault::Coding) => "http_response_transfer_coding",
            Self::Head(MessageFault::Incomplete) => "http_response_incomplete",
            Self::Upgrade => "http_upgrade_failed",
            _ => "http_protocol_error",
        }
    }
}

impl From<MessageFault> for ResponseFault {
    fn from(fault: MessageFault) -> Self {
        Self::Head(fault)
    }
}
