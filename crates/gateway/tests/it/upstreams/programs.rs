//! Proxies that others wrote, as the contracted upstreams of a gateway: Dante, microsocks, Squid and tinyproxy, each with a login and
//! an address of its own that it leaves by.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;
use turnpike_domain::exit::{LoginTemplate, Route, UpstreamPassword};
use turnpike_testkit::product::free_address;

use crate::support::within;

/// The login that all of them take: the customer's wish is written into it.
const TEMPLATE: &str = "acme-{cc}[-{city}]";
const USERNAME: &str = "acme-us-Austin";
const PASSWORD: &str = "s3cret";

/// A kind of proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Dante,
    Microsocks,
    Squid,
    Tinyproxy,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Dante, Self::Microsocks, Self::Squid, Self::Tinyproxy];

    const fn program(self) -> &'static str {
        match self {
            Self::Dante => "/usr/sbin/danted",
            Self::Microsocks => "/usr/bin/microsocks",
            Self::Squid => "/usr/sbin/squid",
            Self::Tinyproxy => "/usr/bin/tinyproxy",
        }
    }

    const fn scheme(self) -> &'static str {
        match self {
            Self::Dante | Self::Microsocks => "socks5",
            Self::Squid | Self::Tinyproxy => "http",
        }
    }

    /// By which address it leaves; Dante knows only those that an interface has.
    pub(super) const fn leaves_by(self) -> &'static str {
        match self {
            Self::Dante => "127.0.0.1",
            Self::Microsocks => "127.0.3.2",
            Self::Squid => "127.0.3.3",
            Self::Tinyproxy => "127.0.3.4",
        }
    }
}

/// One that runs. Dropping it ends it.
pub(super) struct Program {
    pub(super) kind: Kind,
    at: SocketAddr,
    child: Child,
    folder: TempDir,
}

impl Program {
    /// Starts one and waits until it listens; `None`, and a word to whoever looks, where it is not installed.
    pub(super) async fn start(kind: Kind) -> Option<Self> {
        if !Path::new(kind.program()).exists() {
            eprintln!("skipped: {} is not installed", kind.program());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        // Squid gives up root and must still reach its files.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let at = free_address(Ipv4Addr::LOCALHOST).unwrap();
        let child = run(kind, at, folder.path());
        let program = Self { kind, at, child, folder };
        program.until_it_listens().await;
        Some(program)
    }

    async fn until_it_listens(&self) {
        within(async { while TcpStream::connect(self.at).await.is_err() {} }).await;
    }

    /// Ends it as a crash would.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was.
    pub(super) async fn start_again(&mut self) {
        self.child = run(self.kind, self.at, self.folder.path());
        self.until_it_listens().await;
    }

    /// Lets it do nothing more, while its kernel goes on taking connections.
    pub(super) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(super) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// The exit through it.
    pub(super) fn route(&self) -> Route {
        self.route_with(PASSWORD)
    }

    pub(super) fn route_with(&self, password: &str) -> Route {
        let text = format!("{}://{}", self.kind.scheme(), self.at);
        let template = LoginTemplate::parse(TEMPLATE).unwrap();
        Route::parse(&text, Some(template), UpstreamPassword::new(password.to_owned()).unwrap()).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that was killed before cannot be killed again.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn run(kind: Kind, at: SocketAddr, folder: &Path) -> Child {
    let mut command = match kind {
        Kind::Dante => dante(at, folder),
        Kind::Microsocks => microsocks(at),
        Kind::Squid => squid(at, folder),
        Kind::Tinyproxy => tinyproxy(at, folder),
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Dante knows no logins but those of the system's users, so it is shown a system of its own with one more of them.
fn dante(at: SocketAddr, folder: &Path) -> Command {
    let config = format!(
        "logoutput: /dev/null\nerrorlog: /dev/null\ninternal: {} port = {}\nexternal: {}\n\
         clientmethod: none\nsocksmethod: username\nuser.privileged: root\nuser.unprivileged: root\n\
         client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\n\
         socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0\n socksmethod: username }}\n",
        at.ip(),
        at.port(),
        Kind::Dante.leaves_by(),
    );
    let hash = Command::new("openssl").args(["passwd", "-6", PASSWORD]).output().unwrap().stdout;
    let hash = String::from_utf8(hash).unwrap();
    let users = format!("root:x:0:0::/:/bin/false\n{USERNAME}:x:2001:2001::/:/bin/false\n");
    let shadow = format!("root:*:19000:0:99999:7:::\n{USERNAME}:{}:19000:0:99999:7:::\n", hash.trim());
    for (name, text) in [("danted.conf", config), ("passwd", users), ("shadow", shadow)] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let script = "mount --bind passwd /etc/passwd && mount --bind shadow /etc/shadow && \
                  exec /usr/sbin/danted -f danted.conf -p danted.pid";
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", script]).current_dir(folder);
    command
}

fn microsocks(at: SocketAddr) -> Command {
    let mut command = Command::new(Kind::Microsocks.program());
    command.args(["-i", &at.ip().to_string(), "-p", &at.port().to_string(), "-b", Kind::Microsocks.leaves_by()]);
    command.args(["-u", USERNAME, "-P", PASSWORD]);
    command
}

fn squid(at: SocketAddr, folder: &Path) -> Command {
    let (config, passwords) = (folder.join("squid.conf"), folder.join("passwords"));
    let hash = Command::new("openssl").args(["passwd", "-apr1", PASSWORD]).output().unwrap().stdout;
    std::fs::write(&passwords, format!("{USERNAME}:{}", String::from_utf8(hash).unwrap())).unwrap();
    let text = format!(
        "http_port {at}\nauth_param basic program /usr/lib/squid/basic_ncsa_auth {}\nauth_param basic children 1\n\
         auth_param basic casesensitive on\n\
         acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\ncache deny all\n\
         tcp_outgoing_address {}\naccess_log none\ncache_log /dev/null\npid_filename none\nshutdown_lifetime 0 seconds\n\
         max_filedescriptors 4096\n",
        passwords.display(),
        Kind::Squid.leaves_by(),
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(Kind::Squid.program());
    command.arg("-N").arg("-f").arg(config);
    command
}

fn tinyproxy(at: SocketAddr, folder: &Path) -> Command {
    let config = folder.join("tinyproxy.conf");
    let text = format!(
        "Port {}\nListen {}\nBind {}\nTimeout 600\nMaxClients 100\nAllow 127.0.0.0/8\nBasicAuth {USERNAME} {PASSWORD}\n\
         LogFile \"/dev/null\"\nLogLevel Critical\nDisableViaHeader Yes\n",
        at.port(),
        at.ip(),
        Kind::Tinyproxy.leaves_by(),
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(Kind::Tinyproxy.program());
    command.arg("-d").arg("-c").arg(config);
    command
}
