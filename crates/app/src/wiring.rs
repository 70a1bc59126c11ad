//! How the parts are put together for each role: `serve` runs everything, `api` leaves out the gateway, `gateway` has
//! no store. Each part has one file below; `running` starts them and takes them down again in order.

mod backend;
mod data_plane;
mod own_listeners;
mod planes;
mod running;
pub(crate) mod sockets;

pub(crate) use backend::{Backend, make_folder, open, open_existing, require_existing};
pub(crate) use data_plane::linked;
pub(crate) use running::{Running, start};
pub(crate) use sockets::Sockets;

use turnpike_gateway::ports::Supply;

/// What a process has beside its listeners.
pub(crate) struct Parts {
    /// The store and the acts on it; a gateway on a machine of its own has none.
    pub(crate) backend: Option<Backend>,
    /// Where the gateway asks; without it the process carries no traffic.
    pub(crate) supply: Option<Supply>,
}

impl Parts {
    /// API, jobs and gateway.
    pub(crate) fn everything(backend: Backend) -> Self {
        let supply = data_plane::in_process(&backend);
        Self { backend: Some(backend), supply: Some(supply) }
    }

    /// API and jobs.
    pub(crate) const fn without_gateway(backend: Backend) -> Self {
        Self { backend: Some(backend), supply: None }
    }

    /// The gateway alone, asking elsewhere.
    pub(crate) const fn gateway_only(supply: Supply) -> Self {
        Self { backend: None, supply: Some(supply) }
    }
}
