//! Exits between the store, where upstreams' passwords are sealed, and the gateways, which log in with them.

use turnpike_domain::exit::{ExitEntry, ExitName, ExitTerms, Route, UpstreamPassword};
use turnpike_store::exit::{Exit, WrittenExit};

use crate::service::Service;
use crate::vault::VaultError;

impl Service {
    /// An exit as a gateway needs it.
    pub(crate) fn exit_entry(&self, exit: Exit) -> Result<ExitEntry, VaultError> {
        let Exit { id, name, terms, password_sealed, .. } = exit;
        let ExitTerms { mut route, places, product_types, capacity, weight, state, provenance, .. } = terms;
        if let (Route::Upstream(upstream), Some(sealed)) = (&mut route, password_sealed) {
            upstream.password = self.shared.vault.open_upstream_password(&name, &sealed)?;
        }
        Ok(ExitEntry { id, route, places, product_types, capacity, weight, state, provenance })
    }

    /// An exit as it is written, its upstream's password sealed.
    pub(crate) fn written_exit(&self, name: ExitName, mut terms: ExitTerms) -> Result<WrittenExit, VaultError> {
        let mut password_sealed = None;
        if let Route::Upstream(upstream) = &mut terms.route {
            let password = std::mem::take(&mut upstream.password);
            if password != UpstreamPassword::default() {
                password_sealed = Some(self.shared.vault.seal_upstream_password(self.random(), &name, &password)?);
            }
        }
        Ok(WrittenExit { name, terms, password_sealed })
    }
}
