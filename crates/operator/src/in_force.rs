//! The settings in force, without secrets, as the process handed them in.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::desk::Desk;
use crate::members::Nothing;
use crate::problem::Problem;

/// Every setting, by section.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Settings(Arc<Value>);

impl PartialSchema for Settings {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().description(Some("The sections and keys of the configuration file.")).into()
    }
}

impl ToSchema for Settings {}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Settings, Problem> {
    Ok(Settings(desk.in_force))
}
