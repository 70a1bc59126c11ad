//! Endpoints as they are bound, ended and bound again.

use turnpike_domain::account::Username;
use turnpike_domain::directory::{AccountEntry, CustomerEntry};
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::time::Span;
use turnpike_domain::units::LimitGb;

use super::*;
use crate::account::Account;
use crate::customer::Customer;

const NOW: Timestamp = Timestamp::from_ms(1_000_000_000);

fn account() -> Arc<Account> {
    let customer = CustomerEntry {
        id: CustomerId::new(1),
        verified: true,
        suspended: false,
        max_tunnels: None,
        max_connections_per_second: None,
        packages_version: 0,
        sources: Vec::new(),
        static_ips: Vec::new(),
    };
    let entry = AccountEntry {
        id: AccountId::new(1),
        customer: CustomerId::new(1),
        username: Username::NAMELESS,
        password: PasswordMac::from_bytes([0; 32]),
        product_type: ProductType::DynamicTraffic,
        enabled: true,
        limit: LimitGb::UNLIMITED,
        daily_limit: LimitGb::UNLIMITED,
    };
    Arc::new(Account::new(&entry, Arc::new(Customer::new(customer))))
}

fn tenant(id: i64, port: u16, ends_in_s: Option<i64>) -> Arc<Tenant> {
    let entry = EndpointEntry {
        id: EndpointId::new(id),
        batch: EndpointBatchId::new(1),
        entry: EntryName::default_entry(),
        port,
        customer: CustomerId::new(1),
        account: AccountId::new(1),
        product_type: ProductType::DynamicTraffic,
        place: PlaceWish::default(),
        ip: None,
        ends_at: ends_in_s.map(|seconds| NOW.plus(Span::from_secs(seconds))),
    };
    Arc::new(Tenant::new(entry, 0, account()))
}

#[test]
fn endpoints_close_at_their_end_and_no_sooner() {
    let mut live = Live::default();
    let tenants = [tenant(1, 20_001, Some(60)), tenant(2, 20_002, Some(61)), tenant(3, 20_003, None)];
    for tenant in &tenants {
        live.insert(tenant);
    }
    let open = || tenants.each_ref().map(|tenant| tenant.check_open().is_ok());
    live.close_over(NOW.plus(Span::from_ms(59_999)));
    assert_eq!(open(), [true; 3]);
    live.close_over(NOW.plus(Span::from_secs(60)));
    assert_eq!(open(), [false, true, true]);
    live.close_over(NOW.plus(Span::from_days(9_000)));
    assert_eq!(open(), [false, false, true]);
    assert_eq!((live.tenants.len(), live.ports.len(), live.ends.len()), (1, 1, 0));
}

#[test]
fn the_end_of_one_leaves_the_port_to_the_next() {
    let mut live = Live::default();
    let (before, after) = (tenant(1, 20_001, Some(60)), tenant(2, 20_001, Some(600)));
    live.insert(&before);
    live.close(before.id());
    live.insert(&after);
    live.close_over(NOW.plus(Span::from_secs(60)));
    assert!(before.check_open().is_err() && after.check_open().is_ok());
    assert_eq!(live.ports.get(&(0, 20_001)), Some(&after.id()));
}

#[test]
fn listeners_that_would_share_connections_collide() {
    let address = |text: &str| text.parse().unwrap();
    for (one, other, expected) in [
        ("127.0.0.1:1", "127.0.0.1:1", true),
        ("127.0.0.1:1", "127.0.0.1:2", false),
        ("127.0.0.1:1", "127.0.0.2:1", false),
        ("0.0.0.0:1", "127.0.0.2:1", true),
        ("127.0.0.1:1", "[::]:1", true),
    ] {
        assert_eq!(collide(address(one), address(other)), expected, "{one} {other}");
    }
}
