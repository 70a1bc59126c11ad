//! `turnpike serve` with a configuration file, and the operator's commands beside it, on either database.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::free_address;

use crate::until::until;

/// The promise for a change: in force within a second.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(1);

/// A server with its configuration, killed when dropped.
struct Server {
    child: Child,
    config: PathBuf,
    proxy: Proxy,
}

impl Server {
    fn start(folder: &Path, uri: &str) -> Self {
        let (api, gateway) =
            (free_address([127, 0, 0, 1].into()).unwrap(), free_address([127, 0, 0, 1].into()).unwrap());
        let config = folder.join("turnpike.toml");
        let text = format!(
            "data = '{}'\n[log]\nformat = 'json'\n[store]\nuri = {uri:?}\n[api]\nlisten = '{api}'\n\
             [gateway]\nlisten = '{gateway}'\n[destinations]\nallow_cidrs = ['127.0.0.0/8']\n",
            folder.join("data").display(),
        );
        std::fs::write(&config, text).unwrap();
        let mut child =
            turnpike(&["serve", "--config", config.to_str().unwrap()]).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = log.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("\"message\":\"serving\"")), "it never served");
        // The log must not fill its pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, config, proxy: Proxy { address: gateway, login: None } }
    }

    /// Runs an operator's command; what it printed, when it succeeded.
    fn operator(&self, arguments: &[&str]) -> String {
        let output = turnpike(arguments).arg("--config").arg(&self.config).output().unwrap();
        let (told, failed) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{arguments:?}: {failed}");
        told
    }

    /// The status that a CONNECT gets.
    async fn connect(&self, password: &str, origin: &Origin) -> u16 {
        let proxy = Proxy { login: Some(Login::new("alpha", password)), ..self.proxy.clone() };
        match proxy.tunnel(Protocol::Connect, origin.address()).await {
            Ok(_) => 200,
            Err(ProxyError::Status { status, .. }) => status,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until a CONNECT gets that status, for as long as a change may take.
    async fn comes_to(&self, status: u16, origin: &Origin) {
        let seen = until(IN_FORCE_WITHIN, async || (self.connect("secret1", origin).await == status).then_some(()));
        assert!(seen.await.is_some(), "not {status} within a second");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn turnpike(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    command.args(arguments).stdin(Stdio::null()).env_remove("TURNPIKE_CONFIG").env_remove("TURNPIKE_DATA");
    command
}

turnpike_testkit::each_store! {
    async fn an_operator_rules_beside_the_running_server(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let last = if given.is_sqlite() { 2 } else { 3 };
        let origin = Origin::start(&[([127, 0, 4, last], 8080).into()], 1).unwrap();
        let mut server = Server::start(folder.path(), given.uri());
        let added = server.operator(&["customer", "add", "anna@example.com"]);
        let key = added.lines().find_map(|line| line.strip_prefix("app_key   ")).unwrap().to_owned();
        assert_eq!(server.operator(&["customer", "key", "anna@example.com"]).trim(), key);
        server.operator(&["customer", "verify", "anna@example.com"]);
        add_account(&server, &key).await;
        server.comes_to(402, &origin).await;
        server.operator(&["grant", "anna@example.com", "--kb", "1024"]);
        server.comes_to(200, &origin).await;
        assert_eq!(server.connect("wrong", &origin).await, 407);
        server.operator(&["customer", "limit", "anna@example.com", "--tunnels", "0"]);
        server.comes_to(429, &origin).await;
        server.operator(&["customer", "limit", "anna@example.com"]);
        server.comes_to(200, &origin).await;
        server.operator(&["customer", "suspend", "anna@example.com"]);
        server.comes_to(403, &origin).await;
        server.operator(&["customer", "resume", "anna@example.com"]);
        server.comes_to(200, &origin).await;
        let pid = server.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "SIGTERM drains and exits with 0");
    }
}

/// Makes the account `alpha` with the password `secret1`, over the API.
async fn add_account(server: &Server, key: &str) {
    let text = std::fs::read_to_string(&server.config).unwrap();
    let listen = text.lines().find_map(|line| line.strip_prefix("listen = '")).unwrap().trim_end_matches('\'');
    let api = turnpike_testkit::product::Api::new(listen.parse().unwrap(), key);
    api.add_accounts("alpha:secret1").await.unwrap();
}
