//! The table of contents: every call there is, who may make it, and where it is answered.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use tower_http::catch_panic::CatchPanicLayer;
use turnpike_service::Service;

use crate::call::{Api, Gate, Rules};
use crate::contents::Contents;
use crate::envelope::Success;
use crate::guard::{self, AfterPanic, RequestIds};
use crate::live::{self, Streams, UsageEvent};
use crate::places::{CountryAreas, CountryCities, CountryStates, PlaceLists, ServedCountry};
use crate::settings::ApiSettings;
use crate::user_product::auto_renewal;
use crate::{
    activity, api_keys, article, coupon, explain, extraction, order, pay, payment, places, product, proxy_account,
    proxy_ip, quota, static_ip, user, user_activity, user_product, user_usage_flow, viewer, whitelist_account,
};

const ANYONE: Rules = Rules { success: Success::done(200), gate: Gate::Anyone };
const OPEN: Rules = Rules { success: Success::done(200), gate: Gate::Open };
const OPEN_REQUEST: Rules = Rules { success: Success::requested(200), gate: Gate::Open };
const OPEN_0: Rules = Rules { success: Success::done(0), gate: Gate::Open };
const VERIFIED: Rules = Rules { success: Success::done(200), gate: Gate::Verified };
const UNSUSPENDED: Rules = Rules { success: Success::done(200), gate: Gate::Unsuspended };
const VERIFIED_0: Rules = Rules { success: Success::done(0), gate: Gate::Verified };
const UNSUSPENDED_0: Rules = Rules { success: Success::done(0), gate: Gate::Unsuspended };
const CHANGING_0: Rules = Rules { success: Success::done(0), gate: Gate::Changing };
const CHANGING: Rules = Rules { success: Success::done(200), gate: Gate::Changing };

/// Every call (contract §1 to §3, §6, §8, §9).
pub(crate) fn contents() -> Contents {
    Contents::default()
        .list("/whitelist-account/list", OPEN, whitelist_account::list)
        .get("/whitelist-account/quota", OPEN_0, quota::accounts)
        .get("/whitelist-account/quotas", OPEN_0, quota::accounts)
        .post("/whitelist-account/add", CHANGING, whitelist_account::add)
        .post("/whitelist-account/delete", CHANGING, whitelist_account::delete)
        .post("/whitelist-account/disable", CHANGING, whitelist_account::disable)
        .post("/whitelist-account/enable", CHANGING, whitelist_account::enable)
        .post("/whitelist-account/change-password", CHANGING, whitelist_account::change_password)
        .post("/whitelist-account/change-remark", CHANGING, whitelist_account::change_remark)
        .post("/whitelist-account/change-limit", CHANGING, whitelist_account::change_limit)
        .post("/proxy-account/change", CHANGING, proxy_account::change)
        .get("/proxy-ip/list", OPEN, proxy_ip::list)
        .post("/proxy-ip/add", UNSUSPENDED, proxy_ip::add)
        .post("/proxy-ip/delete", UNSUSPENDED, proxy_ip::delete)
        .get("/white-ip/quota", OPEN_0, quota::sources)
        .get("/white-ip/quotas", OPEN_0, quota::sources)
        .get("/user-activity/list", OPEN, user_activity::list)
        .post("/explain", OPEN, explain::explain)
        .get("/user-usage-flow/total", VERIFIED, user_usage_flow::total)
        .get("/user-usage-flow/flow-total", OPEN, user_usage_flow::flow_total)
        .stream::<_, UsageEvent<'_>, _, _>("/user-usage-flow/live", OPEN, live::live)
        .get("/user-product/list", VERIFIED, user_product::list)
        .get("/user-product/summary", OPEN, user_product::summary)
        .get("/order/list", OPEN_0, order::list)
        .get("/order/info", OPEN, order::info)
        .post("/order/check", VERIFIED_0, order::check)
        .post("/order/create", CHANGING_0, order::create)
        .post("/order/close", UNSUSPENDED_0, order::close)
        .post("/pay/pay-check", OPEN, pay::check)
        .post("/pay", CHANGING_0, pay::pay)
        .get("/product", OPEN_0, product::list)
        .get("/coupon/list", OPEN, coupon::list)
        .get("/article/list", OPEN, article::list)
        .get("/article/info", OPEN, article::info)
        .get("/activity/balance-recharge-gift-ratio", VERIFIED_0, activity::balance_recharge_gift_ratio)
        .get("/payment/groups", VERIFIED_0, payment::groups)
        .get("/payment/list", VERIFIED_0, payment::list)
        .post("/user-product/get-auto-renewal", OPEN, auto_renewal::list)
        .post("/user-product/set-auto-renewal", CHANGING, auto_renewal::set)
        .post("/user-product/auto-renewal-logs", OPEN, auto_renewal::log)
        .told("/ip/v3", CHANGING, extraction::extract)
        .told("/web_v1/ip/get-ip-v3", CHANGING, extraction::extract_flat)
        .kept::<_, CountryCities, _>("/ip/dynamic-citys", VERIFIED, places::cities)
        .kept::<_, CountryStates, _>("/ip/dynamic-states", VERIFIED, places::states)
        .get("/ip/dynamic-citys/search", VERIFIED, places::search_cities)
        .get("/ip/dynamic-states/search", VERIFIED, places::search_states)
        .kept::<_, CountryCities, _>("/ip/dcl4", OPEN, places::cities_of_account)
        .kept::<_, CountryStates, _>("/ip/dsl4", OPEN, places::states_of_account)
        .kept::<_, CountryAreas, _>("/ip/dal4", OPEN, places::areas_of_account)
        .kept::<_, ServedCountry, _>("/host-pool/regions", OPEN, places::countries)
        .get("/ip/get-static-ip", OPEN, static_ip::list)
        .post("/ip/change-static-ip", CHANGING, static_ip::change)
        .get("/ip/change-quota", OPEN_0, quota::ip_changes)
        .get("/static-ip-region", OPEN_REQUEST, static_ip::regions)
        .get("/ip/static-ip-region", OPEN_REQUEST, static_ip::regions)
        .get("/user/info", OPEN_0, user::info)
        .get("/api-keys", OPEN_0, api_keys::list)
        .post("/web_v1/user/login", ANYONE, user::login)
        .get("/web_v1/user/info", OPEN, user::info)
}

/// The whole API: every call under every prefix, with or without a slash at its end, `/openapi.json` and `/docs`.
pub fn router(service: Service, settings: ApiSettings) -> Router {
    let (calls, document) = contents().into_parts(&settings.prefixes);
    let ids = RequestIds::beginning(service.now());
    let service = service.with_quotas(settings.quotas());
    let settings = Arc::new(settings);
    let panics = CatchPanicLayer::custom(AfterPanic(settings.language));
    calls
        .with_state(Api {
            service,
            settings: settings.clone(),
            streams: Streams::default(),
            place_lists: Arc::<PlaceLists>::default(),
        })
        .route("/openapi.json", get(move || std::future::ready(json(document.clone()))))
        .merge(viewer::routes())
        .method_not_allowed_fallback(guard::method_not_allowed)
        .fallback(guard::route_unknown)
        .with_state(settings.clone())
        .layer(middleware::from_fn_with_state(settings, guard::hurry))
        .layer(panics)
        .layer(middleware::from_fn_with_state(ids, guard::record))
}

fn json(document: Bytes) -> Response {
    let mut response = Response::new(Body::from(document));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
