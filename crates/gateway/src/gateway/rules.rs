//! What new connections go by, and how it is exchanged while others are open.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use turnpike_domain::destination::DestinationPolicy;

use super::{Gateway, Opened, StartError, door};
use crate::line::Door;
use crate::listener::Rules;
use crate::port::Port;
use crate::settings::{OpenPort, Settings};

/// How often this host's own addresses are looked up again.
const ADDRESSES_EVERY: Duration = Duration::from_secs(10);

/// Why settings cannot be put in force while the gateway runs. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// This one cannot change.
    #[error("{0}: a change of this needs a restart or a takeover")]
    Fixed(&'static str),
    /// A port for listed sources cannot be opened.
    #[error("gateway.open: cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// A port for listed sources names what can be no account.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The gateway drains or has ended.
    #[error("gateway: it is ending")]
    Ending,
}

impl Gateway {
    /// Puts settings in force for new connections, all of them or none. Ports for listed sources are opened, by `bind`, and
    /// closed as they say; connections that came by a port that is closed go on.
    ///
    /// # Errors
    /// [`ReloadError`].
    pub async fn reload(
        &self,
        settings: Settings,
        bind: impl Fn(usize, &OpenPort) -> io::Result<Port>,
    ) -> Result<(), ReloadError> {
        let listeners = self.listeners.lock().await;
        let listeners = listeners.as_ref().ok_or(ReloadError::Ending)?;
        check_fixed(&self.shared.rules.load().settings, &settings)?;
        let doors = settings.open.iter().map(door).collect::<Result<Vec<_>, _>>()?;
        let mut opened = self.doors.open.lock();
        let fresh = bind_new(&settings, &opened, doors, bind)?;
        let stays = |one: &Opened| settings.open.contains(&one.wish);
        let kept = opened.iter().filter(|one| stays(one)).map(|one| one.port.address());
        let own =
            std::iter::once(self.doors.main.address()).chain(kept).chain(fresh.iter().map(|one| one.0.port.address()));
        let policy = policy(&settings, own.collect::<Vec<_>>().into_iter()).map_err(StartError::from)?;
        // From here on nothing fails but for a lack of descriptors, and what was opened by then is closed again.
        for (one, door) in &fresh {
            let open = listeners.open(&one.port, door, &one.closing);
            open.inspect_err(|_| fresh.iter().for_each(|(one, _)| one.closing.cancel())).map_err(StartError::from)?;
        }
        let (gone, kept) = opened.drain(..).partition(|one: &Opened| !stays(one));
        let gone: Vec<Opened> = gone;
        *opened = kept;
        for one in &gone {
            one.closing.cancel();
            one.port.close();
        }
        opened.extend(fresh.into_iter().map(|(one, _)| one));
        for port in std::iter::once(&self.doors.main).chain(opened.iter().map(|one| &one.port)) {
            if let Err(error) = port.equip(&settings.deadlines) {
                tracing::warn!(%error, "new connections keep the keepalive of before");
            }
        }
        self.shared.directory.set_deadlines(Duration::from_secs(settings.staleness_s), settings.deadlines.clone());
        self.shared.rules.store(Arc::new(Rules { settings: Arc::new(settings), policy: Arc::new(policy) }));
        Ok(())
    }
}

fn check_fixed(before: &Settings, after: &Settings) -> Result<(), ReloadError> {
    let fixed = [
        ("gateway.listen", before.listen == after.listen),
        ("gateway.threads", before.threads == after.threads),
        ("gateway.backlog", before.backlog == after.backlog),
        ("extraction", before.entries == after.entries),
        ("gateway.spool", before.spool == after.spool),
        ("gateway.spool_slots", before.spool_slots == after.spool_slots),
    ];
    match fixed.into_iter().find(|(_, same)| !same) {
        Some((key, _)) => Err(ReloadError::Fixed(key)),
        None => Ok(()),
    }
}

/// Binds what is wished for and not open yet.
fn bind_new(
    settings: &Settings,
    opened: &[Opened],
    doors: Vec<Door>,
    bind: impl Fn(usize, &OpenPort) -> io::Result<Port>,
) -> Result<Vec<(Opened, Door)>, ReloadError> {
    let mut fresh = Vec::new();
    for (place, (wish, door)) in settings.open.iter().zip(doors).enumerate() {
        if opened.iter().any(|one| one.wish == *wish) {
            continue;
        }
        let port = bind(place, wish).map_err(|error| ReloadError::Listen(wish.listen, error))?;
        let closing = CancellationToken::new();
        fresh.push((Opened { wish: wish.clone(), port, closing }, door));
    }
    Ok(fresh)
}

/// What may be connected to, given where this gateway itself listens.
pub(super) fn policy(settings: &Settings, own: impl Iterator<Item = SocketAddr>) -> io::Result<DestinationPolicy> {
    let destinations = &settings.destinations;
    Ok(DestinationPolicy {
        allow_ports: destinations.allow_ports.clone(),
        allow_cidrs: destinations.allow_cidrs.clone(),
        own: destinations.own_listeners.iter().copied().chain(own).collect(),
        own_ranges: settings.entries.iter().map(|entry| (entry.listen, entry.ports)).collect(),
        local_addresses: local_addresses()?,
    })
}

fn local_addresses() -> io::Result<Vec<IpAddr>> {
    let interfaces = nix::ifaddrs::getifaddrs()?;
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
    });
    Ok(addresses.collect())
}

/// Keeps the policy true when this host gets other addresses.
pub(super) async fn follow_addresses(rules: Arc<ArcSwap<Rules>>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(ADDRESSES_EVERY)).await.is_some() {
        // When they cannot be read now, they can the next time.
        let Ok(found) = local_addresses() else { continue };
        let before = rules.load_full();
        if before.policy.local_addresses != found {
            let policy = DestinationPolicy { local_addresses: found, ..DestinationPolicy::clone(&before.policy) };
            let after = Rules { settings: Arc::clone(&before.settings), policy: Arc::new(policy) };
            // A reload that came in between has looked them up itself.
            rules.compare_and_swap(&before, Arc::new(after));
        }
    }
}
