//! What is taken away is gone at once, for open tunnels too.

use std::io::ErrorKind;

use turnpike_domain::account::Username;
use turnpike_domain::secret::PasswordMac;
use turnpike_testkit::wire::Wire;

use crate::support::{CUSTOMER, House, PASSWORD, Store, USER, mac_key, within};

/// An idle tunnel and one under load.
async fn tunnels(house: &House) -> [Wire; 2] {
    let idle = house.idle_tunnel().await;
    let mut busy = house.tunnel().await;
    busy.send(b"DOWN 100000000000\n").await.unwrap();
    busy.discard(1_000_000).await.unwrap();
    [idle, busy]
}

async fn assert_cut_by(change: impl FnOnce(&Store), status: u16) {
    let house = House::with_package(1 << 40).await;
    let tunnels = tunnels(&house).await;
    change(&house.store);
    for mut wire in tunnels {
        let end = within(wire.discard(u64::MAX)).await;
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    assert_eq!(house.status().await, status);
    // What was used is still billed, and nothing stays held.
    assert!(house.store.settled_or_gone(USER).await > 1_000_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_account_is_cut() {
    assert_cut_by(|store| store.change_account(USER, |entry| entry.enabled = false), 403).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_is_cut() {
    assert_cut_by(|store| store.delete_account(USER), 407).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_cuts_tunnels_of_the_old_one() {
    let username = Username::parse(USER).unwrap();
    let password = PasswordMac::of(&mac_key(), &username, b"another");
    assert_cut_by(|store| store.change_account(USER, |entry| entry.password = password), 407).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_customer_is_cut() {
    assert_cut_by(|store| store.change_customer(CUSTOMER, |entry| entry.suspended = true), 403).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_remark_cuts_nothing() {
    let house = House::with_package(1 << 40).await;
    let mut wire = house.idle_tunnel().await;
    house.store.change_account(USER, |_| ());
    house.store.change_customer(CUSTOMER, |entry| entry.max_tunnels = Some(10));
    house.store.add_account(CUSTOMER, "bob", "hope");
    within(async { while house.status_for("bob", "hope").await != 200 {} }).await;
    wire.send(b"y").await.unwrap();
    assert_eq!(wire.fill().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_used_again_is_another_account() {
    let house = House::with_package(1 << 40).await;
    let mut old = house.idle_tunnel().await;
    house.store.delete_account(USER);
    house.store.add_account(CUSTOMER, USER, "fresh");
    assert_eq!(within(old.fill()).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(house.status_for(USER, PASSWORD).await, 407);
    assert_eq!(house.status_for(USER, "fresh").await, 200);
}
