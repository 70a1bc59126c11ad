//! What became of connections that failed is told to the store, within two seconds, for those whose connections they were alone.

use std::time::{Duration, Instant};

use turnpike_domain::activity::{ActivityEntry, Fault, Reason};
use turnpike_domain::connection::Protocol as Speaks;
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Provenance, Route, UpstreamPassword};
use turnpike_domain::ids::{CustomerId, ExitId};
use turnpike_domain::product::ProductType;
use turnpike_testkit::client::Protocol;

use crate::support::{CUSTOMER, House, PASSWORD, USER, within};

fn exit(id: u8, place: &str) -> ExitEntry {
    ExitEntry {
        id: ExitId::new(i64::from(id)),
        route: Route::parse(&format!("127.0.1.{id}"), None, UpstreamPassword::default()).unwrap(),
        places: vec![ExitPlace::parse(place).unwrap()],
        product_types: vec![ProductType::DynamicTraffic],
        capacity: None,
        weight: 1,
        state: ExitState::Active,
        provenance: Provenance::Owned,
    }
}

/// The entries of refusals, by what matters of them.
fn told(entry: &ActivityEntry) -> (Reason, Option<Speaks>, Option<u16>) {
    (entry.reason, entry.protocol, entry.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_with_its_account_its_target_and_its_reason() {
    let house = House::with_package(1 << 40).await;
    let begun = Instant::now();
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        house.proxy(&format!("{USER}_area-FR"), PASSWORD).tunnel(protocol, house.origin.address()).await.unwrap_err();
        let denied = "127.0.0.1:25".parse().unwrap();
        house.proxy(USER, PASSWORD).tunnel(protocol, denied).await.unwrap_err();
    }
    let entries = house.store.activity(4).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(
        entries.iter().map(told).collect::<Vec<_>>(),
        [
            (Reason::PlaceNotServed, Some(Speaks::Connect), Some(503)),
            (Reason::TargetDenied, Some(Speaks::Connect), Some(403)),
            (Reason::PlaceNotServed, Some(Speaks::Socks5), Some(503)),
            (Reason::TargetDenied, Some(Speaks::Socks5), Some(403)),
        ]
    );
    for entry in &entries {
        assert_eq!((entry.customer, entry.username.as_str(), entry.count), (CustomerId::new(CUSTOMER), USER, 1));
    }
    let aim = entries[0].target.as_ref().unwrap();
    assert_eq!((aim.host.as_str(), aim.port), ("127.0.0.1", house.origin.address().port()));
    assert_eq!(entries[1].target.as_ref().map(|aim| aim.port), Some(25));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_wrong_logins_or_of_what_succeeds() {
    let house = House::with_package(1 << 40).await;
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        house.proxy(USER, "wrong").tunnel(protocol, house.origin.address()).await.unwrap_err();
        house.proxy("nobody", PASSWORD).tunnel(protocol, house.origin.address()).await.unwrap_err();
        house.proxy(USER, PASSWORD).tunnel(protocol, house.origin.address()).await.unwrap();
    }
    // What comes later is told later: had there been anything before, it would be here.
    house.proxy(USER, PASSWORD).tunnel(Protocol::Connect, "127.0.0.1:25".parse().unwrap()).await.unwrap_err();
    assert_eq!(
        house.store.activity(1).await.iter().map(|entry| entry.reason).collect::<Vec<_>>(),
        [Reason::TargetDenied]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_turned_away_with_a_right_login_is_told_why() {
    let house = House::with(1 << 40, |store, _| {
        store.add_account(CUSTOMER, "disabled", PASSWORD);
        store.change_account("disabled", |entry| entry.enabled = false);
    })
    .await;
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        house.proxy("disabled", PASSWORD).tunnel(protocol, house.origin.address()).await.unwrap_err();
    }
    let entries = house.store.activity(2).await;
    for (entry, speaks) in entries.iter().zip([Speaks::Connect, Speaks::Socks5]) {
        assert_eq!(told(entry), (Reason::AccountDisabled, Some(speaks), Some(403)));
        assert_eq!((entry.username.as_str(), entry.reason.fault()), ("disabled", Fault::Yours));
        assert_eq!(entry.target.as_ref().unwrap().port, house.origin.address().port());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_that_ends_badly_is_told_with_where_it_left() {
    let house = House::with(1 << 40, |store, _| store.set_exit(exit(1, "US/Texas/Austin"))).await;
    let mut tunnel = house.idle_tunnel().await;
    house.store.set_exit(ExitEntry { state: ExitState::Down, ..exit(1, "US/Texas/Austin") });
    within(tunnel.fill()).await.unwrap_err();
    let entries = house.store.activity(1).await;
    assert_eq!(told(&entries[0]), (Reason::ExitLost, Some(Speaks::Connect), None));
    assert_eq!(entries[0].place.as_deref(), Some("US/Texas/Austin"));
    house.store.set_exit(exit(1, "US/Texas/Austin"));
    house.until_status(200).await;
    let mut tunnel = house.idle_tunnel().await;
    house.store.change_account(USER, |entry| entry.enabled = false);
    within(tunnel.fill()).await.unwrap_err();
    let revoked = within(async {
        for count in 2.. {
            let entries = house.store.activity(count).await;
            if entries.iter().any(|entry| entry.reason == Reason::Revoked) {
                return true;
            }
        }
        false
    });
    assert!(revoked.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_told_is_told_once_the_store_listens() {
    let house = House::with_package(1 << 40).await;
    house.proxy(USER, PASSWORD).tunnel(Protocol::Connect, "127.0.0.1:25".parse().unwrap()).await.unwrap_err();
    house.store.activity(1).await;
    house.store.set_out_of_order(true);
    house.proxy(USER, PASSWORD).tunnel(Protocol::Connect, "127.0.0.1:26".parse().unwrap()).await.unwrap_err();
    house.store.set_out_of_order(false);
    let entries = house.store.activity(2).await;
    assert_eq!(
        entries.iter().filter_map(|entry| entry.target.as_ref()).map(|aim| aim.port).collect::<Vec<_>>(),
        [25, 26]
    );
}
