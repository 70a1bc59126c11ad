//! Reading the configuration again while serving: what changed is found, checked against what can change, and applied
//! all together or not at all.

mod changes;

use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::cli::ConfigArgs;
use crate::logging::Filter;
use crate::settings::Settings;
use crate::wiring::Running;
pub(crate) use changes::Changes;

/// The settings in force, and where they were read.
pub(crate) struct Reloader {
    /// `None` when there is nothing to read again, as in the demo.
    source: Option<ConfigArgs>,
    settings: Settings,
    /// Of the certificate that gateways are shown.
    certificate: Option<[u8; 32]>,
    filter: Filter,
}

impl Reloader {
    /// Settings that were read from `source`, and the log's filter.
    ///
    /// # Errors
    /// When the certificate that gateways are shown cannot be read.
    pub(crate) fn new(source: ConfigArgs, settings: Settings, filter: Filter) -> Result<Self> {
        let certificate = settings.nodes.fingerprint()?;
        Ok(Self { source: Some(source), settings, certificate, filter })
    }

    /// Settings that were not read from anywhere.
    pub(crate) const fn fixed(settings: Settings, filter: Filter) -> Self {
        Self { source: None, settings, certificate: None, filter }
    }

    /// The settings in force.
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How long open tunnels may go on when the process ends.
    pub(crate) const fn grace(&self) -> Duration {
        Duration::from_secs(self.settings.drain_s)
    }

    /// Reads the configuration and applies it; which keys changed, for a person.
    ///
    /// # Errors
    /// When it cannot be used, or a key changed that cannot change while serving: where that stands. Nothing has
    /// changed then.
    pub(crate) async fn reload(&mut self, running: &Running) -> Result<String> {
        let source = self.source.as_ref().ok_or_else(|| anyhow!("there is no configuration to read again"))?;
        let (next, places) = Settings::load_placed(source)?;
        let changes = Changes::between(&self.settings, &next);
        let certificate = next.nodes.fingerprint().map_err(|error| places.blame_named(&format!("{error:#}")))?;
        let renewed = certificate != self.certificate;
        if changes.is_empty() && !renewed {
            return Ok("nothing has changed".to_owned());
        }
        if let Some(key) = changes.fixed() {
            return Err(places.blame(key, "a change of this needs a restart or a takeover").into());
        }
        let filter = self.filter.prepare(&next.log)?;
        let tls = next.nodes.tls().map_err(|error| places.blame_named(&format!("{error:#}")))?;
        // The only step that can still fail comes first.
        running.apply(&next, &changes).await.map_err(|error| places.blame_named(&format!("{error:#}")))?;
        if let Some(tls) = tls.filter(|_| renewed) {
            running.show_certificate(tls);
        }
        self.filter.replace(filter);
        (self.settings, self.certificate) = (next, certificate);
        let renewed = renewed.then_some("took the new certificate of nodes.certificate");
        let applied = (!changes.is_empty()).then(|| changes.to_string());
        Ok(applied.as_deref().into_iter().chain(renewed).collect::<Vec<_>>().join("; "))
    }
}
