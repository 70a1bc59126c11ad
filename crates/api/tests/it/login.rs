//! Logging in, and what a session is good for.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Request, StatusCode};
use turnpike_api::{ApiSettings, Peer};
use turnpike_testkit::each_store;

use crate::given::{Answer, Given, PASSWORD, PREFIX, operator};

async fn with_token(given: &Given, token: &str, path: &str) -> Answer {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    given.send(request.body(Body::empty()).unwrap()).await
}

/// A login from an address, with what proxies say.
async fn from(given: &Given, peer: &str, forwarded: Option<&str>, password: &str) -> Answer {
    let json = format!(r#"{{"email":"anna@example.com","password":"{password}"}}"#);
    let mut request =
        Request::post("/web_v1/user/login?language=en").extension(Peer(peer.parse::<SocketAddr>().unwrap()));
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    given.send(request.body(json.into()).unwrap()).await
}

each_store! {
    async fn a_login_gives_a_token_and_the_key(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let data = given.log_in("Anna@Example.com", PASSWORD).await.data();
        assert_eq!(data["openid"], anna.key.as_str());
        let token = data["access_token"].as_str().unwrap();
        assert_eq!(token.split('.').count(), 3);
        let info = with_token(&given, token, "/web_v1/user/info").await.data();
        assert_eq!((&info["id"], &info["email"]), (&anna.id.get().into(), &"anna@example.com".into()));
        assert_eq!(with_token(&given, token, &format!("{PREFIX}/user/info")).await.data_0(), info);
        // Forms and numbers do as well, and unknown parameters are ignored.
        let form = format!("email=anna%40example.com&password={}&remember_me=1&verify_type=2", PASSWORD.replace(' ', "+"));
        let request = Request::post("/web_v1/user/login/").header("content-type", "application/x-www-form-urlencoded");
        given.send(request.body(form.into()).unwrap()).await.data();
    }

    async fn an_unknown_address_and_a_wrong_password_are_one_answer(store: &TestStore) {
        let given = Given::over(store);
        given.customer("anna@example.com").await;
        let wrong = given.log_in("anna@example.com", "not the password").await;
        wrong.must_be(r#"200 {"code":403,"msg":"The e-mail address or the password is wrong","message":"The e-mail address or the password is wrong","data":null,"errors":{}}"#);
        for (email, password) in [("ben@example.com", PASSWORD), ("no address", PASSWORD), ("anna@example.com", "A long password")] {
            assert_eq!(given.log_in(email, password).await.body, wrong.body, "{email}");
        }
        for body in [r#"{"email":"","password":"x"}"#, r#"{"email":"a@b"}"#, r#"{"email":1,"password":"x"}"#, "{}"] {
            let request = Request::post("/web_v1/user/login?language=en").body(Body::from(body));
            assert_eq!(given.send(request.unwrap()).await.code(), 400, "{body}");
        }
        assert_eq!(given.log_in("anna@example.com", &"x".repeat(100_000)).await.code(), 403);
    }

    async fn a_token_of_someone_else_is_no_key_and_a_suspension_ends_it(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let token = given.token("anna@example.com").await;
        let list = format!("{PREFIX}/whitelist-account/list");
        with_token(&given, &token, &list).await.data();
        for odd in [format!("{token}x"), token.replace('.', ""), format!("x{token}"), token.to_uppercase()] {
            assert_eq!(with_token(&given, &odd, &list).await.code(), 3, "{odd}");
        }
        assert_eq!(given.request("GET", &format!("{list}?app_key={token}")).await.code(), 3);
        given.service.suspend_customer(&operator(), anna.id).await.unwrap();
        assert_eq!(with_token(&given, &token, &list).await.code(), 3);
        given.service.resume_customer(&operator(), anna.id).await.unwrap();
        assert_eq!(with_token(&given, &token, &list).await.code(), 3);
    }

    async fn guessing_is_answered_429_where_it_comes_from_and_nowhere_else(store: &TestStore) {
        let given = Given::over(store);
        given.customer("anna@example.com").await;
        for _ in 0..5 {
            assert_eq!(from(&given, "192.0.2.1:1", None, "guess guess").await.code(), 403);
        }
        let refused = from(&given, "192.0.2.1:2", None, PASSWORD).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, 429));
        assert_eq!(refused.headers["retry-after"], "31");
        assert!(refused.json()["msg"].as_str().unwrap().contains("31 seconds"));
        from(&given, "192.0.2.2:1", None, PASSWORD).await.data();
        // What the client writes into a header makes it nobody else.
        let refused = from(&given, "192.0.2.1:3", Some("192.0.2.2"), PASSWORD).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn a_trusted_proxy_speaks_for_its_clients(store: &TestStore) {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let given = Given::with(store, ApiSettings { trusted_proxies, ..ApiSettings::default() });
        given.customer("anna@example.com").await;
        for _ in 0..5 {
            assert_eq!(from(&given, "10.0.0.1:1", Some("192.0.2.2, 192.0.2.1"), "guess guess").await.code(), 403);
        }
        let guesser = from(&given, "10.0.0.1:1", Some("192.0.2.3, 192.0.2.1"), PASSWORD).await;
        assert_eq!(guesser.status, StatusCode::TOO_MANY_REQUESTS);
        from(&given, "10.0.0.1:1", Some("192.0.2.2"), PASSWORD).await.data();
    }
}
