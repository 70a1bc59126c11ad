//! The operator has an exit proved: every gateway leaves by it and says by which address it was seen.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use turnpike_domain::exit::{EchoPage, ExitName, ExitPlace, ExitReport, ExitWish};
use turnpike_domain::ids::NodeId;
use turnpike_domain::question::{Answer, Ask};
use turnpike_domain::time::Timestamp;
use turnpike_store::exit::{self, Exit, ExitCheck};
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::exit_places::completed_places;
use crate::service::Service;

/// How long gateways may take. Each gives the way there and the page a few seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What tells where an address is, as far as it knows.
pub type Locate = Arc<dyn Fn(IpAddr) -> Option<ExitPlace> + Send + Sync>;

/// What holds for checks of exits.
#[derive(Clone, Default)]
pub struct ExitRules {
    /// What tells by which address an exit is seen.
    pub echo: Option<EchoPage>,
    /// What tells where an address is.
    pub locate: Option<Locate>,
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
    service: Service,
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

    /// Where an address is, by the operator's file.
    pub fn locate(&self, address: IpAddr) -> Option<ExitPlace> {
        let found = (self.exit_rules().locate?)(address)?;
        completed_places(&[found]).ok()?.pop()
    }

    /// Where an address is by the operator's file, when that is in none of the countries and states that are declared.
    pub fn found_elsewhere(&self, address: IpAddr, declared: &[ExitPlace]) -> Option<ExitPlace> {
        let agrees = |found: &ExitPlace, place: &ExitPlace| {
            let states = found.region.as_ref().zip(place.region.as_ref());
            found.country == place.country && states.is_none_or(|(one, other)| one.name == other.name)
        };
        self.locate(address).filter(|found| !declared.iter().any(|place| agrees(found, place)))
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
        let noting = Noting { service: self.clone(), actor: actor.clone(), name, reports, now: self.now() };
        self.store.write(noting, |noting, tx| Box::pin(note(noting, tx))).await
    }
}

async fn note(noting: &Noting, tx: &mut Tx) -> Result<CheckedExit, ServiceError> {
    let Noting { service, actor, name, reports, now } = noting;
    let mut exit = exit::lock(tx, std::slice::from_ref(name)).await?.pop().ok_or(ServiceError::NoSuchExit)?;
    let mut outcome = outcome(reports, *now);
    let elsewhere = outcome.seen.and_then(|seen| service.found_elsewhere(seen, &exit.terms.places));
    if let Some(place) = elsewhere {
        let told = format!("the address that is seen is said to be in {place}");
        outcome.fault = Some(outcome.fault.map_or(told.clone(), |fault| format!("{fault}; {told}")));
    }
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
