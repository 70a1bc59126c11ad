//! A customer's `app_key`: shown to those who may see secrets, renewed by those who may change things.

use serde::Serialize;
use turnpike_domain::scope::Scope;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::members::Nothing;
use crate::problem::Problem;

/// A customer's key.
#[derive(Serialize, ToSchema)]
pub(crate) struct Key {
    /// Whose.
    #[schema(minimum = 1)]
    customer: i64,
    /// What the customer shows. Absent for tokens without the scope `secrets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, pattern = "^[0-9a-f]{32}$")]
    app_key: Option<String>,
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Key, Problem> {
    let customer = desk.customer()?;
    let app_key = desk.service.show_app_key(&desk.actor, customer).await?;
    Ok(Key { customer: customer.get(), app_key: Some(app_key) })
}

pub(crate) async fn renew(desk: Desk, _: Nothing) -> Result<Key, Problem> {
    let customer = desk.customer()?;
    let shows = desk.scopes.allow(Scope::Secrets);
    let show = move |app_key: &String| Key { customer: customer.get(), app_key: shows.then(|| app_key.clone()) };
    Ok(show(&desk.acting(show).renew_app_key(&desk.actor, customer).await?))
}
