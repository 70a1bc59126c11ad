//! From a client's target to addresses that may be dialled: names are resolved by a resolver of our own (hosts file,
//! cache, the host's or configured servers), and every address is classified. Each thread has its own.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, TokioResolver};
use tokio::time::timeout;
use turnpike_domain::destination::{Destination, DestinationError, DestinationPolicy, DomainName, Target};

use crate::refusal::Refusal;
use crate::settings::{ResolverSettings, Settings};

/// How long the second family's answer is waited for once the first has addresses (RFC 8305 §3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// Resolves and classifies.
pub(crate) struct Resolver {
    names: Option<TokioResolver>,
    hosts: Hosts,
    policy: Arc<DestinationPolicy>,
    settings: Arc<Settings>,
}

impl Resolver {
    /// Reads the hosts file and the host's settings, as far as they are asked for. Must be called on the runtime that
    /// will use it.
    pub(crate) fn new(settings: Arc<Settings>, policy: Arc<DestinationPolicy>) -> Self {
        let hosts =
            if settings.resolver.hosts_file { Hosts::from_system().unwrap_or_default() } else { Hosts::default() };
        let names = build(&settings.resolver)
            .inspect_err(|error| tracing::warn!(%error, "no name server: only literal addresses and the hosts file"))
            .ok();
        Self { names, hosts, policy, settings }
    }

    /// What may be dialled for a target whose port was checked, best first, at least one.
    ///
    /// # Errors
    /// The name has no usable address, or the policy denies all there are.
    pub(crate) async fn destinations(&self, target: &Target) -> Result<Vec<Destination>, Refusal> {
        match target {
            Target::Address(address) => Ok(vec![self.policy.classify(*address)?]),
            Target::Name(name, port) => {
                let found = timeout(self.settings.deadlines.resolve(), self.addresses(name)).await;
                let mut addresses = found.unwrap_or(Err(Refusal::DnsTimedOut))?;
                addresses.truncate(self.settings.resolver.answers);
                self.classify(interleave(addresses), *port)
            }
        }
    }

    /// What the operator named: its addresses, best first, whatever they are. For nothing that a client names.
    ///
    /// # Errors
    /// The name has no address.
    pub(crate) async fn unclassified(&self, target: &Target) -> Result<Vec<SocketAddr>, Refusal> {
        match target {
            Target::Address(address) => Ok(vec![*address]),
            Target::Name(name, port) => {
                let found = timeout(self.settings.deadlines.resolve(), self.addresses(name)).await;
                let mut addresses = interleave(found.unwrap_or(Err(Refusal::DnsTimedOut))?);
                addresses.truncate(self.settings.resolver.answers);
                let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, *port));
                Ok(addresses.collect())
            }
        }
    }

    fn classify(&self, addresses: Vec<IpAddr>, port: u16) -> Result<Vec<Destination>, Refusal> {
        let mut denied: Option<DestinationError> = None;
        let mut allowed = Vec::with_capacity(addresses.len());
        for address in addresses {
            match self.policy.classify(SocketAddr::new(address, port)) {
                Ok(destination) => allowed.push(destination),
                Err(error) => denied = denied.or(Some(error)),
            }
        }
        match denied {
            _ if !allowed.is_empty() => Ok(allowed),
            Some(error) => Err(error.into()),
            None => Err(Refusal::NoSuchName),
        }
    }

    async fn addresses(&self, name: &DomainName) -> Result<Vec<IpAddr>, Refusal> {
        // The name is complete as it stands: a search list would let the host's own domain answer for it.
        let mut name = Name::from_ascii(name.as_str()).map_err(|_| Refusal::NoSuchName)?;
        name.set_fqdn(true);
        let listed = self.in_hosts_file(&name);
        if !listed.is_empty() {
            return Ok(listed);
        }
        let names = self.names.as_ref().ok_or(Refusal::DnsFailed)?;
        let (v6, v4) = (query(names, name.clone(), RecordType::AAAA), query(names, name, RecordType::A));
        tokio::pin!(v6, v4);
        tokio::select! {
            first = &mut v6 => both(first, v4).await,
            first = &mut v4 => both(first, v6).await,
        }
    }

    fn in_hosts_file(&self, name: &Name) -> Vec<IpAddr> {
        [RecordType::AAAA, RecordType::A]
            .into_iter()
            .filter_map(|kind| self.hosts.lookup_static_host(&Query::query(name.clone(), kind)))
            .flat_map(|lookup| lookup.answers().iter().filter_map(|record| record.data.ip_addr()).collect::<Vec<_>>())
            .collect()
    }
}

fn build(settings: &ResolverSettings) -> Result<TokioResolver, NetError> {
    let mut builder = if settings.servers.is_empty() {
        TokioResolver::builder_tokio()?
    } else {
        let servers = settings.servers.iter().map(|server| name_server(*server)).collect();
        let config = ResolverConfig::from_name_servers(servers);
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    set_options(builder.options_mut(), settings);
    builder.build()
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    config.connections.iter_mut().for_each(|connection| connection.port = server.port());
    config
}

fn set_options(options: &mut ResolverOpts, settings: &ResolverSettings) {
    let longest = Duration::from_secs(settings.longest_ttl_s);
    options.timeout = Duration::from_millis(settings.query_ms);
    options.attempts = settings.attempts;
    options.cache_size = settings.cache_entries;
    options.positive_max_ttl = Some(longest);
    options.negative_max_ttl = Some(longest);
    // Consulted by ourselves: a name that is listed for one family must not be asked for in the other.
    options.use_hosts_file = ResolveHosts::Never;
    options.case_randomization = true;
}

async fn query(names: &TokioResolver, name: Name, kind: RecordType) -> Result<Vec<IpAddr>, Refusal> {
    match names.lookup(name, kind).await {
        Ok(lookup) => Ok(lookup.answers().iter().filter_map(|record| record.data.ip_addr()).collect()),
        Err(error) => Err(refusal_of(&error)),
    }
}

/// Adds the second family's addresses. They are waited for shortly when the first family has some, else to the end.
async fn both(
    first: Result<Vec<IpAddr>, Refusal>,
    second: impl Future<Output = Result<Vec<IpAddr>, Refusal>>,
) -> Result<Vec<IpAddr>, Refusal> {
    match first {
        Ok(mut addresses) if !addresses.is_empty() => {
            if let Ok(Ok(more)) = timeout(RESOLUTION_DELAY, second).await {
                addresses.extend(more);
            }
            Ok(addresses)
        }
        first => match (first, second.await) {
            (_, Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            // Of two causes, tell the one that is not just the absence of addresses in a family.
            (Err(cause), _) | (_, Err(cause)) if cause != Refusal::NoSuchName => Err(cause),
            (_, Err(cause)) => Err(cause),
            _ => Err(Refusal::NoSuchName),
        },
    }
}

/// Families take turns, IPv6 first (RFC 8305 §4).
fn interleave(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let (v6, v4): (Vec<IpAddr>, Vec<IpAddr>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let mut mixed = Vec::with_capacity(v6.len() + v4.len());
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    loop {
        let before = mixed.len();
        mixed.extend(v6.next());
        mixed.extend(v4.next());
        if mixed.len() == before {
            return mixed;
        }
    }
}

fn refusal_of(error: &NetError) -> Refusal {
    match error {
        NetError::Timeout => Refusal::DnsTimedOut,
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain | ResponseCode::NoError => Refusal::NoSuchName,
            _ => Refusal::DnsFailed,
        },
        _ => Refusal::DnsFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let mixed = interleave(vec![ip("1.1.1.1"), ip("1.1.1.2"), ip("2600::1"), ip("1.1.1.3")]);
        assert_eq!(mixed, [ip("2600::1"), ip("1.1.1.1"), ip("1.1.1.2"), ip("1.1.1.3")]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_family_delays_the_first_only_shortly() {
        let ip: IpAddr = "1.1.1.1".parse().unwrap();
        let never = std::future::pending();
        assert_eq!(both(Ok(vec![ip]), never).await, Ok(vec![ip]));
        let no = async { Err(Refusal::NoSuchName) };
        assert_eq!(both(Err(Refusal::DnsTimedOut), no).await, Err(Refusal::DnsTimedOut));
    }
}
