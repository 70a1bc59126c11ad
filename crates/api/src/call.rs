//! The life of a call: take it in, find its customer, check what the route asks, read its parameters, act, answer.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use serde::Serialize;
use turnpike_domain::ids::CustomerId;
use turnpike_service::Service;

use crate::error::ApiError;
use crate::fields::Fields;
use crate::intake::Intake;
use crate::language::Language;
use crate::settings::ApiSettings;
use crate::{app_key, envelope};

/// What every call can reach.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) service: Service,
    pub(crate) settings: Arc<ApiSettings>,
}

/// What a route asks of its caller, and how it says that it succeeded (contract 0.3, 0.4).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The code of a success: 200 or 0, by group.
    pub(crate) success: u16,
    /// Who may call.
    pub(crate) gate: Gate,
}

/// Who may call a route. Everybody has a valid key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Any customer.
    Open,
    /// Verified customers; others get code 156.
    Verified,
    /// Verified customers who are not suspended: the call changes something.
    Changing,
}

/// What a caller may wish for at one route: its parameters, in their types.
pub(crate) trait Wish: Sized + Send + 'static {
    /// Reads it. Whenever the fields note that something was refused, what this returns is not used.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// Who calls, and what acts for them.
pub(crate) struct Caller {
    pub(crate) service: Service,
    pub(crate) customer: CustomerId,
}

/// How a call ended, among the answer's extensions, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) code: u16,
    pub(crate) customer: Option<CustomerId>,
}

/// Answers one request at a route.
pub(crate) async fn answer<W, D, F>(
    api: Api,
    rules: Rules,
    act: impl FnOnce(Caller, W) -> F,
    request: Request,
) -> Response
where
    W: Wish,
    D: Serialize,
    F: Future<Output = Result<D, ApiError>>,
{
    let (parts, body) = request.into_parts();
    let intake = match Intake::of(&parts, body, &api.settings).await {
        Ok(intake) => intake,
        Err(error) => return failed(&error, Language::of_request(&parts, api.settings.language), None),
    };
    let language = Language::choose(intake.language(), &parts.headers, api.settings.language);
    let customer = match admit(&api.service, rules.gate, &intake).await {
        Ok(customer) => customer,
        Err(error) => return failed(&error, language, None),
    };
    let acted = async {
        let wish = read(intake, &api.service)?;
        act(Caller { service: api.service, customer }, wish).await
    };
    match acted.await {
        Ok(data) => {
            let mut response = envelope::success(rules.success, &data, language);
            response.extensions_mut().insert(Outcome { code: rules.success, customer: Some(customer) });
            response
        }
        Err(error) => failed(&error, language, Some(customer)),
    }
}

/// An error as an answer.
pub(crate) fn failed(error: &ApiError, language: Language, customer: Option<CustomerId>) -> Response {
    let mut response = envelope::failure(error, language);
    response.extensions_mut().insert(Outcome { code: error.code(), customer });
    response
}

/// The customer whose key it is, if the gate lets it pass. Told before anything about the parameters is.
async fn admit(service: &Service, gate: Gate, intake: &Intake) -> Result<CustomerId, ApiError> {
    let key = app_key::find(intake)?;
    let customer = service.authenticate(key).await?.ok_or(ApiError::SessionInvalid)?;
    if gate != Gate::Open && !customer.verified {
        return Err(ApiError::NotVerified);
    }
    if gate == Gate::Changing && customer.suspended {
        return Err(ApiError::Suspended);
    }
    Ok(customer.id)
}

fn read<W: Wish>(intake: Intake, service: &Service) -> Result<W, ApiError> {
    let parameters = intake.into_parameters()?;
    let mut fields = Fields::new(&parameters, service.zone(), service.now());
    match W::read(&mut fields) {
        Some(wish) if fields.is_clean() => Ok(wish),
        _ => Err(ApiError::Parameters(fields.into_errors())),
    }
}
