//! The `OpenAPI` 3.1 document, from the types of the calls.
//!
//! Every parameter may come in the query or in the body. So a call's parameters are listed in both places, and only
//! the body says which must be there.

use axum::body::Bytes;
use http::Method;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApiBuilder, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::call::{Gate, Rules};
use crate::settings::Prefix;

const JSON: &str = "application/json";
const BODY_KINDS: [&str; 3] = [JSON, "application/x-www-form-urlencoded", "multipart/form-data"];
const FAILURE: &str = "Failure";
const ABOUT: &str = "Every route is served under every configured prefix alike. HTTP status 200 is also the answer of \
    every business error: read `code`. `msg` and `message` hold the same text. Parameters may come in the query or in \
    the body, JSON or form; what the body says wins. An empty text is as good as nothing, but for `remark`.";

/// Calls as they are put down.
#[derive(Default)]
pub(crate) struct Document {
    calls: Vec<(HttpMethod, &'static str, Operation)>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Document {
    /// Adds a call that takes `W` and answers `D`.
    pub(crate) fn add<W: ToSchema, D: ToSchema>(&mut self, method: &Method, path: &'static str, rules: Rules) {
        W::schemas(&mut self.schemas);
        D::schemas(&mut self.schemas);
        let wish = object::<W>();
        let tag = path.split('/').nth(1).unwrap_or_default();
        let operation = OperationBuilder::new()
            .tag(tag)
            .operation_id(Some(path.trim_start_matches('/').replace('/', "-")))
            .description(wish.description.clone())
            .parameters(Some(parameters(&wish)))
            .request_body((method == Method::POST).then(|| request_body(&wish)))
            .response("200", answer(D::schema(), rules));
        let operation =
            FAULTS.iter().fold(operation, |operation, (status, text)| operation.response(*status, failure(text)));
        let method = if method == Method::GET { HttpMethod::Get } else { HttpMethod::Post };
        self.calls.push((method, path, operation.build()));
    }

    /// The document, with every path under the first prefix.
    pub(crate) fn into_json(self, prefixes: &[Prefix]) -> Bytes {
        let prefix = prefixes.first().map(Prefix::as_str).unwrap_or_default();
        let paths = self.calls.into_iter().fold(PathsBuilder::new(), |paths, (method, path, operation)| {
            paths.path(format!("{prefix}{path}"), PathItem::new(method, operation))
        });
        let components = ComponentsBuilder::new()
            .schemas_from_iter(self.schemas)
            .schema(FAILURE, failure_schema())
            .security_scheme("app_key", SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new("app_key"))))
            .security_scheme("bearer", bearer())
            .build();
        let document = OpenApiBuilder::new()
            .info(InfoBuilder::new().title("Turnpike").version("1").description(Some(ABOUT)).build())
            .paths(paths.build())
            .components(Some(components))
            .security(Some(["app_key", "bearer"].map(|scheme| SecurityRequirement::new(scheme, NO_SCOPES))))
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

const NO_SCOPES: [&str; 0] = [];

/// What HTTP itself may answer, and why.
const FAULTS: [(&str, &str); 6] = [
    ("400", "The body's framing is broken."),
    ("408", "The body did not arrive in time."),
    ("413", "The body is larger than 1 MiB."),
    ("415", "The body is neither JSON nor a form, or not in UTF-8, or compressed."),
    ("500", "A fault on our side."),
    ("503", "Try again in a moment."),
];

fn bearer() -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(scheme.description(Some("The token of a login; no login gives one yet.")).build())
}

/// The schema of a wish: always an object.
fn object<W: ToSchema>() -> Object {
    match W::schema() {
        RefOr::T(Schema::Object(object)) => object,
        _ => Object::new(),
    }
}

fn key_and_language() -> [(&'static str, ObjectBuilder); 2] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let key = text().pattern(Some("^[0-9a-f]{32}$")).description(Some("The customer's key."));
    let language = text().description(Some("The language of the message: `en` or `zh`."));
    [("app_key", key), ("language", language)]
}

/// The query. The key is not among it: the security scheme says so.
fn parameters(wish: &Object) -> Vec<Parameter> {
    let [_, (name, language)] = key_and_language();
    let own = wish.properties.iter().map(|(name, schema)| (name.clone(), schema.clone()));
    own.chain([(name.to_owned(), language.into())])
        .map(|(name, schema)| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .schema(Some(schema))
                .build()
        })
        .collect()
}

fn request_body(wish: &Object) -> RequestBody {
    let mut body = wish.clone();
    body.description = None;
    for (name, schema) in key_and_language() {
        body.properties.insert(name.to_owned(), schema.into());
    }
    let content = |builder: RequestBodyBuilder, kind: &&str| {
        builder.content(*kind, ContentBuilder::new().schema(Some(Schema::Object(body.clone()))).build())
    };
    BODY_KINDS.iter().fold(RequestBodyBuilder::new(), content).build()
}

/// Success or failure: both are HTTP 200.
fn answer(data: RefOr<Schema>, rules: Rules) -> Response {
    let success = envelope(data).property("code", code().enum_values(Some([rules.success])));
    let either = OneOfBuilder::new().item(success).item(Ref::from_schema_name(FAILURE));
    let codes = match rules.gate {
        Gate::Open => "3, 400",
        Gate::Verified => "3, 156 (not verified), 400",
        Gate::Changing => "3, 156 (not verified), 400, 403 (suspended), 404 (no such account), 409 (name taken)",
    };
    ResponseBuilder::new()
        .description(format!("`code` {} on success, else one of {codes}.", rules.success))
        .content(JSON, ContentBuilder::new().schema(Some(Schema::OneOf(either.build()))).build())
        .build()
}

fn failure(description: &str) -> Response {
    let schema = Ref::from_schema_name(FAILURE);
    ResponseBuilder::new()
        .description(description)
        .content(JSON, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

fn failure_schema() -> ObjectBuilder {
    let texts = utoipa::openapi::ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String));
    let errors = ObjectBuilder::new()
        .description(Some("What is wrong, by parameter."))
        .additional_properties(Some(Schema::Array(texts.build())));
    envelope(crate::envelope::Nothing::schema()).property("code", code()).property("errors", errors).required("errors")
}

fn envelope(data: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("msg", text())
        .property("message", text())
        .property("data", data);
    ["code", "msg", "message", "data"].into_iter().fold(object, ObjectBuilder::required)
}

fn code() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer)
}
