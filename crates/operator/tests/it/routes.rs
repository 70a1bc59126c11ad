//! Every route of the document against everybody: no token, one that is void, one that may not, a dry run, a wrong body.

use std::cmp::Reverse;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use turnpike_domain::connection::ConnectionId;
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, PaymentMethod, ProductId};
use turnpike_domain::time::Span;
use turnpike_service::{Actor, Wish};
use turnpike_testkit::each_store;
use turnpike_testkit::stores::TestStore;

use crate::connections::FakeGateway;
use crate::given::{Answer, Given};

/// A route, with things that are there in its path.
struct Route {
    method: String,
    path: String,
    scope: &'static str,
    body: Option<Value>,
}

impl Route {
    fn is_change(&self) -> bool {
        self.method != "GET"
    }

    async fn ask(&self, given: &Given, token: &str) -> Answer {
        given.ask(&self.method, &self.path, token, self.body.clone()).await
    }

    /// When to try it, so that nothing takes away what a later one needs.
    fn turn(&self) -> (bool, bool, Reverse<usize>) {
        (self.method == "DELETE", !self.path.starts_with("/connections"), Reverse(self.path.matches('/').count()))
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What the changes of the document are tried with.
fn body(operation: &str, things: &Things) -> Option<Value> {
    let product = json!({"code": "gb", "type": 9, "name": "Traffic", "price": "6", "size_kb": 1_048_576});
    Some(match operation {
        "put-catalogue" => json!({"products": [product]}),
        "put-recharge-tiers" => json!({"tiers": [{"amount": "100", "ratio": "1.1"}]}),
        "post-coupons" => json!({"code": "FRESH", "off": "5%", "expires_at": "2026-06-01T00:00:00Z"}),
        "patch-coupons-coupon" => json!({"enabled": false}),
        "post-articles" => json!({"title": "Fresh", "content": "News"}),
        "patch-articles-article" => json!({"withdrawn": true}),
        "post-customers-customer-invitation" => json!({"code": things.invite_code}),
        "post-customers-customer-adjustments" => json!({"amount": "5.00", "why": "for the trouble"}),
        "post-orders-order-payments" => json!({"amount": "5.00", "reference": "bank-7"}),
        "post-orders-order-refund" => json!({"amount": "5.00"}),
        "patch-payments-payment" => json!({"resolution": "credit", "customer": things.customer}),
        "post-static-ips" => json!({"csv": "ip,kind,country\n192.0.2.3,25,JP\n"}),
        "patch-static-ips-ip" => json!({"duty": "maintenance"}),
        "put-static-ips-ip-exit" => json!({"exit": null}),
        "post-exits" => json!({"name": "fresh", "route": "direct", "places": ["DE"]}),
        "put-exits" => json!({"csv": "name,route,places\nother,192.0.2.9,FR\n"}),
        "patch-exits-exit" => json!({"state": "draining"}),
        "post-static-ips-ip-replacement" => json!({"country": "JP"}),
        "patch-customers-customer-password" => json!({"password": "another long password"}),
        "post-customers" => json!({"email": "new@example.com", "password": "a long password", "verified": true}),
        "patch-customers-customer" => json!({"suspended": true, "max_tunnels": 5, "most_accounts": null}),
        "post-customers-customer-packages" => json!({"size_kb": 1024}),
        "post-customers-customer-accounts" => json!({"username": "fresh", "password": "secret"}),
        "patch-customers-customer-accounts-username" => json!({"enabled": false, "limit_gb": 3}),
        "post-customers-customer-sources" => json!({"ips": ["192.0.2.7"]}),
        "post-machines" => json!({"name": "edge-2"}),
        "patch-tokens-token" => json!({"revoked": true}),
        "post-tokens" => json!({"name": "fresh", "scopes": ["read"], "days": 1}),
        _ => return None,
    })
}

/// What is there once, or once for each way it can stand.
struct Things {
    customer: i64,
    /// Another one, who has bought nothing yet.
    newcomer: i64,
    invite_code: String,
    places: Vec<(&'static str, String)>,
    /// Orders that await payment, the first to be closed and the second to be paid, and one that is paid.
    orders: [String; 3],
}

impl Things {
    /// A path with the names of things in it.
    fn filled(&self, path: &str) -> String {
        let [closing, paying, paid] = &self.orders;
        let order = match path.rsplit('/').next() {
            Some("payments") => paying,
            Some("refund") => paid,
            _ => closing,
        };
        let mut begun = path.replace("{order}", order);
        if path.ends_with("/invitation") {
            begun = begun.replace("{customer}", &self.newcomer.to_string());
        }
        let fill = |path: String, (name, value): &(&str, String)| path.replace(&format!("{{{name}}}"), value);
        let filled = self.places.iter().fold(begun, fill);
        assert!(!filled.contains('{'), "{filled}");
        filled
    }
}

/// A store in which everything is there once.
async fn things(given: &Given, gateway: &FakeGateway) -> Things {
    let (customer, inviter) = (given.customer("anna").await, given.customer("ben").await);
    let newcomer = given.customer("cara").await;
    given.account(customer, "user1").await;
    let package = given.post(&format!("/customers/{customer}/packages"), json!({"size_kb": 1 << 20})).await.is(201);
    given.post(&format!("/customers/{customer}/sources"), json!({"ips": ["192.0.2.1"]})).await.is(201);
    given.post("/machines", json!({"name": "edge-1"})).await.is(201);
    let token = given.token("spare", "read", 1).await.1;
    let code = given.post(&format!("/customers/{inviter}/invite-code"), json!({})).await.is(201);
    let coupon = json!({"code": "SPRING", "off": "5%", "expires_at": "2026-06-01T00:00:00Z"});
    let coupon = given.post("/coupons", coupon).await.is(201);
    let exit = json!({"name": "acme", "route": "http://proxy.example:3128", "places": ["US"]});
    given.post("/exits", exit).await.is(201);
    let article = given.post("/articles", json!({"title": "News", "content": "Old"})).await.is(201);
    let (orders, payment) = orders(given, customer).await;
    let places = vec![
        ("customer", customer.to_string()),
        ("username", "user1".to_owned()),
        ("package", package["id"].to_string()),
        ("ip", "192.0.2.1".to_owned()),
        ("gateway", gateway.node.get().to_string()),
        ("connection", ConnectionId::new(1).to_string()),
        ("name", "edge-1".to_owned()),
        ("token", token.to_string()),
        ("exit", "acme".to_owned()),
        ("coupon", coupon["id"].to_string()),
        ("article", article["id"].to_string()),
        ("payment", payment),
        // That of the static IP.
        ("endpoint", "1".to_owned()),
    ];
    Things { customer, newcomer, invite_code: code["code"].as_str().unwrap().to_owned(), places, orders }
}

/// Orders in the ways they can stand, a static IP that is held, and a payment that is parked.
async fn orders(given: &Given, customer: i64) -> ([String; 3], String) {
    let gb = json!({"code": "gb", "type": 9, "name": "Traffic", "price": "5", "size_kb": 1_048_576});
    let ip = json!({"code": "ip", "type": 25, "name": "Address", "price": "5"});
    given.put("/catalogue", json!({"products": [gb, ip]})).await.is(200);
    let csv = "ip,kind,country\n192.0.2.1,25,JP\n192.0.2.2,25,JP\n";
    given.post("/static-ips", json!({"csv": csv})).await.is(201);
    let gift = json!({"amount": "50", "why": "to begin with"});
    given.post(&format!("/customers/{customer}/adjustments"), gift).await.is(201);
    let (owner, actor) = (CustomerId::new(customer), Actor::Customer(CustomerId::new(customer)));
    let order = async |product, method, regions: &[&str]| {
        let regions = regions.iter().map(|country| (CountryCode::parse(country).unwrap(), 1)).collect();
        let wish = Wish { regions, ..Wish::of(ProductId::new(product), PaymentMethod::new(method)) };
        given.service.create_order(&actor, owner, wish).await.unwrap().trade_no.to_string()
    };
    order(2, 1, &["JP"]).await;
    let orders = [order(1, 2, &[]).await, order(1, 2, &[]).await, order(1, 1, &[]).await];
    // Nothing is missing of it any more.
    let late = json!({"amount": "5.00", "reference": "bank-1"});
    let parked = given.post(&format!("/orders/{}/payments", orders[2]), late).await.is(201);
    assert_eq!(parked["state"], "parked");
    (orders, parked["id"].to_string())
}

/// Every route of the document, over a store in which everything is there once.
async fn routes(given: &Given, gateway: &FakeGateway) -> Vec<Route> {
    let things = things(given, gateway).await;
    let document = given.send(Request::get("/operator/v1/openapi.json").body(Body::empty()).unwrap()).await.is(200);
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let filled = things.filled(path);
        for (method, operation) in operations.as_object().unwrap() {
            let body = body(operation["operationId"].as_str().unwrap(), &things);
            assert_eq!(body.is_some(), operation.get("requestBody").is_some(), "{method} {path}");
            let secret = method == "get" && (path.ends_with("/key") || path.ends_with("/password"));
            let scope = if secret {
                "secrets"
            } else if method == "get" {
                "read"
            } else {
                "write"
            };
            let path = filled.strip_prefix("/operator/v1").unwrap().to_owned();
            routes.push(Route { method: method.to_uppercase(), path, scope, body });
        }
    }
    assert!(routes.len() > 60, "{}", routes.len());
    routes
}

/// A number for everything that is in the store but questions, which every look at connections writes.
async fn written(store: &TestStore) -> Vec<i64> {
    let mut sums = Vec::new();
    for sql in [
        "SELECT count(*) FROM audit",
        "SELECT count(*) + coalesce(sum(max_tunnels), 0) FROM customer WHERE NOT suspended",
        "SELECT count(*) + coalesce(sum(limit_gb), 0) FROM account WHERE enabled AND deleted_at IS NULL",
        "SELECT count(*) FROM package",
        "SELECT count(*) FROM orders",
        "SELECT count(*) FROM allowed_source",
        "SELECT count(*) FROM node_credential WHERE revoked_at IS NULL",
        "SELECT count(*) FROM operator_token WHERE revoked_at IS NULL",
        "SELECT count(*) FROM once",
        "SELECT count(*) FROM feed WHERE kind <> 3",
        "SELECT count(*) FROM question WHERE ask LIKE '%kick%'",
        "SELECT count(*) + sum(price) FROM product WHERE on_sale",
        "SELECT count(*) FROM coupon WHERE enabled",
        "SELECT count(*) FROM article WHERE withdrawn_at IS NULL",
        "SELECT count(*) FROM recharge_tier",
        "SELECT count(*) FROM posting",
        "SELECT count(*) FROM payment_event WHERE state = 0",
        "SELECT count(*) + sum(status) FROM orders",
        "SELECT count(*) + sum(state) FROM static_ip",
        "SELECT count(*) + sum(state) + coalesce(sum(checked_at), 0) FROM exit",
        "SELECT sum(static_ip_id) FROM holding",
        "SELECT count(invite_code) + count(invited_by) FROM customer",
    ] {
        sums.push(
            store
                .store()
                .number(&sql.replacen("SELECT ", "SELECT CAST(", 1).replacen(" FROM", " AS BIGINT) FROM", 1))
                .await
                .unwrap(),
        );
    }
    sums
}

each_store! {
    async fn nobody_gets_past_without_a_token_in_force_and_its_scope(store: &TestStore) {
        let given = Given::over(store).await;
        let gateway = FakeGateway::start(&given, 1).await;
        let routes = routes(&given, &gateway).await;
        let short = given.token("short", "read write secrets", 1).await.0;
        let (revoked, id) = given.token("revoked", "read write secrets", 30).await;
        given.service.revoke_token(&crate::given::operator(), id).await.unwrap();
        let mut others = std::collections::BTreeMap::new();
        for (scope, rest) in [("read", "write secrets"), ("write", "read secrets"), ("secrets", "read write")] {
            others.insert(scope, given.token(&format!("no-{scope}"), rest, 30).await.0);
        }
        given.pass(Span::from_days(1));
        let before = written(store).await;
        for route in &routes {
            let bare = Request::builder().method(route.method.as_str()).uri(format!("/operator/v1{}", route.path));
            let answer = given.send(bare.body(Body::empty()).unwrap()).await;
            answer.problem(401);
            assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"turnpike operator\"", "{}", route.name());
            for (token, why) in [(&short, "expired"), (&revoked, "revoked"), (&"tpo_0".to_owned(), "not known")] {
                let answer = route.ask(&given, token).await;
                assert!(answer.problem(401)["detail"].as_str().unwrap().ends_with(why), "{}", route.name());
                assert!(answer.headers["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));
            }
            let answer = route.ask(&given, &others[route.scope]).await;
            assert_eq!(answer.problem(403)["detail"], format!("the token has no scope `{}`", route.scope), "{}", route.name());
            assert!(answer.headers["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
        }
        assert_eq!(written(store).await, before);
        gateway.stop().await;
    }

    async fn a_dry_run_answers_as_the_change_would_and_changes_nothing(store: &TestStore) {
        let given = Given::over(store).await;
        let gateway = FakeGateway::start(&given, 1).await;
        let routes = routes(&given, &gateway).await;
        let before = written(store).await;
        let mut dry = Vec::new();
        for route in routes.iter().filter(|route| route.is_change()) {
            let path = format!("{}?dry_run=true&reason=just%20looking", route.path);
            let answer = given.ask(&route.method, &path, &given.all, route.body.clone()).await;
            let json = answer.is(200);
            assert_eq!(json["dry_run"], true, "{}", route.name());
            dry.push((route, json));
            assert_eq!(written(store).await, before, "{}", route.name());
        }
        // Each change by itself, in an order in which none is in another's way.
        dry.sort_by_key(|(route, _)| route.turn());
        for (route, mut json) in dry {
            let before = written(store).await;
            let answer = route.ask(&given, &given.all).await;
            answer.is(if route.method == "POST" { 201 } else { 200 });
            assert_ne!(written(store).await, before, "{}", route.name());
            let keys = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            json.as_object_mut().unwrap().remove("dry_run");
            assert_eq!(keys(&json), keys(&answer.json()), "{}", route.name());
        }
        gateway.stop().await;
    }

    async fn unknown_members_and_parameters_are_refused_by_name(store: &TestStore) {
        let given = Given::over(store).await;
        let gateway = FakeGateway::start(&given, 1).await;
        for route in routes(&given, &gateway).await {
            let before = written(store).await;
            let path = format!("{}?colour=red", route.path);
            let answer = given.ask(&route.method, &path, &given.all, route.body.clone()).await;
            let errors = answer.problem(400)["errors"].as_array().unwrap().clone();
            assert!(errors.iter().any(|error| error["parameter"] == "colour"), "{}: {errors:?}", route.name());
            if route.is_change() {
                let mut body = route.body.clone().unwrap_or_else(|| json!({}));
                body["colour"] = json!("red");
                let answer = given.ask(&route.method, &route.path, &given.all, Some(body)).await;
                assert_eq!(answer.problem(422)["errors"], json!([{"detail": "colour: is not known here", "pointer": "#/colour"}]), "{}", route.name());
            }
            assert_eq!(written(store).await, before, "{}", route.name());
        }
        gateway.stop().await;
    }

    async fn every_change_is_in_the_audit_with_the_tokens_name_and_the_reason(store: &TestStore) {
        let given = Given::over(store).await;
        let gateway = FakeGateway::start(&given, 1).await;
        let mut routes = routes(&given, &gateway).await;
        routes.retain(Route::is_change);
        routes.sort_by_key(Route::turn);
        for (number, route) in routes.iter().enumerate() {
            let path = format!("{}?reason=ticket+{number}", route.path);
            let answer = given.ask(&route.method, &path, &given.all, route.body.clone()).await;
            assert!(answer.status.is_success(), "{}: {}", route.name(), answer.body);
            let newest = given.get("/audit?limit=1").await.is(200)["items"][0].take();
            assert_eq!((&newest["actor"], &newest["reason"]), (&json!("token:all"), &json!(format!("ticket {number}"))), "{}", route.name());
        }
        gateway.stop().await;
    }
}
