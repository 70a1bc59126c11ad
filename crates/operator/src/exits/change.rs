//! What is to become otherwise of an exit.

use turnpike_domain::exit::{ExitPlace, ExitState, Provenance, UpstreamPassword};
use turnpike_domain::product::ProductType;
use turnpike_service::{ExitChange, LimitChange};
use utoipa::ToSchema;

use super::{ExitView, fields, name};
use crate::desk::Desk;
use crate::members::{Given, Members, Wish};
use crate::problem::Problem;
use crate::shapes::{
    AccountProductType, EvidenceShape, ExitStateShape, LineShape, PlaceShape, ProvenanceShape, RouteShape,
};

/// What is left out stays: a password, too, unless the way out becomes another kind. An exit that goes into maintenance or down has
/// its connections ended; one that drains lets them end by themselves.
#[derive(ToSchema)]
#[schema(as = ExitChange)]
pub(crate) struct Change {
    /// `direct`, an address of the gateway's host, an IPv6 prefix that is routed to it, `http://HOST:PORT` or `socks5://HOST:PORT`.
    #[schema(value_type = RouteShape, inline, required = false)]
    route: Option<String>,
    /// How an upstream is logged in to; empty for no login.
    #[schema(value_type = LineShape, inline, required = false)]
    username: Option<String>,
    /// An upstream's password; empty for none.
    #[schema(value_type = LineShape, inline, required = false)]
    password: Option<String>,
    /// Where it is: all its places.
    #[schema(value_type = Vec<PlaceShape>, required = false, min_items = 1, max_items = 1000)]
    places: Option<Vec<ExitPlace>>,
    /// Whose traffic it takes.
    #[schema(value_type = Vec<AccountProductType>, required = false, min_items = 1, max_items = 100)]
    product_types: Option<Vec<ProductType>>,
    /// The most connections open at once, per gateway; `null` without a limit.
    #[schema(value_type = Option<u32>, required = false, minimum = 1, maximum = 2_147_483_647)]
    capacity: LimitChange,
    /// Its share of the connections in its place.
    #[schema(value_type = u16, required = false, minimum = 1, maximum = 1000)]
    weight: Option<u16>,
    #[schema(value_type = ExitStateShape, inline, required = false)]
    state: Option<ExitState>,
    /// Who the addresses belong to.
    #[schema(value_type = ProvenanceShape, inline, required = false)]
    provenance: Option<Provenance>,
    /// A note on that.
    #[schema(value_type = EvidenceShape, inline, required = false)]
    evidence: Option<String>,
}

impl Wish for Change {
    fn read(members: &mut Members) -> Option<Self> {
        members.must_hold_something();
        Some(Self {
            route: members.optional("route", fields::route),
            username: members.optional("username", fields::username),
            password: members.optional("password", fields::password),
            places: members.optional("places", fields::places),
            product_types: members.optional("product_types", fields::product_types),
            capacity: members.optional("capacity", capacity).unwrap_or_default(),
            weight: members.optional("weight", fields::weight),
            state: members.optional("state", fields::state),
            provenance: members.optional("provenance", fields::provenance),
            evidence: members.optional("evidence", fields::evidence),
        })
    }
}

fn capacity(given: Given<'_>) -> Result<LimitChange, String> {
    Ok(fields::capacity(given)?.map_or(LimitChange::Lifted, LimitChange::Set))
}

pub(crate) async fn change(desk: Desk, wish: Change) -> Result<ExitView, Problem> {
    let Change { route, username, password, places, product_types, capacity, weight, state, provenance, evidence } =
        wish;
    let change = ExitChange {
        route,
        username,
        password: password.and_then(UpstreamPassword::new),
        places,
        product_types,
        capacity,
        weight,
        state,
        provenance,
        evidence,
    };
    let name = name(&desk)?;
    Ok(ExitView::of(&desk.acting(ExitView::of).change_exit(&desk.actor, name, change).await?))
}
