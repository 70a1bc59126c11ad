//! Settings: defaults, then the file, then the environment, then flags. Unknown keys are refused, so that a misspelt
//! limit is not silently without effect.
//!
//! Every key of the file can be given in the environment as `TURNPIKE__SECTION__KEY`, and on the command line as
//! `--set section.key=value`.

mod sections;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use config::{Config, Environment, File, FileFormat};
use serde::{Deserialize, Serialize};
use turnpike_domain::calendar::Zone;
use turnpike_gateway::settings::{DestinationSettings, Settings as GatewaySettings};

use crate::cli::ConfigArgs;
use crate::logging::LogSettings;

pub(crate) use sections::{ApiSection, JobSettings, LeaseSettings, StoreSettings, StoreUri};

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
    pub(crate) store: StoreSettings,
    pub(crate) api: ApiSection,
    pub(crate) gateway: GatewaySettings,
    pub(crate) destinations: DestinationSettings,
    pub(crate) leases: LeaseSettings,
    pub(crate) jobs: JobSettings,
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
            store: StoreSettings::default(),
            api: ApiSection::default(),
            gateway: GatewaySettings::default(),
            destinations: DestinationSettings::default(),
            leases: LeaseSettings::default(),
            jobs: JobSettings::default(),
        }
    }
}

impl Settings {
    /// Reads all layers and checks the result.
    ///
    /// # Errors
    /// When a file cannot be read, a key is unknown, or a value makes no sense; the error names it.
    pub(crate) fn load(args: &ConfigArgs) -> Result<Self> {
        let mut layers = Config::builder();
        if let Some(file) = &args.config {
            layers = layers.add_source(File::from(file.as_path()).format(FileFormat::Toml));
        }
        let environment = Environment::with_prefix("TURNPIKE").prefix_separator("__").separator("__");
        layers = layers.add_source(environment.try_parsing(true));
        for pair in &args.overrides {
            let (key, value) = pair.split_once('=').with_context(|| format!("--set {pair}: write KEY=VALUE"))?;
            layers = layers.add_source(one_value(key, value)?);
        }
        let mut settings: Self = layers.build().and_then(Config::try_deserialize).context("configuration")?;
        if let Some(data) = &args.data {
            settings.data.clone_from(data);
        }
        settings.check()?;
        Ok(settings.resolved())
    }

    /// With every place spelled out that follows from the data folder.
    fn resolved(self) -> Self {
        let (uri, master_key, spool) = (self.store_uri(), self.master_key_file(), self.spool_file());
        let gateway = GatewaySettings { spool, ..self.gateway };
        Self { store: StoreSettings { uri: Some(uri) }, master_key: Some(master_key), gateway, ..self }
    }

    /// Rules that a single value cannot show, and those that would only come out later.
    fn check(&self) -> Result<()> {
        self.zone()?;
        self.log.check()?;
        self.store_uri().check()?;
        ensure!((1..=1024).contains(&self.worker_threads), "worker_threads: 1 to 1024");
        ensure!(self.drain_s <= 86_400, "drain_s: at most 86400");
        ensure!(self.gateway.threads <= 1024, "gateway.threads: at most 1024");
        ensure!(self.gateway.spool_slots > 0, "gateway.spool_slots: at least 1");
        ensure!(self.gateway.deadlines.handshake_ms > 0, "gateway.deadlines.handshake_ms: at least 1");
        ensure!(self.gateway.limits.head_bytes >= 1024, "gateway.limits.head_bytes: at least 1024");
        ensure!(self.gateway.limits.connections != Some(0), "gateway.limits.connections: at least 1, or not set");
        ensure!(self.api.answers.body_limit_bytes >= 1024, "api.answers.body_limit_bytes: at least 1024");
        let (api, gateway) = (self.api.listen, self.gateway.listen);
        ensure!(api != gateway || api.port() == 0, "api.listen and gateway.listen are both {api}");
        ensure!(!self.api.answers.prefixes.is_empty(), "api.answers.prefixes: at least one");
        self.leases.check()?;
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

    /// Where the master key is.
    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.master_key.clone().unwrap_or_else(|| self.data.join("master.key"))
    }

    /// The spool file; in the data folder unless set.
    pub(crate) fn spool_file(&self) -> PathBuf {
        if self.gateway.spool == Path::new("") { self.data.join("leases.spool") } else { self.gateway.spool.clone() }
    }
}

/// One `--set` as a layer. The value is read as TOML, or as text when it is none.
fn one_value(key: &str, value: &str) -> Result<File<config::FileSourceString, FileFormat>> {
    let plain = key.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    });
    ensure!(plain, "--set {key}: a key is words joined by dots");
    let line = format!("{key} = {value}");
    let text = format!("{key} = {}", serde_json::to_string(value)?);
    let reads = Config::builder().add_source(File::from_str(&line, FileFormat::Toml)).build().is_ok();
    Ok(File::from_str(if reads { &line } else { &text }, FileFormat::Toml))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, overrides: &[&str]) -> Result<Settings> {
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

    #[test]
    fn a_misspelt_key_is_refused_by_name() {
        let error = format!("{:#}", load("[destinations]\nallow_port = [80]", &[]).unwrap_err());
        assert!(error.contains("allow_port"), "{error}");
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        let error = format!("{:#}", load("zone = 'Mars/Olympus'", &[]).unwrap_err());
        assert!(error.contains("Mars/Olympus"), "{error}");
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
