//! Extracted endpoints: the ports of this gateway's entries that customers have for a time. Each has one socket, on one of the
//! threads; it is bound when the feed tells of it and closed at its end.
//!
//! What is open when an endpoint's time is over goes on, as a session's tunnels do; no request comes in any more. One that is ended
//! before its time takes its connections with it.

mod binding;
mod tenant;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use turnpike_domain::endpoint::{EndpointEntry, EntryName};
use turnpike_domain::ids::{EndpointBatchId, EndpointId};
use turnpike_domain::time::Timestamp;

use crate::directory::Directory;
use crate::settings::Settings;

pub(crate) use binding::Hands;
use binding::Sharing;
pub(crate) use tenant::{Tenant, admit_login, admit_source};

/// How often endpoints are looked through for such as have ended, or could not be bound yet.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// So many looks lie between two tries to bind what could not be.
const TRY_EVERY: u32 = 20;

/// What a gateway made of a batch of endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) batch: EndpointBatchId,
    /// Those it could not listen on.
    pub(crate) failed: Vec<EndpointId>,
}

/// The endpoints of a gateway.
pub(crate) struct Endpoints {
    directory: Arc<Directory>,
    settings: Settings,
    /// Where this gateway listens otherwise.
    own: Vec<SocketAddr>,
    live: Mutex<Live>,
}

/// Those that live.
#[derive(Default)]
struct Live {
    tenants: HashMap<EndpointId, Arc<Tenant>>,
    /// Who has which port; the first part is the place of the entry.
    ports: HashMap<(usize, u16), EndpointId>,
    ends: BTreeSet<(Timestamp, EndpointId)>,
    /// Those that nobody listens on.
    unbound: HashSet<EndpointId>,
    /// `None` before the threads serve.
    hands: Option<Hands>,
}

impl Endpoints {
    /// Those of a gateway that listens at `ports` besides.
    pub(crate) fn new(directory: Arc<Directory>, settings: Settings, ports: Vec<SocketAddr>) -> Self {
        let own = ports.into_iter().chain(settings.destinations.own_listeners.iter().copied()).collect();
        Self { directory, settings, own, live: Mutex::default() }
    }

    /// Begins to listen on what is known by then.
    pub(crate) fn serve(&self, hands: Hands) {
        let mut live = self.live.lock();
        live.hands = Some(hands);
        let all: Vec<_> = live.tenants.values().cloned().collect();
        let failed = all.iter().filter(|tenant| !self.listen(&mut live, tenant, Sharing::Allowed)).count();
        if failed > 0 {
            tracing::warn!(ports = failed, "endpoints cannot be bound; they are tried again");
        }
    }

    /// Takes over endpoints that were given out or changed, and ends others before their time: what to say of each batch that
    /// this gateway has a part in.
    pub(crate) fn apply(&self, entries: Vec<EndpointEntry>, ended: &[EndpointId]) -> Vec<Report> {
        self.take_over(entries, ended, Sharing::Refused)
    }

    fn take_over(&self, entries: Vec<EndpointEntry>, ended: &[EndpointId], sharing: Sharing) -> Vec<Report> {
        let mut live = self.live.lock();
        for id in ended {
            live.close(*id);
        }
        let mut reports: Vec<Report> = Vec::new();
        for entry in entries {
            let (id, batch) = (entry.id, entry.batch);
            let Some(listens) = self.take(&mut live, entry, sharing) else { continue };
            let failed = (!listens).then_some(id);
            match reports.iter_mut().find(|report| report.batch == batch) {
                Some(report) => report.failed.extend(failed),
                None => reports.push(Report { batch, failed: failed.into_iter().collect() }),
            }
        }
        drop(live);
        self.turn_out(ended);
        reports
    }

    /// Takes over all endpoints there are: those that are not told of have ended.
    pub(crate) fn replace(&self, entries: Vec<EndpointEntry>) {
        let told: HashSet<_> = entries.iter().map(|entry| entry.id).collect();
        let gone: Vec<_> = self.live.lock().tenants.keys().filter(|id| !told.contains(id)).copied().collect();
        // The process before this one may listen on them still.
        self.take_over(entries, &gone, Sharing::Allowed);
    }

    /// Resets the connections that came by endpoints.
    fn turn_out(&self, ended: &[EndpointId]) {
        if !ended.is_empty() {
            self.directory.desk().registry.close_endpoints(&ended.iter().copied().collect());
        }
    }

    /// Whether somebody listens on it now; `None` for one of another gateway's entry, or that is over.
    fn take(&self, live: &mut Live, entry: EndpointEntry, sharing: Sharing) -> Option<bool> {
        let place = self.settings.entries.iter().position(|own| own.name == entry.entry)?;
        if entry.is_over(self.directory.exits().now()) {
            return None;
        }
        if let Some(known) = live.tenants.get(&entry.id) {
            known.update(entry);
            return Some(!live.unbound.contains(&known.id()));
        }
        // Whoever had the port before has had its time.
        if let Some(before) = live.ports.get(&(place, entry.port)).copied() {
            live.close(before);
        }
        let account = self.directory.account(entry.account);
        let Some(account) = account else {
            tracing::error!(endpoint = %entry.id, account = %entry.account, "the store told of an endpoint before its account");
            return None;
        };
        let tenant = Arc::new(Tenant::new(entry, place, account));
        live.insert(&tenant);
        Some(self.listen(live, &tenant, sharing))
    }

    /// Binds an endpoint's port, when the threads serve. A port that this gateway listens on otherwise is nobody's.
    fn listen(&self, live: &mut Live, tenant: &Arc<Tenant>, sharing: Sharing) -> bool {
        let bound = self.address(tenant).zip(live.hands.as_mut()).is_some_and(|(address, hands)| {
            let listening = hands.listen(address, tenant, (&self.settings, sharing));
            listening.inspect_err(|error| tracing::debug!(%address, %error, "an endpoint cannot be bound")).is_ok()
        });
        if bound {
            live.unbound.remove(&tenant.id())
        } else {
            live.unbound.insert(tenant.id())
        };
        bound
    }

    fn address(&self, tenant: &Tenant) -> Option<SocketAddr> {
        let address = SocketAddr::new(self.settings.entries.get(tenant.place())?.listen, tenant.port());
        (!self.own.iter().any(|own| collide(*own, address))).then_some(address)
    }

    /// Closes endpoints whose time is over, and tries again to bind what could not be, until `stop`.
    pub(crate) async fn look_after(self: Arc<Self>, stop: CancellationToken) {
        let mut looks = 0_u32;
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            let mut live = self.live.lock();
            live.close_over(self.directory.exits().now());
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(TRY_EVERY) {
                let waiting: Vec<_> = live.unbound.iter().filter_map(|id| live.tenants.get(id)).cloned().collect();
                for tenant in waiting {
                    self.listen(&mut live, &tenant, Sharing::Allowed);
                }
            }
        }
    }

    /// How many ports are listened on, by entry.
    pub(crate) fn counts(&self) -> Vec<(EntryName, u64)> {
        let live = self.live.lock();
        let mut counts: Vec<_> = self.settings.entries.iter().map(|own| (own.name.clone(), 0_u64)).collect();
        for tenant in live.tenants.values().filter(|tenant| !live.unbound.contains(&tenant.id())) {
            if let Some((_, count)) = counts.get_mut(tenant.place()) {
                *count = count.saturating_add(1);
            }
        }
        counts
    }
}

/// Whether two listeners would share connections.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = |ip: IpAddr| ip.is_unspecified();
    one.port() == other.port() && (one.ip() == other.ip() || everywhere(one.ip()) || everywhere(other.ip()))
}

impl Live {
    fn insert(&mut self, tenant: &Arc<Tenant>) {
        self.ports.insert((tenant.place(), tenant.port()), tenant.id());
        self.ends.extend(tenant.ends_at().map(|end| (end, tenant.id())));
        self.tenants.insert(tenant.id(), Arc::clone(tenant));
    }

    fn close(&mut self, id: EndpointId) {
        let Some(tenant) = self.tenants.remove(&id) else { return };
        tenant.close();
        self.unbound.remove(&id);
        if let Some(end) = tenant.ends_at() {
            self.ends.remove(&(end, id));
        }
        let key = (tenant.place(), tenant.port());
        if self.ports.get(&key) == Some(&id) {
            self.ports.remove(&key);
        }
    }

    fn close_over(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.ends.first().copied().filter(|(end, _)| *end <= now) {
            self.ends.pop_first();
            self.close(id);
        }
    }
}

#[cfg(test)]
mod tests;
