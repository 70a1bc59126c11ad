//! Which connections are open, and ending them one by one or all of an account.

use std::io::ErrorKind;

use turnpike_domain::connection::{Connection, Protocol as Spoken};
use turnpike_domain::ids::{AccountId, CustomerId, NodeId};
use turnpike_domain::question::{Answer, Ask};
use turnpike_testkit::client::Protocol;
use turnpike_testkit::wire::Wire;

use crate::support::{CUSTOMER, House, USER, within};

const ALL: Ask = Ask::Connections { customer: None, account: None, most: 100 };

async fn connections(house: &House, ask: Ask) -> Vec<Connection> {
    match within(house.store.ask(ask)).await {
        Answer::Connections(connections) => connections,
        _ => panic!("another answer"),
    }
}

async fn kicked(house: &House, ask: Ask) -> u32 {
    match within(house.store.ask(ask)).await {
        Answer::Kicked(count) => count,
        _ => panic!("another answer"),
    }
}

async fn is_reset(wire: &mut Wire) -> bool {
    within(wire.fill()).await.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
}

async fn lives(wire: &mut Wire) -> bool {
    wire.send(b"y").await.unwrap();
    let came = within(wire.fill()).await;
    wire.consume(1);
    came.is_ok_and(|bytes| bytes == 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_connection_is_shown_with_all_that_is_known_of_it() {
    let house = House::with_package(1 << 30).await;
    assert!(connections(&house, ALL).await.is_empty());
    let target = house.origin.address();
    let mut wire = house.idle_tunnel().await;
    let source = wire.stream().local_addr().unwrap();
    // Bytes arrive before they are counted.
    let counted = async {
        loop {
            let shown = connections(&house, ALL).await;
            if shown.iter().all(|one| (one.to_client.get(), one.to_origin.get()) == (1, 6)) {
                return shown;
            }
        }
    };
    let [shown] = &within(counted).await[..] else { panic!("one is open") };
    assert_eq!((shown.customer, shown.username.as_str()), (CustomerId::new(CUSTOMER), "alice"));
    assert_eq!((shown.protocol, shown.source, shown.target.clone()), (Spoken::Connect, source, target.to_string()));
    assert!(lives(&mut wire).await);
    let socks = house.try_tunnel(Protocol::Socks5).await.unwrap();
    let mut http = house.proxy("alice", "secret").http().await.unwrap();
    http.get(&format!("http://{target}/bytes/5?secret")).await.unwrap();
    let shown = connections(&house, ALL).await;
    let mut spoken: Vec<_> = shown.iter().map(|one| one.protocol).collect();
    spoken.sort_by_key(|protocol| format!("{protocol:?}"));
    assert_eq!(spoken, [Spoken::Connect, Spoken::Http, Spoken::Socks5]);
    // Never a path.
    assert!(shown.iter().all(|one| one.target == target.to_string()));
    drop((wire, socks, http));
    within(async { while !connections(&house, ALL).await.is_empty() {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_filtered_and_limited() {
    let house = House::with_package(1 << 30).await;
    let bob = house.store.add_account(CUSTOMER, "bob", "hope");
    within(async { while house.status_for("bob", "hope").await != 200 {} }).await;
    let _open = [house.idle_tunnel().await, house.idle_tunnel().await];
    let _bobs = house.proxy("bob", "hope").tunnel(Protocol::Connect, house.origin.address()).await.unwrap();
    let of = |customer: Option<i64>, account: Option<AccountId>, most| Ask::Connections {
        customer: customer.map(CustomerId::new),
        account,
        most,
    };
    within(async { while connections(&house, of(None, Some(bob), 100)).await.len() != 1 {} }).await;
    assert_eq!(connections(&house, of(Some(CUSTOMER), None, 100)).await.len(), 3);
    assert_eq!(connections(&house, of(Some(CUSTOMER), None, 2)).await.len(), 2);
    assert_eq!(connections(&house, of(Some(CUSTOMER + 1), None, 100)).await.len(), 0);
    assert_eq!(connections(&house, of(None, None, 0)).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_is_kicked_and_its_neighbours_stay() {
    let house = House::with_package(1 << 30).await;
    let [mut first, mut second] = [house.idle_tunnel().await, house.idle_tunnel().await];
    let source = first.stream().local_addr().unwrap();
    let shown = connections(&house, ALL).await;
    let connection = shown.iter().find(|one| one.source == source).unwrap().id;
    // At another gateway the number means another connection.
    let node = house.store.node();
    let elsewhere = Ask::Kick { node: NodeId::new(node.get() + 1000), connection };
    assert_eq!(kicked(&house, elsewhere).await, 0);
    assert_eq!(kicked(&house, Ask::Kick { node, connection }).await, 1);
    assert!(is_reset(&mut first).await);
    assert!(lives(&mut second).await);
    within(async { while kicked(&house, Ask::Kick { node, connection }).await != 0 {} }).await;
    // Its login is as good as before.
    assert_eq!(house.status().await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_http_connection_is_kicked_though_its_login_stays_good() {
    let house = House::with_package(1 << 30).await;
    let mut http = house.proxy("alice", "secret").http().await.unwrap();
    http.get(&format!("http://{}/bytes/5", house.origin.address())).await.unwrap();
    let [shown] = &connections(&house, ALL).await[..] else { panic!("one is open") };
    assert_eq!(kicked(&house, Ask::KickAccount(shown.account)).await, 1);
    assert!(is_reset(http.wire()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_connections_of_an_account_are_kicked_busy_ones_too() {
    let house = House::with_package(1 << 40).await;
    house.store.add_account(CUSTOMER, "bob", "hope");
    within(async { while house.status_for("bob", "hope").await != 200 {} }).await;
    let mut idle = house.idle_tunnel().await;
    let mut busy = house.tunnel().await;
    busy.send(b"DOWN 100000000000\n").await.unwrap();
    busy.discard(1_000_000).await.unwrap();
    let mut bobs = house.proxy("bob", "hope").tunnel(Protocol::Socks5, house.origin.address()).await.unwrap();
    bobs.send(b"ECHO\n").await.unwrap();
    let account = connections(&house, ALL).await.iter().find(|one| one.username == "alice").unwrap().account;
    assert_eq!(kicked(&house, Ask::KickAccount(account)).await, 2);
    assert!(is_reset(&mut idle).await);
    assert_eq!(within(busy.discard(u64::MAX)).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(lives(&mut bobs).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_counts_what_happened() {
    let house = House::with_package(1 << 30).await;
    let mut wire = house.tunnel().await;
    wire.send(b"DOWN 5000\n").await.unwrap();
    wire.discard(u64::MAX).await.unwrap();
    drop(wire);
    let _open = house.idle_tunnel().await;
    assert_eq!(house.status_for("alice", "wrong").await, 407);
    house.store.until(USER, |standing| standing.used == 5010 + 7).await;
    let status = house.gateway.status();
    assert_eq!((status.totals.to_client, status.totals.to_origin), (5001, 16));
    assert_eq!((status.totals.open, status.totals.accepted), (1, 3));
    assert_eq!(status.totals.refused, [("credentials", 1)].into());
    assert!(status.position.is_some() && status.contact_age.is_some());
    within(async { while house.gateway.status().oldest_lease.is_none() {} }).await;
    // While the store is away it does not know what is written.
    house.store.set_out_of_order(true);
    let mut wire = house.tunnel().await;
    wire.send(b"DOWN 3000\n").await.unwrap();
    wire.discard(u64::MAX).await.unwrap();
    within(async { while house.gateway.status().unsettled < 3010 {} }).await;
    house.store.set_out_of_order(false);
    within(async { while house.gateway.status().unsettled > 0 {} }).await;
}
