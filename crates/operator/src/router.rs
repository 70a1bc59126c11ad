//! The table of contents: every route there is, and where it is answered.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use serde_json::Value;
use turnpike_service::Service;

use crate::call::{Api, JSON, Paces};
use crate::contents::Contents;
use crate::guard::{self, Guard};
use crate::settings::OperatorSettings;
use crate::{
    accounts, activity, articles, audit, catalogue, connections, coupons, customers, endpoints, exits, explain,
    exports, gateways, in_force, invitations, keys, ledger, machines, orders, packages, payments, sources, static_ips,
    tokens, usage,
};

/// What every path begins with.
pub const PREFIX: &str = "/operator/v1";

/// Every route.
pub(crate) fn contents() -> Contents {
    of_machines(of_exits(of_shop(of_customers(Contents::default()))))
}

/// Customers and what is theirs.
fn of_customers(contents: Contents) -> Contents {
    let (post, patch, delete) = (|| Method::POST, || Method::PATCH, || Method::DELETE);
    contents
        .list("/customers", "List customers", customers::list)
        .change_everywhere((post(), "/customers", "Add a customer"), customers::add)
        .show("/customers/{customer}", "Show a customer", customers::show)
        .change_everywhere((patch(), "/customers/{customer}", "Verify, suspend or limit a customer"), customers::change)
        .change((patch(), "/customers/{customer}/password", "Set a customer's login password"), customers::set_password)
        .reveal("/customers/{customer}/key", "Show a customer's app_key", keys::show)
        .change((post(), "/customers/{customer}/key", "Renew a customer's app_key"), keys::renew)
        .list("/customers/{customer}/packages", "List a customer's packages", packages::list)
        .change_everywhere((post(), "/customers/{customer}/packages", "Grant a package"), packages::grant)
        .show("/packages/{package}", "Show a package", packages::show)
        .list("/customers/{customer}/accounts", "List a customer's accounts", accounts::list)
        .change_everywhere((post(), "/customers/{customer}/accounts", "Add an account"), accounts::add)
        .show("/customers/{customer}/accounts/{username}", "Show an account", accounts::show)
        .change_everywhere(
            (patch(), "/customers/{customer}/accounts/{username}", "Change an account"),
            accounts::change,
        )
        .change_everywhere(
            (delete(), "/customers/{customer}/accounts/{username}", "Delete an account"),
            accounts::delete,
        )
        .reveal("/customers/{customer}/accounts/{username}/password", "Show an account's password", accounts::password)
        .change(
            (delete(), "/customers/{customer}/accounts/{username}/connections", "End an account's connections"),
            connections::kick_account,
        )
        .show("/customers/{customer}/usage", "Show what a customer used, by day", usage::show)
        .list("/customers/{customer}/activity", "List a customer's failed connections, newest first", activity::list)
        .show("/explain", "Explain a login and a destination", explain::explain)
        .list("/customers/{customer}/sources", "List a customer's allowed addresses", sources::list)
        .change_everywhere((post(), "/customers/{customer}/sources", "Allow addresses"), sources::add)
        .change_everywhere((delete(), "/customers/{customer}/sources/{ip}", "Disallow an address"), sources::delete)
}

/// What is sold, to whom, and the money.
fn of_shop(contents: Contents) -> Contents {
    let (post, put, patch, delete) = (|| Method::POST, || Method::PUT, || Method::PATCH, || Method::DELETE);
    contents
        .list("/orders", "List orders, newest first", orders::list)
        .show("/orders/{order}", "Show an order", orders::show)
        .change((delete(), "/orders/{order}", "Close an order that awaits payment"), orders::close)
        .change_everywhere((post(), "/orders/{order}/payments", "Confirm a payment for an order"), payments::confirm)
        .change_everywhere((post(), "/orders/{order}/refund", "Refund an order"), orders::refund)
        .list("/payments", "List payments that came in, newest first", payments::list)
        .change_everywhere((patch(), "/payments/{payment}", "Decide on a parked payment"), payments::resolve)
        .list("/ledger/entries", "List the journal's entries, newest first", ledger::list)
        .show("/ledger/totals", "Show what each book comes to", ledger::totals)
        .change((post(), "/customers/{customer}/adjustments", "Give or take money by hand"), ledger::adjust)
        .list("/static-ips", "List the inventory of static IPs", static_ips::list)
        .change((post(), "/static-ips", "Take static IPs over from a table"), static_ips::import)
        .show("/static-ips/{ip}", "Show a static IP", static_ips::show)
        .change_everywhere(
            (patch(), "/static-ips/{ip}", "Take a static IP out of service, or back"),
            static_ips::change,
        )
        .change_everywhere(
            (post(), "/static-ips/{ip}/replacement", "Give its holder another static IP"),
            static_ips::replace,
        )
        .show("/catalogue", "Show the catalogue", catalogue::show)
        .change((put(), "/catalogue", "Put a catalogue in force"), catalogue::load)
        .show("/recharge-tiers", "Show which recharges have a bonus", catalogue::show_tiers)
        .change((put(), "/recharge-tiers", "Say which recharges have a bonus"), catalogue::set_tiers)
        .list("/coupons", "List coupons", coupons::list)
        .change((post(), "/coupons", "Make a coupon"), coupons::add)
        .show("/coupons/{coupon}", "Show a coupon", coupons::show)
        .change((patch(), "/coupons/{coupon}", "Change a coupon"), coupons::change)
        .list("/articles", "List articles", articles::list)
        .change((post(), "/articles", "Publish an article"), articles::add)
        .show("/articles/{article}", "Show an article", articles::show)
        .change((patch(), "/articles/{article}", "Change or withdraw an article"), articles::change)
        .show("/customers/{customer}/invitation", "Show a customer's invitations", invitations::show)
        .change((post(), "/customers/{customer}/invitation", "Note who invited a customer"), invitations::note)
        .change((post(), "/customers/{customer}/invite-code", "Give a customer an invite code"), invitations::give_code)
}

/// By which ways traffic leaves.
fn of_exits(contents: Contents) -> Contents {
    let (post, put, patch, delete) = (|| Method::POST, || Method::PUT, || Method::PATCH, || Method::DELETE);
    contents
        .list("/exits", "List exits", exits::list)
        .change_everywhere((post(), "/exits", "Declare an exit"), exits::add)
        .change_everywhere((put(), "/exits", "Take exits over from a table"), exits::import)
        .show("/exits/{exit}", "Show an exit", exits::show)
        .change_everywhere((patch(), "/exits/{exit}", "Change an exit"), exits::change)
        .change_everywhere((delete(), "/exits/{exit}", "Remove an exit"), exits::remove)
        .change((post(), "/exits/{exit}/check", "Prove by which address an exit is seen"), exits::check)
        .export("/exports/exits", "Write exits as a table", exports::exits)
        .change_everywhere((put(), "/static-ips/{ip}/exit", "Put a static IP behind an exit"), static_ips::put_behind)
}

/// Gateways, those who may do what, and what they did.
fn of_machines(contents: Contents) -> Contents {
    let (post, patch, delete) = (|| Method::POST, || Method::PATCH, || Method::DELETE);
    contents
        .export("/exports/orders", "Write orders as a table", exports::orders)
        .export("/exports/ledger", "Write the journal as a table", exports::ledger)
        .export("/exports/payments", "Write payments as a table", exports::payments)
        .export("/exports/coupons", "Write coupons as a table", exports::coupons)
        .export("/exports/static-ips", "Write the inventory of static IPs as a table", exports::static_ips)
        .list("/connections", "List open connections", connections::list)
        .change((delete(), "/connections/{gateway}/{connection}", "End a connection"), connections::kick)
        .list("/endpoints", "List live endpoints", endpoints::list)
        .change_everywhere((delete(), "/endpoints/{endpoint}", "End an endpoint before its time"), endpoints::end)
        .list("/gateways", "List gateways", gateways::list)
        .change((delete(), "/gateways/{gateway}/escrow", "Give up a gateway that is gone for good"), gateways::give_up)
        .list("/machines", "List machines that may run gateways", machines::list)
        .change((post(), "/machines", "Let a machine run gateways"), machines::add)
        .change((delete(), "/machines/{name}", "Revoke a machine's credential"), machines::revoke)
        .list("/audit", "Read the audit, newest first", audit::list)
        .show("/settings", "Show the settings in force", in_force::show)
        .list("/tokens", "List tokens", tokens::list)
        .change((post(), "/tokens", "Make a token"), tokens::add)
        .show("/tokens/{token}", "Show a token", tokens::show)
        .change((patch(), "/tokens/{token}", "Revoke a token"), tokens::revoke)
}

/// The whole API under [`PREFIX`], with its document at `/operator/v1/openapi.json`. `in_force` are the settings of the
/// process, without secrets.
pub fn router(service: Service, settings: OperatorSettings, in_force: Value) -> Router {
    let (routes, document) = contents().into_parts();
    let guard = Guard::new(service.now(), settings.request_deadline());
    let api = Api { service, settings: Arc::new(settings), in_force: Arc::new(in_force), paces: Paces::new() };
    routes
        .with_state(api)
        .route(&format!("{PREFIX}/openapi.json"), get(move || std::future::ready(json(document.clone()))))
        .fallback(guard::route_unknown)
        .layer(middleware::from_fn(guard::explain_method))
        .layer(middleware::from_fn_with_state(guard, guard::record))
}

fn json(document: Bytes) -> Response {
    let mut response = Response::new(Body::from(document));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}
