//! What goes through the ports: the directory, its changes, leases, questions; and what happens when a process dies or a
//! credential is not taken.

use std::time::Duration;

use futures_util::TryStreamExt;
use turnpike_domain::activity::{ActivityEntry, Aim, Reason};
use turnpike_domain::connection::Protocol;
use turnpike_domain::directory::{Changes, Snapshot, SnapshotPart};
use turnpike_domain::ids::{AccountId, Incarnation, LeaseId, NodeId};
use turnpike_domain::lease::{Exchange, LeaseReport, LeaseRequest};
use turnpike_domain::question::{Answer, Ask};
use turnpike_domain::quota::Denial;
use turnpike_domain::seats::{SeatRequest, SeatRound};
use turnpike_domain::units::Bytes;
use turnpike_gateway::ports::{Admission, Fence, Leases, PortError};
use turnpike_link::{Link, LinkError};
use turnpike_service::ActivityFilter;
use turnpike_testkit::each_store;

use crate::given::{Given, link, operator};

const NODE: Incarnation = Incarnation { node: NodeId::new(-77), boot: 1 };
/// Nothing here takes so long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// Word of a change travels faster.
const AT_ONCE: Duration = Duration::from_secs(1);

async fn snapshot(link: &Link) -> Snapshot {
    let mut whole = Snapshot::default();
    let mut parts = link.snapshot();
    while let Some(part) = parts.try_next().await.unwrap() {
        match part {
            SnapshotPart::Begin(seq) => whole.seq = seq,
            SnapshotPart::Exits(exits) => whole.exits.extend(exits),
            SnapshotPart::Pins(pins) => whole.pins.extend(pins),
            SnapshotPart::Endpoints(endpoints) => whole.endpoints.extend(endpoints),
            SnapshotPart::Customers(customers) => whole.customers.extend(customers),
            SnapshotPart::Accounts(accounts) => whole.accounts.extend(accounts),
        }
    }
    whole
}

fn asking(number: u64, account: AccountId) -> Exchange {
    let requests = vec![LeaseRequest { account, want: Bytes::new(1 << 20) }];
    Exchange { number, requests, ..Exchange::default() }
}

each_store! {
    async fn the_directory_arrives_as_the_service_has_it(given: &TestStore) {
        let given = Given::over(given).await;
        let process = given.process().await;
        let linked = given.link(&[process.address]);
        let customer = given.customer("anna@example.com").await;
        for name in ["alpha", "beta", "gamma"] {
            given.account(customer, name).await;
        }
        let there = given.service.directory_snapshot().await.unwrap();
        let here = snapshot(&linked.link).await;
        assert_eq!(here, there);
        assert_eq!(here.accounts.len(), 3);
        assert_eq!(linked.link.changes(NODE, here.seq).await.unwrap(), Changes::None);
        // A change wakes whoever waits for it.
        let news = tokio::time::timeout(AT_ONCE, linked.link.news(here.seq));
        let (told, ()) = tokio::join!(news, given.account(customer, "delta"));
        told.unwrap();
        let changes = linked.link.changes(NODE, here.seq).await.unwrap();
        assert_eq!(changes, given.service.directory_changes(here.seq).await.unwrap());
        let Changes::Since { changed, .. } = changes else { panic!("{changes:?}") };
        assert_eq!(changed.accounts.iter().map(|entry| entry.username.as_str()).collect::<Vec<_>>(), ["delta"]);
    }

    async fn asking_for_changes_is_the_receipt(given: &TestStore) {
        let given = Given::over(given).await;
        let process = given.process().await;
        let linked = given.link(&[process.address]);
        linked.link.settle(NODE, Vec::new()).await.unwrap();
        given.customer("anna@example.com").await;
        let seq = snapshot(&linked.link).await.seq;
        assert_eq!(given.service.effective_everywhere(Duration::ZERO).await.unwrap().to_string(), "0/1");
        linked.link.changes(NODE, seq).await.unwrap();
        assert_eq!(given.service.effective_everywhere(Duration::ZERO).await.unwrap().to_string(), "1/1");
        linked.link.leave(NODE).await.unwrap();
        assert_eq!(given.service.effective_everywhere(Duration::ZERO).await.unwrap().to_string(), "0/0");
    }

    async fn leases_and_refusals_come_back_as_they_were_decided(given: &TestStore) {
        let given = Given::over(given).await;
        let process = given.process().await;
        let linked = given.link(&[process.address]);
        let customer = given.customer("anna@example.com").await;
        given.account(customer, "alpha").await;
        let account = snapshot(&linked.link).await.accounts[0].id;
        linked.link.settle(NODE, Vec::new()).await.unwrap();
        // One that comes again changes nothing.
        linked.link.settle(NODE, vec![LeaseReport::void(LeaseId::new(5))]).await.unwrap();
        let grants = linked.link.exchange(NODE, asking(1, account)).await.unwrap();
        assert_eq!(grants[0].outcome, Err(Denial::NoTraffic));
        given.package(customer).await;
        let grants = linked.link.exchange(NODE, asking(2, account)).await.unwrap();
        let lease = grants[0].outcome.clone().unwrap();
        assert_eq!(lease.bytes, Bytes::new((1 << 30) / 1280));
        // A number that was used is not carried out again.
        let late = linked.link.exchange(NODE, asking(2, account)).await;
        assert!(matches!(late, Err(PortError::Unreachable(_))), "{late:?}");
        // A later opening of the same spool file takes everything over.
        linked.link.settle(Incarnation { boot: 2, ..NODE }, vec![LeaseReport::last(lease.id, Bytes::new(700))]).await.unwrap();
        assert_eq!(linked.link.exchange(NODE, asking(3, account)).await, Err(PortError::Fenced(Fence::Overtaken)));
        assert_eq!(linked.link.settle(NODE, Vec::new()).await, Err(PortError::Fenced(Fence::Overtaken)));
    }

    async fn seats_come_back_as_they_were_shared_out(given: &TestStore) {
        let given = Given::over(given).await;
        let process = given.process().await;
        let linked = given.link(&[process.address]);
        let customer = given.customer("anna@example.com").await;
        given.account(customer, "alpha").await;
        let account = snapshot(&linked.link).await.accounts[0].id;
        linked.link.settle(NODE, Vec::new()).await.unwrap();
        let round = |number| SeatRound { number, requests: vec![SeatRequest { account, want: 3 }] };
        let grants = linked.link.seats(NODE, round(1)).await.unwrap();
        // It has no time plan, so nothing limits it.
        assert_eq!(grants.iter().map(|grant| (grant.account, grant.terms.seats)).collect::<Vec<_>>(), [(account, None)]);
        let late = linked.link.seats(NODE, round(1)).await;
        assert!(matches!(late, Err(PortError::Unreachable(_))), "{late:?}");
        linked.link.settle(Incarnation { boot: 2, ..NODE }, Vec::new()).await.unwrap();
        assert_eq!(linked.link.seats(NODE, round(2)).await, Err(PortError::Fenced(Fence::Overtaken)));
    }

    async fn a_question_is_answered_through_any_process(given: &TestStore) {
        let given = Given::over(given).await;
        let process = given.process().await;
        let linked = given.link(&[process.address]);
        linked.link.settle(NODE, Vec::new()).await.unwrap();
        let seq = snapshot(&linked.link).await.seq;
        let ask = Ask::KickAccount(AccountId::new(5));
        let (asking, asked) = (given.service.clone(), ask.clone());
        let asked = tokio::spawn(async move { asking.ask_gateways(asked, PATIENCE).await });
        linked.link.news(seq).await;
        let Changes::Since { changed, .. } = linked.link.changes(NODE, seq).await.unwrap() else { panic!("a change") };
        assert_eq!(changed.questions[0].ask, ask);
        linked.link.answer(NODE, changed.questions[0].id, Answer::Kicked(3)).await.unwrap();
        assert_eq!(asked.await.unwrap().unwrap(), [(NODE.node, Answer::Kicked(3))]);
    }

    async fn what_became_of_connections_is_kept(given: &TestStore) {
        let given = Given::over(given).await;
        let process = given.process().await;
        let linked = given.link(&[process.address]);
        let customer = given.customer("anna@example.com").await;
        linked.link.settle(NODE, Vec::new()).await.unwrap();
        let entry = ActivityEntry {
            at: given.service.now(),
            customer,
            account: None,
            username: "alpha".to_owned(),
            endpoint: None,
            endpoint_port: None,
            protocol: Some(Protocol::Http),
            target: Some(Aim { host: "example.com".to_owned(), port: 80 }),
            place: None,
            reason: Reason::OriginTimedOut,
            status: Some(504),
            count: 1,
        };
        linked.link.note_activity(NODE, vec![entry.clone()]).await.unwrap();
        let kept = given.service.own_activity(customer, &ActivityFilter::default(), (1, 10)).await.unwrap();
        assert_eq!(kept.items.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(), [entry]);
    }

    async fn another_process_is_asked_when_one_dies(given: &TestStore) {
        let given = Given::over(given).await;
        let (first, second) = (given.process().await, given.process().await);
        let linked = given.link(&[first.address, second.address]);
        given.customer("anna@example.com").await;
        let before = snapshot(&linked.link).await;
        first.die().await;
        assert_eq!(snapshot(&linked.link).await, before);
        linked.link.settle(NODE, Vec::new()).await.unwrap();
        linked.link.changes(NODE, before.seq).await.unwrap();
        second.die().await;
        let nobody = linked.link.changes(NODE, before.seq).await;
        assert!(matches!(nobody, Err(PortError::Unreachable(_))), "{nobody:?}");
    }

    async fn a_credential_opens_its_own_gateways_while_it_is_not_revoked(given: &TestStore) {
        let given = Given::over(given).await;
        let process = given.process().await;
        let linked = given.link(&[process.address]);
        assert!(linked.link.hello().await.is_ok());
        linked.link.settle(NODE, Vec::new()).await.unwrap();
        // Another machine is nobody here.
        let secret = given.service.add_node_credential(&operator(), "fra-2").await.unwrap();
        let other = link(&[process.address], &secret);
        assert_eq!(other.link.settle(NODE, Vec::new()).await, Err(PortError::Fenced(Fence::NotOurs)));
        assert_eq!(other.link.exchange(NODE, Exchange::default()).await, Err(PortError::Fenced(Fence::NotOurs)));
        assert_eq!(other.link.changes(NODE, None).await, Err(PortError::Fenced(Fence::NotOurs)));
        assert_eq!(other.link.leave(NODE).await, Err(PortError::Fenced(Fence::NotOurs)));
        // Nor is one that was never let in.
        let stranger = link(&[process.address], &"0".repeat(64));
        assert!(matches!(stranger.link.hello().await, Err(LinkError::Refused(_))));
        assert!(matches!(stranger.link.changes(NODE, None).await, Err(PortError::Unreachable(_))));
        assert!(stranger.link.snapshot().try_next().await.is_err());
        given.service.revoke_node_credential(&operator(), "fra-1").await.unwrap();
        assert_eq!(linked.link.changes(NODE, None).await, Err(PortError::Fenced(Fence::Revoked)));
        assert_eq!(linked.link.exchange(NODE, Exchange::default()).await, Err(PortError::Fenced(Fence::Revoked)));
        assert!(matches!(linked.link.hello().await, Err(LinkError::Refused(_))));
    }
}
