//! Where the demo's own way out is, when its starter says so: one exit that leaves directly, in that place.

use anyhow::{Context, Result};
use turnpike_domain::exit::{ExitFields, ExitName, terms};
use turnpike_service::{Actor, ExitChange, Service, ServiceError};

/// What the exit is called.
const NAME: &str = "direct";

/// Declares the direct exit in a place; one that an earlier start declared is moved there. Without a place everything stays.
///
/// # Errors
/// When it is no place, or the store does not answer.
pub(super) async fn declare(service: &Service, place: Option<&str>) -> Result<()> {
    let Some(place) = place else { return Ok(()) };
    let (name, operator) = (ExitName::parse(NAME)?, Actor::Operator("demo".to_owned()));
    let places = terms::places(place).context("--place")?;
    match service.find_exit(&name).await {
        Ok(exit) if exit.terms.places == places => {}
        Ok(_) => {
            let change = ExitChange { places: Some(places), ..ExitChange::default() };
            service.change_exit(&operator, name, change).await.context("--place")?;
        }
        Err(ServiceError::NoSuchExit) => {
            let fields = ExitFields { name: NAME, route: "direct", places: place, ..ExitFields::default() };
            let (name, terms) = fields.read().map_err(|mut faults| faults.remove(0)).context("--place")?;
            service.add_exit(&operator, name, terms).await.context("--place")?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Where the direct exit is; `None` while none is declared.
///
/// # Errors
/// Only the store's.
pub(super) async fn place(service: &Service) -> Result<Option<String>> {
    match service.find_exit(&ExitName::parse(NAME)?).await {
        Ok(exit) => Ok(exit.terms.places.first().map(ToString::to_string)),
        Err(ServiceError::NoSuchExit) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
