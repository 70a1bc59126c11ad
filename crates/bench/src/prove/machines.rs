//! Many machines: `turnpike api` processes on one database and `turnpike gateway` processes linked to them, each with a
//! folder of its own, and an origin in this process.

mod process;
mod separate;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use turnpike_testkit::client::{Login, Protocol, Proxy};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::{Api, free_address};

use super::rig::{PASSWORD, origin_address};
use super::{Plan, Verdict, billing};
use crate::say;
pub(super) use process::Process;
pub(super) use separate::Separate;

/// How soon a change must be in force at the gateways.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(1);
/// How often it is looked whether something has come true.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One gateway: where clients find it, and where it finds the origin.
pub(super) struct Gateway {
    pub(super) process: Process,
    address: SocketAddr,
    pub(super) target: SocketAddr,
}

/// All processes. Their folder stays, so that logs can be read, until [`Machines::tidy`].
pub(super) struct Machines {
    pub(super) apis: Vec<Process>,
    pub(super) gateways: Vec<Gateway>,
    /// The machine with a network of its own, which is the last gateway's.
    pub(super) separate: Option<Separate>,
    customers: Vec<SocketAddr>,
    nodes: Vec<SocketAddr>,
    #[expect(dead_code, reason = "serves while it lives")]
    origin: Origin,
    folder: PathBuf,
}

/// How many processes of which kind, and on what.
pub(super) struct Size<'a> {
    pub(super) uri: &'a str,
    pub(super) apis: usize,
    pub(super) gateways: usize,
}

impl Machines {
    /// Starts them all in `folder`; the last gateway on `separate`, when there is one.
    ///
    /// # Errors
    /// When one does not come to serve.
    pub(super) fn start(plan: &Plan, folder: &Path, size: &Size<'_>, separate: Option<Separate>) -> Result<Self> {
        let mut origins = vec![origin_address()];
        origins.extend(separate.as_ref().map(Separate::origin));
        let origin = Origin::start(&origins, 2).context("the origin does not start")?;
        let mut machines = Self {
            apis: Vec::new(),
            gateways: Vec::new(),
            separate,
            customers: Vec::new(),
            nodes: Vec::new(),
            origin,
            folder: folder.to_path_buf(),
        };
        (0..size.apis).try_for_each(|number| machines.add_api(plan, number, size.uri))?;
        (1..=size.gateways).try_for_each(|number| machines.add_gateway(plan, number, number == size.gateways))?;
        Ok(machines)
    }

    fn add_api(&mut self, plan: &Plan, number: usize, uri: &str) -> Result<()> {
        let home = self.home(&format!("api-{number}"))?;
        let api = free_address(Ipv4Addr::LOCALHOST)?;
        let nodes = free_address(self.separate.as_ref().map_or(Ipv4Addr::LOCALHOST, Separate::answering))?;
        let text = format!(
            "{}store.uri = '{uri}'\nmaster_key = '{}'\napi.listen = '{api}'\nnodes.listen = '{nodes}'\n\
             nodes.insecure = true\noperator.listen = 'off'\n",
            common(&home)?,
            self.folder.join("master.key").display(),
        );
        self.apis.push(Process::start(&plan.binary, "api", &home, &text, &[])?);
        self.customers.push(api);
        self.nodes.push(nodes);
        Ok(())
    }

    fn add_gateway(&mut self, plan: &Plan, number: usize, last: bool) -> Result<()> {
        let name = format!("gateway-{number}");
        let home = self.home(&name)?;
        let credential = home.join("credential");
        std::fs::write(&credential, self.operator(&["node", "add", &name])?)?;
        std::fs::set_permissions(&credential, std::fs::Permissions::from_mode(0o600))?;
        let separate = self.separate.as_ref().filter(|_| last);
        let address = separate.map_or_else(|| free_address(Ipv4Addr::LOCALHOST), |machine| Ok(machine.gateway()))?;
        let mut urls: Vec<String> = self.nodes.iter().map(|nodes| format!("http://{nodes}")).collect();
        // Half of them ask the other process first.
        let first = number.checked_rem(urls.len()).unwrap_or(0);
        urls.rotate_left(first);
        let text = format!(
            "{}gateway.listen = '{address}'\nlink.credential = '{}'\nlink.api.urls = {urls:?}\n\
             link.api.insecure = true\ndestinations.allow_cidrs = ['127.0.0.0/8', '10.0.0.0/8']\n",
            common(&home)?,
            credential.display(),
        );
        let prefix = separate.map_or_else(Vec::new, Separate::prefix);
        let process = Process::start(&plan.binary, "gateway", &home, &text, &prefix)?;
        let target = separate.map_or_else(origin_address, Separate::origin);
        self.gateways.push(Gateway { process, address, target });
        Ok(())
    }

    fn home(&self, name: &str) -> Result<PathBuf> {
        let home = self.folder.join(name);
        std::fs::create_dir(&home)?;
        Ok(home)
    }

    /// Runs an operator's command that must succeed; what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn operator(&self, arguments: &[&str]) -> Result<String> {
        self.apis.first().context("no API process")?.operator(arguments)
    }

    /// Where customers find an API process.
    pub(super) fn customers_at(&self, number: usize) -> SocketAddr {
        let none = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.customers.iter().cycle().nth(number).copied().unwrap_or(none)
    }

    /// The API of each process, for the customer with this key.
    pub(super) fn api(&self, key: &str, number: usize) -> Api {
        Api::new(self.customers_at(number), key)
    }

    /// Makes a verified customer with a package and an account of the same name; its key. Returns once every gateway
    /// knows the account.
    ///
    /// # Errors
    /// When that is refused, or a gateway still does not know a second later.
    pub(super) async fn add_customer(&self, name: &str, kilobytes: u64) -> Result<String> {
        let email = format!("{name}@turnpike.example");
        let added = self.operator(&["customer", "add", &email, "--verified"])?;
        let key = added.lines().find_map(|line| line.strip_prefix("app_key")).context("no app_key was printed")?.trim();
        self.operator(&["grant", &email, "--kb", &kilobytes.to_string()])?;
        self.api(key, 0).add_accounts(&format!("{name}:{PASSWORD}")).await?;
        self.until_open(name, PASSWORD).await?;
        Ok(key.to_owned())
    }

    /// Each gateway as that account, and what to ask it for.
    pub(super) fn proxies(&self, account: &str, password: &str) -> Vec<(Proxy, SocketAddr)> {
        let proxy = |gateway: &Gateway| {
            (Proxy { address: gateway.address, login: Some(Login::new(account, password)) }, gateway.target)
        };
        self.gateways.iter().map(proxy).collect()
    }

    /// Waits until every gateway opens a tunnel, at most as long as a change may take to be in force.
    ///
    /// # Errors
    /// When one does not.
    pub(super) async fn until_open(&self, account: &str, password: &str) -> Result<()> {
        let begin = Instant::now();
        for (proxy, target) in self.proxies(account, password) {
            while let Err(error) = proxy.tunnel(Protocol::Connect, target).await {
                let late = begin.elapsed() >= IN_FORCE_WITHIN;
                ensure!(!late, "no tunnel at {} {IN_FORCE_WITHIN:?} after a change: {error}", proxy.address);
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    /// What the books say of an account once `done` says so, or after `patience`.
    ///
    /// # Errors
    /// When the operator's command fails.
    pub(super) async fn billed(&self, account: &str, patience: Duration, done: impl Fn(u64) -> bool) -> Result<u64> {
        let of = |books: &std::collections::BTreeMap<String, u64>| books.get(account).copied().unwrap_or(0);
        let usage = || self.operator(&["usage", "--json"]);
        let (books, _) = billing::wait_until(usage, patience, |books| done(of(books))).await?;
        Ok(of(&books))
    }

    /// Checks the books against themselves.
    pub(super) fn verify(&self, verdict: &mut Verdict) {
        let told = self.operator(&["verify"]).map_or_else(|error| error.to_string(), |_| String::new());
        verdict.check(told.is_empty(), &format!("turnpike verify: {}", if told.is_empty() { "clean" } else { &told }));
    }

    /// Ends everything, and removes the folder with all logs when `clean`.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(super) fn tidy(self, clean: bool) -> Result<()> {
        let folder = self.folder.clone();
        drop(self);
        if !clean {
            say(&format!("logs are kept in {}", folder.display()));
            return Ok(());
        }
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
    }
}

/// A folder for a run, with a name to look for; everybody may pass through it.
///
/// # Errors
/// When it cannot be made.
pub(super) fn new_folder(what: &str) -> Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix(&format!("turnpike-{what}-")).tempdir()?.keep();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711))?;
    say(&format!("logs of the processes: {}", folder.display()));
    Ok(folder)
}

/// What every configuration begins with.
fn common(home: &Path) -> Result<String> {
    let watch = free_address(Ipv4Addr::LOCALHOST)?;
    Ok(format!("data = '{}'\nlog.format = 'json'\nwatch.listen = '{watch}'\n", home.join("data").display()))
}
