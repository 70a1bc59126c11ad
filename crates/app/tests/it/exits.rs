//! Exits on the command line and in the demo, proved by the gateway that runs.

use turnpike_testkit::each_store;
use turnpike_testkit::origin::Origin;

use crate::server::{Server, Site};

each_store! {
    async fn exits_are_declared_proved_and_written_out_again(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let origin = Origin::start(&["127.0.0.1:0".parse().unwrap()], 1).unwrap();
        let site = Site::new(folder.path(), given.uri());
        let url = format!("exits.check_url=http://{}/ip", origin.address());
        let mut server = Server::start(&site);
        let shown = site.operator(&["exit", "add", "loop", "127.0.0.77", "--place", "us/ca/los angeles", "--weight", "3"]);
        assert!(shown.contains("US/California/LosAngeles"), "{shown}");
        site.operator(&["exit", "add", "away", "192.0.2.77", "--place", "US/Narnia"]);
        assert!(site.refused(&["exit", "add", "loop", "direct", "--place", "DE"]).contains("is called loop already"));
        assert!(site.refused(&["exit", "add", "x", "eth0", "--place", "XQ1"]).contains("route: write direct"));
        let told = site.operator(&["exit", "check", "loop", "--set", &url]);
        assert!(told.contains("loop: gateway") && told.contains("seen as 127.0.0.77: ok"), "{told}");
        let told = site.refused(&["exit", "check", "--set", &url]);
        assert!(told.contains("1 of 2 exits are not as they should be"), "{told}");
        let faulty = site.operator(&["exit", "list", "--faulty"]);
        assert!(faulty.contains("192.0.2.77 is no address of this host") && !faulty.contains("loop"), "{faulty}");
        assert!(faulty.contains("US/Narnia is in no list of places"), "{faulty}");
        site.operator(&["exit", "state", "away", "down", "--reason", "no such address"]);
        site.operator(&["exit", "change", "loop", "--capacity", "5", "--type", "9"]);
        let table = site.operator(&["exit", "export", "-"]);
        let rows: Vec<_> = table.lines().skip(1).collect();
        assert_eq!(rows, ["loop,127.0.0.77,US/California/LosAngeles,,,9,5,3,active,owned,",
            "away,192.0.2.77,US/Narnia,,,9|11|14|25,,1,down,owned,"]);
        let file = folder.path().join("exits.csv");
        std::fs::write(&file, table.replace(",1,down", ",2,down")).unwrap();
        let again = site.operator(&["exit", "import", file.to_str().unwrap()]);
        assert!(again.starts_with("0 added, 1 changed, 1 as they were."), "{again}");
        site.operator(&["exit", "remove", "away"]);
        assert!(site.operator(&["verify"]).contains("feed-subject"));
        server.signal("-TERM");
        assert!(server.ended().success());
    }
}
