//! The product under a configuration of its own, as a service runs it: `turnpike serve`, its successors, and the
//! operator's commands beside it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use turnpike_testkit::client::{Login, Protocol, Proxy};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::{Api, free_address};

use super::rig::{PASSWORD, origin_address};
use super::{Plan, billing};

/// The customer that proofs make.
const EMAIL: &str = "anna@example.com";
/// How soon a change must be in force at the gateway.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(1);
/// How often it is looked whether something has come true.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A running service with an origin. The folder goes last.
pub(super) struct Serving {
    binary: PathBuf,
    config: PathBuf,
    /// What every configuration of this run begins with.
    text: String,
    log: PathBuf,
    pub(super) gateway: SocketAddr,
    pub(super) api: SocketAddr,
    process: Service,
    pub(super) origin: Origin,
    /// Removed when dropped.
    folder: tempfile::TempDir,
}

impl Serving {
    /// Starts it, and makes a verified customer with a package of `package_gb` and these accounts.
    ///
    /// # Errors
    /// When it does not start, or refuses.
    pub(super) async fn start(plan: &Plan, more: &str, package_gb: u64, accounts: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (api, gateway) = (free_address(Ipv4Addr::LOCALHOST)?, free_address(Ipv4Addr::LOCALHOST)?);
        let watch = free_address(Ipv4Addr::LOCALHOST)?;
        let data = folder.path().join("data");
        let text = format!(
            "data = '{}'\nlog.format = 'json'\napi.listen = '{api}'\ngateway.listen = '{gateway}'\n\
             watch.listen = '{watch}'\noperator.listen = 'off'\ndestinations.allow_cidrs = ['127.0.0.0/8']\n{more}",
            data.display()
        );
        let (config, log) = (folder.path().join("turnpike.toml"), folder.path().join("log"));
        std::fs::write(&config, &text)?;
        let origin = Origin::start(&[origin_address()], 2).context("the origin does not start")?;
        let process = Service::start(&plan.binary, &config, &log, &[])?;
        let binary = plan.binary.clone();
        let serving = Self { binary, config, text, log, gateway, api, process, origin, folder };
        serving.until_serving(&serving.log, &[])?;
        serving.add_accounts(package_gb, accounts).await?;
        Ok(serving)
    }

    async fn add_accounts(&self, package_gb: u64, accounts: &[&str]) -> Result<()> {
        let added = self.operator(&["customer", "add", EMAIL, "--verified"])?;
        let key = added.lines().find_map(|line| line.strip_prefix("app_key")).context("no app_key was printed")?;
        self.operator(&["grant", EMAIL, "--gb", &package_gb.to_string()])?;
        let pairs: Vec<String> = accounts.iter().map(|name| format!("{name}:{PASSWORD}")).collect();
        Api::new(self.api, key.trim()).add_accounts(&pairs.join(",")).await?;
        for account in accounts {
            let (begin, proxy) = (Instant::now(), self.proxy(account));
            while let Err(error) = proxy.tunnel(Protocol::Connect, self.origin.address()).await {
                ensure!(begin.elapsed() < IN_FORCE_WITHIN, "no tunnel {IN_FORCE_WITHIN:?} after a change: {error}");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    /// Its gateway with an account that a proof made.
    pub(super) fn proxy(&self, username: &str) -> Proxy {
        Proxy { address: self.gateway, login: Some(Login::new(username, PASSWORD)) }
    }

    /// The configuration's path.
    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    /// Where its store is.
    pub(super) fn store_uri(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("data/turnpike.db").display())
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Writes a configuration: what every one begins with, and `more`. Returns the number of the first line of `more`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, more: &str) -> Result<usize> {
        std::fs::write(&self.config, format!("{}{more}\n", self.text))?;
        Ok(self.text.lines().count().saturating_add(1))
    }

    /// Starts a successor and waits until it serves; returns the process it takes over from.
    ///
    /// # Errors
    /// When it does not come to serve.
    pub(super) fn succeed(&mut self) -> Result<Service> {
        let log = self.log.with_extension("next");
        drop(std::fs::remove_file(&log));
        let successor = Service::start(&self.binary, &self.config, &log, &["--takeover"])?;
        self.until_serving(&log, &["--takeover"])?;
        Ok(std::mem::replace(&mut self.process, successor))
    }

    /// Ends its process with SIGKILL.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.process.0.kill()?;
        self.process.0.wait()?;
        Ok(())
    }

    /// Starts it again on the same data.
    ///
    /// # Errors
    /// When it does not come to serve.
    pub(super) fn restart(&mut self) -> Result<()> {
        std::fs::rename(&self.log, self.log.with_extension("before"))?;
        self.process = Service::start(&self.binary, &self.config, &self.log, &[])?;
        self.until_serving(&self.log, &[])
    }

    /// Runs an operator's command.
    ///
    /// # Errors
    /// When it cannot be run.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(&self.binary);
        Ok(command.args(arguments).arg("--config").arg(&self.config).stdin(Stdio::null()).output()?)
    }

    /// Runs an operator's command that must succeed; what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn operator(&self, arguments: &[&str]) -> Result<String> {
        let Output { status, stdout, stderr } = self.run(arguments)?;
        ensure!(status.success(), "turnpike {arguments:?} failed: {}", String::from_utf8_lossy(&stderr));
        Ok(String::from_utf8(stdout)?)
    }

    /// Waits until the books say `done`, at most `patience`. Returns the last books and how long it took.
    ///
    /// # Errors
    /// When the operator's command fails.
    pub(super) async fn wait_for_books(
        &self,
        patience: Duration,
        done: impl Fn(&BTreeMap<String, u64>) -> bool,
    ) -> Result<(BTreeMap<String, u64>, Duration)> {
        billing::wait_until(|| self.operator(&["usage", "--json"]), patience, done).await
    }

    /// Waits until a process says in its log that it serves.
    fn until_serving(&self, log: &Path, arguments: &[&str]) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_mins(1) {
            let lines = BufReader::new(File::open(log)?).lines().map_while(Result::ok).collect::<Vec<_>>();
            if lines.iter().any(|line| line.contains("\"message\":\"serving\"")) {
                return Ok(());
            }
            if let Some(failure) = lines.iter().find(|line| line.starts_with("turnpike: ")) {
                bail!("serve {arguments:?}: {failure}");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        bail!("serve {arguments:?} did not come to serve; {} is with {}", log.display(), self.config.display())
    }
}

/// A process of the service, killed when dropped.
pub(super) struct Service(Child);

impl Service {
    fn start(binary: &Path, config: &Path, log: &Path, arguments: &[&str]) -> Result<Self> {
        let log = File::options().append(true).create(true).open(log)?;
        let mut command = Command::new(binary);
        command.arg("serve").args(arguments).arg("--config").arg(config).stdin(Stdio::null()).stderr(log);
        command.spawn().map(Self).with_context(|| format!("cannot start {}", binary.display()))
    }

    /// Waits for its end, at most `patience`; how it ended and after how long.
    ///
    /// # Errors
    /// When it does not end.
    pub(super) async fn ended(mut self, patience: Duration) -> Result<(ExitStatus, Duration)> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok((status, begin.elapsed()));
            }
            ensure!(begin.elapsed() < patience, "the old process has not ended after {patience:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
