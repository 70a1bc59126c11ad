//! The `[exits]` section: how exits are proved.

use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use turnpike_domain::exit::EchoPage;
use turnpike_service::ExitRules;

use crate::mmdb;

/// The `[exits]` section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExitsSection {
    /// A page that answers with its caller's address, as `http://HOST[:PORT]/PATH`.
    pub(crate) check_url: Option<EchoPage>,
    /// A file that tells where addresses are (MMDB).
    pub(crate) mmdb: Option<PathBuf>,
}

impl ExitsSection {
    /// What holds for exits.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub(crate) fn rules(&self) -> Result<ExitRules> {
        let locate = self.mmdb.as_deref().map(mmdb::open).transpose()?;
        Ok(ExitRules { echo: self.check_url.clone(), locate })
    }
}
