//! What extraction answers beside its table: texts, whence a call comes, and how often.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Request, StatusCode};
use turnpike_api::{ApiSettings, Peer};
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::throttle::Pace;
use turnpike_domain::time::Span;
use turnpike_service::{ExtractionRules, NewSources};
use turnpike_testkit::each_store;
use turnpike_testkit::stores::TestStore;

use crate::given::{Answer, Customer, Given, PREFIX, listen};

/// A customer with traffic whose list holds one address, and a gateway that listens.
async fn anna(store: &TestStore) -> (Given, Customer) {
    let settings = ApiSettings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..ApiSettings::default() };
    let given = Given::with(store, settings);
    tokio::spawn(listen(given.service.clone()));
    let anna = given.customer("anna@example.com").await;
    given.package(&anna, ProductType::DynamicTraffic, ["2026-03-01", "2026-04-01"]).await;
    let listed = NewSources { sources: vec!["8.8.8.8".parse().unwrap()], remark: Remark::default() };
    given.service.add_sources(anna.id, listed).await.unwrap();
    (given, anna)
}

/// A call from an address, by way of a proxy if one is named.
async fn ask(given: &Given, customer: &Customer, (peer, forwarded): (&str, Option<&str>), query: &str) -> Answer {
    let uri = format!("{PREFIX}/ip/v3?app_key={}&{query}", customer.key);
    let peer: SocketAddr = format!("{peer}:50000").parse().unwrap();
    let request = Request::get(uri).extension(Peer(peer));
    let request = forwarded.into_iter().fold(request, |request, ip| request.header("x-forwarded-for", ip));
    given.send(request.body(Body::empty()).unwrap()).await
}

async fn text(given: &Given, customer: &Customer, query: &str) -> String {
    let answer = ask(given, customer, ("8.8.8.8", None), query).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {answer}");
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8", "{query}: {answer}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.body
}

each_store! {
    async fn a_text_is_joined_by_what_was_asked_for_and_ends_with_an_endpoint(store: &TestStore) {
        let (given, anna) = anna(store).await;
        let cases = [
            ("format=txt", "\r\n"),
            ("format=text&lb=", "\r\n"),
            ("format=1&lb=1", "\r\n"),
            ("format=TXT&lb=2", "\n"),
            ("format=txt&lb=3", "\r"),
            ("format=txt&lb=4", "\t"),
            ("format=txt&lb=%5Cr%5Cn", "\r\n"),
            ("format=txt&lb=%5Cn", "\n"),
            ("format=txt&lb=%5Ct%5Cn", "\t\n"),
            ("format=txt&lb=%0A", "\n"),
            ("format=txt&lb=%2C", ","),
            ("format=txt&lb=%3Cbr%3E", "<br>"),
            ("format=txt&lb=%EF%BC%9B", "；"),
        ];
        for (query, separator) in cases {
            let body = text(&given, &anna, &format!("{query}&num=3")).await;
            let endpoints: Vec<_> = body.split(separator).collect();
            assert_eq!(endpoints.len(), 3, "{query} gave {body:?}");
            for endpoint in endpoints {
                let at: std::net::SocketAddrV4 = endpoint.parse().unwrap_or_else(|_| panic!("{query} gave {body:?}"));
                assert_eq!(at.ip().to_string(), "127.0.0.1");
            }
        }
        assert!(text(&given, &anna, "format=txt").await.parse::<std::net::SocketAddrV4>().is_ok());
    }

    async fn whoever_is_not_listed_is_told_so_in_json_whatever_was_asked_for(store: &TestStore) {
        let (given, anna) = anna(store).await;
        let zh = ask(&given, &anna, ("9.9.9.9", None), "format=txt&language=zh").await;
        assert_eq!(zh.body, r#"{"code":202,"msg":"请先添加IP9.9.9.9到白名单","message":"请先添加IP9.9.9.9到白名单","data":null,"errors":{}}"#);
        let en = ask(&given, &anna, ("9.9.9.9", None), "format=txt&language=en").await;
        assert_eq!(en.body, r#"{"code":202,"msg":"Please add IP in the allow list first","message":"Please add IP in the allow list first","data":null,"errors":{}}"#);
        assert_eq!((en.status, en.headers["content-type"].to_str().unwrap()), (StatusCode::OK, "application/json"));
    }

    async fn the_caller_is_who_a_trusted_proxy_says_and_nobody_else_does(store: &TestStore) {
        let (given, anna) = anna(store).await;
        for (peer, forwarded, code) in [
            ("8.8.8.8", None, 200),
            ("10.0.0.1", Some("8.8.8.8"), 200),
            ("10.0.0.1", Some("8.8.8.8, 10.0.0.2"), 200),
            ("10.0.0.1", None, 202),
            ("9.9.9.9", Some("8.8.8.8"), 202),
            ("10.0.0.1", Some("8.8.8.8, 9.9.9.9"), 202),
        ] {
            let answer = ask(&given, &anna, (peer, forwarded), "language=en").await;
            assert_eq!(answer.code(), code, "{peer} {forwarded:?}: {answer}");
        }
    }

    async fn whoever_comes_too_often_is_told_when_to_come_back(store: &TestStore) {
        let (given, anna) = anna(store).await;
        let pace = Some(Pace { burst: 1, interval: Span::from_secs(20) });
        given.service.set_extraction_rules(ExtractionRules { pace, ..ExtractionRules::default() });
        assert_eq!(ask(&given, &anna, ("8.8.8.8", None), "language=en").await.code(), 200);
        let refused = ask(&given, &anna, ("8.8.8.8", None), "language=en").await;
        assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, 429));
        assert_eq!(refused.headers["retry-after"], "21");
    }

    async fn when_nothing_is_free_or_nobody_listens_it_is_said(store: &TestStore) {
        let (given, anna) = anna(store).await;
        given.service.set_extraction_rules(ExtractionRules { most_live: 2, ..ExtractionRules::default() });
        let all = ask(&given, &anna, ("8.8.8.8", None), "num=5&language=en").await;
        assert_eq!(all.json()["data"]["list"][0].as_array().unwrap().len(), 2);
        let none = ask(&given, &anna, ("8.8.8.8", None), "format=txt&language=en").await;
        assert_eq!(none.body, r#"{"code":409,"msg":"No port is free for you now","message":"No port is free for you now","data":null,"errors":{}}"#);
    }
}
