//! Exits taken over from a table.

use std::sync::Arc;

use serde::Serialize;
use turnpike_service::{ExitSheet, ImportedExits, ServiceError};
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::members::{Members, Wish};
use crate::problem::{Kind, Problem};
use crate::static_ips;

/// Exits that are not there are added; those that are there under their names become what the table says. What it does not name stays
/// as it is. All rows or none are taken over; every wrong row is told, with its line. A row without a password leaves the one that
/// there is. For long tables there is `turnpike exit import`.
#[derive(ToSchema)]
pub(crate) struct Table {
    /// CSV. The first line names the columns: `name`, `route` and `places`, and, if wanted, `username`, `password`, `product_types`,
    /// `capacity`, `weight`, `state`, `provenance` and `evidence`. Lists are parted by `|`.
    #[schema(value_type = String, min_length = 17, max_length = 1_048_576, example = "name,route,places\nla-1,203.0.113.7,US/California/LosAngeles\n")]
    csv: String,
}

impl Wish for Table {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { csv: members.required("csv", static_ips::table)? })
    }
}

/// What came of it.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct TakenOver {
    /// Exits that were not there.
    #[schema(minimum = 0)]
    added: u64,
    /// Exits of which the table says something else.
    #[schema(minimum = 0)]
    changed: u64,
    /// Exits that were as the table says.
    #[schema(minimum = 0)]
    unchanged: u64,
}

impl TakenOver {
    fn of(imported: &ImportedExits) -> Self {
        let ImportedExits { added, changed, unchanged } = *imported;
        Self { added, changed, unchanged }
    }
}

pub(crate) async fn import(desk: Desk, wish: Table) -> Result<TakenOver, Problem> {
    let sheet = ExitSheet::read(wish.csv.as_bytes());
    let imported = desk.acting(TakenOver::of).import_exits(&desk.actor, sheet, Arc::default()).await;
    let imported = imported.map_err(|error| match error {
        ServiceError::Sheet(error) => static_ips::rows(Kind::Body, &error),
        error => error.into(),
    })?;
    Ok(TakenOver::of(&imported))
}
