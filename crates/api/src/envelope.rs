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
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::error::{ApiError, SUCCESS};
use crate::language::Language;
use crate::messages;

/// After so many seconds it is worth trying again when we were out of breath.
const RETRY_AFTER_SECONDS: u32 = 1;

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

/// A success, under its group's code.
pub(crate) fn success<D: Serialize>(code: u16, data: &D, language: Language) -> Response {
    let text = messages::text(language, SUCCESS, &fluent_bundle::FluentArgs::new());
    let envelope = Envelope { code, msg: &text, message: &text, data, errors: None };
    respond(StatusCode::OK, &envelope)
}

/// An error.
pub(crate) fn failure(error: &ApiError, language: Language) -> Response {
    let text = error.text(language);
    let errors = match error {
        ApiError::Parameters(errors) => errors.texts(language),
        _ => BTreeMap::new(),
    };
    let envelope = Envelope { code: error.code(), msg: &text, message: &text, data: Nothing, errors: Some(errors) };
    let mut response = respond(error.status(), &envelope);
    if matches!(error, ApiError::Unavailable) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    response
}

/// Written straight into the body: a list of any length is never built as a tree of values first.
fn respond<D: Serialize>(status: StatusCode, envelope: &Envelope<'_, D>) -> Response {
    let mut json = Vec::with_capacity(256);
    let (status, json) = match serde_json::to_writer(&mut json, envelope) {
        Ok(()) => (status, json),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                br#"{"code":500,"msg":"","message":"","data":null,"errors":{}}"#.to_vec(),
            )
        }
    };
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
