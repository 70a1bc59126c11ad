//! Customers: added, verified, suspended, limited.

use serde::Serialize;
use turnpike_domain::ids::CustomerId;
use turnpike_service::{CustomerChange, CustomerDetails, CustomerFilter, LimitChange};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{LineShape, Moment, Yes};

/// A customer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Customer {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// Its address, in lower case.
    email: String,
    /// Its telephone number; empty when none is known.
    phone: String,
    /// Whether its identity was checked.
    verified: bool,
    /// Whether its traffic and its changes are stopped.
    suspended: bool,
    created_at: Moment,
    /// The most tunnels open at once on a gateway; `null` is no limit.
    #[schema(required = true)]
    max_tunnels: Option<u32>,
    /// The most new connections a second on a gateway; `null` is no limit.
    #[schema(required = true)]
    max_connections_per_second: Option<u32>,
    /// The most proxy accounts; `null` is the configured number.
    #[schema(required = true)]
    most_accounts: Option<u32>,
    /// The most addresses on the allow list; `null` is the configured number.
    #[schema(required = true)]
    most_sources: Option<u32>,
}

impl Customer {
    fn of(details: &CustomerDetails) -> Self {
        let CustomerDetails { customer, phone, created_at, max_tunnels, max_connections_per_second, quotas } = details;
        Self {
            id: customer.id.get(),
            email: customer.email.clone(),
            phone: phone.clone(),
            verified: customer.verified,
            suspended: customer.suspended,
            created_at: Moment(*created_at),
            max_tunnels: *max_tunnels,
            max_connections_per_second: *max_connections_per_second,
            most_accounts: quotas.accounts,
            most_sources: quotas.sources,
        }
    }
}

/// By number, oldest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only with exactly this address.
    #[schema(value_type = LineShape, inline, required = false)]
    email: Option<String>,
    /// Only those that are verified, or only those that are not.
    #[schema(value_type = bool, required = false)]
    verified: Option<bool>,
    /// Only those that are suspended, or only those that are not.
    #[schema(value_type = bool, required = false)]
    suspended: Option<bool>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.optional("email", |given| read::line(given, 0..=254));
        let verified = members.optional("verified", read::flag);
        let suspended = members.optional("suspended", read::flag);
        Some(Self { email, verified, suspended })
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Customer>, Problem> {
    let Filter { email, verified, suspended } = filter;
    let filter = CustomerFilter { email: email.map(|email| email.to_lowercase()), verified, suspended };
    let after = desk.cursors().after(&desk.paging)?.map(CustomerId::new);
    let found = desk.service.page_customers(&filter, after, one_more(&desk.paging)).await?;
    let place = |details: &CustomerDetails| details.customer.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |details| Customer::of(&details))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Customer, Problem> {
    Ok(Customer::of(&desk.service.customer_details(desk.customer()?).await?))
}

/// It gets an `app_key`, which `GET /customers/{customer}/key` shows.
#[derive(ToSchema)]
pub(crate) struct NewCustomer {
    /// Its address. One person is one customer.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// The login password.
    #[schema(min_length = 8, max_length = 64)]
    password: String,
    /// Whether its identity was checked already.
    #[schema(value_type = bool, required = false)]
    verified: Option<bool>,
}

impl Wish for NewCustomer {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", read::email);
        let password = members.required("password", |given| read::secret(given, 8..=64));
        let verified = members.optional("verified", read::flag);
        Some(Self { email: email?, password: password?, verified })
    }
}

pub(crate) async fn add(desk: Desk, wish: NewCustomer) -> Result<Customer, Problem> {
    let NewCustomer { email, password, verified } = wish;
    let service = desk.acting(Customer::of);
    let opened = service.open_customer(&desk.actor, (&email, &password), verified.unwrap_or_default()).await?;
    Ok(Customer::of(&opened))
}

/// Another password for the dashboard's login.
#[derive(ToSchema)]
pub(crate) struct NewPassword {
    /// The login password.
    #[schema(min_length = 8, max_length = 64)]
    password: String,
}

impl Wish for NewPassword {
    fn read(members: &mut Members) -> Option<Self> {
        let password = members.required("password", |given| read::secret(given, 8..=64));
        Some(Self { password: password? })
    }
}

pub(crate) async fn set_password(desk: Desk, wish: NewPassword) -> Result<Customer, Problem> {
    let customer = desk.customer()?;
    let service = desk.acting(Customer::of);
    Ok(Customer::of(&service.change_login_password(&desk.actor, customer, &wish.password).await?))
}

/// What is left out stays. A suspended customer's tunnels end within a second, and its sessions with them.
#[derive(ToSchema)]
pub(crate) struct Change {
    /// `true`: its identity was checked. That cannot be taken back.
    #[schema(value_type = Yes, required = false, inline)]
    verified: Option<bool>,
    /// Whether its traffic and its changes are stopped.
    #[schema(value_type = bool, required = false)]
    suspended: Option<bool>,
    /// The most tunnels open at once on a gateway; `null` lifts the limit.
    #[schema(value_type = Option<u32>, required = false, maximum = 2_147_483_647)]
    max_tunnels: LimitChange,
    /// The most new connections a second on a gateway; `null` lifts the limit.
    #[schema(value_type = Option<u32>, required = false, maximum = 2_147_483_647)]
    max_connections_per_second: LimitChange,
    /// The most proxy accounts; `null` is the configured number.
    #[schema(value_type = Option<u32>, required = false, maximum = 2_147_483_647)]
    most_accounts: LimitChange,
    /// The most addresses on the allow list; `null` is the configured number.
    #[schema(value_type = Option<u32>, required = false, maximum = 2_147_483_647)]
    most_sources: LimitChange,
}

impl Wish for Change {
    fn read(members: &mut Members) -> Option<Self> {
        members.must_hold_something();
        let verified = members.optional("verified", |given| {
            let refused = || "cannot be taken back; suspend the customer".to_owned();
            read::flag(given)?.then_some(true).ok_or_else(refused)
        });
        let suspended = members.optional("suspended", read::flag);
        let mut limit = |name| members.optional(name, limit).unwrap_or_default();
        Some(Self {
            verified,
            suspended,
            max_tunnels: limit("max_tunnels"),
            max_connections_per_second: limit("max_connections_per_second"),
            most_accounts: limit("most_accounts"),
            most_sources: limit("most_sources"),
        })
    }
}

/// A limit, or `null` for none.
fn limit(given: Given<'_>) -> Result<LimitChange, String> {
    if given.value.is_null() {
        return Ok(LimitChange::Lifted);
    }
    read::count(given, 0..=read::HIGHEST_LIMIT).map(LimitChange::Set)
}

pub(crate) async fn change(desk: Desk, wish: Change) -> Result<Customer, Problem> {
    let Change { verified, suspended, max_tunnels, max_connections_per_second, most_accounts, most_sources } = wish;
    let verified = verified.unwrap_or_default();
    let change =
        CustomerChange { verified, suspended, max_tunnels, max_connections_per_second, most_accounts, most_sources };
    let customer = desk.customer()?;
    Ok(Customer::of(&desk.acting(Customer::of).change_customer(&desk.actor, customer, change).await?))
}
