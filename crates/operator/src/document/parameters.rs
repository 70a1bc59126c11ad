//! What the document says of paths, queries and headers.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

use crate::call::Purpose;
use crate::cursor::{HIGHEST_LIMIT, USUAL_LIMIT};
use crate::read;

/// A path's parts, a wish's members and what its purpose adds.
pub(super) fn of(path: &str, wish: &Object, purpose: Purpose) -> Vec<Parameter> {
    let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let places = parts.map(|name| place(name).required(Required::True).build());
    let own = wish.properties.iter().map(|(name, schema)| {
        let required = if wish.required.contains(name) { Required::True } else { Required::False };
        query(name, schema.clone()).required(required).build()
    });
    places.chain(own).chain(asides(purpose).into_iter().map(ParameterBuilder::build)).collect()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A part of a path. What has no such form names nothing.
fn place(name: &str) -> ParameterBuilder {
    let from =
        |least: i64| ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(i64::MAX));
    let (schema, about) = match name {
        "username" => (text().pattern(Some(read::NAME)), "The account's name."),
        "name" => (text().pattern(Some(read::LABEL)), "The machine's name."),
        "gateway" => (text().pattern(Some(read::GATEWAY)), "The gateway's number, as `GET /gateways` tells it."),
        "ip" => (text().pattern(Some("^[0-9A-Fa-f:.]{2,45}$")), "The address."),
        "connection" => (from(0), "The connection's number at its gateway."),
        _ => (from(1), "Its number."),
    };
    parameter(name, ParameterIn::Path, schema).description(Some(about))
}

fn asides(purpose: Purpose) -> Vec<ParameterBuilder> {
    match purpose {
        Purpose::Show | Purpose::Export => Vec::new(),
        Purpose::List => paging(),
        Purpose::Change { reaches_gateways } => {
            let mut asides = changing();
            if reaches_gateways {
                asides.push(query("wait", text().enum_values(Some(["applied"]))).description(Some(
                    "`applied`: answer when every gateway has followed, or after 5 seconds; `effective` says how many \
                     of how many have.",
                )));
            }
            asides
        }
    }
}

fn paging() -> Vec<ParameterBuilder> {
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(HIGHEST_LIMIT))
        .default(Some(USUAL_LIMIT.into()));
    let cursor = text().format(Some(utoipa::openapi::SchemaFormat::Custom("cursor".to_owned())));
    vec![
        query("limit", limit).description(Some("How many items a page holds at most.")),
        query("cursor", cursor).description(Some("`next_cursor` of the page before, as it was given.")),
    ]
}

fn changing() -> Vec<ParameterBuilder> {
    let dry_run = ObjectBuilder::new().schema_type(Type::Boolean);
    let reason = text().pattern(Some(read::LINE)).max_length(Some(200));
    let key = text().pattern(Some("^[!-~]{1,255}$"));
    vec![
        query("dry_run", dry_run).description(Some("Only tell what would be answered; nothing is changed.")),
        query("reason", reason).description(Some("Why it is done, for the audit.")),
        parameter("Idempotency-Key", ParameterIn::Header, key)
            .description(Some("A request under a key is carried out once; asked again it gets the same answer.")),
    ]
}

fn query(name: &str, schema: impl Into<RefOr<Schema>>) -> ParameterBuilder {
    parameter(name, ParameterIn::Query, schema)
}

fn parameter(name: &str, parameter_in: ParameterIn, schema: impl Into<RefOr<Schema>>) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(parameter_in).required(Required::False).schema(Some(schema))
}
