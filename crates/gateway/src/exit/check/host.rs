//! What an exit lacks on this host: its address, a route by which answers come back, leave of the kernel.

use ipnet::Ipv6Net;
use turnpike_domain::exit::{ExitLack, Route, address_in};

use super::super::connect::{self, Source};
use super::{DialError, ExitFault, Guise};

/// Where the kernel tells its IPv6 routes, those that it takes for its own among them.
const ROUTES: &str = "/proc/net/ipv6_route";
/// The flag of a route to the host itself (`RTF_LOCAL`).
const LOCAL: u32 = 0x8000_0000;

/// What is missing before anything is dialled.
pub(super) fn lacks(route: &Route, guise: &Guise<'_>) -> Vec<ExitLack> {
    match route {
        Route::Address(own) if is_refused(Source::Own(*own)) => vec![ExitLack::AddressNotHere(*own)],
        Route::Direct | Route::Upstream(_) | Route::Address(_) => Vec::new(),
        Route::Prefix(prefix) => {
            let mut lacks = Vec::new();
            // Without the file nothing can be said; then the page tells.
            if std::fs::read_to_string(ROUTES).is_ok_and(|routes| !takes(&routes, *prefix)) {
                lacks.push(ExitLack::NoLocalRoute(*prefix));
            }
            if is_refused(Source::Routed(address_in(*prefix, guise.number))) {
                lacks.push(ExitLack::NoNonlocalBind(*prefix));
            }
            lacks
        }
    }
}

fn is_refused(source: Source) -> bool {
    matches!(connect::check(source), Err(DialError::Exit { fault: ExitFault::NotHere, .. }))
}

/// Whether the host takes all of a prefix for its own.
fn takes(routes: &str, prefix: Ipv6Net) -> bool {
    routes.lines().any(|line| own_route(line).is_some_and(|own| own.contains(&prefix)))
}

/// A route to the host itself: the destination in hex, the length of its prefix in hex, and as the ninth column the flags.
fn own_route(line: &str) -> Option<Ipv6Net> {
    let mut columns = line.split_ascii_whitespace();
    let address = u128::from_str_radix(columns.next()?, 16).ok()?;
    let length = u8::from_str_radix(columns.next()?, 16).ok()?;
    let flags = u32::from_str_radix(columns.nth(6)?, 16).ok()?;
    if flags & LOCAL == 0 { None } else { Ipv6Net::new(address.into(), length).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
        20010db8007700000000000000000000 30 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 80000001       lo
        20010db8009900000000000000000000 30 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 00000001     eth0
        00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo";

    #[test]
    fn a_prefix_is_the_hosts_own_when_a_local_route_covers_it() {
        for (prefix, own) in [
            ("2001:db8:77::/48", true),
            ("2001:db8:77:8::/64", true),
            ("2001:db8:70::/44", false),
            ("2001:db8:99::/48", false),
        ] {
            assert_eq!(takes(TABLE, prefix.parse().unwrap()), own, "{prefix}");
        }
        assert!(!takes("nonsense\n1 2", "::/0".parse().unwrap()));
    }
}
