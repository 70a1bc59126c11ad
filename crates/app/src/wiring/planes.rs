//! What is served over HTTP, each on a listener of its own. A new API gets a line in [`planes`].

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::{Router, middleware};
use turnpike_api::ServerSettings;
use turnpike_link::tls::TlsAcceptor;

use super::Backend;
use crate::reload::Changes;
use crate::settings::Settings;
use crate::watch::{self, Requests};

/// The name of the operator API's listener.
const OPERATOR: &str = "operator";
/// The name of the listener for gateways on other machines.
pub(super) const NODES: &str = "nodes";

/// An API and where it listens.
pub(super) struct Plane {
    /// The listener's name, for systemd and for a successor.
    pub(super) name: &'static str,
    pub(super) listen: SocketAddr,
    pub(super) router: Router,
    pub(super) server: ServerSettings,
    /// What it shows when it speaks TLS.
    pub(super) tls: Option<TlsAcceptor>,
}

/// Every API that these settings ask for.
///
/// # Errors
/// When the certificate of one cannot be used.
pub(super) fn planes(settings: &Settings, backend: &Backend, requests: &Arc<Requests>) -> Result<Vec<Plane>> {
    let service = &backend.service;
    let api = Plane {
        name: "api",
        listen: settings.api.listen,
        router: turnpike_api::router(service.clone(), settings.api.answers.clone()),
        server: settings.api.server.clone(),
        tls: None,
    };
    let operator = settings.operator.listen.map(|listen| Plane {
        name: OPERATOR,
        listen,
        router: turnpike_operator::router(service.clone(), settings.operator.answers.clone(), shown(settings)),
        server: settings.operator.server.clone(),
        tls: None,
    });
    let tls = settings.nodes.tls()?;
    let nodes = settings.nodes.listen.map(|listen| Plane {
        name: NODES,
        listen,
        router: turnpike_link::server::router(service.clone(), backend.keys.clone()),
        server: settings.nodes.server.clone(),
        tls,
    });
    Ok([api].into_iter().chain(operator).chain(nodes).map(|plane| plane.counted(requests)).collect())
}

/// The settings in force, without secrets.
fn shown(settings: &Settings) -> serde_json::Value {
    serde_json::to_value(settings).unwrap_or_default()
}

impl Plane {
    /// Whether a change of settings makes another router of it. The operator is shown every setting.
    pub(super) fn follows(&self, changes: &Changes) -> bool {
        self.name == OPERATOR || changes.touch(self.name)
    }

    /// With every answer counted for whoever watches.
    fn counted(self, requests: &Arc<Requests>) -> Self {
        let state = (self.name, Arc::clone(requests));
        Self { router: self.router.layer(middleware::from_fn_with_state(state, watch::count)), ..self }
    }
}
