//! `user-usage-flow/flow-total`: traffic in all, and what is left of it (contract §8).

use serde::Serialize;
use turnpike_domain::product::ProductType;
use turnpike_domain::units::Bytes;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::parameters::Given;
use crate::shapes::Hundredths;

/// Adds up the traffic of all packages.
#[derive(ToSchema)]
#[schema(title = "Traffic in all")]
pub(crate) struct FlowTotal {
    /// What to count in. Default: KB.
    #[schema(value_type = Unit, required = false)]
    unit: Unit,
}

impl Wish for FlowTotal {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { unit: fields.optional("unit", Unit::read).unwrap_or_default() })
    }
}

/// What traffic is counted in: each is 1024 of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Unit {
    #[default]
    Kb,
    Mb,
    Gb,
    Tb,
    Pb,
}

impl Unit {
    const ALL: [(&'static str, Self); 5] =
        [("KB", Self::Kb), ("MB", Self::Mb), ("GB", Self::Gb), ("TB", Self::Tb), ("PB", Self::Pb)];

    fn read(given: &Given) -> Result<Self, FieldError> {
        let text = fields::text(given)?;
        let named = Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        named.map(|(_, unit)| *unit).ok_or(FieldError::UnitUnknown)
    }

    /// How many kilobytes it has.
    const fn kilobytes(self) -> u64 {
        1 << match self {
            Self::Kb => 0,
            Self::Mb => 10,
            Self::Gb => 20,
            Self::Tb => 30,
            Self::Pb => 40,
        }
    }

    /// So many, to two decimals, rounded down. Kilobytes are whole.
    fn of(self, bytes: Bytes) -> Hundredths {
        Hundredths::ratio(bytes.kilobytes(), self.kilobytes())
    }
}

impl PartialSchema for Unit {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.map(|(name, _)| name);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .description(Some("1 KB is 1024 bytes, and so on."))
            .into()
    }
}

impl ToSchema for Unit {}

/// Traffic in the unit asked for, to two decimals, rounded down.
#[derive(Serialize, ToSchema)]
pub(crate) struct Flow {
    #[schema(inline)]
    unit: Unit,
    /// Of all packages there ever were.
    #[schema(value_type = f64, minimum = 0, example = 1_048_576)]
    total: Hundredths,
    /// Of that, what was used.
    #[schema(value_type = f64, minimum = 0, example = 1024)]
    used: Hundredths,
    /// What is left in packages that have not expired.
    #[schema(value_type = f64, minimum = 0, example = 1_047_552)]
    remaining: Hundredths,
}

pub(crate) async fn flow_total(caller: Caller, wish: FlowTotal) -> Result<Flow, ApiError> {
    let summary = caller.service.summarise_packages(caller.customer, ProductType::ALL).await?;
    let unit = wish.unit;
    Ok(Flow { unit, total: unit.of(summary.total), used: unit.of(summary.used), remaining: unit.of(summary.effective) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        let shown = |unit: Unit, bytes: u64| serde_json::to_string(&unit.of(Bytes::new(bytes))).unwrap();
        assert_eq!(shown(Unit::Kb, 1023), "0");
        assert_eq!(shown(Unit::Kb, 1536), "1");
        assert_eq!(shown(Unit::Mb, 1536 * 1024), "1.5");
        assert_eq!(shown(Unit::Gb, (1 << 30) - 1), "0.99");
        assert_eq!(shown(Unit::Tb, 3 << 40), "3");
        assert_eq!(shown(Unit::Pb, u64::MAX), "8191.99");
        assert_eq!(Unit::read(&Given::Text("gb".into())), Ok(Unit::Gb));
        assert_eq!(Unit::read(&Given::Text("B".into())), Err(FieldError::UnitUnknown));
    }
}
