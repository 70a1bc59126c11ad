//! Makes one schema of two: for a member of a type of its own the derive writes what the type says and what the member
//! says as parts that no value can both satisfy, as it takes the member for an object.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

/// An object whose members each have one schema.
pub(super) fn members(mut object: Object) -> Object {
    for member in object.properties.values_mut() {
        if let RefOr::T(Schema::AllOf(parts)) = &*member
            && let [RefOr::T(Schema::Object(of_type)), RefOr::T(Schema::Object(of_member))] = parts.items.as_slice()
        {
            *member = RefOr::T(Schema::Object(merged(of_type, of_member)));
        }
    }
    object
}

fn merged(of_type: &Object, of_member: &Object) -> Object {
    let mut merged = of_type.clone();
    merged.description = of_member.description.clone().or(merged.description);
    merged.default.clone_from(&of_member.default);
    merged.example.clone_from(&of_member.example);
    merged
}
