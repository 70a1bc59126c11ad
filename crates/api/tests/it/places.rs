//! The places that can be asked for: as they are told, and how quickly they change.

use std::io::Read;

use axum::body::{Body, to_bytes};
use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderName, Request, Response, StatusCode};
use tower::ServiceExt;
use turnpike_domain::exit::{ExitFields, ExitName, ExitState};
use turnpike_service::ExitChange;
use turnpike_testkit::each_store;

use crate::given::{Customer, Given, PREFIX, operator};

/// Lists that come from memory, and need no account.
const LISTS: [&str; 3] = ["/ip/dynamic-citys", "/ip/dynamic-states", "/host-pool/regions"];

async fn exit(given: &Given, name: &str, places: &str, product_types: &str) {
    let fields = ExitFields { name, route: "direct", places, product_types, ..ExitFields::default() };
    let (name, terms) = fields.read().unwrap();
    given.service.add_exit(&operator(), name, terms).await.unwrap();
}

async fn set_state(given: &Given, name: &str, state: ExitState) {
    let change = ExitChange { state: Some(state), ..ExitChange::default() };
    given.service.change_exit(&operator(), ExitName::parse(name).unwrap(), change).await.unwrap();
}

/// Six exits: of some the city is known, of some less; one takes time plans, one takes nobody.
async fn exits(given: &Given) {
    exit(given, "coast", "us/ca/los angeles|US/CA/San Diego|US/North Carolina", "9").await;
    exit(given, "coast-too", "US//Los Angeles", "9|11").await;
    exit(given, "south", "BR/São Paulo/São Paulo", "9").await;
    exit(given, "small", "SG//Singapore|DE", "9").await;
    exit(given, "plans", "JP/Tokyo/Tokyo", "11").await;
    exit(given, "ending", "FR/IDF/Paris", "9").await;
    set_state(given, "ending", ExitState::Draining).await;
}

async fn list(given: &Given, customer: &Customer, path: &str) -> String {
    given.get(customer, path).await.data()["list"].to_string()
}

/// GET of a list with a header of its own.
async fn raw(given: &Given, customer: &Customer, path: &str, header: (HeaderName, &str)) -> Response<Body> {
    let uri = format!("{PREFIX}{path}?language=en&app_key={}", customer.key);
    let request = Request::get(uri).header(header.0, header.1).body(Body::empty()).unwrap();
    given.router.clone().oneshot(request).await.unwrap()
}

each_store! {
    async fn places_are_listed_as_written(store: &TestStore) {
        let given = Given::over(store);
        exits(&given).await;
        let anna = given.customer("anna@example.com").await;
        given.get(&anna, "/ip/dynamic-citys").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"name_zh_cn":"巴西","name_en":"Brazil","continent_code":"SA","country_code":"BR","items":[{"city":"SaoPaulo","state":"SaoPaulo","continent_code":"SA","country_code":"BR"}]},{"name_zh_cn":"德国","name_en":"Germany","continent_code":"EU","country_code":"DE","items":[]},{"name_zh_cn":"新加坡","name_en":"Singapore","continent_code":"AS","country_code":"SG","items":[{"city":"Singapore","state":"","continent_code":"AS","country_code":"SG"}]},{"name_zh_cn":"美国","name_en":"United States","continent_code":"NA","country_code":"US","items":[{"city":"LosAngeles","state":"California","continent_code":"NA","country_code":"US"},{"city":"SanDiego","state":"California","continent_code":"NA","country_code":"US"}]}]}}"#);
        given.get(&anna, "/ip/dynamic-states").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"name_zh_cn":"巴西","name_en":"Brazil","continent_code":"SA","country_code":"BR","items":[{"state":"SaoPaulo","continent_code":"SA","country_code":"BR"}]},{"name_zh_cn":"德国","name_en":"Germany","continent_code":"EU","country_code":"DE","items":[]},{"name_zh_cn":"新加坡","name_en":"Singapore","continent_code":"AS","country_code":"SG","items":[]},{"name_zh_cn":"美国","name_en":"United States","continent_code":"NA","country_code":"US","items":[{"state":"California","continent_code":"NA","country_code":"US"},{"state":"NorthCarolina","continent_code":"NA","country_code":"US"}]}]}}"#);
        given.get(&anna, "/host-pool/regions").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"code":"BR","name_zh_cn":"巴西","name_en":"Brazil","continent_code":"SA","country_code":"BR"},{"code":"DE","name_zh_cn":"德国","name_en":"Germany","continent_code":"EU","country_code":"DE"},{"code":"SG","name_zh_cn":"新加坡","name_en":"Singapore","continent_code":"AS","country_code":"SG"},{"code":"US","name_zh_cn":"美国","name_en":"United States","continent_code":"NA","country_code":"US"}]}}"#);
    }

    async fn an_account_sees_what_its_type_is_served(store: &TestStore) {
        let given = Given::over(store);
        exits(&given).await;
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let accounts = r#"{"accounts":"plan:p","product_type":11}"#;
        given.post(&anna, "/whitelist-account/add", accounts).await.data();
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"fixed:p","product_type":25}"#).await.data();
        given.get(&anna, "/ip/dal4?username=plan").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"name_zh_cn":"日本","name_en":"Japan","continent_code":"AS","country_code":"JP","items":[{"city":"","state":"Tokyo","continent_code":"AS","country_code":"JP"},{"city":"Tokyo","state":"Tokyo","continent_code":"AS","country_code":"JP"}]},{"name_zh_cn":"美国","name_en":"United States","continent_code":"NA","country_code":"US","items":[{"city":"","state":"California","continent_code":"NA","country_code":"US"},{"city":"LosAngeles","state":"California","continent_code":"NA","country_code":"US"}]}]}}"#);
        assert_eq!(list(&given, &anna, "/ip/dsl4?username=plan").await, r#"[{"name_zh_cn":"日本","name_en":"Japan","continent_code":"AS","country_code":"JP","items":[{"state":"Tokyo","continent_code":"AS","country_code":"JP"}]},{"name_zh_cn":"美国","name_en":"United States","continent_code":"NA","country_code":"US","items":[{"state":"California","continent_code":"NA","country_code":"US"}]}]"#);
        assert_eq!(list(&given, &anna, "/ip/dcl4?username=fixed").await, "[]");
        for path in ["/ip/dcl4", "/ip/dsl4", "/ip/dal4"] {
            assert_eq!(given.get(&anna, path).await.errors("username"), ["is required"], "{path}");
            let foreign = given.get(&ben, &format!("{path}?username=plan")).await;
            assert_eq!(foreign.code(), 404, "{path}");
            let absent = given.get(&ben, &format!("{path}?username=none")).await;
            assert_eq!(absent.body, foreign.body.replace("plan", "none"), "{path}");
        }
    }

    async fn states_and_cities_are_found_in_every_spelling(store: &TestStore) {
        let given = Given::over(store);
        exits(&given).await;
        let anna = given.customer("anna@example.com").await;
        for (path, expected) in [
            ("/ip/dynamic-states/search?country_code=US", r#"["California","NorthCarolina"]"#),
            ("/ip/dynamic-states/search?country_code=us", r#"["California","NorthCarolina"]"#),
            ("/ip/dynamic-states/search?country_code=United%20States", r#"["California","NorthCarolina"]"#),
            ("/ip/dynamic-states/search?country_code=%E7%BE%8E%E5%9B%BD", r#"["California","NorthCarolina"]"#),
            ("/ip/dynamic-states/search?country_code=SG", "[]"),
            ("/ip/dynamic-states/search?country_code=JP", "[]"),
            ("/ip/dynamic-states/search?country_code=FR", "[]"),
            ("/ip/dynamic-states/search?country_code=US,CA", "[]"),
            ("/ip/dynamic-citys/search?country_code=US&state=california", r#"["LosAngeles","SanDiego"]"#),
            ("/ip/dynamic-citys/search?country_code=US&state=CA", r#"["LosAngeles","SanDiego"]"#),
            ("/ip/dynamic-citys/search?country_code=US&state=US-CA", r#"["LosAngeles","SanDiego"]"#),
            ("/ip/dynamic-citys/search?country_code=BR&state=s%C3%A3o-paulo", r#"["SaoPaulo"]"#),
            ("/ip/dynamic-citys/search?country_code=US&state=NorthCarolina", "[]"),
            ("/ip/dynamic-citys/search?country_code=US&state=Tokyo", "[]"),
            ("/ip/dynamic-citys/search?country_code=ZZ&state=CA", "[]"),
        ] {
            assert_eq!(list(&given, &anna, path).await, expected, "{path}");
        }
        let missing = given.get(&anna, "/ip/dynamic-citys/search?state=").await;
        assert_eq!((missing.code(), missing.errors("country_code"), missing.errors("state")),
            (400, vec!["is required".to_owned()], vec!["is required".to_owned()]));
        let long = format!("/ip/dynamic-states/search?country_code={}", "x".repeat(300));
        assert_eq!(given.get(&anna, &long).await.code(), 400);
    }

    async fn without_a_made_exit_nothing_is_served_by_place(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        for path in LISTS {
            assert_eq!(list(&given, &anna, path).await, "[]", "{path}");
        }
        // What was told before follows what the operator does.
        exit(&given, "one", "DE/Berlin/Berlin", "").await;
        for path in LISTS {
            assert_ne!(list(&given, &anna, path).await, "[]", "{path}");
        }
        set_state(&given, "one", ExitState::Maintenance).await;
        for path in LISTS {
            assert_eq!(list(&given, &anna, path).await, "[]", "{path}");
        }
    }

    async fn whoever_has_a_list_is_told_whether_it_holds(store: &TestStore) {
        let given = Given::over(store);
        exit(&given, "one", "DE/Berlin/Berlin", "").await;
        let anna = given.customer("anna@example.com").await;
        for (path, place) in LISTS.into_iter().zip(["AT/Vienna/Vienna", "CH/ZH/Zürich", "PL"]) {
            let first = given.get(&anna, path).await;
            let tag = first.headers[ETAG].to_str().unwrap().to_owned();
            assert!(tag.starts_with("W/\""), "{tag}");
            assert_eq!(first.headers[VARY], "accept-encoding, accept-language, language");
            let same = raw(&given, &anna, path, (IF_NONE_MATCH, &tag)).await;
            assert_eq!((same.status(), &same.headers()[ETAG]), (StatusCode::NOT_MODIFIED, &first.headers[ETAG]));
            assert!(to_bytes(same.into_body(), 1).await.unwrap().is_empty());
            // What changes nothing about places does not change the list.
            exit(&given, &format!("again-{}", &place[..2]), "DE/Berlin/Berlin", "").await;
            assert_eq!(given.get(&anna, path).await.headers[ETAG], first.headers[ETAG]);
            exit(&given, &format!("other-{}", &place[..2]), place, "").await;
            let other = raw(&given, &anna, path, (IF_NONE_MATCH, &tag)).await;
            assert_eq!(other.status(), StatusCode::OK, "{path}");
            assert_ne!(other.headers()[ETAG], first.headers[ETAG]);
        }
        // Whoever may not have it is not told that it is unchanged.
        let stranger = Customer { id: anna.id, key: "0".repeat(32) };
        let refused = raw(&given, &stranger, LISTS[0], (IF_NONE_MATCH, "*")).await;
        assert_eq!(refused.status(), StatusCode::OK);
    }

    async fn lists_are_sent_compressed_to_whoever_reads_it(store: &TestStore) {
        let given = Given::over(store);
        exits(&given).await;
        let anna = given.customer("anna@example.com").await;
        let plain = given.get(&anna, LISTS[0]).await.body;
        let packed = raw(&given, &anna, LISTS[0], (ACCEPT_ENCODING, "br, gzip")).await;
        assert_eq!((packed.status(), &packed.headers()[CONTENT_ENCODING]), (StatusCode::OK, &"gzip".parse().unwrap()));
        assert!(packed.headers().get(CONTENT_LENGTH).is_none_or(|length| length.to_str().unwrap() != plain.len().to_string()));
        let packed = to_bytes(packed.into_body(), plain.len()).await.unwrap();
        assert!(packed.len() * 2 < plain.len(), "{} of {}", packed.len(), plain.len());
        let mut unpacked = String::new();
        GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
        let identity = raw(&given, &anna, LISTS[0], (ACCEPT_ENCODING, "gzip;q=0")).await;
        assert!(!identity.headers().contains_key(CONTENT_ENCODING));
    }
}
