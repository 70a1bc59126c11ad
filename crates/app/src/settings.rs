//! Settings: defaults, then the file, then the environment, then flags. Unknown keys are refused, so that a misspelt
//! limit is not silently without effect.
//!
//! Every key of the file can be given in the environment as `TURNPIKE__SECTION__KEY`, and on the command line as
//! `--set section.key=value`.

mod exits;
mod extraction;
mod layers;
mod nodes;
mod places;
mod sections;
mod shop;
mod traces;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use turnpike_domain::account::Username;
use turnpike_domain::calendar::Zone;
use turnpike_domain::quota::LeasePolicy;
use turnpike_gateway::settings::{DestinationSettings, Settings as GatewaySettings};
use turnpike_service::{ExtractionRules, StaticIpRules};

use crate::cli::ConfigArgs;
use crate::logging::LogSettings;

pub(crate) use exits::ExitsSection;
pub(crate) use extraction::ExtractionSection;
use layers::Layers;
pub(crate) use nodes::{LinkSection, NodesSection};
pub(crate) use places::{ConfigError, Places};
pub(crate) use sections::{
    ActivitySettings, ApiSection, JobSettings, LeaseSettings, OperatorSection, StoreSettings, StoreUri, WatchSettings,
};
pub(crate) use traces::TraceSettings;

pub(crate) use shop::ShopSection;

/// Each costs every gateway thread a socket.
const MOST_OPEN_PORTS: usize = 256;

/// Everything that can be set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The data folder: store, spool and master key, unless they are set apart.
    pub(crate) data: PathBuf,
    /// The zone of zoneless times and of days, as an IANA name.
    pub(crate) zone: String,
    /// Threads for everything but the gateway: API, store, jobs.
    pub(crate) worker_threads: usize,
    /// How long SIGTERM lets open tunnels and requests go on, in seconds.
    pub(crate) drain_s: u64,
    /// The file with the master key; `DATA/master.key` when not set.
    pub(crate) master_key: Option<PathBuf>,
    pub(crate) log: LogSettings,
    pub(crate) traces: TraceSettings,
    pub(crate) store: StoreSettings,
    pub(crate) api: ApiSection,
    pub(crate) operator: OperatorSection,
    pub(crate) gateway: GatewaySettings,
    pub(crate) destinations: DestinationSettings,
    pub(crate) leases: LeaseSettings,
    pub(crate) shop: ShopSection,
    pub(crate) extraction: ExtractionSection,
    pub(crate) exits: ExitsSection,
    pub(crate) activity: ActivitySettings,
    pub(crate) jobs: JobSettings,
    pub(crate) watch: WatchSettings,
    pub(crate) nodes: NodesSection,
    pub(crate) link: LinkSection,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("turnpike-data"),
            zone: "UTC".to_owned(),
            worker_threads: 2,
            drain_s: 30,
            master_key: None,
            log: LogSettings::default(),
            traces: TraceSettings::default(),
            store: StoreSettings::default(),
            api: ApiSection::default(),
            operator: OperatorSection::default(),
            gateway: GatewaySettings::default(),
            destinations: DestinationSettings::default(),
            leases: LeaseSettings::default(),
            shop: ShopSection::default(),
            extraction: ExtractionSection::default(),
            exits: ExitsSection::default(),
            activity: ActivitySettings::default(),
            jobs: JobSettings::default(),
            watch: WatchSettings::default(),
            nodes: NodesSection::default(),
            link: LinkSection::default(),
        }
    }
}

impl Settings {
    /// Reads all layers and checks the result.
    ///
    /// # Errors
    /// When a file cannot be read, a key is unknown, or a value makes no sense; the error says where it stands.
    pub(crate) fn load(args: &ConfigArgs) -> Result<Self, ConfigError> {
        Self::load_placed(args).map(|(settings, _)| settings)
    }

    /// As [`Settings::load`], with the place of everything that is set.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub(crate) fn load_placed(args: &ConfigArgs) -> Result<(Self, Places), ConfigError> {
        let (mut settings, places): (Self, Places) = Layers::of(args)?.read()?;
        if let Some(data) = &args.data {
            settings.data.clone_from(data);
        }
        settings.check().map_err(|error| places.blame_named(&format!("{error:#}")))?;
        Ok((settings.resolved(), places))
    }

    /// The data folder alone, of a configuration that may be wrong otherwise: the process that serves it tells what is.
    ///
    /// # Errors
    /// When not even that can be read.
    pub(crate) fn load_place(args: &ConfigArgs) -> Result<PathBuf, ConfigError> {
        /// The one key that matters; all others are let be.
        #[derive(Deserialize)]
        #[serde(default)]
        struct Place {
            data: PathBuf,
        }
        impl Default for Place {
            fn default() -> Self {
                Self { data: Settings::default().data }
            }
        }
        match &args.data {
            Some(data) => Ok(data.clone()),
            None => Layers::of(args)?.read::<Place>().map(|(place, _)| place.data),
        }
    }

    /// With every place spelled out that follows from the data folder.
    fn resolved(self) -> Self {
        let (uri, master_key, spool) = (self.store_uri(), self.master_key_file(), self.spool_file());
        let credential = Some(self.credential_file());
        let gateway = GatewaySettings { spool, ..self.gateway };
        let link = LinkSection { credential, ..self.link };
        let store = StoreSettings { uri: Some(uri), ..self.store };
        Self { store, master_key: Some(master_key), gateway, link, ..self }
    }

    /// Rules that a single value cannot show, and those that would only come out later.
    fn check(&self) -> Result<()> {
        self.zone()?;
        self.log.check()?;
        self.traces.check()?;
        self.store_uri().check()?;
        ensure!((1..=1024).contains(&self.worker_threads), "worker_threads: 1 to 1024");
        ensure!(self.drain_s <= 86_400, "drain_s: at most 86400");
        ensure!(self.gateway.threads <= 1024, "gateway.threads: at most 1024");
        ensure!(self.gateway.spool_slots > 0, "gateway.spool_slots: at least 1");
        ensure!(self.gateway.deadlines.handshake_ms > 0, "gateway.deadlines.handshake_ms: at least 1");
        ensure!(self.gateway.limits.head_bytes >= 1024, "gateway.limits.head_bytes: at least 1024");
        ensure!(self.gateway.limits.connections != Some(0), "gateway.limits.connections: at least 1, or not set");
        ensure!(self.api.answers.body_limit_bytes >= 1024, "api.answers.body_limit_bytes: at least 1024");
        ensure!(self.operator.answers.body_limit_bytes >= 1024, "operator.answers.body_limit_bytes: at least 1024");
        ensure!(!self.api.answers.prefixes.is_empty(), "api.answers.prefixes: at least one");
        self.leases.check()?;
        self.shop.settings()?;
        self.extraction.check(self.gateway.listen)?;
        self.nodes.check()?;
        self.check_open_ports()?;
        self.check_listeners()
    }

    /// Everything that listens, by its key.
    fn listeners(&self) -> Vec<(&'static str, SocketAddr)> {
        let always = [("api.listen", self.api.listen), ("gateway.listen", self.gateway.listen)];
        let operator = self.operator.listen.map(|listen| ("operator.listen", listen));
        let watch = self.watch.listen.map(|listen| ("watch.listen", listen));
        let nodes = self.nodes.listen.map(|listen| ("nodes.listen", listen));
        let open = self.gateway.open.iter().map(|open| ("gateway.open", open.listen));
        always.into_iter().chain(operator).chain(watch).chain(nodes).chain(open).collect()
    }

    /// The ports for listed sources.
    fn check_open_ports(&self) -> Result<()> {
        let open = &self.gateway.open;
        ensure!(open.len() <= MOST_OPEN_PORTS, "gateway.open: at most {MOST_OPEN_PORTS}");
        let bad = open.iter().map(|open| &open.account).find(|account| Username::parse(account).is_err());
        bad.map_or(Ok(()), |account| bail!("gateway.open: {account:?} can be no account's name"))
    }

    /// No two may listen on one address.
    fn check_listeners(&self) -> Result<()> {
        let listeners = self.listeners();
        for (index, (key, address)) in listeners.iter().enumerate() {
            let taken = listeners.iter().take(index).find(|(_, other)| other == address && address.port() != 0);
            if let Some((other, _)) = taken {
                bail!("{key}: {address} is taken by {other}");
            }
        }
        Ok(())
    }

    /// The zone of zoneless times.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) fn zone(&self) -> Result<Zone> {
        Zone::named(&self.zone).context("zone")
    }

    /// Where the store is; the embedded one in the data folder unless set.
    pub(crate) fn store_uri(&self) -> StoreUri {
        let embedded = || StoreUri::new(format!("sqlite:{}", self.data.join("turnpike.db").display()));
        self.store.uri.clone().unwrap_or_else(embedded)
    }

    /// What holds for static IPs.
    pub(crate) fn static_ip_rules(&self) -> StaticIpRules {
        self.shop.static_ips(self.gateway.listen.port(), self.api.answers.account_prefix.names())
    }

    /// What holds for extraction.
    pub(crate) fn extraction_rules(&self) -> ExtractionRules {
        self.extraction.rules(self.gateway.listen)
    }

    /// How quota is cut into leases, which depends on where the store is.
    pub(crate) fn lease_policy(&self) -> LeasePolicy {
        self.leases.policy(self.store_uri().is_embedded())
    }

    /// Where the master key is.
    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.master_key.clone().unwrap_or_else(|| self.data.join("master.key"))
    }

    /// Where a gateway's credential is.
    pub(crate) fn credential_file(&self) -> PathBuf {
        self.link.credential.clone().unwrap_or_else(|| self.data.join("node.credential"))
    }

    /// The spool file; in the data folder unless set.
    pub(crate) fn spool_file(&self) -> PathBuf {
        if self.gateway.spool == Path::new("") { self.data.join("leases.spool") } else { self.gateway.spool.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, overrides: &[&str]) -> Result<Settings, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("turnpike.toml");
        std::fs::write(&file, text).unwrap();
        let overrides = overrides.iter().map(|pair| (*pair).to_owned()).collect();
        Settings::load(&ConfigArgs { config: Some(file), data: None, overrides })
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let settings = load("", &[]).unwrap();
        assert_eq!(settings.store_uri().reveal(), "sqlite:turnpike-data/turnpike.db");
        let allowed: Vec<u16> =
            (0..=u16::MAX).filter(|port| settings.destinations.allow_ports.contains(*port)).collect();
        assert_eq!(allowed, [80, 443, 8080, 8443]);
    }

    #[test]
    fn flags_override_the_file() {
        let settings = load("[gateway]\nlisten = '127.0.0.1:1'", &["gateway.listen=127.0.0.1:2", "zone=Asia/Shanghai"]);
        let settings = settings.unwrap();
        assert_eq!(settings.gateway.listen.port(), 2);
        assert_eq!(settings.zone, "Asia/Shanghai");
    }

    /// What is told of a configuration that is refused, after the folder of its file.
    fn told(text: &str, overrides: &[&str]) -> String {
        let error = load(text, overrides).unwrap_err().to_string();
        error.split_once("/turnpike.toml:").map_or(error.clone(), |(_, told)| told.to_owned())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_column() {
        let cases = [
            ("[destinations]\nallow_port = [80]", "2:1: destinations.allow_port: unknown field `allow_port`"),
            ("\n[gateway]\n threads = 'two'", "3:2: gateway.threads: invalid type: string \"two\", expected usize"),
            ("[api]\nlisten = '1.2.3.4'", "2:1: api.listen: invalid socket address"),
            ("zone = 'Mars/Olympus'", "1:1: zone: "),
            ("[leases]\n\nshare = 0", "3:1: leases.share: at least 1"),
            ("[log]\nlevel = 'a=b=c'", "2:1: log.level: "),
            (
                "[destinations]\nallow_cidrs = [\n'10.0.0.0/8',\n'10.0.0.0/33']",
                "4:1: destinations.allow_cidrs[1]: write a network as ADDRESS/LENGTH",
            ),
            ("[api]\nlisten = '127.0.0.1:2600'\n[gateway]\nlisten = '127.0.0.1:2600'", "4:1: gateway.listen: "),
            ("[jobs]\n[jobs]", "2:"),
            ("[leases", "1:8: "),
        ];
        for (text, expected) in cases {
            let told = told(text, &[]);
            assert!(told.starts_with(expected), "{text:?} gave {told:?}");
        }
    }

    #[test]
    fn traces_are_refused_by_a_binary_that_cannot_send_any() {
        let outcome = load("[traces]\nendpoint = 'http://127.0.0.1:4318/v1/traces'", &[]);
        if cfg!(feature = "otel") {
            assert!(outcome.is_ok());
            assert!(told("[traces]\nendpoint = '127.0.0.1:4318'", &[]).contains("traces.endpoint: write http"));
        } else {
            let told = outcome.unwrap_err().to_string();
            assert!(told.contains(":2:1: traces.endpoint: this binary was built without traces"), "{told}");
        }
        assert!(told("[traces]\nsample_ratio = 1.5", &[]).starts_with("2:1: traces.sample_ratio: 0 to 1"));
    }

    #[test]
    fn places_in_the_data_folder_are_spelled_out() {
        let shown = serde_json::to_value(load("data = '/d'", &[]).unwrap()).unwrap();
        let places = ["/master_key", "/store/uri", "/gateway/spool", "/link/credential"];
        let shown = places.map(|place| shown.pointer(place).and_then(serde_json::Value::as_str).unwrap().to_owned());
        assert_eq!(shown, ["/d/master.key", "sqlite:/d/turnpike.db", "/d/leases.spool", "/d/node.credential"]);
    }

    #[test]
    fn a_wrong_flag_is_told_as_it_was_typed() {
        let told = told("[gateway]\nthreads = 2", &["gateway.threads=many"]);
        assert!(told.starts_with("--set gateway.threads=many: gateway.threads: invalid type"), "{told}");
    }

    /// The dotted keys below a value.
    fn keys(prefix: &str, value: &serde_json::Value) -> Vec<String> {
        match value {
            serde_json::Value::Object(section) => {
                section.iter().flat_map(|(key, value)| keys(&format!("{prefix}.{key}"), value)).collect()
            }
            _ => vec![prefix.trim_start_matches('.').to_owned()],
        }
    }

    #[test]
    fn the_operators_page_names_every_key() {
        let page = include_str!("../../../docs/OPERATING.md");
        let all = keys("", &serde_json::to_value(Settings::default()).unwrap());
        let missing: Vec<_> = all.iter().filter(|key| !page.contains(&format!("| `{key}` |"))).collect();
        assert!(missing.is_empty() && all.len() > 50, "docs/OPERATING.md lacks {missing:?}");
    }

    #[test]
    fn the_store_s_password_is_not_shown() {
        let settings = load("[store]\nuri = 'postgres://turnpike:hunter2@db/turnpike'", &[]).unwrap();
        assert!(!format!("{settings:?}{}", serde_json::to_string(&settings).unwrap()).contains("hunter2"));
    }
}
