//! `turnpike serve` with a configuration file, and the operator's commands beside it, on either database.

use turnpike_testkit::origin::Origin;

use crate::server::{Server, Site};

turnpike_testkit::each_store! {
    async fn an_operator_rules_beside_the_running_server(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let last = if given.is_sqlite() { 2 } else { 3 };
        let origin = Origin::start(&[([127, 0, 4, last], 8080).into()], 1).unwrap();
        let site = Site::new(folder.path(), given.uri());
        let mut server = Server::start(&site);
        let added = site.operator(&["customer", "add", "anna@example.com"]);
        let key = added.lines().find_map(|line| line.strip_prefix("app_key   ")).unwrap().to_owned();
        assert_eq!(site.operator(&["customer", "key", "anna@example.com"]).trim(), key);
        site.operator(&["customer", "verify", "anna@example.com"]);
        turnpike_testkit::product::Api::new(site.api, &key).add_accounts("alpha:secret1").await.unwrap();
        site.comes_to(402, &origin).await;
        site.operator(&["grant", "anna@example.com", "--kb", "1024"]);
        site.comes_to(200, &origin).await;
        assert_eq!(site.connect("wrong", &origin).await, 407);
        site.operator(&["customer", "limit", "anna@example.com", "--tunnels", "0"]);
        site.comes_to(429, &origin).await;
        site.operator(&["customer", "limit", "anna@example.com"]);
        site.comes_to(200, &origin).await;
        site.operator(&["customer", "suspend", "anna@example.com"]);
        site.comes_to(403, &origin).await;
        site.operator(&["customer", "resume", "anna@example.com"]);
        site.comes_to(200, &origin).await;
        server.signal("-TERM");
        assert_eq!(server.ended().code(), Some(0), "SIGTERM drains and exits with 0");
    }
}
