//! What is served over HTTP, each on a listener of its own. A new API gets a line in [`planes`].

use std::net::SocketAddr;

use axum::Router;
use turnpike_api::ServerSettings;

use super::Backend;
use crate::settings::Settings;

/// An API and where it listens.
pub(super) struct Plane {
    /// The listener's name, for systemd and for a successor.
    pub(super) name: &'static str,
    pub(super) listen: SocketAddr,
    pub(super) router: Router,
    pub(super) server: ServerSettings,
}

/// Every API that these settings ask for.
pub(super) fn planes(settings: &Settings, backend: &Backend) -> Vec<Plane> {
    let service = &backend.service;
    vec![Plane {
        name: "api",
        listen: settings.api.listen,
        router: turnpike_api::router(service.clone(), settings.api.answers.clone()),
        server: settings.api.server.clone(),
    }]
}
