//! A configuration that is wrong is refused with the place of what is wrong, by every command that reads it; one that
//! is changed while serving is applied whole or refused whole.

use std::time::Duration;

use turnpike_testkit::client::Protocol;
use turnpike_testkit::origin::Origin;

use crate::server::{Server, Site};
use crate::until::until;

#[test]
fn a_mistake_is_refused_with_its_line_before_and_while_serving() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let _server = Server::start(&site);
    let mistakes = [
        ("[leases", "expected"),
        ("drain_s = 'soon'", "drain_s: invalid type"),
        ("\n[leases]\nshare = 0", "leases.share: at least 1"),
        ("zone = 'Mars/Olympus'", "zone: "),
        ("gateway.deadline.idle_s = 3", "gateway.deadline: unknown field"),
        ("destinations.allow_ports = [80, 'x']", "destinations.allow_ports"),
    ];
    for (more, expected) in mistakes {
        let first = site.write(more);
        let line = first + more.lines().count() - 1;
        let place = format!("{}:{line}:", site.config.display());
        for command in [&["check-config"], &["serve"], &["reload"]] {
            let told = site.refused(command);
            assert!(told.contains(&place) && told.contains(expected), "{command:?} on {more:?}: {told}");
        }
    }
    site.write("");
    assert_eq!(site.operator(&["reload"]), "nothing has changed\n");
}

#[test]
fn what_needs_a_restart_is_refused_by_name_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let _server = Server::start(&site);
    let line = site.write("drain_s = 5\nworker_threads = 7") + 1;
    let told = site.refused(&["reload"]);
    assert!(told.contains(&format!(":{line}:1: worker_threads: ")) && told.contains("restart"), "{told}");
    // Nothing of it was applied.
    site.write("drain_s = 5");
    assert_eq!(site.operator(&["reload"]), "applied drain_s\n");
}

#[test]
fn without_a_process_there_is_nothing_to_reload() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    assert!(site.refused(&["reload"]).contains("no process serves the data folder"));
    assert!(site.refused(&["serve", "--takeover"]).contains("no process serves the data folder"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_reaches_every_part_and_no_tunnel_notices() {
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin::start(&[([127, 0, 4, 5], 8080).into(), ([127, 0, 4, 5], 8090).into()], 1).unwrap();
    let site = Site::embedded(folder.path());
    let mut server = Server::start(&site);
    let api = site.add_customer(10_240).await;
    site.comes_to(200, &origin).await;
    let mut tunnel = site.proxy().tunnel(Protocol::Connect, origin.address()).await.unwrap();
    site.write("api.answers.prefixes = ['/other']\nlog.level = 'debug'\njobs.lapse_every_s = 2");
    let told = site.operator(&["reload"]);
    assert_eq!(told, "applied api.answers.prefixes, jobs.lapse_every_s, log.level\n");
    let refused = api.get("whitelist-account/list", "").await.unwrap_err().to_string();
    assert!(refused.contains("404"), "{refused}");
    // SIGHUP does the same; its outcome is in the log.
    site.write("log.level = 'a=b=c'");
    server.signal("-HUP");
    let line = server.until_logged("was refused");
    assert!(line.contains("log.level"), "{line}");
    site.write("");
    server.signal("-HUP");
    server.until_logged("\"message\":\"reloaded\"");
    let back = until(Duration::from_secs(1), async || api.get("whitelist-account/list", "").await.ok());
    assert!(back.await.is_some(), "the old prefix is back");
    tunnel.send(b"GET /bytes/100000 HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(tunnel.discard(u64::MAX).await.unwrap() > 100_000, "the tunnel went on");
}
