//! One connection, from the operator API to the log and back: it has one number everywhere, by which it is found, ended
//! and accounted for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use turnpike_testkit::client::Protocol;
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::free_address;

use crate::server::{Server, Site};
use crate::until::until;

/// The operator API of a process.
struct Operator {
    address: SocketAddr,
    token: String,
}

impl Operator {
    /// The status and the body of an answer.
    fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        let Self { address, token } = self;
        let mut stream = TcpStream::connect(address).unwrap();
        let head =
            format!("{method} /operator/v1{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n");
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
    }

    /// What was audited of an act, newest first.
    fn audited(&self, act: &str) -> Vec<String> {
        let (status, page) = self.ask("GET", &format!("/audit?act={act}"));
        assert_eq!(status, 200, "{page}");
        let rows = page["items"].as_array().unwrap().iter();
        rows.filter(|row| row["act"] == act).map(|row| row["detail"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_followed_and_ended_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin::start(&[([127, 0, 4, 63], 8080).into()], 1).unwrap();
    let site = Site::embedded(folder.path());
    let address = free_address(Ipv4Addr::LOCALHOST).unwrap();
    let mut serve = site.command(&["serve"]);
    serve.args(["--set", "log.level=info,turnpike_gateway=debug", "--set", &format!("operator.listen={address}")]);
    let mut server = Server::start_as(serve);
    let made = site.operator(&["token", "add", "watcher", "--scope", "read", "--scope", "write", "--days", "1"]);
    let operator = Operator { address, token: made.trim().to_owned() };
    site.add_customer(10_240).await;
    site.comes_to(200, &origin).await;
    let mut tunnel = site.proxy().tunnel(Protocol::Connect, origin.address()).await.unwrap();
    let live = until(Duration::from_secs(5), async || {
        let (_, page) = operator.ask("GET", "/connections");
        let open = page["items"].as_array()?.clone();
        (open.len() == 1).then(|| open[0].clone())
    });
    let live = live.await.expect("the tunnel is listed");
    let (gateway, connection) = (live["gateway"].to_string(), live["id"].to_string());
    let (gateway, connection) = (gateway.trim_matches('"'), connection.trim_matches('"'));
    server.until_logged(&format!("\"message\":\"let in\",\"connection\":\"{connection}\""));

    let path = format!("/connections/{gateway}/{connection}");
    let (status, kicked) = operator.ask("DELETE", &path);
    assert_eq!((status, &kicked["kicked"]), (200, &1.into()), "{kicked}");
    assert!(tunnel.discard(u64::MAX).await.is_err(), "it was reset");
    let end = server.until_logged(&format!("\"message\":\"connection\",\"connection\":\"{connection}\""));
    assert!(end.contains("\"outcome\":\"revoked\"") && end.contains("\"account\":\"1\""), "{end}");

    // A second order finds nothing, and the audit log tells the two apart.
    let (status, _) = operator.ask("DELETE", &path);
    assert_eq!(status, 404);
    let subject = format!("connection {connection} of gateway {gateway}");
    assert_eq!(operator.audited("connection.kick"), [subject.clone(), subject.clone()]);
    let outcomes = [format!("{subject}: nothing was open"), format!("{subject}: 1 ended")];
    assert_eq!(operator.audited("connection.kicked"), outcomes);

    // Whoever is refused has a number too.
    assert_eq!(site.connect("wrong", &origin).await, 407);
    let refused = server.until_logged("\"message\":\"refused\"");
    assert!(refused.contains("\"connection\":\"") && refused.contains("\"outcome\":\"credentials\""), "{refused}");
    // And every line of a request has the request's.
    assert_eq!(operator.ask("GET", "/gateways").0, 200);
    let answered = server.until_logged("\"message\":\"answered\"");
    assert!(answered.contains("\"request_id\":\""), "{answered}");
}
