//! An exit proved: every gateway leaves by it, and says by which address it was seen.

use serde::Serialize;
use turnpike_service::{CheckedExit, ExitReport};
use utoipa::ToSchema;

use super::{CheckView, ExitView, name};
use crate::desk::Desk;
use crate::members::Nothing;
use crate::problem::Problem;
use crate::shapes::AddressShape;

/// What came of proving an exit.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = CheckedExit)]
pub(crate) struct Checked {
    /// The exit, with what is noted of the check.
    exit: ExitView,
    /// What came of it, over all gateways.
    outcome: CheckView,
    /// What each gateway says that answered.
    gateways: Vec<GatewaySays>,
}

/// What a gateway says of an exit.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct GatewaySays {
    #[schema(pattern = "^-?[0-9]{1,19}$")]
    gateway: String,
    /// The address that was seen from outside.
    #[schema(required = true, value_type = Option<AddressShape>)]
    seen: Option<String>,
    /// What is missing, and what to do about it.
    missing: Vec<String>,
}

impl Checked {
    fn of(checked: &CheckedExit) -> Self {
        let says = |(gateway, report): &(turnpike_domain::ids::NodeId, ExitReport)| GatewaySays {
            gateway: gateway.to_string(),
            seen: report.seen.map(|seen| seen.to_string()),
            missing: report.missing.iter().map(ToString::to_string).collect(),
        };
        Self {
            exit: ExitView::of(&checked.exit),
            outcome: CheckView::of(&checked.outcome),
            gateways: checked.reports.iter().map(says).collect(),
        }
    }
}

/// The traffic is booked to nobody. A dry run proves the exit, too, and notes nothing.
pub(crate) async fn check(desk: Desk, _: Nothing) -> Result<Checked, Problem> {
    let name = name(&desk)?;
    let reports = desk.service.ask_about_exit(&name).await?;
    Ok(Checked::of(&desk.acting(Checked::of).note_exit_check(&desk.actor, name, reports).await?))
}
