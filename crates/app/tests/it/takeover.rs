//! Another process takes the place of the one that serves: no connection is refused, what is open goes on, every byte is
//! booked.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use turnpike_testkit::client::{Protocol, Proxy};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::stores::TestStore;

use crate::fleet::{Fleet, pull};
use crate::server::{Server, Site};
use crate::until::until;

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let _server = Server::start(&site);
    let told = site.refused(&["serve"]);
    assert!(told.contains("another process serves the data folder") && told.contains("--takeover"), "{told}");
}

turnpike_testkit::each_store! {
    async fn a_successor_takes_over_without_refusing_anybody(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let last = if given.is_sqlite() { 7 } else { 8 };
        let origin = Origin::start(&[([127, 0, 4, last], 8080).into()], 1).unwrap();
        let site = Site::new(folder.path(), given.uri());
        let mut old = Server::start(&site);
        let api = site.add_customer(10_240).await;
        site.comes_to(200, &origin).await;
        let mut tunnel = site.proxy().tunnel(Protocol::Connect, origin.address()).await.unwrap();
        let knocking = Knocking::start(site.proxy(), site.api, &origin);
        knocking.until(20).await;
        let mut new = Server::start_as(site.command(&["serve", "--takeover"]));
        let before = knocking.count();
        knocking.until(before + 100).await;
        // The old one still has the tunnel.
        assert!(old.child.try_wait().unwrap().is_none());
        tunnel.send(b"GET /bytes/300000 HTTP/1.0\r\n\r\n").await.unwrap();
        let carried = tunnel.discard(u64::MAX).await.unwrap();
        drop(tunnel);
        assert_eq!(old.ended().code(), Some(0));
        let before = knocking.count();
        knocking.until(before + 20).await;
        let failures = knocking.stop().await;
        assert!(failures.is_empty(), "{failures:?}");
        assert_eq!(site.operator(&["reload"]), "nothing has changed\n", "the successor has the control socket");
        let seen = until(Duration::from_secs(3), async || {
            let answer = api.get("user-usage-flow/total", "").await.ok()?;
            let kilobytes: u64 = answer["list"].as_array()?.iter().filter_map(|day| day["flow"].as_u64()).sum();
            (kilobytes >= carried / 1024).then_some(kilobytes)
        });
        assert!(seen.await.is_some(), "the old process booked what its last tunnel carried");
        new.signal("-TERM");
        assert_eq!(new.ended().code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_process_and_a_gateway_apart_are_taken_over_too() {
    let Some(given) = TestStore::postgres().await.unwrap() else { return };
    let origin = Origin::start(&[([127, 0, 4, 64], 8080).into()], 1).unwrap();
    let mut fleet = Fleet::start(given.uri(), 1, "");
    let ask = fleet.nodes.clone();
    fleet.add_gateway("fra-1", &ask);
    let api = fleet.add_customer(10_485_760).await;
    let proxy = fleet.proxies().remove(0);
    let carries = until(Duration::from_secs(5), async || proxy.tunnel(Protocol::Connect, origin.address()).await.ok());
    let mut tunnel = carries.await.expect("the gateway hears of the account");
    let knocking = Knocking::start(proxy.clone(), fleet.apis[0].site.api, &origin);
    knocking.until(20).await;
    let Fleet { apis, gateways, .. } = &mut fleet;
    for (member, role) in apis.iter_mut().zip(["api"]).chain(gateways.iter_mut().zip(["gateway"])) {
        let new = Server::start_as(member.site.command(&[role, "--takeover"]));
        let mut old = std::mem::replace(&mut member.server, new);
        let before = knocking.count();
        knocking.until(before + 50).await;
        if role == "gateway" {
            assert!(old.child.try_wait().unwrap().is_none(), "the old one still has the tunnel");
            tunnel.send(b"GET /bytes/300000 HTTP/1.0\r\n\r\n").await.unwrap();
            assert!(tunnel.discard(u64::MAX).await.unwrap() > 300_000);
        }
        assert_eq!(old.ended().code(), Some(0), "{role}");
        assert_eq!(member.site.operator(&["reload"]), "nothing has changed\n", "the successor has the control socket");
    }
    let failures = knocking.stop().await;
    assert!(failures.is_empty(), "{failures:?}");
    // Both successors do what those before them did.
    let enable = json!({ "accounts": "alpha", "wait": "applied" });
    let answer = api.post("whitelist-account/enable", enable).await.unwrap();
    assert_eq!(answer["effective"], "1/1");
    assert!(pull(proxy, origin.address(), 100_000).await >= 100_000);
    let seen = until(Duration::from_secs(5), async || {
        let answer = api.get("user-usage-flow/total", "").await.ok()?;
        let kilobytes: u64 = answer["list"].as_array()?.iter().filter_map(|day| day["flow"].as_u64()).sum();
        (kilobytes >= 400_000 / 1024).then_some(kilobytes)
    });
    assert!(seen.await.is_some(), "what the old and the new gateway carried is booked");
    drop(fleet);
    given.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_successor_fails_the_old_process_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin::start(&[([127, 0, 4, 9], 8080).into()], 1).unwrap();
    let site = Site::embedded(folder.path());
    let mut old = Server::start(&site);
    site.add_customer(10_240).await;
    site.comes_to(200, &origin).await;
    // A key that does not fit the store stops it after it has got the sockets.
    let key = folder.path().join("other.key");
    std::fs::write(&key, "ab".repeat(32)).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let told = site.refused(&["serve", "--takeover", "--set", &format!("master_key={}", key.display())]);
    assert!(told.contains("does not fit the store"), "{told}");
    assert_eq!(site.connect("secret1", &origin).await, 200);
    assert!(old.child.try_wait().unwrap().is_none());
    assert_eq!(site.operator(&["reload"]), "nothing has changed\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_starts_the_successor_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let mut old = Server::start(&site);
    assert!(site.operator(&["upgrade"]).contains("drains"));
    assert_eq!(old.ended().code(), Some(0));
    assert_eq!(site.operator(&["reload"]), "nothing has changed\n");
    // The successor is nobody's child any more: it is found by what it holds, and ends by another takeover.
    let mut last = Server::start_as(site.command(&["serve", "--takeover"]));
    last.signal("-TERM");
    assert_eq!(last.ended().code(), Some(0));
}

/// New connections to API and gateway without a pause, each of which must succeed.
struct Knocking {
    count: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Vec<String>>,
}

impl Knocking {
    fn start(proxy: Proxy, api: SocketAddr, origin: &Origin) -> Self {
        let (count, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let target = origin.address();
        let (counted, stopped) = (Arc::clone(&count), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut failures = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                if let Err(error) = proxy.tunnel(Protocol::Connect, target).await {
                    failures.push(format!("gateway: {error}"));
                }
                if let Err(error) = TcpStream::connect(api) {
                    failures.push(format!("api: {error}"));
                }
                counted.fetch_add(1, Ordering::Relaxed);
            }
            failures
        });
        Self { count, stop, task }
    }

    fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until so many rounds are done.
    async fn until(&self, rounds: u32) {
        let done = until(Duration::from_secs(30), async || (self.count() >= rounds).then_some(()));
        assert!(done.await.is_some(), "only {} rounds", self.count());
    }

    async fn stop(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}
