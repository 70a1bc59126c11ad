//! The sections about gateways on machines of their own: `[nodes]` where they are answered, `[link]` where they ask.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use turnpike_api::ServerSettings;
use turnpike_link::{Link, LinkSettings};
use zeroize::Zeroizing;

/// The `[nodes]` section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NodesSection {
    /// Where gateways on other machines are answered; nowhere when not set.
    pub(crate) listen: Option<SocketAddr>,
    /// How their connections are served.
    pub(crate) server: ServerSettings,
}

/// The `[link]` section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LinkSection {
    /// The file with what `turnpike node add` printed; `DATA/node.credential` when not set.
    pub(crate) credential: Option<PathBuf>,
    /// Which API processes, and for how long to wait for them.
    pub(crate) api: LinkSettings,
}

impl LinkSection {
    /// A link with the credential in its file.
    ///
    /// # Errors
    /// When the file cannot be read or others can, or the link cannot be set up.
    pub(crate) fn set_up(&self, file: &std::path::Path) -> Result<Link> {
        use std::os::unix::fs::MetadataExt;
        let path = file.display();
        let mode = std::fs::metadata(file).with_context(|| format!("link.credential: cannot read {path}"))?.mode();
        ensure!(mode.trailing_zeros() >= 6, "link.credential: others can read {path}; make it 600");
        let text = Zeroizing::new(std::fs::read_to_string(file).with_context(|| format!("link.credential: {path}"))?);
        let credential = Zeroizing::new(text.trim().to_owned());
        Ok(Link::new(&self.api, &credential)?)
    }
}
