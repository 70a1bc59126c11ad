//! The envelope every answer comes in: `{"code", "msg", "message", "data"}` (contract 0.3).
//!
//! The published page writes `msg` on some endpoints and `message` on others, and clients of both exist, so both are
//! always there with the same text. Errors have `errors` besides.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::ser::Serializer;
use turnpike_service::KeptAnswer;
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::error::{ApiError, REQUESTED, SUCCESS};
use crate::language::Language;
use crate::messages;

/// What every envelope is written in.
pub(crate) const JSON: &str = "application/json";

/// What texts are written in.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Serialize)]
struct Envelope<'a, D> {
    code: u16,
    msg: &'a str,
    message: &'a str,
    data: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<BTreeMap<&'static str, Vec<String>>>,
}

/// `data` of a call that answers nothing but its success: `null`.
pub(crate) struct Nothing;

impl Serialize for Nothing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl PartialSchema for Nothing {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Null).into()
    }
}

impl utoipa::ToSchema for Nothing {}

/// `data` of a call that lists everything there is.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ListOf<T> {
    /// All there are.
    #[schema(inline)]
    pub(crate) list: Vec<T>,
}

/// How a success is told: by its group's code, and in the words of its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Success {
    pub(crate) code: u16,
    message: &'static str,
}

impl Success {
    /// Something was done.
    pub(crate) const fn done(code: u16) -> Self {
        Self { code, message: SUCCESS }
    }

    /// A request succeeded: the published page says it so in one place.
    pub(crate) const fn requested(code: u16) -> Self {
        Self { code, message: REQUESTED }
    }
}

/// A whole answer before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    status: StatusCode,
    json: Vec<u8>,
    /// In how many seconds it is worth trying again.
    retry_after: Option<u32>,
}

impl Written {
    /// A success, under its group's code.
    pub(crate) fn success<D: Serialize>(success: Success, data: &D, language: Language) -> Self {
        let Success { code, message } = success;
        let text = messages::text(language, message, &fluent_bundle::FluentArgs::new());
        Self::write(StatusCode::OK, &Envelope { code, msg: &text, message: &text, data, errors: None })
    }

    /// An error.
    pub(crate) fn failure(error: &ApiError, language: Language) -> Self {
        let text = error.text(language);
        let errors = match error {
            ApiError::Parameters(errors) => errors.texts(language),
            _ => BTreeMap::new(),
        };
        let envelope = Envelope { code: error.code(), msg: &text, message: &text, data: Nothing, errors: Some(errors) };
        Self { retry_after: error.retry_after_seconds(), ..Self::write(error.status(), &envelope) }
    }

    /// What stands before and after the rows of a success whose `data` is a list of any length.
    pub(crate) fn around_list(success: Success, language: Language) -> (Vec<u8>, &'static [u8]) {
        const ROWS: &[u8] = b"[]";
        let mut json = Self::success(success, &ListOf::<()> { list: Vec::new() }, language).json;
        let rows = json.windows(ROWS.len()).rposition(|window| window == ROWS).unwrap_or_default();
        json.truncate(rows.saturating_add(1));
        (json, b"]}}")
    }

    /// Written straight into the body: a list of any length is never built as a tree of values first.
    fn write<D: Serialize>(status: StatusCode, envelope: &Envelope<'_, D>) -> Self {
        let mut json = Vec::with_capacity(256);
        let (status, json) = match serde_json::to_writer(&mut json, envelope) {
            Ok(()) => (status, json),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                let empty = br#"{"code":500,"msg":"","message":"","data":null,"errors":{}}"#;
                (StatusCode::INTERNAL_SERVER_ERROR, empty.to_vec())
            }
        };
        Self { status, json, retry_after: None }
    }

    /// Its body.
    pub(crate) fn into_json(self) -> Vec<u8> {
        self.json
    }

    /// As it is kept for whoever asks again.
    pub(crate) fn to_kept(&self) -> KeptAnswer {
        KeptAnswer { status: self.status.as_u16(), content_type: JSON.to_owned(), body: self.json.clone() }
    }

    /// What was kept.
    pub(crate) fn of_kept(kept: KeptAnswer) -> Self {
        let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
        Self { status, json: kept.body, retry_after: None }
    }

    /// As it is sent.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
