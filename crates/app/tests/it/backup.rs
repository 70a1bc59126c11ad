//! `turnpike backup` beside a server that writes, and `turnpike restore` of what it made.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use turnpike_testkit::client::Protocol;
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::Api;

use crate::server::{Server, Site};
use crate::until::until;

/// Clients that add accounts, one after the other, all the time.
const WRITERS: usize = 4;
/// What must have been written before the backup begins, and after it has ended.
const WRITES: u32 = 40;
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);

/// Clients that write, and what of each has been acknowledged.
struct Writers {
    acknowledged: Vec<Arc<AtomicU32>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Writers {
    fn start(api: &Api) -> Self {
        let acknowledged: Vec<_> = (0..WRITERS).map(|_| Arc::new(AtomicU32::new(0))).collect();
        let task = |(writer, count): (usize, &Arc<AtomicU32>)| {
            let (api, count) = (api.clone(), Arc::clone(count));
            tokio::spawn(async move {
                for number in 0_u32.. {
                    if api.add_accounts(&format!("{}:secret1", account(writer, number))).await.is_err() {
                        return;
                    }
                    count.store(number + 1, Ordering::Release);
                }
            })
        };
        let tasks = acknowledged.iter().enumerate().map(task).collect();
        Self { acknowledged, tasks }
    }

    fn counts(&self) -> Vec<u32> {
        self.acknowledged.iter().map(|count| count.load(Ordering::Acquire)).collect()
    }

    /// Waits until each has written so many more.
    async fn write(&self, more: u32) {
        let before = self.counts();
        let written = until(WRITTEN_WITHIN, async || {
            self.counts().iter().zip(&before).all(|(now, then)| *now >= then + more).then_some(())
        });
        assert!(written.await.is_some(), "{:?} after {before:?}", self.counts());
    }

    fn stop(&self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

fn account(writer: usize, number: u32) -> String {
    format!("w{writer}n{number}")
}

/// How many of a writer's accounts there are, which must be its first ones.
fn first_ones(listed: &str, writer: usize) -> u32 {
    let there = |number: u32| listed.contains(&format!("\"{}\"", account(writer, number)));
    let count = (0..u32::MAX).take_while(|number| there(*number)).count().try_into().unwrap();
    assert!((count..count + 1000).all(|number| !there(number)), "writer {writer} has a gap at {count}");
    count
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_writes_holds_all_that_was_acknowledged_before_it() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let origin = Origin::start(&[([127, 0, 4, 21], 8080).into()], 1).unwrap();
    let (site, archive) = (Site::embedded(old.path()), old.path().join("backup.tar"));
    let mut server = Server::start(&site);
    let api = site.add_customer(1 << 20).await;
    // A tunnel whose lease the backup catches open.
    site.comes_to(200, &origin).await;
    let tunnel = site.proxy().tunnel(Protocol::Connect, origin.address()).await.unwrap();
    let writers = Writers::start(&api);
    writers.write(WRITES).await;

    let before = writers.counts();
    let told = site.operator(&["backup", path(&archive)]);
    let after = writers.counts();
    writers.write(WRITES).await;
    assert!(told.contains("The master key is not in this archive"), "{told}");
    assert!(site.refused(&["backup", path(&archive)]).contains("exists"));
    let lines = site.operator(&["verify"]);
    assert!(lines.contains("account-used"), "{lines}");
    drop(tunnel);
    server.child.kill().unwrap();
    server.ended();
    writers.stop();

    let restored = Site::embedded(new.path());
    let refused = restored.refused(&["restore", path(&archive)]);
    assert!(refused.contains("has no master key"), "{refused}");
    std::fs::copy(old.path().join("data/master.key"), new.path().join("data/master.key")).unwrap();
    let told = restored.operator(&["restore", path(&archive)]);
    assert!(told.contains("1 leases of that time are void"), "{told}");
    let checked: serde_json::Value = serde_json::from_str(&restored.operator(&["verify", "--json"])).unwrap();
    assert!(checked.as_array().unwrap().len() > 20, "{checked}");
    let _server = Server::start(&restored);
    let key = restored.operator(&["customer", "key", "anna@example.com"]);
    let listed = Api::new(restored.api, key.trim()).get("whitelist-account/list", "").await.unwrap().to_string();
    for (writer, (before, after)) in before.iter().zip(&after).enumerate() {
        let count = first_ones(&listed, writer);
        // One more may have been written and not acknowledged yet.
        assert!((*before..=after + 1).contains(&count), "writer {writer}: {count} of {before} to {after}");
    }
    restored.comes_to(200, &origin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_restored_that_is_not_in_order() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (site, archive) = (Site::embedded(old.path()), old.path().join("backup.tar"));
    let server = Server::start(&site);
    site.add_customer(1024).await;
    let told = site.operator(&["backup", path(&archive), "--with-key"]);
    assert!(told.contains("The master key is in this archive"), "{told}");

    // Over a server that runs, and over a store that is not to be replaced.
    let refused = site.refused(&["restore", path(&archive), "--replace"]);
    assert!(refused.contains("another process serves the data folder"), "{refused}");
    drop(server);
    let refused = site.refused(&["restore", path(&archive)]);
    assert!(refused.contains("--replace puts it aside"), "{refused}");

    // An archive that is cut off, damaged, or no archive.
    let whole = std::fs::read(&archive).unwrap();
    let broken = old.path().join("broken.tar");
    let restored = Site::embedded(new.path());
    let mut flipped = whole.clone();
    let middle = whole.len() / 2;
    flipped[middle] ^= 1;
    for (bytes, told) in [
        (&whole[..middle], "cut off"),
        (&flipped[..], "its checksum is wrong"),
        (&b"PRAGMA"[..], ""),
        (&[][..], "empty"),
    ] {
        std::fs::write(&broken, bytes).unwrap();
        let refused = restored.refused(&["restore", path(&broken)]);
        assert!(refused.contains(told), "{refused}");
        assert!(!new.path().join("data/turnpike.db").exists());
        assert!(!new.path().join("data/master.key").exists());
    }

    // Another key than the archive's.
    let key = new.path().join("data/master.key");
    std::fs::write(&key, "00".repeat(32)).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let refused = restored.refused(&["restore", path(&archive)]);
    assert!(refused.contains("another key"), "{refused}");
    std::fs::remove_file(&key).unwrap();

    // With its key it needs nothing else, and what is replaced is kept.
    restored.operator(&["restore", path(&archive)]);
    restored.operator(&["customer", "add", "later@example.com"]);
    let told = restored.operator(&["restore", path(&archive), "--replace"]);
    let aside = told.lines().find_map(|line| line.strip_prefix("what was there before is in ")).unwrap();
    assert!(Path::new(aside).join("turnpike.db").exists(), "{aside}");
    assert!(!restored.operator(&["customer", "list"]).contains("later@example.com"));
    restored.operator(&["verify"]);
}

turnpike_testkit::each_store! {
    async fn a_store_put_back_by_other_means_is_made_safe(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path(), given.uri());
        let server = Server::start(&site);
        site.add_customer(1024).await;
        let refused = site.refused(&["after-restore"]);
        assert!(refused.contains("another process serves the data folder"), "{refused}");
        drop(server);
        let told = site.operator(&["after-restore"]);
        assert!(told.contains("made safe; 0 leases"), "{told}");
        site.operator(&["verify"]);
        let place = given.store().number("SELECT seq FROM feed_head").await.unwrap();
        assert!(place > 1 << 32, "{place}");
        if !given.is_sqlite() {
            let archive = folder.path().join("backup.tar");
            assert!(site.refused(&["backup", path(&archive)]).contains("its own tools"));
        }
    }
}
