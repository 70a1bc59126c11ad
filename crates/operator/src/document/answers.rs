//! What the document says of answers.

use http::StatusCode;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::Entry;
use crate::call::{JSON, Purpose, Rules};
use crate::problem::{self, FieldProblem, PROBLEM_JSON};
use crate::sheet::CSV;

const PROBLEM: &str = "Problem";

/// The answer of a success.
pub(super) fn success(data: RefOr<Schema>, name: &str, rules: Rules) -> Response {
    let schema = match (rules.purpose, data) {
        (Purpose::Change { reaches_gateways }, RefOr::T(Schema::Object(mut object))) => {
            if rules.success == StatusCode::OK {
                object.properties.insert("dry_run".to_owned(), dry_run().into());
            }
            if reaches_gateways {
                object.properties.insert("effective".to_owned(), effective().into());
            }
            RefOr::T(Schema::Object(object))
        }
        (_, data) => data,
    };
    let answer = ResponseBuilder::new().description(format!("{name}."));
    let media_type = if rules.purpose == Purpose::Export { CSV } else { JSON };
    answer.content(media_type, ContentBuilder::new().schema(Some(schema)).build()).build()
}

fn dry_run() -> ObjectBuilder {
    let flag = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true]));
    flag.description(Some("There when nothing was changed, because only a dry run was asked for."))
}

/// The answer of a dry run where something would be made. What it shows cannot be asked for.
pub(super) fn nothing_made() -> Response {
    let schema = ObjectBuilder::new().property("dry_run", dry_run()).required("dry_run");
    let answer = ResponseBuilder::new().description("What would be answered, and nothing was made.");
    answer.content(JSON, ContentBuilder::new().schema(Some(schema)).build()).build()
}

fn effective() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).examples(["4/4"]).description(
        Some("There with `wait=applied`: how many of the living gateways have followed; `null` when it is not known."),
    )
}

/// The problems that a route may answer, which takes this body.
pub(super) fn problems(operation: OperationBuilder, entry: &Entry<'_>, body: Option<&Object>) -> OperationBuilder {
    let changes = matches!(entry.rules.purpose, Purpose::Change { .. });
    let asks_gateways = entry.path.contains("connections") || entry.path.contains("kick");
    let has_places = entry.path.contains('{');
    let names_another = body.is_some_and(|body| body.properties.contains_key("customer"));
    let all = [
        (true, "400", "A parameter, a header or the form of the body is wrong."),
        (true, "401", "No valid token was shown."),
        (true, "403", "The token lacks a scope."),
        (has_places || names_another, "404", "There is no such thing."),
        (true, "405", "The path has no such method."),
        (true, "406", "What is answered is not accepted."),
        (changes, "408", "The body did not arrive in time."),
        (changes, "409", "Something else stands in the way, or the `Idempotency-Key` does."),
        (changes, "413", "The body is too large."),
        (changes, "415", "The body is not `application/json` in UTF-8."),
        (body.is_some(), "422", "A member of the body is wrong, missing or unknown."),
        (true, "429", "The token makes too many requests."),
        (true, "500", "Something went wrong on our side."),
        (true, "503", "The store is away or busy."),
        (asks_gateways, "504", "A gateway did not answer in time."),
    ];
    let possible = all.into_iter().filter(|(possible, ..)| *possible);
    possible.fold(operation, |operation, (_, status, about)| operation.response(status, problem(status, about)))
}

fn problem(status: &str, about: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).build();
    let answer = ResponseBuilder::new().description(about).content(PROBLEM_JSON, content);
    let header = |about: &str| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        HeaderBuilder::new().schema(Some(text)).description(Some(about)).build()
    };
    match status {
        "401" => answer.header("WWW-Authenticate", header("The scheme, and what is wrong with the token (RFC 6750).")),
        "405" => answer.header("Allow", header("The methods that there are.")),
        "429" | "503" => answer.header("Retry-After", header("In how many seconds to try again.")),
        _ => answer,
    }
    .build()
}

/// The schemas that problems are made of.
pub(super) fn problem_schemas() -> Vec<(String, RefOr<Schema>)> {
    vec![(PROBLEM.to_owned(), problem::Document::schema()), (FieldProblem::name().into_owned(), FieldProblem::schema())]
}
