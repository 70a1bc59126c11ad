//! Extraction as a customer of a running server has it: ports that work from a listed address without a login and from a foreign one
//! with one, and that are all there again after the server was killed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::each_store;
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::Api;
use turnpike_testkit::wire::Wire;

use crate::server::{Server, Site};
use crate::until::until;

const LISTED: [u8; 4] = [127, 0, 0, 1];
const FOREIGN: [u8; 4] = [127, 0, 0, 2];

/// An address of this machine that no other test listens on.
fn own_address(last: u8) -> Ipv4Addr {
    let [_, high, low, _] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 64 | (high & 63), low, last)
}

fn entry(address: Ipv4Addr) -> String {
    format!(
        "api.answers.allow_special_sources = true\n[[extraction.entry]]\nname = 'default'\naddress = '{address}'\nlisten = '{address}'\n"
    )
}

async fn extracted(api: &Api, query: &str) -> Vec<SocketAddr> {
    let list = api.get("ip/v3", query).await.unwrap()["list"][0].take();
    list.as_array().unwrap().iter().map(|endpoint| endpoint.as_str().unwrap().parse().unwrap()).collect()
}

/// What a tunnel from an address is answered with: 200 when it carries something.
async fn outcome(
    endpoint: SocketAddr,
    source: [u8; 4],
    (login, protocol): (Option<Login>, Protocol),
    origin: &Origin,
) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::from(source), 0)).unwrap();
    let wire = Wire::new(socket.connect(endpoint).await.unwrap());
    match (Proxy { address: endpoint, login }).tunnel_on(wire, protocol, origin.address()).await {
        Ok(mut wire) => {
            wire.send(b"DOWN 2048\n").await.unwrap();
            assert_eq!(wire.check(u64::MAX).await.unwrap(), (2048, true));
            200
        }
        Err(ProxyError::Status { status, .. }) => status,
        Err(ProxyError::Socks(_) | ProxyError::Garbled(_)) => 407,
        Err(error) => panic!("{error}"),
    }
}

async fn flow(api: &Api, query: &str) -> u64 {
    let days = api.get("user-usage-flow/total", query).await.unwrap()["list"].take();
    days.as_array().unwrap().iter().map(|day| day["flow"].as_u64().unwrap()).sum()
}

each_store! {
    async fn endpoints_work_from_where_they_should_and_outlive_a_kill(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let (site, origin) = (Site::new(folder.path(), given.uri()), Origin::start(&[([127, 0, 0, 1], 0).into()], 1).unwrap());
        let address = own_address(if given.is_sqlite() { 1 } else { 2 });
        site.write(&format!("destinations.allow_ports = [{}]\n{}", origin.address().port(), entry(address)));
        let mut server = Server::start(&site);
        let api = site.add_customer(1 << 20).await;
        let refused = api.get("ip/v3", "num=3").await.unwrap_err().to_string();
        assert!(refused.contains("202") && refused.contains("Please add IP in the allow list first"), "{refused}");
        api.post("proxy-ip/add", json!({"ips": "127.0.0.1"})).await.unwrap();
        let endpoints = extracted(&api, "num=500").await;
        assert!(endpoints.len() == 500 && endpoints.iter().all(|endpoint| endpoint.ip() == address));
        let one = endpoints[0];
        let own = || Some(Login::new("alpha", "secret1"));
        for protocol in [Protocol::Connect, Protocol::Socks5] {
            assert_eq!(outcome(one, LISTED, (None, protocol), &origin).await, 200);
            assert_eq!(outcome(one, LISTED, (own(), protocol), &origin).await, 200);
            assert_eq!(outcome(one, FOREIGN, (own(), protocol), &origin).await, 200);
            assert_eq!(outcome(one, FOREIGN, (None, protocol), &origin).await, 407);
            assert_eq!(outcome(one, FOREIGN, (Some(Login::new("alpha", "wrong")), protocol), &origin).await, 407);
        }
        // Half of what was carried bears no name; both count.
        let counted = until(Duration::from_secs(10), async || {
            let (all, named) = (flow(&api, "").await, flow(&api, "username=alpha").await);
            (named == 8 && all == 12).then_some(())
        });
        assert!(counted.await.is_some(), "{} and {}", flow(&api, "").await, flow(&api, "username=alpha").await);
        let accounts = api.get("whitelist-account/list", "").await.unwrap();
        assert_eq!(accounts["list"].as_array().unwrap().len(), 1);
        server.signal("-KILL");
        server.ended();
        assert!(TcpStream::connect(one).await.is_err());
        let _server = Server::start(&site);
        for endpoint in endpoints.iter().step_by(50) {
            assert_eq!(outcome(*endpoint, LISTED, (None, Protocol::Socks5), &origin).await, 200, "{endpoint}");
        }
        let listed = site.operator(&["endpoint", "list", "--customer", "anna@example.com", "--port", &one.port().to_string()]);
        let id = listed.lines().nth(1).and_then(|line| line.split_whitespace().next()).unwrap().to_owned();
        assert_eq!(site.operator(&["endpoint", "end", &id, "--dry-run"]), "1 ended.\n(nothing was done)\n");
        assert_eq!(site.operator(&["endpoint", "end", &id]), "1 ended.\n");
        let gone = until(Duration::from_secs(2), async || TcpStream::connect(one).await.is_err().then_some(()));
        assert!(gone.await.is_some(), "it is listened on still");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_out_of_the_ordinary_is_taken_or_refused_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let address = own_address(3);
    site.write(&entry(address));
    let _server = Server::start(&site);
    let api = site.add_customer(1 << 20).await;
    api.post("proxy-ip/add", json!({"ips": "127.0.0.1"})).await.unwrap();
    let many = extracted(&api, "num=2&life=99999&cc=&ep=nowhere").await;
    assert_eq!(many.len(), 2);
    let refused = api.get("ip/v3", "cc=US").await.unwrap_err().to_string();
    assert!(refused.contains("404"), "{refused}");
}
