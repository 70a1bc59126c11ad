//! An API process' nodes listener over a fresh store, and links to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_link::{Link, LinkSettings};
use turnpike_service::{Actor, Grant, Keys, NewAccounts, Service, Source};
use turnpike_testkit::stores::TestStore;
use zeroize::Zeroizing;

/// The type of accounts and packages here.
const TYPE: ProductType = ProductType::DynamicTraffic;

/// A service and how many processes answer for it.
pub(crate) struct Given {
    pub(crate) service: Service,
    pub(crate) keys: Keys,
    /// The credential of the machine `fra-1`.
    pub(crate) credential: String,
}

/// A nodes listener, until it is dropped.
pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
    stop: DropGuard,
}

impl Process {
    /// Ends it as a crash would: when this returns, its listener and all its connections are closed.
    pub(crate) async fn die(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}

async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
    drop(listener);
    connections.shutdown().await;
}

/// A link that hears of news while it lives.
pub(crate) struct Linked {
    pub(crate) link: Link,
    _stop: DropGuard,
}

impl Given {
    pub(crate) async fn over(store: &TestStore) -> Self {
        let drawn = AtomicU64::new(1);
        let fill = move |bytes: &mut [u8]| {
            for byte in bytes {
                *byte = drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()[1];
            }
        };
        let keys = Keys::derive(&[5; 32]);
        let source = Source::new(|| Timestamp::from_ms(1_790_000_000_000), fill);
        let service = Service::new(store.store(), keys.clone(), Zone::utc(), LeasePolicy::default(), source);
        let credential = service.add_node_credential(&operator(), "fra-1").await.unwrap();
        Self { service, keys, credential }
    }

    /// One more API process.
    pub(crate) async fn process(&self) -> Process {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = turnpike_link::server::router(self.service.clone(), self.keys.clone());
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, router, stop.clone()));
        Process { address, task, stop: stop.drop_guard() }
    }

    /// A link with the machine's credential.
    pub(crate) fn link(&self, to: &[SocketAddr]) -> Linked {
        link(to, &self.credential)
    }

    /// A verified customer.
    pub(crate) async fn customer(&self, email: &str) -> CustomerId {
        let added = self.service.add_customer(&operator(), email, "a long password").await.unwrap();
        self.service.verify_customer(&operator(), added.id).await.unwrap();
        added.id
    }

    /// An account of a customer.
    pub(crate) async fn account(&self, customer: CustomerId, name: &str) {
        let pair = (Username::parse(name).unwrap(), AccountPassword::parse("secret1").unwrap());
        self.service.add_accounts(customer, NewAccounts::of(vec![pair], TYPE)).await.unwrap();
    }

    /// A package that runs from now for 30 days.
    pub(crate) async fn package(&self, customer: CustomerId) {
        let (starts_at, title) = (self.service.now(), "Test package".to_owned());
        let expires_at = starts_at.plus(Span::from_days(30));
        let grant = Grant { customer, product_type: TYPE, size: Bytes::new(1 << 30), starts_at, expires_at, title };
        self.service.grant_package(&operator(), grant).await.unwrap();
    }
}

/// A link with any credential.
pub(crate) fn link(to: &[SocketAddr], credential: &str) -> Linked {
    let urls = to.iter().map(|address| format!("http://{address}")).collect();
    let settings = LinkSettings { urls, answer_ms: 2_000, ..LinkSettings::default() };
    let link = Link::new(&settings, &Zeroizing::new(credential.to_owned())).unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(link.clone().follow_news(stop.clone()));
    Linked { link, _stop: stop.drop_guard() }
}

pub(crate) fn operator() -> Actor {
    Actor::Operator("tests".to_owned())
}
