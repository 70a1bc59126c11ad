//! Gateways that start again, messages that come twice, late or never: whose leases are whose.

use turnpike_domain::ids::{AccountId, Incarnation, LeaseId};
use turnpike_domain::lease::{Exchange, LeaseReport};
use turnpike_domain::units::Bytes;
use turnpike_service::ServiceError;
use turnpike_testkit::each_store;

use crate::given::{GB, Given, NODE, last, partial, wishes};

const FIRST: Incarnation = Incarnation { node: NODE, boot: 1 };
const SECOND: Incarnation = Incarnation { node: NODE, boot: 2 };

fn asks(number: u64, account: AccountId) -> Exchange {
    Exchange { number, requests: wishes([account]), ..Exchange::default() }
}

impl Given {
    /// A customer with a package and one account.
    async fn account_with_traffic(&self) -> AccountId {
        let anna = self.customer("anna@example.com").await;
        self.package(anna, GB).await;
        self.account(anna, "user1").await
    }

    async fn gets(&self, node: Incarnation, exchange: Exchange) -> (LeaseId, i64) {
        let grants = self.service.exchange_leases(node, exchange).await.unwrap();
        let lease = grants[0].outcome.as_ref().unwrap();
        (lease.id, lease.bytes.to_column())
    }

    async fn held(&self) -> i64 {
        let held = self.number("SELECT held FROM account").await;
        assert_eq!(self.number("SELECT held FROM package").await, held);
        held
    }
}

each_store! {
    async fn a_settlement_that_comes_again_voids_no_newer_lease(given: &TestStore) {
        let given = Given::over(given);
        let account = given.account_with_traffic().await;
        given.service.settle_node(FIRST, Vec::new()).await.unwrap();
        let (old, _) = given.gets(FIRST, asks(1, account)).await;
        let found = vec![last(old, 100)];
        given.service.settle_node(SECOND, found.clone()).await.unwrap();
        let (_, bytes) = given.gets(SECOND, asks(1, account)).await;
        given.service.settle_node(SECOND, found).await.unwrap();
        let late = given.service.settle_node(FIRST, Vec::new()).await;
        assert!(matches!(late, Err(ServiceError::Fenced)), "{late:?}");
        assert_eq!(given.held().await, bytes);
        assert_eq!(given.number("SELECT used FROM account").await, 100);
    }

    async fn only_the_incarnation_that_settled_last_is_served(given: &TestStore) {
        let given = Given::over(given);
        let account = given.account_with_traffic().await;
        let never = given.service.exchange_leases(FIRST, asks(1, account)).await;
        assert!(matches!(never, Err(ServiceError::Fenced)), "{never:?}");
        given.service.settle_node(FIRST, Vec::new()).await.unwrap();
        let (lease, _) = given.gets(FIRST, asks(1, account)).await;
        given.service.settle_node(SECOND, Vec::new()).await.unwrap();
        let reports = vec![last(lease, 100)];
        let fenced = given.service.exchange_leases(FIRST, Exchange { reports, ..asks(2, account) }).await;
        assert!(matches!(fenced, Err(ServiceError::Fenced)), "{fenced:?}");
        let unsettled = given.service.exchange_leases(Incarnation { boot: 3, ..SECOND }, asks(1, account)).await;
        assert!(matches!(unsettled, Err(ServiceError::Fenced)), "{unsettled:?}");
        assert_eq!((given.held().await, given.number("SELECT used FROM account").await), (0, 0));
    }

    async fn an_exchange_is_carried_out_once_and_in_order(given: &TestStore) {
        let given = Given::over(given);
        let account = given.account_with_traffic().await;
        given.service.settle_node(FIRST, Vec::new()).await.unwrap();
        let (_, bytes) = given.gets(FIRST, asks(2, account)).await;
        for number in [2, 1, 0] {
            // Were it carried out, it would free the lease that was granted meanwhile.
            let again = Exchange { held: Some(Vec::new()), ..asks(number, account) };
            let overtaken = given.service.exchange_leases(FIRST, again).await;
            assert!(matches!(overtaken, Err(ServiceError::Overtaken)), "{number}: {overtaken:?}");
        }
        assert_eq!(given.held().await, bytes);
    }

    async fn what_was_granted_in_a_lost_answer_comes_back_at_once(given: &TestStore) {
        let given = Given::over(given);
        let account = given.account_with_traffic().await;
        given.service.settle_node(FIRST, Vec::new()).await.unwrap();
        let (kept, bytes) = given.gets(FIRST, asks(1, account)).await;
        let used = LeaseReport { written: Bytes::new(2000), ..partial(kept, 1000, bytes.unsigned_abs()) };
        let (lost, _) = given.gets(FIRST, Exchange { reports: vec![used], ..asks(2, account) }).await;
        let other = given.boot(crate::given::NEIGHBOUR, Vec::new()).await;
        let (_, theirs) = given.gets(other, asks(1, account)).await;
        let exchange = Exchange { number: 3, held: Some(vec![kept]), ..Exchange::default() };
        assert_eq!(given.service.exchange_leases(FIRST, exchange).await.unwrap(), []);
        assert_eq!(given.held().await, bytes - 1000 + theirs);
        assert_eq!(given.number(&format!("SELECT count(*) FROM lease WHERE id = {lost}")).await, 0);
    }

    async fn written_bytes_leave_room_for_the_next_lease_and_stay_held(given: &TestStore) {
        let given = Given::over(given);
        let account = given.account_with_traffic().await;
        given.service.settle_node(FIRST, Vec::new()).await.unwrap();
        let (lease, full) = given.gets(FIRST, asks(1, account)).await;
        let all = Bytes::new(full.unsigned_abs());
        let written = LeaseReport { lease, used: Bytes::ZERO, written: all, ceiling: all, last: false };
        let (_, next) = given.gets(FIRST, Exchange { reports: vec![written], ..asks(2, account) }).await;
        assert_eq!(next, full);
        assert_eq!(given.held().await, 2 * full);
        let refused = given.service.exchange_leases(FIRST, asks(3, account)).await.unwrap();
        assert!(refused[0].outcome.is_err());
    }
}
