//! API processes and gateways on one PostgreSQL, each a process with a folder of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::product::{Api, free_address};

use crate::server::{Server, Site};

/// One process and its configuration.
pub(crate) struct Member {
    pub(crate) site: Site,
    pub(crate) server: Server,
}

/// API processes, and gateways linked to all of them.
pub(crate) struct Fleet {
    folder: tempfile::TempDir,
    pub(crate) apis: Vec<Member>,
    /// Where gateways ask: the API processes' nodes listeners.
    pub(crate) nodes: Vec<SocketAddr>,
    pub(crate) gateways: Vec<Member>,
    /// The authority that gateways believe; they speak TLS then.
    pub(crate) authority: Option<PathBuf>,
}

impl Fleet {
    /// Starts so many API processes on the store at `uri`, with more lines in their configurations.
    pub(crate) fn start(uri: &str, apis: usize, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = Self { folder, apis: Vec::new(), nodes: Vec::new(), gateways: Vec::new(), authority: None };
        for number in 0..apis {
            let home = fleet.home(&format!("api-{number}"));
            let (site, nodes) = (Site::new(&home, uri), free_address(Ipv4Addr::LOCALHOST).unwrap());
            let key = fleet.folder.path().join("master.key");
            site.write(&format!("nodes.listen = '{nodes}'\nmaster_key = '{}'\n{more}", key.display()));
            let server = Server::start_as(site.command(&["api"]));
            fleet.apis.push(Member { site, server });
            fleet.nodes.push(nodes);
        }
        fleet
    }

    /// Enrols a machine and starts a gateway on it that asks at those addresses.
    pub(crate) fn add_gateway(&mut self, name: &str, ask: &[SocketAddr]) -> &mut Member {
        let site = self.enrol(name, ask);
        let server = Server::start_as(site.command(&["gateway"]));
        self.gateways.push(Member { site, server });
        self.gateways.last_mut().unwrap()
    }

    /// Enrols a machine; a gateway's configuration on it.
    pub(crate) fn enrol(&self, name: &str, ask: &[SocketAddr]) -> Site {
        let home = self.home(name);
        let credential = home.join("credential");
        std::fs::write(&credential, self.operator(&["node", "add", name])).unwrap();
        std::fs::set_permissions(&credential, PermissionsExt::from_mode(0o600)).unwrap();
        let (scheme, ca) = match &self.authority {
            Some(authority) => ("https", format!("link.api.ca = '{}'", authority.display())),
            None => ("http", String::new()),
        };
        let urls: Vec<_> = ask.iter().map(|address| format!("{scheme}://{address}")).collect();
        let site = Site::apart(&home);
        site.write(&format!("link.credential = '{}'\nlink.api.urls = {urls:?}\n{ca}", credential.display()));
        site
    }

    /// Runs an operator's command.
    pub(crate) fn operator(&self, arguments: &[&str]) -> String {
        self.apis[0].site.operator(arguments)
    }

    /// What customers call.
    pub(crate) async fn add_customer(&self, kilobytes: u64) -> Api {
        self.apis[0].site.add_customer(kilobytes).await
    }

    /// Every gateway as the account `alpha`.
    pub(crate) fn proxies(&self) -> Vec<Proxy> {
        self.gateways.iter().map(|member| member.site.proxy()).collect()
    }

    fn home(&self, name: &str) -> PathBuf {
        let home = self.folder.path().join(name);
        std::fs::create_dir(&home).unwrap();
        home
    }
}

/// The status that a CONNECT as the account `alpha` gets.
pub(crate) async fn status(proxy: &Proxy, origin: SocketAddr) -> u16 {
    let proxy = Proxy { login: Some(Login::new("alpha", "secret1")), address: proxy.address };
    let answer = tokio::time::timeout(Duration::from_secs(20), proxy.tunnel(Protocol::Connect, origin)).await;
    match answer.unwrap() {
        Ok(_) => 200,
        Err(ProxyError::Status { status, .. }) => status,
        Err(error) => panic!("{error}"),
    }
}

/// Pulls at most so many bytes through a proxy; how many came. The gateway may end it early.
pub(crate) async fn pull(proxy: Proxy, origin: SocketAddr, bytes: u64) -> u64 {
    let Ok(mut wire) = proxy.tunnel(Protocol::Connect, origin).await else { return 0 };
    let head = wire.received();
    if wire.send(format!("GET /bytes/{bytes} HTTP/1.0\r\n\r\n").as_bytes()).await.is_ok() {
        drop(wire.discard(u64::MAX).await);
    }
    wire.received() - head
}
