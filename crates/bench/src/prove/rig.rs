//! What every proof stands on: the product in a folder of its own, and an origin in this process.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use turnpike_testkit::client::{Login, Proxy};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::{Api, Launch, Product};

use super::Plan;

/// The origin's address; its port is one the product allows by default.
const ORIGIN: ([u8; 4], u16) = ([127, 0, 8, 1], 8080);
/// The password of the accounts that proofs make.
pub(super) const PASSWORD: &str = "secret123";

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
        let origin = Origin::start(&[SocketAddr::from(ORIGIN)], 2).context("the origin does not start")?;
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

    /// Makes accounts of the demo customer, all with [`PASSWORD`].
    ///
    /// # Errors
    /// When the API refuses.
    pub(super) async fn add_accounts(&self, names: &[String]) -> Result<()> {
        let pairs: Vec<String> = names.iter().map(|name| format!("{name}:{PASSWORD}")).collect();
        self.product.api()?.add_accounts(&pairs.join(",")).await
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
        Ok(api)
    }
}
