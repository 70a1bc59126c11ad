//! A store that was put back to an earlier moment: nothing that others remember of the time since then is taken up.

use std::net::{IpAddr, Ipv4Addr};

use turnpike_domain::directory::Changes;
use turnpike_domain::ids::{FeedSeq, Incarnation};
use turnpike_domain::lease::Exchange;
use turnpike_service::ServiceError;
use turnpike_testkit::each_store;

use crate::given::{GB, Given, NODE, last, operator, partial, wishes};

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

each_store! {
    async fn leases_of_the_time_before_are_void_and_their_gateway_is_fenced(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        given.package(anna, GB).await;
        let alpha = given.account(anna, "alpha").await;
        let lease = given.ask(alpha).await.unwrap();
        given.report(vec![partial(lease.id, 700, lease.bytes.get())]).await;
        assert_eq!(given.service.after_restore(&operator()).await.unwrap(), 1);
        assert_eq!(given.number("SELECT held FROM account").await, 0);
        assert_eq!(given.number("SELECT held FROM package").await, 0);
        let exchange = Exchange { reports: vec![last(lease.id, 900)], requests: wishes([alpha]), ..Exchange::default() };
        assert!(matches!(given.exchange(NODE, exchange).await, Err(ServiceError::Fenced)));

        // Started again, it settles what its spool has, of which nothing is known.
        given.boot(NODE, vec![last(lease.id, 900)]).await;
        assert_eq!(given.number("SELECT used FROM account").await, 700);
        let next = given.ask(alpha).await.unwrap();
        assert!(next.id.get() > lease.id.get() + (1 << 32), "{} after {}", next.id, lease.id);
        given.report(vec![last(lease.id, 5000), last(next.id, 50)]).await;
        assert_eq!(given.number("SELECT used FROM account").await, 750);
        assert!(given.service.verify().await.unwrap().is_clean());
    }

    async fn gateways_read_everything_anew_wherever_they_were(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let before = given.service.directory_snapshot().await.unwrap().seq.unwrap();
        // Such as a gateway that followed ten thousand changes which were undone.
        let ahead = FeedSeq::new(before.get() + 10_000);
        given.service.after_restore(&operator()).await.unwrap();
        for place in [None, Some(before), Some(ahead)] {
            let told = given.service.directory_changes(place).await.unwrap();
            assert!(matches!(told, Changes::TooOld), "{place:?}: {told:?}");
        }
        let anew = given.service.directory_snapshot().await.unwrap().seq;
        assert!(anew > Some(ahead));
        given.account(anna, "alpha").await;
        let told = given.service.directory_changes(anew).await.unwrap();
        assert!(matches!(&told, Changes::Since { changed, .. } if changed.accounts.len() == 1), "{told:?}");
        assert!(given.service.verify().await.unwrap().is_clean());
    }

    async fn no_session_and_no_number_comes_back(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let session = given.service.log_in(SOURCE, "anna@example.com", "a long password").await.unwrap().token;
        assert!(given.service.authenticate_session(&session).await.unwrap().is_some());
        given.service.after_restore(&operator()).await.unwrap();
        assert!(given.service.authenticate_session(&session).await.unwrap().is_none());
        let berta = given.customer("berta@example.com").await;
        assert!(berta.get() > anna.get() + 999_999, "{berta}");
        // The first account of all: its table had given no number yet.
        assert!(given.account(anna, "alpha").await.get() > 1_000_000);
        let rows = given.number("SELECT count(*) FROM audit WHERE act = 'store.restored' AND actor = 'operator:test'");
        assert_eq!(rows.await, 1);
    }

    async fn making_safe_twice_does_no_harm(given: &TestStore) {
        let given = Given::over(given);
        given.customer("anna@example.com").await;
        for _ in 0..2 {
            assert_eq!(given.service.after_restore(&operator()).await.unwrap(), 0);
        }
        given.service.settle_node(Incarnation { node: NODE, boot: 1 }, Vec::new()).await.unwrap();
        assert!(given.service.verify().await.unwrap().is_clean());
    }
}
