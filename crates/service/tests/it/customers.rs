//! What the operator does with customers, and how customers are known.

use std::net::{IpAddr, Ipv4Addr};

use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_service::{Keys, Service, ServiceError, Source};
use turnpike_store::audit;
use turnpike_testkit::each_store;

use crate::given::{Given, operator};

const NOBODY: CustomerId = CustomerId::new(4711);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

/// A clock and a generator that always say the same.
fn nothing() -> Source {
    Source::new(|| Timestamp::from_ms(1_773_144_000_000), |bytes: &mut [u8]| bytes.fill(9))
}

each_store! {
    async fn an_app_key_is_32_lower_case_hex_characters_and_finds_its_customer(given: &TestStore) {
        let given = Given::over(given);
        let added = given.service.add_customer(&operator(), "a@example.com", "a long password").await.unwrap();
        assert_eq!(added.app_key.len(), 32);
        assert!(added.app_key.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        assert_eq!(given.service.authenticate(&added.app_key).await.unwrap().unwrap().id, added.id);
        let upper = added.app_key.to_uppercase();
        for wrong in ["", "0123456789abcdef0123456789abcdef", &upper, &added.app_key[1..]] {
            assert_eq!(given.service.authenticate(wrong).await.unwrap(), None, "{wrong}");
        }
    }

    async fn a_renewed_key_voids_the_old_one(given: &TestStore) {
        let given = Given::over(given);
        let added = given.service.add_customer(&operator(), "a@example.com", "a long password").await.unwrap();
        assert_eq!(given.service.show_app_key(&operator(), added.id).await.unwrap(), added.app_key);
        let renewed = given.service.renew_app_key(&operator(), added.id).await.unwrap();
        assert_ne!(renewed, added.app_key);
        assert_eq!(given.service.show_app_key(&operator(), added.id).await.unwrap(), renewed);
        assert_eq!(given.service.authenticate(&added.app_key).await.unwrap(), None);
        assert_eq!(given.service.authenticate(&renewed).await.unwrap().unwrap().id, added.id);
    }

    async fn a_login_needs_the_right_address_and_password(given: &TestStore) {
        let given = Given::over(given);
        let id = given.customer("a@example.com").await;
        let log_in = async |email: &str, password: &str| given.service.log_in(HERE, email, password).await;
        let logged_in = log_in("A@EXAMPLE.com", "a long password").await.unwrap();
        assert_eq!(logged_in.customer, id);
        assert_eq!(given.service.authenticate(&logged_in.app_key).await.unwrap().unwrap().id, id);
        assert_eq!(given.service.authenticate_session(&logged_in.token).await.unwrap().unwrap().id, id);
        for (email, password) in
            [("a@example.com", "a long passworD"), ("b@example.com", "a long password"), ("no address", "a long password")]
        {
            assert!(matches!(log_in(email, password).await, Err(ServiceError::LoginWrong)), "{email}");
        }
    }

    async fn a_session_ends_with_the_week_the_password_and_the_suspension(given: &TestStore) {
        let store = given;
        let given = Given::over(store);
        let id = given.customer("a@example.com").await;
        let begin = async || given.service.log_in(HERE, "a@example.com", "a long password").await.unwrap().token;
        let lives = async |token: &str| given.service.authenticate_session(token).await.unwrap().is_some();
        let token = begin().await;
        given.turn_clock(Span::from_secs(7 * 86_400 - 1));
        assert!(lives(&token).await);
        given.turn_clock(Span::from_secs(1));
        assert!(!lives(&token).await);

        let token = begin().await;
        given.service.suspend_customer(&operator(), id).await.unwrap();
        assert!(!lives(&token).await);
        given.service.resume_customer(&operator(), id).await.unwrap();
        assert!(!lives(&token).await);

        let token = begin().await;
        store.store().run_raw("UPDATE customer SET login_hash = login_hash || 'x'").await.unwrap();
        assert!(!lives(&token).await);
        let strange = Service::new(store.store(), Keys::derive(&[6; 32]), Zone::utc(), LeasePolicy::default(), nothing());
        assert_eq!(strange.authenticate_session(&token).await.unwrap(), None);
    }

    async fn guessing_is_slowed_down_where_it_comes_from(given: &TestStore) {
        let given = Given::over(given);
        given.customer("a@example.com").await;
        let guess = async |source: IpAddr| given.service.log_in(source, "a@example.com", "wrong guess").await.unwrap_err();
        for _ in 0..5 {
            assert!(matches!(guess(HERE).await, ServiceError::LoginWrong));
        }
        assert!(matches!(guess(HERE).await, ServiceError::LoginTooOften { wait } if wait == Span::from_secs(30)));
        // Even with the right password, from there; but not from elsewhere.
        let log_in = async |source| given.service.log_in(source, "a@example.com", "a long password").await;
        assert!(matches!(log_in(HERE).await, Err(ServiceError::LoginTooOften { .. })));
        log_in(ELSEWHERE).await.unwrap();
        given.turn_clock(Span::from_secs(30));
        log_in(HERE).await.unwrap();
    }

    async fn one_address_is_one_customer(given: &TestStore) {
        let given = Given::over(given);
        given.customer("a@example.com").await;
        let again = given.service.add_customer(&operator(), "A@example.COM", "a long password").await;
        assert!(matches!(again, Err(ServiceError::EmailTaken)));
        for (email, password) in [("nobody", "a long password"), ("b@example.com", "short")] {
            let refused = given.service.add_customer(&operator(), email, password).await;
            assert!(matches!(refused, Err(ServiceError::Email(_) | ServiceError::LoginPassword(_))), "{email}");
        }
        assert_eq!(given.service.list_customers().await.unwrap().len(), 1);
    }

    async fn customers_are_found_by_address_and_by_number(given: &TestStore) {
        let given = Given::over(given);
        let id = given.customer("a@example.com").await;
        for text in ["a@example.com", " A@Example.com ", &id.to_string()] {
            assert_eq!(given.service.find_customer(text).await.unwrap().id, id, "{text}");
        }
        assert!(matches!(given.service.find_customer("b@example.com").await, Err(ServiceError::NoSuchCustomer)));
        assert!(matches!(given.service.find_customer("4711").await, Err(ServiceError::NoSuchCustomer)));
    }

    async fn nobody_can_be_verified_suspended_limited_or_shown(given: &TestStore) {
        let given = Given::over(given);
        let (service, by) = (&given.service, operator());
        let outcomes = [
            service.verify_customer(&by, NOBODY).await,
            service.suspend_customer(&by, NOBODY).await,
            service.resume_customer(&by, NOBODY).await,
            service.limit_customer(&by, NOBODY, Some(1), None).await,
            service.show_app_key(&by, NOBODY).await.map(drop),
            service.renew_app_key(&by, NOBODY).await.map(drop),
        ];
        for outcome in outcomes {
            assert!(matches!(outcome, Err(ServiceError::NoSuchCustomer)), "{outcome:?}");
        }
        assert_eq!(given.number("SELECT count(*) FROM audit").await, 0);
        assert_eq!(given.number("SELECT seq FROM feed_head").await, 0);
    }

    async fn every_act_leaves_its_audit_row_and_no_secret(given: &TestStore) {
        let given = Given::over(given);
        let (service, by) = (&given.service, operator());
        let id = given.customer("a@example.com").await;
        given.account(id, "user1").await;
        service.limit_customer(&by, id, Some(10), None).await.unwrap();
        service.show_app_key(&by, id).await.unwrap();
        given.package(id, 1 << 20).await;
        let rows: Result<_, ServiceError> =
            given.store.read(async |tx| Ok(audit::newest(tx, id, 100).await?)).await;
        let rows = rows.unwrap();
        let acts: Vec<_> = rows.iter().rev().map(|row| (row.actor.as_str(), row.act.as_str())).collect();
        let customer = format!("customer:{id}");
        let expected = [
            ("operator:test", "customer.add"),
            ("operator:test", "customer.verify"),
            (customer.as_str(), "accounts.add"),
            ("operator:test", "customer.limit"),
            ("operator:test", "customer.show-key"),
            ("operator:test", "package.grant"),
        ];
        assert_eq!(acts, expected);
        assert!(rows.iter().all(|row| !row.detail.contains("user1Pw") && !row.detail.contains("long password")));
        assert!(rows[2].detail.contains("tunnels 10, connections per second unlimited"), "{}", rows[2].detail);
    }
}
