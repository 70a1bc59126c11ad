//! A customer's allow list: addresses that may connect without credentials where a port is open for them.

use std::net::IpAddr;

use serde::Serialize;
use turnpike_domain::remark::Remark;
use turnpike_service::{AllowedSource, NewSources};
use utoipa::ToSchema;

use crate::cursor::PageOf;
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{AddressShape, Moment, RemarkShape};

/// The most addresses of one request.
const MOST: usize = 100;

/// An address on the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Source {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// The address, in its canonical form.
    ip: String,
    /// The customer's own words on it.
    remark: String,
    created_at: Moment,
}

/// By number, oldest first.
pub(crate) async fn list(desk: Desk, _: Nothing) -> Result<PageOf<Source>, Problem> {
    let customer = desk.customer()?;
    // A list of nobody is empty, not absent.
    desk.service.customer_details(customer).await?;
    let mut all = desk.service.list_sources(customer).await?;
    all.sort_by_key(|source| source.id);
    let show = |source: AllowedSource| {
        let AllowedSource { id, ip, remark, created_at } = source;
        Source { id, ip: ip.to_string(), remark, created_at: Moment(created_at) }
    };
    desk.cursors().page_of_all(&desk.paging, all, (|source: &AllowedSource| source.id, show))
}

/// All of them or none. Allowing an address again only changes its remark, when one is given.
#[derive(ToSchema)]
pub(crate) struct NewAddresses {
    /// IPv4 or IPv6 addresses.
    #[schema(value_type = Vec<AddressShape>, min_items = 1, max_items = 100)]
    ips: Vec<IpAddr>,
    #[schema(value_type = RemarkShape, required = false, inline)]
    remark: Option<Remark>,
}

impl Wish for NewAddresses {
    fn read(members: &mut Members) -> Option<Self> {
        let ips = members.required("ips", addresses);
        let remark = members.optional("remark", read::remark);
        Some(Self { ips: ips?, remark })
    }
}

fn addresses(given: Given<'_>) -> Result<Vec<IpAddr>, String> {
    let listed = given.value.as_array().filter(|listed| (1..=MOST).contains(&listed.len()));
    let listed = listed.ok_or_else(|| format!("must be a list of 1 to {MOST} addresses"))?;
    let read = |value: &serde_json::Value| read::source(value.as_str().ok_or("must hold texts")?);
    let mut ips = listed.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    ips.sort_unstable();
    ips.dedup();
    Ok(ips)
}

/// The addresses that a request was about.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Addresses {
    /// In their canonical form.
    ips: Vec<String>,
    /// Whether they stand on the list now.
    allowed: bool,
}

impl Addresses {
    fn of(ips: &[IpAddr], allowed: bool) -> Self {
        Self { ips: ips.iter().map(ToString::to_string).collect(), allowed }
    }
}

pub(crate) async fn add(desk: Desk, wish: NewAddresses) -> Result<Addresses, Problem> {
    let added = Addresses::of(&wish.ips, true);
    let (customer, kept) = (desk.customer()?, added.clone());
    let wish = NewSources { sources: wish.ips, remark: wish.remark.unwrap_or_default() };
    desk.acting(move |(): &()| kept.clone()).add_sources_as(&desk.actor, customer, wish).await?;
    Ok(added)
}

pub(crate) async fn delete(desk: Desk, _: Nothing) -> Result<Addresses, Problem> {
    let ip = desk.place::<IpAddr>("ip")?.to_canonical();
    let deleted = Addresses::of(&[ip], false);
    let (customer, kept) = (desk.customer()?, deleted.clone());
    desk.acting(move |(): &()| kept.clone()).delete_sources_as(&desk.actor, customer, vec![ip]).await?;
    Ok(deleted)
}
