//! What the document says of answers.

use utoipa::PartialSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};

use super::text;
use crate::call::{Gate, Rules};
use crate::envelope::{JSON, Nothing, TEXT};

/// The name of the schema of every error.
pub(super) const FAILURE: &str = "Failure";

/// What HTTP itself may answer, and why.
const FAULTS: [(&str, &str); 7] = [
    ("400", "The body's framing is broken."),
    ("408", "The body did not arrive in time."),
    ("413", "The body is larger than 1 MiB."),
    ("415", "The body is neither JSON nor a form, or not in UTF-8, or compressed."),
    ("429", "Too often, or too many at once; `Retry-After` says when to come back."),
    ("500", "A fault on our side."),
    ("503", "Try again in a moment."),
];

/// Adds what every call may answer.
pub(super) fn faults(operation: OperationBuilder) -> OperationBuilder {
    FAULTS.iter().fold(operation, |operation, (status, text)| operation.response(*status, failure(text)))
}

/// Success or failure: both are HTTP 200.
pub(super) fn data(data: RefOr<Schema>, rules: Rules) -> Response {
    let success = envelope(data).property("code", code().enum_values(Some([rules.success.code])));
    let either = OneOfBuilder::new().item(success).item(Ref::from_schema_name(FAILURE));
    ResponseBuilder::new()
        .description(codes(rules))
        .content(JSON, ContentBuilder::new().schema(Some(Schema::OneOf(either.build()))).build())
        .build()
}

/// Success or failure, and a text for whoever asked for one.
pub(super) fn data_or_text(schema: RefOr<Schema>, rules: Rules) -> Response {
    let mut response = data(schema, rules);
    let told = ContentBuilder::new().schema(Some(Object::from(text()))).build().into();
    response.content.insert(TEXT.to_owned(), told);
    response
}

/// Nothing: the caller has it.
pub(super) fn unchanged() -> Response {
    ResponseBuilder::new().description("The answer is the one that the caller has.").build()
}

/// Events, or an error.
pub(super) fn events(name: &str, rules: Rules) -> Response {
    let data = text().content_media_type(JSON).description(Some(format!("JSON: a `{name}`.")));
    let id = text().pattern(Some("^[0-9]+-[0-9]+$")).description(Some("A cursor."));
    let event = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("One event of the stream."))
        .property("id", id)
        .property("event", text().enum_values(Some(["usage"])))
        .property("data", data);
    let event = ["id", "event", "data"].into_iter().fold(event, ObjectBuilder::required);
    let example = "id: 1773144000000-3145728\nevent: usage\ndata: {\"at\":\"2026-03-10T12:00:00Z\",\"total\":3072,\
        \"total_bytes\":3145728,\"delta\":1024,\"accounts\":[{\"username\":\"user01\",\"product_type\":9,\
        \"usage_flow\":2048}]}\n\n";
    let stream = ContentBuilder::new().schema(Some(event)).example(Some(example.into())).build();
    let error = ContentBuilder::new().schema(Some(Ref::from_schema_name(FAILURE))).build();
    ResponseBuilder::new().description(codes(rules)).content("text/event-stream", stream).content(JSON, error).build()
}

/// The codes of the envelope that a call may answer.
fn codes(rules: Rules) -> String {
    let refusals = match rules.gate {
        Gate::Anyone => "400, 403 (wrong address or password)",
        Gate::Open => "3, 400",
        Gate::Verified => "3, 156 (not verified), 400",
        Gate::Unsuspended => "3, 400, 403 (suspended, or more than the quota), 404 (no such thing), 409 (key in use)",
        Gate::Changing => {
            "3, 156 (not verified), 400, 403 (suspended, or more than the quota), 404 (no such account), 409 (name \
             taken, or key in use)"
        }
    };
    format!("`code` {} on success, else one of {refusals}.", rules.success.code)
}

fn failure(description: &str) -> Response {
    let schema = Ref::from_schema_name(FAILURE);
    ResponseBuilder::new()
        .description(description)
        .content(JSON, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

/// The schema of every error.
pub(super) fn failure_schema() -> ObjectBuilder {
    let texts = ArrayBuilder::new().items(Object::from(text()));
    let errors = ObjectBuilder::new()
        .description(Some("What is wrong, by parameter."))
        .additional_properties(Some(Schema::Array(texts.build())));
    envelope(Nothing::schema()).property("code", code()).property("errors", errors).required("errors")
}

fn envelope(data: impl Into<RefOr<Schema>>) -> ObjectBuilder {
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
