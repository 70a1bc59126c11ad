//! What the demo printed, kept in `DIR/demo.json` so that it prints the same at the next start.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The file's name in the data folder.
const FILE_NAME: &str = "demo.json";

/// The demo's addresses and secrets; the same as its `--json` line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Base URL of the API.
    pub(super) api: String,
    /// `ADDR:PORT` of the gateway.
    pub(super) gateway: SocketAddr,
    pub(super) app_key: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) customer_email: String,
    pub(super) customer_password: String,
    /// Base URL of the operator API.
    #[serde(default)]
    pub(super) operator: String,
    /// A token for it that may do everything.
    #[serde(default)]
    pub(super) operator_token: String,
    /// Where the direct exit is declared to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<String>,
}

impl Kept {
    /// What an earlier start kept; `None` when this is the first.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub(super) fn load(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE_NAME);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                serde_json::from_str(&text).map(Some).with_context(|| format!("cannot read {}", path.display()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Keeps it, readable by its owner only; a crash leaves the old file or the new one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn store(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE_NAME);
        let fresh = folder.join(format!("{FILE_NAME}.new"));
        let write = || -> Result<()> {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            std::fs::rename(&fresh, &path)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Where the API listened last time.
    pub(super) fn api_address(&self) -> Option<SocketAddr> {
        self.api.strip_prefix("http://").and_then(|address| address.parse().ok())
    }

    /// Where the operator API listened last time.
    pub(super) fn operator_address(&self) -> Option<SocketAddr> {
        self.operator.strip_prefix("http://")?.strip_suffix(turnpike_operator::PREFIX)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_kept_is_loaded_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Kept::load(folder.path()).unwrap().is_none());
        let kept = Kept {
            api: "http://127.0.0.1:8600".to_owned(),
            gateway: "127.0.0.1:2600".parse().unwrap(),
            app_key: "k".to_owned(),
            username: "u".to_owned(),
            password: "p".to_owned(),
            customer_email: "e".to_owned(),
            customer_password: "c".to_owned(),
            operator: "http://127.0.0.1:8601/operator/v1".to_owned(),
            operator_token: "t".to_owned(),
            place: Some("US/Texas/Austin".to_owned()),
        };
        kept.store(folder.path()).unwrap();
        assert!(Kept::load(folder.path()).unwrap() == Some(kept.clone()));
        assert_eq!(kept.api_address(), Some("127.0.0.1:8600".parse().unwrap()));
        assert_eq!(kept.operator_address(), Some("127.0.0.1:8601".parse().unwrap()));
        let mode = std::fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
