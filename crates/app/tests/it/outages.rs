//! What `docs/OPERATING.md` says of outages: the database is killed, hangs or is cut off; a gateway is cut off from the
//! API. Open tunnels go on while leases last, nothing that was acknowledged is lost, and everything is back soon.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use turnpike_testkit::client::Protocol;
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::Api;
use turnpike_testkit::stores::TestStore;
use turnpike_testkit::wire::Wire;

use crate::fleet::{Fleet, status};
use crate::forwarder::Forwarder;
use crate::until::until;

/// How soon everything works once the database does.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// How long a disturbance lasts here.
const OUTAGE: Duration = Duration::from_secs(5);

/// A database behind a network that can be troubled, and an API process and a gateway that need it.
struct Scene {
    given: TestStore,
    database: Forwarder,
    origin: Origin,
    fleet: Fleet,
    api: Api,
}

impl Scene {
    async fn set(origin: [u8; 4]) -> Option<Self> {
        let given = TestStore::postgres().await.unwrap()?;
        let (login, place) = given.uri().rsplit_once('@').unwrap();
        let (server, name) = place.split_once('/').unwrap();
        let database = Forwarder::start(server.parse::<SocketAddr>().unwrap()).await;
        let origin = Origin::start(&[(origin, 8080).into()], 1).unwrap();
        let mut fleet = Fleet::start(&format!("{login}@{}/{name}", database.address()), 1, "");
        let ask = fleet.nodes.clone();
        fleet.add_gateway("fra-1", &ask);
        let api = fleet.add_customer(1024 * 1024).await;
        let scene = Self { given, database, origin, fleet, api };
        assert!(scene.works_within(BACK_WITHIN).await.is_some());
        Some(scene)
    }

    /// Waits until a new connection is let in.
    async fn works_within(&self, most: Duration) -> Option<()> {
        let proxy = self.fleet.proxies().remove(0);
        until(most, async || (status(&proxy, self.origin.address()).await == 200).then_some(())).await
    }

    async fn tunnel(&self) -> Wire {
        let proxy = self.fleet.proxies().remove(0);
        let mut wire = proxy.tunnel(Protocol::Connect, self.origin.address()).await.unwrap();
        wire.send(b"ECHO\n").await.unwrap();
        wire
    }

    async fn remove(self) {
        drop(self.fleet);
        self.given.remove().await.unwrap();
    }
}

/// Sends so many bytes and takes them back, piece by piece; whether all came.
async fn echo(wire: &mut Wire, bytes: u64) -> bool {
    let mut done = 0;
    while done < bytes {
        let piece = (bytes - done).min(16 * 1024);
        let there_and_back = async {
            wire.send_pattern(done, piece).await?;
            wire.check_from(done, piece).await
        };
        let back = tokio::time::timeout(Duration::from_secs(10), there_and_back).await;
        if !matches!(back, Ok(Ok((came, true))) if came == piece) {
            return false;
        }
        done += piece;
    }
    true
}

/// Makes accounts without a pause until `until`; the names of those that were acknowledged, and when the last was.
async fn write_until(api: Api, until: Instant) -> (Vec<String>, Instant) {
    let (mut acknowledged, mut number, mut last) = (Vec::new(), 0, Instant::now());
    while Instant::now() < until {
        number += 1;
        let name = format!("w{number:05}");
        let answer = tokio::time::timeout(Duration::from_secs(2), api.add_accounts(&format!("{name}:secret1"))).await;
        if matches!(answer, Ok(Ok(()))) {
            acknowledged.push(name);
            last = Instant::now();
        }
    }
    (acknowledged, last)
}

/// The names of all accounts that are there.
async fn names(api: &Api) -> String {
    let mut all = String::new();
    for page in 1..=50 {
        let query = format!("page={page}&limit=100");
        let answer = api.get("whitelist-account/list", &query).await.unwrap();
        if answer["list"].as_array().is_none_or(Vec::is_empty) {
            break;
        }
        all.push_str(&answer.to_string());
    }
    all
}

/// Troubles the database under load, and looks at what the operator's page promises.
async fn survives(scene: Scene, trouble: impl Fn(&Forwarder)) {
    let mut tunnel = scene.tunnel().await;
    assert!(echo(&mut tunnel, 10_000).await);
    let writing = tokio::spawn(write_until(scene.api.clone(), Instant::now() + OUTAGE * 2));
    let begun = Instant::now();
    trouble(&scene.database);
    let mut turns = tokio::time::interval(Duration::from_millis(50));
    while begun.elapsed() < OUTAGE {
        turns.tick().await;
        assert!(echo(&mut tunnel, 1000).await, "the tunnel goes on while its lease lasts");
    }
    scene.database.mend();
    let mended = Instant::now();
    let change = json!({ "account": "alpha", "remark": "back" });
    let changed =
        until(BACK_WITHIN, async || scene.api.post("whitelist-account/change-remark", change.clone()).await.ok());
    assert!(changed.await.is_some(), "the API is back");
    assert!(scene.works_within(BACK_WITHIN).await.is_some(), "new connections are let in");
    assert!(mended.elapsed() <= BACK_WITHIN, "{:?}", mended.elapsed());
    assert!(echo(&mut tunnel, 10_000_000).await, "the tunnel gets its next lease");
    let (acknowledged, last_write) = writing.await.unwrap();
    assert!(last_write > mended, "writing goes on");
    let there = names(&scene.api).await;
    let missing: Vec<_> = acknowledged.iter().filter(|name| !there.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} were acknowledged");
    scene.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_outlived() {
    let Some(scene) = Scene::set([127, 0, 4, 24]).await else { return };
    survives(scene, Forwarder::silence).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_is_outlived() {
    let Some(scene) = Scene::set([127, 0, 4, 25]).await else { return };
    survives(scene, Forwarder::break_off).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_cut_off_from_the_api_serves_while_its_leases_last() {
    let Some(given) = TestStore::postgres().await.unwrap() else { return };
    let origin = Origin::start(&[([127, 0, 4, 26], 8080).into()], 1).unwrap();
    let mut fleet = Fleet::start(given.uri(), 1, "");
    let link = Forwarder::start(fleet.nodes[0]).await;
    fleet.add_gateway("fra-1", &[link.address()]);
    let api = fleet.add_customer(1024 * 1024).await;
    let proxy = fleet.proxies().remove(0);
    let lets_in = async || (status(&proxy, origin.address()).await == 200).then_some(());
    assert!(until(BACK_WITHIN, lets_in).await.is_some());
    let mut tunnel = proxy.tunnel(Protocol::Connect, origin.address()).await.unwrap();
    tunnel.send(b"ECHO\n").await.unwrap();
    assert!(echo(&mut tunnel, 10_000).await);
    link.silence();
    let disable = json!({ "accounts": "alpha", "wait": "applied" });
    let answer = api.post("whitelist-account/disable", disable).await.unwrap();
    assert_eq!(answer["effective"], "0/1", "it says so that a gateway has not heard of it");
    assert!(echo(&mut tunnel, 1000).await, "and that gateway goes on");
    link.mend();
    let refused = async || (status(&proxy, origin.address()).await == 403).then_some(());
    assert!(until(BACK_WITHIN, refused).await.is_some(), "once back it learns at once what it missed");
    assert!(!echo(&mut tunnel, 1000).await, "and ends what is not allowed any more");
    drop(fleet);
    given.remove().await.unwrap();
}
