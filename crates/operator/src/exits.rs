//! Exits: declared, listed, removed, proved. How they are changed is in [`change`], tables of them in [`table`].

mod change;
mod check;
mod fields;
mod table;

use serde::Serialize;
use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::{ExitFault, ExitName, ExitPlace, ExitState, ExitTerms, Provenance, Route, terms};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_service::{Exit, ExitCheck, ExitFilter, unknown_places};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Members, Nothing, Wish};
use crate::problem::{Kind, Problem};
use crate::read;
use crate::shapes::{
    AccountProductType, AddressShape, CountryShape, EvidenceShape, ExitKindShape, ExitNameShape, ExitStateShape,
    LineShape, Moment, PlaceShape, ProvenanceShape, RouteShape,
};

pub(crate) use change::change;
pub(crate) use check::check;
pub(crate) use table::import;

/// A way for traffic to leave.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Exit)]
pub(crate) struct ExitView {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    #[schema(value_type = ExitNameShape)]
    name: String,
    #[schema(value_type = ExitKindShape)]
    kind: &'static str,
    /// How traffic leaves: `direct`, from an address of the gateway's host, from an address of an IPv6 prefix, or through an upstream
    /// proxy.
    route: String,
    /// How an upstream is logged in to: a template.
    #[schema(required = true)]
    username: Option<String>,
    /// Whether it has a password, which is never shown.
    has_password: bool,
    /// Where it is: `COUNTRY`, `COUNTRY/State` or `COUNTRY/State/City`.
    places: Vec<String>,
    /// Those of the places whose state or city is in no list of places. Customers find them by exactly that name.
    unknown_places: Vec<String>,
    /// Whose traffic it takes: that of accounts of these types.
    #[schema(value_type = Vec<AccountProductType>)]
    product_types: Vec<i64>,
    /// The most connections open at once, per gateway; `null` without a limit.
    #[schema(required = true, minimum = 1)]
    capacity: Option<u32>,
    /// Its share of the connections in its place, beside the others'.
    #[schema(minimum = 1, maximum = 1000)]
    weight: u16,
    #[schema(value_type = ExitStateShape)]
    state: &'static str,
    /// Who the addresses belong to.
    #[schema(value_type = ProvenanceShape)]
    provenance: &'static str,
    /// A note on that; may be empty.
    evidence: String,
    created_at: Moment,
    /// What came of the last check; `null` before the first.
    #[schema(required = true)]
    checked: Option<CheckView>,
}

/// What came of a check.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = ExitCheck)]
pub(crate) struct CheckView {
    at: Moment,
    /// The address that was seen from outside.
    #[schema(required = true, value_type = Option<AddressShape>)]
    seen: Option<String>,
    /// What is missing; `null` when nothing is.
    #[schema(required = true)]
    fault: Option<String>,
}

impl ExitView {
    pub(crate) fn of(exit: &Exit) -> Self {
        let terms = &exit.terms;
        let username = match &terms.route {
            Route::Upstream(upstream) => upstream.username.as_ref().map(|template| template.as_str().to_owned()),
            _ => None,
        };
        Self {
            id: exit.id.get(),
            name: exit.name.to_string(),
            kind: terms.route.word(),
            route: terms.route.to_string(),
            username,
            has_password: exit.password_sealed.is_some(),
            places: terms.places.iter().map(ToString::to_string).collect(),
            unknown_places: unknown_places(&terms.places).into_iter().map(ToString::to_string).collect(),
            product_types: terms.product_types.iter().copied().map(ProductType::number).collect(),
            capacity: terms.capacity,
            weight: terms.weight,
            state: terms.state.word(),
            provenance: terms.provenance.word(),
            evidence: terms.evidence.clone(),
            created_at: Moment(exit.created_at),
            checked: exit.checked.as_ref().map(CheckView::of),
        }
    }
}

impl CheckView {
    fn of(check: &ExitCheck) -> Self {
        let ExitCheck { at, seen, fault } = check;
        Self { at: Moment(*at), seen: seen.map(|seen| seen.to_string()), fault: fault.clone() }
    }
}

/// By number, oldest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only those in that country.
    #[schema(value_type = CountryShape, required = false, inline)]
    country: Option<CountryCode>,
    /// Only those in that state.
    #[schema(value_type = ExitStateShape, required = false, inline)]
    state: Option<ExitState>,
    /// Only those that leave in that way.
    #[schema(value_type = ExitKindShape, required = false, inline)]
    kind: Option<&'static str>,
    /// Only those whose last check found something missing, or nothing.
    #[schema(value_type = bool, required = false)]
    faulty: Option<bool>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self {
            country: members.optional("country", fields::country),
            state: members.optional("state", fields::state),
            kind: members.optional("kind", fields::kind),
            faulty: members.optional("faulty", read::flag),
        })
    }
}

impl Filter {
    pub(crate) fn into_filter(self) -> ExitFilter {
        let Self { country, state, kind, faulty } = self;
        ExitFilter { country, state, kind, faulty }
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<ExitView>, Problem> {
    let after = desk.cursors().after(&desk.paging)?.map(ExitId::new);
    let found = desk.service.page_exits(&filter.into_filter(), after, one_more(&desk.paging)).await?;
    let place = |exit: &Exit| exit.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |exit| ExitView::of(&exit))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<ExitView, Problem> {
    Ok(ExitView::of(&desk.service.find_exit(&name(&desk)?).await?))
}

/// The exit in the path.
fn name(desk: &Desk) -> Result<ExitName, Problem> {
    let text: String = desk.place("exit")?;
    ExitName::parse(&text).map_err(|_| Problem::new(Kind::NotFound, "no such exit"))
}

/// From the first exit on, traffic leaves by exits that were declared and by nothing else.
#[derive(ToSchema)]
pub(crate) struct ExitWish {
    /// What it is called, for good.
    #[schema(value_type = ExitNameShape, inline, example = "acme-us")]
    name: ExitName,
    /// `direct`, an address of the gateway's host, an IPv6 prefix that is routed to it, `http://HOST:PORT` or `socks5://HOST:PORT`.
    #[schema(value_type = RouteShape, inline, example = "socks5://proxy.example.com:1080")]
    route: String,
    /// How an upstream is logged in to: a text in which `{cc}`, `{CC}`, `{state}`, `{city}`, `{session}` and `{life}` are filled in. What
    /// stands in square brackets is left out when a value in it is not known.
    #[schema(value_type = LineShape, inline, required = false, example = "acme-{cc}[-city-{city}][-session-{session}]")]
    username: String,
    /// An upstream's password.
    #[schema(value_type = LineShape, inline, required = false)]
    password: String,
    /// Where it is: `COUNTRY`, `COUNTRY/State` or `COUNTRY/State/City`; an upstream may serve several places. May be left out for an address
    /// that the file of `exits.mmdb` knows.
    #[schema(value_type = Vec<PlaceShape>, required = false, min_items = 1, max_items = 1000, example = json!(["US/California/LosAngeles"]))]
    places: Option<Vec<ExitPlace>>,
    /// Whose traffic it takes; that of all accounts when not given.
    #[schema(value_type = Vec<AccountProductType>, required = false, max_items = 100)]
    product_types: Option<Vec<ProductType>>,
    /// The most connections open at once, per gateway; `null` without a limit.
    #[schema(value_type = Option<u32>, required = false, minimum = 1, maximum = 2_147_483_647)]
    capacity: Option<u32>,
    /// Its share of the connections in its place, beside the others'; 1 when not given.
    #[schema(value_type = u16, required = false, minimum = 1, maximum = 1000)]
    weight: Option<u16>,
    #[schema(value_type = ExitStateShape, inline, required = false)]
    state: Option<ExitState>,
    /// Who the addresses belong to; `owned` when not given.
    #[schema(value_type = ProvenanceShape, inline, required = false)]
    provenance: Option<Provenance>,
    /// A note on that: a contract, an assignment.
    #[schema(value_type = EvidenceShape, inline, required = false)]
    evidence: String,
}

impl Wish for ExitWish {
    fn read(members: &mut Members) -> Option<Self> {
        let name = members.required("name", fields::name);
        let route = members.required("route", fields::route);
        let username = members.optional("username", fields::username);
        let password = members.optional("password", fields::password);
        let places = members.optional("places", fields::places);
        let product_types = members.optional("product_types", fields::product_types);
        let capacity = members.optional("capacity", fields::capacity).flatten();
        let weight = members.optional("weight", fields::weight);
        let state = members.optional("state", fields::state);
        let provenance = members.optional("provenance", fields::provenance);
        let evidence = members.optional("evidence", fields::evidence);
        Some(Self {
            name: name?,
            route: route?,
            username: username.unwrap_or_default(),
            password: password.unwrap_or_default(),
            places,
            product_types,
            capacity,
            weight,
            state,
            provenance,
            evidence: evidence.unwrap_or_default(),
        })
    }
}

pub(crate) async fn add(desk: Desk, wish: ExitWish) -> Result<ExitView, Problem> {
    let wrong = |fault: ExitFault| Problem::from(turnpike_service::ServiceError::from(fault));
    let route = terms::route(&wish.route, &wish.username, &wish.password).map_err(wrong)?;
    let located = || match &route {
        Route::Address(address) => desk.service.locate(*address).map(|place| vec![place]),
        _ => None,
    };
    let places = wish.places.or_else(located).ok_or_else(|| wrong(ExitFault::Places))?;
    let terms = ExitTerms {
        route,
        places,
        product_types: wish.product_types.map_or_else(|| terms::product_types(""), Ok).map_err(wrong)?,
        capacity: wish.capacity,
        weight: wish.weight.unwrap_or(1),
        state: wish.state.unwrap_or(ExitState::Active),
        provenance: wish.provenance.unwrap_or(Provenance::Owned),
        evidence: wish.evidence,
    };
    Ok(ExitView::of(&desk.acting(ExitView::of).add_exit(&desk.actor, wish.name, terms).await?))
}

pub(crate) async fn remove(desk: Desk, _: Nothing) -> Result<ExitView, Problem> {
    let name = name(&desk)?;
    Ok(ExitView::of(&desk.acting(ExitView::of).remove_exit(&desk.actor, name).await?))
}
