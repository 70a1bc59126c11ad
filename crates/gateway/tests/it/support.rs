//! What every gateway test stands on: a gateway on a free port, a counting origin, and a store in memory that grants
//! and books by the domain's own rules.

mod store;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use turnpike_domain::destination::PortSet;
use turnpike_domain::ids::NodeId;
use turnpike_domain::secret::MacKey;
use turnpike_gateway::port::Port;
use turnpike_gateway::ports::Supply;
use turnpike_gateway::settings::Settings;
use turnpike_gateway::{Gateway, Ports, StartError};
use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::wire::Wire;

pub(crate) use store::{NOW, Store};

/// The customer that most tests use, and its account.
pub(crate) const CUSTOMER: i64 = 1;
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "secret";

/// Longer than anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const MIB: u64 = 1024 * 1024;

const LOCALHOST: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A gateway with its store and an origin it may reach.
pub(crate) struct House {
    pub(crate) gateway: Gateway,
    pub(crate) store: Arc<Store>,
    pub(crate) origin: Origin,
    settings: Settings,
    _folder: tempfile::TempDir,
}

impl House {
    /// Everything with defaults; the account has a package of so many bytes.
    pub(crate) async fn with_package(bytes: u64) -> Self {
        Self::with(bytes, |_, _| {}).await
    }

    /// As [`House::with_package`], after a change of the store and the settings.
    pub(crate) async fn with(bytes: u64, prepare: impl FnOnce(&Store, &mut Settings)) -> Self {
        Self::with_ports(bytes, prepare, |settings| Ports::bind(settings).unwrap()).await
    }

    /// As [`House::with_package`], with the sockets of its port beside.
    pub(crate) async fn with_sockets() -> (Self, Port) {
        let mut kept = None;
        let house = Self::with_ports(
            1 << 40,
            |_, _| {},
            |settings| {
                let ports = Ports::bind(settings).unwrap();
                kept = Some(Port::adopt(ports.main.duplicates().unwrap(), settings).unwrap());
                ports
            },
        );
        let house = house.await;
        (house, kept.unwrap())
    }

    async fn with_ports(
        bytes: u64,
        prepare: impl FnOnce(&Store, &mut Settings),
        bind: impl FnOnce(&Settings) -> Ports,
    ) -> Self {
        let origin = Origin::start(&[LOCALHOST], 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::new());
        store.add_customer(CUSTOMER);
        store.add_account(CUSTOMER, USER, PASSWORD);
        store.add_package(CUSTOMER, bytes);
        let mut settings = Settings {
            listen: LOCALHOST,
            threads: 2,
            spool: folder.path().join("leases.spool"),
            spool_slots: 256,
            ..Settings::default()
        };
        settings.destinations.allow_ports = PortSet::new([origin.address().port()]).unwrap();
        settings.destinations.allow_cidrs = vec!["127.0.0.0/8".parse().unwrap()];
        prepare(&store, &mut settings);
        let ports = bind(&settings);
        let gateway = start(&settings, ports, &store).await.unwrap();
        Self { gateway, store, origin, settings, _folder: folder }
    }

    /// Ends the gateway as a crash would, except that the kernel closes nothing by itself; what its spool holds stays.
    /// Then starts another on the same spool.
    pub(crate) async fn crash_and_restart(mut self, while_down: impl FnOnce(&Store)) -> Self {
        let store = Arc::clone(&self.store);
        drop(self.gateway);
        while_down(&store);
        self.settings.listen = LOCALHOST;
        self.gateway = within(async {
            loop {
                match start(&self.settings, Ports::bind(&self.settings).unwrap(), &store).await {
                    // The old gateway's tasks let go of the spool when they are next scheduled.
                    Err(StartError::Spool(turnpike_spool::SpoolError::InUse)) => tokio::task::yield_now().await,
                    result => return result.unwrap(),
                }
            }
        })
        .await;
        self
    }

    /// What the gateway was started with.
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Another gateway beside the first, in the same folder and with the same store.
    pub(crate) async fn another(
        &self,
        change: impl FnOnce(&mut Settings),
        ports: impl FnOnce(&Settings) -> Ports,
    ) -> Gateway {
        let mut settings = self.settings.clone();
        change(&mut settings);
        start(&settings, ports(&settings), &self.store).await.unwrap()
    }

    /// How the gateway is used with a username and password.
    pub(crate) fn proxy(&self, username: &str, password: &str) -> Proxy {
        Proxy { address: self.gateway.local_addr(), login: Some(Login::new(username, password)) }
    }

    /// A tunnel of the usual account to the origin.
    pub(crate) async fn tunnel(&self) -> Wire {
        self.try_tunnel(Protocol::Connect).await.unwrap()
    }

    /// As [`House::tunnel`], with a client that soon takes no more when it does not read.
    pub(crate) async fn narrow_tunnel(&self) -> Wire {
        let wire = Wire::connect_narrow(self.gateway.local_addr(), 32 * 1024).await.unwrap();
        self.proxy(USER, PASSWORD).tunnel_on(wire, Protocol::Connect, self.origin.address()).await.unwrap()
    }

    pub(crate) async fn try_tunnel(&self, protocol: Protocol) -> Result<Wire, ProxyError> {
        self.proxy(USER, PASSWORD).tunnel(protocol, self.origin.address()).await
    }

    /// A tunnel that has carried bytes both ways and now waits.
    pub(crate) async fn idle_tunnel(&self) -> Wire {
        let mut wire = self.tunnel().await;
        wire.send(b"ECHO\nx").await.unwrap();
        assert_eq!(wire.fill().await.unwrap(), 1);
        wire.consume(1);
        wire
    }

    /// The status a new connection is answered with; 200 when it becomes a tunnel.
    pub(crate) async fn status(&self) -> u16 {
        self.status_for(USER, PASSWORD).await
    }

    pub(crate) async fn status_for(&self, username: &str, password: &str) -> u16 {
        match self.proxy(username, password).tunnel(Protocol::Connect, self.origin.address()).await {
            Ok(_) => 200,
            Err(ProxyError::Status { status, .. }) => status,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until new connections are answered with `status`.
    pub(crate) async fn until_status(&self, status: u16) {
        within(async { while self.status().await != status {} }).await;
    }
}

async fn start(settings: &Settings, ports: Ports, store: &Arc<Store>) -> Result<Gateway, StartError> {
    let fresh_node = NodeId::new(7);
    let supply = Supply { admission: store.clone(), leases: store.clone(), passwords: mac_key(), clock: || store::NOW };
    Gateway::start(settings.clone(), ports, supply, fresh_node).await
}

pub(crate) fn mac_key() -> MacKey {
    MacKey::new(&[7; 32])
}

/// Fails when it takes too long.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it takes too long")
}
