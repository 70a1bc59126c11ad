//! Extracted endpoints: their customer's listed sources need no login, their customer's accounts come from anywhere, and nobody else
//! gets in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use turnpike_domain::endpoint::{EndpointEntry, EntryName, PortRange};
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Provenance, Route};
use turnpike_domain::ids::{AccountId, CustomerId, EndpointBatchId, EndpointId, ExitId};
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_domain::product::ProductType;
use turnpike_domain::session::SessionKey;
use turnpike_domain::time::Span;
use turnpike_gateway::port::Port;
use turnpike_gateway::settings::OwnEntry;
use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::wire::Wire;

use crate::support::{CUSTOMER, House, NOW, PASSWORD, Store, USER, within};

const OTHER: i64 = 2;
const LISTED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));

/// A port that nobody else has: none that the kernel draws, and another one for each test of each process.
fn port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let process = u16::try_from(std::process::id() % 200).unwrap();
    10_000 + process * 100 + GIVEN.fetch_add(1, Ordering::Relaxed)
}

fn own_entry() -> OwnEntry {
    let ports = PortRange::new(10_000, 30_000).unwrap();
    OwnEntry { name: EntryName::default_entry(), listen: Ipv4Addr::LOCALHOST.into(), ports }
}

fn endpoint(id: i64, port: u16, account: AccountId) -> EndpointEntry {
    EndpointEntry {
        id: EndpointId::new(id),
        batch: EndpointBatchId::new(id),
        entry: EntryName::default_entry(),
        port,
        customer: CustomerId::new(CUSTOMER),
        account,
        product_type: ProductType::DynamicTraffic,
        place: PlaceWish::default(),
        ip: None,
        ends_at: Some(NOW.plus(Span::from_secs(600))),
    }
}

struct Given {
    house: House,
    account: AccountId,
    port: u16,
}

impl Given {
    /// A gateway with one endpoint, of a customer whose list holds one address.
    async fn new() -> Self {
        let (port, mut account) = (port(), None);
        let house = House::with(1 << 40, |store: &Store, settings| {
            settings.entries = vec![own_entry()];
            store.change_customer(CUSTOMER, |entry| entry.sources = vec![LISTED]);
            store.add_customer(OTHER);
            store.add_account(OTHER, "mallory", "sesame");
            store.add_package(OTHER, 1 << 30);
            account = Some(store.add_nameless(CUSTOMER));
        })
        .await;
        let account = account.unwrap();
        house.store.set_endpoint(endpoint(1, port, account));
        assert_eq!(house.store.bound(1).await, []);
        Self { house, account, port }
    }

    fn proxy(&self, login: Option<Login>) -> Proxy {
        Proxy { address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.port), login }
    }

    async fn connect_from(&self, source: IpAddr) -> Wire {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(source, 0)).unwrap();
        Wire::new(socket.connect(self.proxy(None).address).await.unwrap())
    }

    /// The address that the origin sees of whoever comes from there.
    async fn seen(&self, source: &str, login: Option<Login>) -> String {
        let wire = self.connect_from(source.parse().unwrap()).await;
        let target = self.house.origin.address();
        let mut wire = self.proxy(login).tunnel_on(wire, Protocol::Connect, target).await.unwrap();
        wire.send(b"SOURCE\n").await.unwrap();
        while wire.fill().await.unwrap() > 0 {}
        String::from_utf8(wire.pending().to_vec()).unwrap().trim().to_owned()
    }

    /// What a tunnel from an address is answered with: 200, a status, or a SOCKS5 code.
    async fn outcome(&self, source: &str, login: Option<Login>, protocol: Protocol) -> u16 {
        let wire = self.connect_from(source.parse().unwrap()).await;
        match self.proxy(login).tunnel_on(wire, protocol, self.house.origin.address()).await {
            Ok(mut wire) => {
                wire.send(b"DOWN 1000\n").await.unwrap();
                assert_eq!(wire.check(u64::MAX).await.unwrap(), (1000, true));
                200
            }
            Err(ProxyError::Status { status, .. }) => status,
            Err(ProxyError::Socks(code)) => code,
            // Without a login none of the methods is taken.
            Err(ProxyError::Garbled(_)) => 0xff,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listed_source_needs_no_login_and_pays_without_a_name() {
    let given = Given::new().await;
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        assert_eq!(given.outcome("127.0.0.7", None, protocol).await, 200);
    }
    assert_eq!(given.house.store.settled("").await, 2 * 1010);
    assert_eq!(given.house.store.standing(USER).used, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_the_customer_comes_from_anywhere_and_pays_for_itself() {
    let given = Given::new().await;
    let own = || Some(Login::new(USER, PASSWORD));
    for source in ["127.0.0.1", "127.0.0.7"] {
        for protocol in [Protocol::Connect, Protocol::Socks5] {
            assert_eq!(given.outcome(source, own(), protocol).await, 200);
        }
    }
    assert_eq!(given.house.store.settled(USER).await, 4 * 1010);
    assert_eq!(given.house.store.standing("").used, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_else_is_asked_for_a_login_in_the_same_words() {
    let given = Given::new().await;
    let logins = [None, Some(("mallory", "sesame")), Some((USER, "wrong")), Some(("nobody", "wrong"))];
    for login in logins {
        let login = || login.map(|(name, password)| Login::new(name, password));
        assert_eq!(given.outcome("127.0.0.1", login(), Protocol::Connect).await, 407);
        let code = given.outcome("127.0.0.1", login(), Protocol::Socks5).await;
        assert!(code == 0xff || code == 0x101, "{code:#x}");
    }
    assert_eq!(given.house.origin.ledger().connections(), 0);
    let (mut stranger, mut wrong) = (Vec::new(), Vec::new());
    // "mallory:sesame" and "nobody:wrongs", which are of one length.
    for (value, answer) in [("bWFsbG9yeTpzZXNhbWU=", &mut stranger), ("bm9ib2R5czp3cm9uZ3M=", &mut wrong)] {
        let target = given.house.origin.address();
        let request = format!("CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {value}\r\n\r\n");
        let mut client = TcpStream::connect(given.proxy(None).address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        // A reset says as much as an end.
        within(client.read_to_end(answer)).await.ok();
    }
    assert!(stranger.starts_with(b"HTTP/1.1 407 ") && stranger == wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_ended_takes_its_connections_with_it() {
    let given = Given::new().await;
    let wire = given.connect_from(LISTED).await;
    let mut idle = given.proxy(None).tunnel_on(wire, Protocol::Connect, given.house.origin.address()).await.unwrap();
    let mut other = given.house.idle_tunnel().await;
    given.house.store.end_endpoint(EndpointId::new(1));
    assert!(within(idle.fill()).await.is_err(), "it is reset");
    within(async { while TcpStream::connect(given.proxy(None).address).await.is_ok() {} }).await;
    other.send(b"y").await.unwrap();
    assert_eq!(other.fill().await.unwrap(), 1);
    // The port is somebody else's next.
    let account = given.house.store.add_nameless(OTHER);
    let next = EndpointEntry { customer: CustomerId::new(OTHER), ..endpoint(2, given.port, account) };
    given.house.store.set_endpoint(next);
    assert_eq!(given.house.store.bound(2).await, []);
    assert_eq!(given.outcome("127.0.0.7", None, Protocol::Connect).await, 407);
    assert_eq!(given.outcome("127.0.0.7", Some(Login::new("mallory", "sesame")), Protocol::Connect).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_somebody_has_is_told_and_taken_when_it_is_free() {
    let given = Given::new().await;
    let port = crate::endpoints::port();
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    given.house.store.set_endpoint(endpoint(2, port, given.account));
    assert_eq!(given.house.store.bound(2).await, [EndpointId::new(2)]);
    // Nor is it taken from somebody who would share it, as another installation of the same user would.
    let shared = crate::endpoints::port();
    let settings = given.house.settings();
    let other = Port::bind(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), shared), settings).unwrap();
    given.house.store.set_endpoint(endpoint(4, shared, given.account));
    assert_eq!(given.house.store.bound(4).await, [EndpointId::new(4)]);
    drop(other);
    // The gateway's own port is nobody's, though it could be bound once more.
    let own = given.house.gateway.local_addr().port();
    given.house.store.set_endpoint(endpoint(3, own, given.account));
    assert_eq!(given.house.store.bound(3).await, [EndpointId::new(3)]);
    drop(taken);
    let at = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    within(async { while TcpStream::connect(at).await.is_err() {} }).await;
    assert_eq!(given.house.gateway.status().endpoints, [(EntryName::default_entry(), 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_are_there_again_after_a_crash_and_those_ended_meanwhile_are_not() {
    let Given { house, account, port } = Given::new().await;
    let second = crate::endpoints::port();
    house.store.set_endpoint(endpoint(2, second, account));
    assert_eq!(house.store.bound(2).await, []);
    let house = house.crash_and_restart(|store| store.end_endpoint(EndpointId::new(2))).await;
    let given = Given { house, account, port };
    assert_eq!(given.outcome("127.0.0.7", None, Protocol::Socks5).await, 200);
    assert!(TcpStream::connect(("127.0.0.1", second)).await.is_err());
}

fn exit(id: i64, address: [u8; 4], place: &str) -> ExitEntry {
    ExitEntry {
        id: ExitId::new(id),
        route: Route::Address(Ipv4Addr::from(address).into()),
        places: vec![ExitPlace::parse(place).unwrap()],
        product_types: vec![ProductType::DynamicTraffic],
        capacity: None,
        weight: 1,
        state: ExitState::Active,
        provenance: Provenance::Owned,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_endpoint_keeps_one_exit_of_its_place_whatever_a_login_says() {
    let given = Given::new().await;
    for last in 1..=8 {
        given.house.store.set_exit(exit(i64::from(last), [127, 0, 1, last], "US/California"));
        given.house.store.set_exit(exit(i64::from(last) + 100, [127, 0, 2, last], "JP/Tokyo"));
    }
    let place = PlaceWish { country: PlaceName::parse("jp").ok(), ..PlaceWish::default() };
    given.house.store.set_endpoint(EndpointEntry {
        place,
        batch: EndpointBatchId::new(7),
        ..endpoint(1, given.port, given.account)
    });
    assert_eq!(given.house.store.bound(7).await, []);
    let first = given.seen("127.0.0.7", None).await;
    assert!(first.starts_with("127.0.2."), "{first}");
    for _ in 0..6 {
        assert_eq!(given.seen("127.0.0.7", None).await, first);
        let login = Login::new(format!("{USER}_area-US_session-x"), PASSWORD);
        assert_eq!(given.seen("127.0.0.1", Some(login)).await, first);
    }
    let pins = given.house.store.pinned(1).await;
    let key = SessionKey::of_endpoint(EndpointId::new(1), ProductType::DynamicTraffic);
    assert_eq!((pins.len(), pins[0].key), (1, key));
    assert_eq!(pins[0].until, NOW.plus(Span::from_secs(600)));
}
