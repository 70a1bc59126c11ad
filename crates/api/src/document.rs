//! The `OpenAPI` 3.1 document, from the types of the calls.
//!
//! Every parameter may come in the query or in the body. So a call's parameters are listed in both places, and only
//! the body says which must be there.

mod answers;

use axum::body::Bytes;
use http::Method;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApiBuilder, PathItem, RefOr, Required};

use crate::call::{Gate, Rules};
use crate::envelope::JSON;

const BODY_KINDS: [&str; 3] = [JSON, "application/x-www-form-urlencoded", "multipart/form-data"];
const ABOUT: &str = "Every route but those under `/web_v1` is served under every configured prefix alike. HTTP status \
    200 is also the answer of every business error: read `code`. `msg` and `message` hold the same text. Parameters may \
    come in the query or in the body, JSON or form; what the body says wins. An empty text is as good as nothing, but \
    for `remark`. A POST with an `Idempotency-Key` is carried out once: asked again within seven days it gets the same \
    answer, byte for byte. Places are told by data of GeoNames (CC BY 4.0) and Unicode CLDR (Unicode-3.0).";
const BEARER: &str = "The `access_token` of `/web_v1/user/login`. It lasts seven days, unless the login password is \
    changed or the operator suspends the customer. A non-empty `app_key` beside it decides alone.";

/// Calls as they are put down.
#[derive(Default)]
pub(crate) struct Document {
    calls: Vec<(HttpMethod, &'static str, Operation)>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Document {
    /// Adds a call that takes `W` and answers `D`.
    pub(crate) fn add<W: ToSchema, D: ToSchema>(&mut self, method: &Method, path: &'static str, rules: Rules) {
        D::schemas(&mut self.schemas);
        let operation = self.operation::<W>(method, path, rules).response("200", answers::data(D::schema(), rules));
        let http_method = if method == Method::GET { HttpMethod::Get } else { HttpMethod::Post };
        self.calls.push((http_method, path, operation.build()));
    }

    /// Adds a call that takes `W` by GET and answers `D`, or a text that says the same.
    pub(crate) fn add_told<W: ToSchema, D: ToSchema>(&mut self, path: &'static str, rules: Rules) {
        D::schemas(&mut self.schemas);
        let operation = self.operation::<W>(&Method::GET, path, rules);
        let operation = operation.response("200", answers::data_or_text(D::schema(), rules));
        self.calls.push((HttpMethod::Get, path, operation.build()));
    }

    /// Adds a call that takes `W` by GET and answers `D` from memory.
    pub(crate) fn add_kept<W: ToSchema, D: ToSchema>(&mut self, path: &'static str, rules: Rules) {
        D::schemas(&mut self.schemas);
        let operation = self.operation::<W>(&Method::GET, path, rules);
        let operation = operation
            .parameter(header(
                "If-None-Match",
                "The `ETag` of an answer that the caller has: 304 when it would be the same.",
            ))
            .response("200", answers::data(D::schema(), rules))
            .response("304", answers::unchanged());
        self.calls.push((HttpMethod::Get, path, operation.build()));
    }

    /// Adds a call that takes `W` and answers with events of `D`.
    pub(crate) fn add_stream<W: ToSchema, D: ToSchema>(&mut self, path: &'static str, rules: Rules) {
        D::schemas(&mut self.schemas);
        self.schemas.push((D::name().into_owned(), D::schema()));
        let operation = self.operation::<W>(&Method::GET, path, rules);
        let operation = operation
            .parameter(header("Last-Event-ID", "The id of the last event that was heard."))
            .response("200", answers::events(&D::name(), rules));
        self.calls.push((HttpMethod::Get, path, operation.build()));
    }

    fn operation<W: ToSchema>(&mut self, method: &Method, path: &'static str, rules: Rules) -> OperationBuilder {
        W::schemas(&mut self.schemas);
        let wish = object::<W>();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let tag = parts.iter().find(|part| **part != "web_v1").copied().unwrap_or_default();
        let operation = OperationBuilder::new()
            .tag(tag)
            .operation_id(Some(parts.join("-")))
            .summary(wish.title.clone())
            .description(wish.description.clone())
            .parameters(Some(parameters(&wish)))
            .request_body((method == Method::POST).then(|| request_body(&wish, rules.gate)));
        let operation = match rules.gate {
            // Nobody needs to be known.
            Gate::Anyone => operation.securities(Some([SecurityRequirement::default()])),
            _ if method == Method::POST => operation.parameter(header("Idempotency-Key", KEY)),
            _ => operation,
        };
        answers::faults(operation)
    }

    /// The document. `place` tells the path a call is documented under.
    pub(crate) fn into_json(self, place: impl Fn(&str) -> String) -> Bytes {
        let paths = self.calls.into_iter().fold(PathsBuilder::new(), |paths, (method, path, operation)| {
            paths.path(place(path), PathItem::new(method, operation))
        });
        let components = ComponentsBuilder::new()
            .schemas_from_iter(self.schemas)
            .schema(answers::FAILURE, answers::failure_schema())
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
const KEY: &str =
    "1 to 255 visible ASCII characters of the caller's choice. A request under a key is carried out once.";

fn bearer() -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(scheme.description(Some(BEARER)).build())
}

/// The schema of a wish: always an object.
fn object<W: ToSchema>() -> Object {
    match W::schema() {
        RefOr::T(Schema::Object(object)) => object,
        _ => Object::new(),
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn language() -> ObjectBuilder {
    let tags = "`en`, `zh-Hans`, `zh-Hant`, `id`, `hi`, `ru`, `vi`, `de` or `pt`";
    text().description(Some(format!("The language of the message: {tags}.")))
}

/// The query. The key is not among it: the security scheme says so.
fn parameters(wish: &Object) -> Vec<Parameter> {
    let own = wish.properties.iter().map(|(name, schema)| (name.clone(), schema.clone()));
    own.chain([("language".to_owned(), language().into())])
        .map(|(name, schema)| parameter(&name, ParameterIn::Query).schema(Some(schema)).build())
        .collect()
}

fn header(name: &str, description: &str) -> ParameterBuilder {
    parameter(name, ParameterIn::Header).schema(Some(text().max_length(Some(255)))).description(Some(description))
}

fn parameter(name: &str, parameter_in: ParameterIn) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(parameter_in).required(Required::False)
}

fn request_body(wish: &Object, gate: Gate) -> RequestBody {
    let mut body = wish.clone();
    (body.title, body.description) = (None, None);
    if gate != Gate::Anyone {
        let key = text().pattern(Some("^[0-9a-f]{32}$")).description(Some("The customer's key."));
        body.properties.insert("app_key".to_owned(), key.into());
    }
    body.properties.insert("language".to_owned(), language().into());
    let content = |builder: RequestBodyBuilder, kind: &&str| {
        builder.content(*kind, ContentBuilder::new().schema(Some(Schema::Object(body.clone()))).build())
    };
    BODY_KINDS.iter().fold(RequestBodyBuilder::new(), content).build()
}
