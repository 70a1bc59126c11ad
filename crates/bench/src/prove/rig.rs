//! What every proof stands on: the product in a folder of its own, and an origin in this process.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use turnpike_testkit::client::{Login, Protocol, Proxy};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::{Api, Launch, Product};

use super::Plan;

/// The origin's port: one the product allows by default.
const ORIGIN_PORT: u16 = 8080;
/// The password of the accounts that proofs make.
pub(super) const PASSWORD: &str = "secret123";

/// How soon a change must be in force at the gateway.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(1);

/// An address of this process alone, so that two proofs can run at once.
pub(super) fn origin_address() -> SocketAddr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    SocketAddr::from(([127, 8, high, low.max(1)], ORIGIN_PORT))
}

/// A product and an origin. The folder goes last.
pub(super) struct Rig {
    pub(super) product: Product,
    pub(super) origin: Origin,
    #[expect(dead_code, reason = "removed when dropped")]
    folder: tempfile::TempDir,
}

impl Rig {
    /// Starts both; the demo customer gets a package of `package_gb`.
    ///
    /// # Errors
    /// When either does not start.
    pub(super) fn start(plan: &Plan, package_gb: u32) -> Result<Self> {
        Self::start_under(plan, package_gb, &[])
    }

    /// As [`Rig::start`], with a command put before the product's.
    ///
    /// # Errors
    /// As [`Rig::start`].
    pub(super) fn start_under(plan: &Plan, package_gb: u32, prefix: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut launch = Launch::new(&plan.binary, &folder.path().join("data"))?;
        launch.package_gb = package_gb;
        launch.prefix = prefix.iter().map(|word| (*word).to_owned()).collect();
        let origin = Origin::start(&[origin_address()], 2).context("the origin does not start")?;
        Ok(Self { product: Product::start(launch)?, origin, folder })
    }

    /// Ends the product with SIGKILL.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.product.kill()
    }

    /// Starts it again on the same data and addresses.
    ///
    /// # Errors
    /// When it does not come back.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.product.restart()
    }

    /// Where the origin listens.
    pub(super) fn target(&self) -> SocketAddr {
        self.origin.address()
    }

    /// The gateway with an account that a proof made.
    pub(super) fn proxy(&self, username: &str) -> Proxy {
        self.product.proxy_as(Login::new(username, PASSWORD))
    }

    /// Makes accounts of the demo customer, all with [`PASSWORD`], and waits until the gateway knows them.
    ///
    /// # Errors
    /// When the API refuses, or the gateway still does a second later.
    pub(super) async fn add_accounts(&self, names: &[String]) -> Result<()> {
        let pairs: Vec<String> = names.iter().map(|name| format!("{name}:{PASSWORD}")).collect();
        self.product.api()?.add_accounts(&pairs.join(",")).await?;
        for name in names {
            self.until_open(&self.proxy(name), Protocol::Connect).await?;
        }
        Ok(())
    }

    /// Waits until a tunnel opens, at most as long as a change may take to be in force.
    ///
    /// # Errors
    /// When none does.
    pub(super) async fn until_open(&self, proxy: &Proxy, protocol: Protocol) -> Result<()> {
        let begin = Instant::now();
        while let Err(error) = proxy.tunnel(protocol, self.target()).await {
            ensure!(begin.elapsed() < IN_FORCE_WITHIN, "no tunnel {IN_FORCE_WITHIN:?} after a change: {error}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Makes a verified customer with a package of `kilobytes` and one account; returns its API.
    ///
    /// # Errors
    /// When an operator's command or the API refuses.
    pub(super) async fn add_customer(&self, email: &str, kilobytes: u64, account: &str) -> Result<Api> {
        let added = self.product.operator(&["customer", "add", email, "--verified"])?;
        let key = added.lines().find_map(|line| line.strip_prefix("app_key")).context("no app_key was printed")?;
        self.product.operator(&["grant", email, "--kb", &kilobytes.to_string()])?;
        let api = self.product.api_as(key.trim())?;
        api.add_accounts(&format!("{account}:{PASSWORD}")).await?;
        self.until_open(&self.proxy(account), Protocol::Connect).await?;
        Ok(api)
    }
}
