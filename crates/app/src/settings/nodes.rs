//! The sections about gateways on machines of their own: `[nodes]` where they are answered, `[link]` where they ask.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use turnpike_api::ServerSettings;
use turnpike_link::tls::TlsAcceptor;
use turnpike_link::{Link, LinkSettings};
use zeroize::Zeroizing;

/// The `[nodes]` section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NodesSection {
    /// Where gateways on other machines are answered; nowhere when not set.
    pub(crate) listen: Option<SocketAddr>,
    /// The certificate shown there, with those up to its authority, as a PEM file. With it TLS is spoken.
    pub(crate) certificate: Option<PathBuf>,
    /// The certificate's key, as a PEM file.
    pub(crate) key: Option<PathBuf>,
    /// Whether plain `http` may be spoken beyond this machine: only where the network itself is private.
    pub(crate) insecure: bool,
    /// How their connections are served.
    pub(crate) server: ServerSettings,
}

impl NodesSection {
    /// Whether what is shown is enough for where it listens, and can be used.
    ///
    /// # Errors
    /// When not.
    pub(super) fn check(&self) -> Result<()> {
        let plain_and_far = self.certificate.is_none() && !self.insecure;
        if let Some(listen) = self.listen.filter(|listen| plain_and_far && !listen.ip().is_loopback()) {
            bail!(
                "nodes.listen: plain http on {listen} would show credentials to whoever listens: set nodes.certificate \
                 and nodes.key, or nodes.insecure where the network itself is private"
            );
        }
        self.tls().map(drop)
    }

    /// What tells a certificate from another in the same file; `None` when no TLS is spoken.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn fingerprint(&self) -> Result<Option<[u8; 32]>> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else { return Ok(None) };
        let mut hasher = Sha256::new();
        for (name, file) in [("nodes.certificate", certificate), ("nodes.key", key)] {
            let bytes = Zeroizing::new(std::fs::read(file).with_context(|| format!("{name}: {}", file.display()))?);
            hasher.update(&*bytes);
        }
        Ok(Some(hasher.finalize().into()))
    }

    /// What is shown, when TLS is spoken.
    ///
    /// # Errors
    /// When a file cannot be used, or one of the two is missing.
    pub(crate) fn tls(&self) -> Result<Option<TlsAcceptor>> {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let acceptor = turnpike_link::tls::acceptor(certificate, key);
                acceptor.map(Some).map_err(|error| anyhow!("nodes.certificate: {error}"))
            }
            (None, None) => Ok(None),
            (Some(_), None) => bail!("nodes.certificate: set nodes.key too"),
            (None, Some(_)) => bail!("nodes.key: set nodes.certificate too"),
        }
    }
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
