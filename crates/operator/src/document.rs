//! The `OpenAPI` 3.1 document, from the types of the routes.

mod answers;
mod merge;
mod parameters;

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::{Method, StatusCode};
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, PathsBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApiBuilder, PathItem, RefOr, Required};

use crate::call::{JSON, Purpose, Rules};
use crate::router::PREFIX;

const ABOUT: &str = "For programs that act for the operator. Every error is a problem document (RFC 9457). Times are \
    UTC, amounts carry their unit in their name: 1 KB is 1024 bytes, 1 GB is 1048576 KB. Lists are read page by page \
    with `cursor`. Every change takes `dry_run=true`, which answers what would be answered and changes nothing, and an \
    `Idempotency-Key`, under which it is carried out once.";
const BEARER: &str = "A token made by `turnpike token add` or `POST /operator/v1/tokens`. Reading needs the scope \
    `read`, changing `write`, seeing keys and passwords `secrets`.";
const NO_SCOPES: [&str; 0] = [];

/// One route.
pub(crate) struct Entry<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) rules: Rules,
}

/// Routes as they are put down.
#[derive(Default)]
pub(crate) struct Document {
    calls: Vec<(HttpMethod, &'static str, Operation)>,
    schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Document {
    /// Adds a route that takes `W` and answers `D`.
    pub(crate) fn add<W: ToSchema, D: ToSchema>(&mut self, entry: &Entry<'_>) {
        let mut schemas = Vec::new();
        W::schemas(&mut schemas);
        D::schemas(&mut schemas);
        self.schemas.extend(schemas.into_iter().map(|(name, schema)| (name, merge::whole(schema))));
        let Entry { method, path, summary, rules } = entry;
        let (wish, takes_body) = (object::<W>(), has_body(method, *rules));
        let own_query = if takes_body { Object::new() } else { wish.clone() };
        let mut words: Vec<&str> = path.split(['/', '{', '}']).filter(|word| !word.is_empty()).collect();
        let tag = tag(&words);
        let verb = method.as_str().to_ascii_lowercase();
        words.insert(0, &verb);
        let operation = OperationBuilder::new()
            .tag(tag)
            .operation_id(Some(words.join("-")))
            .summary(Some(*summary))
            .description(wish.description.clone().filter(|about| !about.is_empty()))
            .parameters(Some(parameters::of(path, &own_query, rules.purpose)))
            .request_body((takes_body && !wish.properties.is_empty()).then(|| request_body(&wish)));
        let success = answers::success(D::schema(), D::name().as_ref(), *rules);
        let operation = operation.response(rules.success.as_str(), success);
        let operation = match rules.success {
            StatusCode::CREATED => operation.response("200", answers::nothing_made()),
            _ => operation,
        };
        let operation = answers::problems(operation, entry, takes_body.then_some(&wish));
        self.calls.push((http_method(method), path, operation.build()));
    }

    /// Adds a schema under its name.
    pub(crate) fn know<T: ToSchema>(&mut self) {
        self.schemas.insert(T::name().into_owned(), merge::whole(T::schema()));
    }

    /// The document.
    pub(crate) fn into_json(self) -> Bytes {
        let paths = self.calls.into_iter().fold(PathsBuilder::new(), |paths, (method, path, operation)| {
            paths.path(format!("{PREFIX}{path}"), PathItem::new(method, operation))
        });
        let components = ComponentsBuilder::new()
            .schemas_from_iter(self.schemas)
            .schemas_from_iter(answers::problem_schemas())
            .security_scheme("token", token())
            .build();
        let document = OpenApiBuilder::new()
            .info(InfoBuilder::new().title("Turnpike, for the operator").version("1").description(Some(ABOUT)).build())
            .paths(paths.build())
            .components(Some(components))
            .security(Some([SecurityRequirement::new("token", NO_SCOPES)]))
            .build();
        match serde_json::to_vec_pretty(&document) {
            Ok(json) => json.into(),
            Err(error) => {
                tracing::error!(%error, "the document could not be written");
                Bytes::from_static(b"{}")
            }
        }
    }
}

fn token() -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(BEARER));
    SecurityScheme::Http(scheme.build())
}

fn has_body(method: &Method, rules: Rules) -> bool {
    matches!(rules.purpose, Purpose::Change { .. }) && method != Method::DELETE
}

/// What a route is about: the last word of its path that names a kind of thing.
fn tag(words: &[&str]) -> String {
    let mut kinds = words.iter().filter(|word| word.ends_with('s') || matches!(**word, "key" | "audit" | "usage"));
    kinds.next_back().copied().unwrap_or("settings").to_owned()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// The schema of a wish: always an object.
fn object<W: ToSchema>() -> Object {
    match W::schema() {
        RefOr::T(Schema::Object(object)) => merge::members(object),
        _ => Object::new(),
    }
}

fn request_body(wish: &Object) -> RequestBody {
    let mut body = wish.clone();
    (body.title, body.description) = (None, None);
    body.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    // A change that changes nothing is a mistake.
    if body.required.is_empty() {
        body.min_properties = Some(1);
    }
    let content = ContentBuilder::new().schema(Some(Schema::Object(body))).build();
    RequestBodyBuilder::new().content(JSON, content).required(Some(Required::True)).build()
}
