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
    filter: Filter,
}

impl Reloader {
    /// Settings that were read from `source`, and the log's filter.
    pub(crate) const fn new(source: ConfigArgs, settings: Settings, filter: Filter) -> Self {
        Self { source: Some(source), settings, filter }
    }

    /// Settings that were not read from anywhere.
    pub(crate) const fn fixed(settings: Settings, filter: Filter) -> Self {
        Self { source: None, settings, filter }
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
        if changes.is_empty() {
            return Ok("nothing has changed".to_owned());
        }
        if let Some(key) = changes.fixed() {
            return Err(places.blame(key, "a change of this needs a restart or a takeover").into());
        }
        let filter = self.filter.prepare(&next.log)?;
        // The only step that can still fail comes first.
        running.apply(&next, &changes).await.map_err(|error| places.blame_named(&format!("{error:#}")))?;
        self.filter.replace(filter);
        self.settings = next;
        Ok(changes.to_string())
    }
}
