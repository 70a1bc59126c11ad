//! Gateways and API processes as processes of their own on one PostgreSQL: traffic, books, limits, receipts and failover
//! over all of them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::Api;
use turnpike_testkit::stores::TestStore;

use crate::fleet::{Fleet, pull, status};
use crate::server::{Server, Site};
use crate::until::until;

/// The promise for a change, and some room for a busy machine.
const SOON: Duration = Duration::from_secs(3);
const MIB: u64 = 1024 * 1024;

/// What was booked, in bytes, rounded up to kilobytes by day.
async fn booked(api: &Api) -> u64 {
    let answer = api.get("user-usage-flow/total", "").await.unwrap();
    let days = answer["list"].as_array().unwrap().iter();
    days.filter_map(|day| day["flow"].as_u64()).sum::<u64>() * 1024
}

fn receipt(answer: &serde_json::Value) -> &str {
    answer["effective"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_gateways_and_two_apis_are_one_service() {
    let Some(given) = TestStore::postgres().await.unwrap() else { return };
    let origin = Origin::start(&[([127, 0, 4, 20], 8080).into()], 1).unwrap();
    let mut fleet = Fleet::start(given.uri(), 2, "");
    let [first, second] = fleet.nodes[..] else { panic!("two") };
    for (name, ask) in [("fra-1", [first, second]), ("fra-2", [second, first]), ("iad-1", [first, second])] {
        fleet.add_gateway(name, &ask);
    }
    fleet.add_gateway("iad-2", &[second, first]);
    let api = fleet.add_customer(24 * 1024).await;
    let disable = json!({ "accounts": "alpha", "wait": "applied" });
    let answer = api.post("whitelist-account/enable", disable.clone()).await.unwrap();
    assert_eq!(receipt(&answer), "4/4");

    // 16 tunnels over all gateways ask for more than the account may have.
    let proxies = fleet.proxies().into_iter().cycle().take(16);
    let pulls = proxies.map(|proxy| tokio::spawn(pull(proxy, origin.address(), 4 * MIB)));
    let mut delivered = 0;
    for pull in pulls.collect::<Vec<_>>() {
        delivered += pull.await.unwrap();
    }
    assert!(delivered <= 24 * MIB, "{delivered} of a package of {}", 24 * MIB);
    assert!(delivered >= 24 * MIB * 99 / 100, "{delivered} of a package of {}", 24 * MIB);
    let seen = until(SOON, async || (booked(&api).await >= delivered).then_some(())).await;
    assert!(seen.is_some(), "{} of {delivered} booked", booked(&api).await);
    assert!(booked(&api).await <= 24 * MIB);

    // Every machine has one gateway, and each has come as far as the feed.
    let list = fleet.operator(&["node", "list"]);
    for name in ["fra-1", "fra-2", "iad-1", "iad-2"] {
        assert_eq!(list.lines().filter(|line| line.contains(name)).count(), 2, "{list}");
    }

    // One API process dies; its gateways go on with the other one.
    fleet.operator(&["grant", "anna@example.com", "--kb", "10240"]);
    for proxy in fleet.proxies() {
        assert!(until(SOON, async || (status(&proxy, origin.address()).await == 200).then_some(())).await.is_some());
    }
    fleet.apis[0].server.signal("-KILL");
    fleet.apis[0].server.ended();
    let api = api.at(fleet.apis[1].site.api);
    let answer = api.post("whitelist-account/disable", disable).await.unwrap();
    assert_eq!(receipt(&answer), "4/4", "all follow the process that is left");
    for proxy in fleet.proxies() {
        assert_eq!(status(&proxy, origin.address()).await, 403);
    }

    // Gateways that end say so.
    for gateway in &mut fleet.gateways {
        gateway.server.signal("-TERM");
    }
    for gateway in &mut fleet.gateways {
        assert_eq!(gateway.server.ended().code(), Some(0));
    }
    let answer = api.post("whitelist-account/enable", json!({ "accounts": "alpha", "wait": "applied" })).await.unwrap();
    assert_eq!(receipt(&answer), "0/0");
    drop(fleet);
    given.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_arrive_without_listen_and_notify() {
    let Some(given) = TestStore::postgres().await.unwrap() else { return };
    let origin = Origin::start(&[([127, 0, 4, 21], 8080).into()], 1).unwrap();
    let mut fleet = Fleet::start(given.uri(), 2, "store.notify = false");
    // The gateway hears from the second process of what is changed in the first.
    let second = fleet.nodes[1];
    fleet.add_gateway("fra-1", &[second]);
    let api = fleet.add_customer(1024).await;
    let proxy = fleet.proxies().remove(0);
    assert!(until(SOON, async || (status(&proxy, origin.address()).await == 200).then_some(())).await.is_some());
    let answer =
        api.post("whitelist-account/disable", json!({ "accounts": "alpha", "wait": "applied" })).await.unwrap();
    assert_eq!(receipt(&answer), "1/1");
    assert_eq!(status(&proxy, origin.address()).await, 403);
    drop(fleet);
    given.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_machine_s_gateway_ends() {
    let Some(given) = TestStore::postgres().await.unwrap() else { return };
    let mut fleet = Fleet::start(given.uri(), 1, "");
    let ask = fleet.nodes.clone();
    fleet.add_gateway("fra-1", &ask);
    let other = fleet.enrol("fra-2", &ask);
    fleet.operator(&["node", "revoke", "fra-1"]);
    assert_eq!(fleet.gateways[0].server.ended().code(), Some(1), "it was told that it may not go on");
    // It is not taken back either.
    let told = fleet.gateways[0].site.refused(&["gateway"]);
    assert!(told.contains("revoked"), "{told}");
    // Another machine may not use its spool.
    let spool = fleet.gateways[0].site.config.with_file_name("data").join("leases.spool");
    std::fs::create_dir_all(other.config.with_file_name("data")).unwrap();
    std::fs::copy(spool, other.config.with_file_name("data").join("leases.spool")).unwrap();
    let told = other.refused(&["gateway"]);
    assert!(told.contains("was used with another machine's credential"), "{told}");
    drop(fleet);
    given.remove().await.unwrap();
}

/// An authority, and a certificate of its making for 127.0.0.1.
fn certify(folder: &Path) {
    let (authority_key, key) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let node = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, text) in [("ca.pem", root.pem()), ("node.pem", node.pem()), ("node.key", key.serialize_pem())] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::set_permissions(folder.join("node.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_believes_a_certificate_of_its_authority_only() {
    let Some(given) = TestStore::postgres().await.unwrap() else { return };
    let origin = Origin::start(&[([127, 0, 4, 22], 8080).into()], 1).unwrap();
    let certified = tempfile::tempdir().unwrap();
    let folder = certified.path();
    certify(folder);
    let file = |name: &str| folder.join(name).display().to_string();
    let lines = format!("nodes.certificate = '{}'\nnodes.key = '{}'", file("node.pem"), file("node.key"));
    let mut fleet = Fleet::start(given.uri(), 1, &lines);
    fleet.authority = Some(folder.join("ca.pem"));
    let ask = fleet.nodes.clone();
    fleet.add_gateway("fra-1", &ask);
    fleet.add_customer(1024).await;
    let proxy = fleet.proxies().remove(0);
    assert!(until(SOON, async || (status(&proxy, origin.address()).await == 200).then_some(())).await.is_some());
    // Without that authority, and without TLS, none comes to serve.
    let url = format!("https://{}", ask[0]);
    let other = fleet.enrol("fra-2", &ask);
    let credential = other.config.with_file_name("credential");
    for (url, reason) in [(url, "UnknownIssuer"), (format!("http://{}", ask[0]), "no API process answers")] {
        other.write(&format!("link.credential = '{}'\nlink.api.urls = ['{url}']", credential.display()));
        Server::spawn(other.command(&["gateway"])).until_logged(reason);
    }
    // Another authority's certificate in the same files is shown after a reload, without a restart.
    assert_eq!(fleet.operator(&["reload"]), "nothing has changed\n");
    certify(folder);
    assert_eq!(fleet.operator(&["reload"]), "took the new certificate of nodes.certificate\n");
    fleet.add_gateway("fra-3", &ask);
    std::fs::write(folder.join("node.pem"), "no certificate").unwrap();
    assert!(fleet.apis[0].site.refused(&["reload"]).contains("nodes.certificate"));
    drop(fleet);
    given.remove().await.unwrap();
}

#[test]
fn plain_http_beyond_the_machine_is_refused_at_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::apart(folder.path());
    let credential = folder.path().join("credential");
    std::fs::write(&credential, "ab".repeat(32)).unwrap();
    std::fs::set_permissions(&credential, PermissionsExt::from_mode(0o600)).unwrap();
    site.write("nodes.listen = '0.0.0.0:8603'");
    assert!(site.refused(&["check-config"]).contains("nodes.listen: plain http on 0.0.0.0:8603"));
    site.write("nodes.listen = '0.0.0.0:8603'\nnodes.insecure = true");
    site.operator(&["check-config"]);
    site.write(&format!("link.credential = '{}'\nlink.api.urls = ['http://10.1.2.3:8603']", credential.display()));
    assert!(site.refused(&["gateway"]).contains("plain http goes to this machine only"));
}
