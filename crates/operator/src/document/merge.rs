//! Makes one schema of two: for a member of a type of its own the derive writes what the type says and what the member
//! says as parts that no value can both satisfy, as it takes the member for an object.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

/// A schema whose members each have one schema, if it is an object.
pub(super) fn whole(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(object)) => RefOr::T(Schema::Object(members(object))),
        other => other,
    }
}

/// An object whose members each have one schema.
pub(super) fn members(mut object: Object) -> Object {
    for member in object.properties.values_mut() {
        if let RefOr::T(Schema::AllOf(parts)) = &*member
            && let [RefOr::T(of_type), RefOr::T(Schema::Object(of_member))] = parts.items.as_slice()
            && let Some(merged) = merged(of_type, of_member)
        {
            *member = RefOr::T(merged);
        }
    }
    object
}

fn merged(of_type: &Schema, of_member: &Object) -> Option<Schema> {
    let mut merged = of_type.clone();
    let (description, default, example) = match &mut merged {
        Schema::Object(merged) => (&mut merged.description, &mut merged.default, &mut merged.example),
        Schema::AnyOf(merged) => (&mut merged.description, &mut merged.default, &mut merged.example),
        _ => return None,
    };
    if of_member.description.is_some() {
        description.clone_from(&of_member.description);
    }
    default.clone_from(&of_member.default);
    example.clone_from(&of_member.example);
    Some(merged)
}
