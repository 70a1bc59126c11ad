//! The operator has an exit proved: every gateway leaves by it and says by which address it was seen.

use std::net::IpAddr;
use std::time::Duration;

use turnpike_domain::exit::{EchoPage, ExitName, ExitReport, ExitWish};
use turnpike_domain::ids::NodeId;
use turnpike_domain::question::{Answer, Ask};
use turnpike_domain::time::Timestamp;
use turnpike_store::exit::{self, Exit, ExitCheck};
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

/// How long gateways may take. Each gives the way there and the page a few seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What holds for checks of exits.
#[derive(Clone, Debug, Default)]
pub struct ExitRules {
    /// What tells by which address an exit is seen.
    pub echo: Option<EchoPage>,
}

/// What gateways said of an exit.
pub type ExitReports = Vec<(NodeId, ExitReport)>;

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedExit {
    /// The exit, with what was noted.
    pub exit: Exit,
    /// What came of it, over all gateways.
    pub outcome: ExitCheck,
    /// What each gateway said.
    pub reports: ExitReports,
}

struct Noting {
    actor: Actor,
    name: ExitName,
    reports: ExitReports,
    now: Timestamp,
}

impl Service {
    /// What holds for checks of exits now.
    fn exit_rules(&self) -> ExitRules {
        self.shared.exit_rules.read().clone()
    }

    /// Says what holds for checks of exits from now on.
    pub fn set_exit_rules(&self, rules: ExitRules) {
        *self.shared.exit_rules.write() = rules;
    }

    /// Has every living gateway prove an exit: what each said that answered in time. Nothing is noted.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchExit`], or the store's.
    pub async fn ask_about_exit(&self, name: &ExitName) -> Result<ExitReports, ServiceError> {
        let wish = ExitWish { exit: self.find_exit(name).await?.id, echo: self.exit_rules().echo };
        let answers = self.ask_gateways(Ask::CheckExit(Box::new(wish)), PATIENCE).await?;
        let report = |(node, answer)| match answer {
            Answer::Checked(report) => Some((node, report)),
            _ => None,
        };
        Ok(answers.into_iter().filter_map(report).collect())
    }

    /// Notes what came of a check.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchExit`], or the store's.
    pub async fn note_exit_check(
        &self,
        actor: &Actor,
        name: ExitName,
        reports: ExitReports,
    ) -> Result<CheckedExit, ServiceError> {
        let noting = Noting { actor: actor.clone(), name, reports, now: self.now() };
        self.store.write(noting, |noting, tx| Box::pin(note(noting, tx))).await
    }
}

async fn note(noting: &Noting, tx: &mut Tx) -> Result<CheckedExit, ServiceError> {
    let Noting { actor, name, reports, now } = noting;
    let mut exit = exit::lock(tx, std::slice::from_ref(name)).await?.pop().ok_or(ServiceError::NoSuchExit)?;
    let outcome = outcome(reports, *now);
    exit::note_check(tx, exit.id, &outcome).await?;
    let detail = match (&outcome.fault, outcome.seen) {
        (Some(fault), _) => format!("{name}: {fault}"),
        (None, seen) => format!("{name}: seen as {}", seen.map(|seen| seen.to_string()).unwrap_or_default()),
    };
    audit::insert(tx, &actor.did_overall("exit.check", detail, *now)).await?;
    exit.checked = Some(outcome.clone());
    Ok(CheckedExit { exit, outcome, reports: reports.clone() })
}

/// What gateways said, in one: the address of the first, and what any of them lacks.
fn outcome(reports: &ExitReports, at: Timestamp) -> ExitCheck {
    let seen: Option<IpAddr> = reports.iter().find_map(|(_, report)| report.seen);
    let lacks = |(node, report): &(NodeId, ExitReport)| {
        let told: Vec<_> = report.missing.iter().map(ToString::to_string).collect();
        (!told.is_empty()).then(|| format!("gateway {node}: {}", told.join("; ")))
    };
    let lacks: Vec<_> = reports.iter().filter_map(lacks).collect();
    let fault = if reports.is_empty() {
        Some("no gateway answered".to_owned())
    } else {
        (!lacks.is_empty()).then(|| lacks.join("; "))
    };
    ExitCheck { at, seen, fault }
}
