//! `turnpike serve` with a configuration file of its own: started, asked, signalled, killed when dropped.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::{Api, free_address};

use crate::until::until;

/// The promise for a change: in force within a second.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(1);
/// How long a process may take to start.
const START_AT_MOST: Duration = Duration::from_mins(1);

/// Where everything listens, and what the configuration says.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) config: PathBuf,
    pub(crate) api: SocketAddr,
    pub(crate) gateway: SocketAddr,
    pub(crate) watch: SocketAddr,
    text: String,
}

impl Site {
    /// Free addresses, and a configuration in `folder` for a store.
    pub(crate) fn new(folder: &Path, store_uri: &str) -> Self {
        Self::with(folder, &format!("store.uri = {store_uri:?}\n"))
    }

    /// Free addresses, and a configuration in `folder` for a gateway without a store.
    pub(crate) fn apart(folder: &Path) -> Self {
        Self::with(folder, "")
    }

    fn with(folder: &Path, lines: &str) -> Self {
        let free = || free_address(Ipv4Addr::LOCALHOST).unwrap();
        let (api, gateway, watch) = (free(), free(), free());
        let text = format!(
            "{lines}data = '{}'\nlog.format = 'json'\napi.listen = '{api}'\n\
             gateway.listen = '{gateway}'\nwatch.listen = '{watch}'\noperator.listen = 'off'\n\
             destinations.allow_cidrs = ['127.0.0.0/8']\n",
            folder.join("data").display(),
        );
        let site = Self { config: folder.join("turnpike.toml"), api, gateway, watch, text };
        site.write("");
        site
    }

    /// On the embedded store.
    pub(crate) fn embedded(folder: &Path) -> Self {
        Self::new(folder, &format!("sqlite:{}", folder.join("data/turnpike.db").display()))
    }

    /// Writes the configuration with lines at its end; the number of the first of them.
    pub(crate) fn write(&self, more: &str) -> usize {
        std::fs::write(&self.config, format!("{}{more}\n", self.text)).unwrap();
        self.text.lines().count() + 1
    }

    /// The command with this configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
        command.args(arguments).stdin(Stdio::null()).env_remove("TURNPIKE_CONFIG").env_remove("TURNPIKE_DATA");
        command.arg("--config").arg(&self.config);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; what it printed.
    pub(crate) fn operator(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let failed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {failed}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail; what it said.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Makes a verified customer with a package of `kilobytes` and the account `alpha` with the password `secret1`.
    pub(crate) async fn add_customer(&self, kilobytes: u64) -> Api {
        let added = self.operator(&["customer", "add", "anna@example.com", "--verified"]);
        let key = added.lines().find_map(|line| line.strip_prefix("app_key   ")).unwrap();
        let api = Api::new(self.api, key);
        api.add_accounts("alpha:secret1").await.unwrap();
        if kilobytes > 0 {
            self.operator(&["grant", "anna@example.com", "--kb", &kilobytes.to_string()]);
        }
        api
    }

    /// The gateway as the account `alpha`.
    pub(crate) fn proxy(&self) -> Proxy {
        Proxy { address: self.gateway, login: Some(Login::new("alpha", "secret1")) }
    }

    /// The status that a CONNECT gets.
    pub(crate) async fn connect(&self, password: &str, origin: &Origin) -> u16 {
        let proxy = Proxy { login: Some(Login::new("alpha", password)), ..self.proxy() };
        match proxy.tunnel(Protocol::Connect, origin.address()).await {
            Ok(_) => 200,
            Err(ProxyError::Status { status, .. }) => status,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until a CONNECT gets that status, for as long as a change may take.
    pub(crate) async fn comes_to(&self, status: u16, origin: &Origin) {
        let seen = until(IN_FORCE_WITHIN, async || (self.connect("secret1", origin).await == status).then_some(()));
        assert!(seen.await.is_some(), "not {status} within a second");
    }
}

/// A server with its configuration, killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    log: mpsc::Receiver<String>,
}

impl Server {
    /// Starts it and waits until it serves.
    pub(crate) fn start(site: &Site) -> Self {
        Self::start_as(site.command(&["serve"]))
    }

    /// Starts a command that serves, and waits until it does.
    pub(crate) fn start_as(command: Command) -> Self {
        let mut server = Self::spawn(command);
        server.until_logged("\"message\":\"serving\"");
        server
    }

    /// Starts a command that may come to serve.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (send, log) = mpsc::channel();
        // Read to the end, so that the log never fills its pipe.
        std::thread::spawn(move || lines.for_each(|line| drop(send.send(line))));
        Self { child, log }
    }

    /// Waits for a line of the log that contains `part`, and returns it.
    pub(crate) fn until_logged(&mut self, part: &str) -> String {
        let mut seen = String::new();
        while let Ok(line) = self.log.recv_timeout(START_AT_MOST) {
            if line.contains(part) {
                return line;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
        panic!("{part} was never logged:\n{seen}");
    }

    /// What it logs from here on until it has ended.
    #[cfg(feature = "otel")]
    pub(crate) fn rest_of_log(&mut self) -> Vec<String> {
        self.log.iter().collect()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
