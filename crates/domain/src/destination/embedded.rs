//! IPv4 addresses inside IPv6 ones. A translator, tunnel or kernel may send such a packet on to the inner address, so
//! the inner one counts as much as the outer.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Every IPv4 address that a way of writing IPv4 in IPv6 finds in this one.
pub(super) fn embedded_v4(ip: Ipv6Addr) -> impl Iterator<Item = Ipv4Addr> {
    let segments = ip.segments();
    let octets = ip.octets();
    let at = |places: [usize; 4]| Ipv4Addr::from(places.map(|place| octets.get(place).copied().unwrap_or_default()));
    let tail = at([12, 13, 14, 15]);

    let in_tail = matches!(
        segments,
        // IPv4-mapped, IPv4-compatible (RFC 4291) and IPv4-translated (RFC 2765).
        [0, 0, 0, 0, 0, 0xffff | 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..]
        // NAT64's well-known prefix (RFC 6052), and a local one (RFC 8215) as most networks use it.
        | [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..]
        // An ISATAP interface identifier, under any prefix (RFC 5214).
        | [_, _, _, _, 0 | 0x200, 0x5efe, ..]
    );
    let six_to_four = matches!(segments, [0x2002, ..]).then(|| at([2, 3, 4, 5]));
    // Teredo: the server's address in clear, the client's with all bits turned (RFC 4380).
    let teredo = matches!(segments, [0x2001, 0, ..]).then(|| [at([4, 5, 6, 7]), Ipv4Addr::from(!u32::from(tail))]);
    let local_nat64 = matches!(segments, [0x64, 0xff9b, 1, ..]).then(|| NAT64_LAYOUTS.map(at));

    // `::` and `::1` look IPv4-compatible, but are the unspecified and the loopback address (RFC 4291 §2.5).
    let plain = u128::from(ip) <= 1;

    (in_tail && !plain)
        .then_some(tail)
        .into_iter()
        .chain(six_to_four)
        .chain(teredo.into_iter().flatten())
        .chain(local_nat64.into_iter().flatten().filter(|inner| inner.octets()[0] != 0))
}

/// Where the address lies under a NAT64 prefix of 48, 56 and 64 bits (RFC 6052 §2.2). Which length a network uses under
/// `64:ff9b:1::/48` cannot be seen from outside, so all are read. What begins with a zero byte is padding of another
/// length, not an address.
const NAT64_LAYOUTS: [[usize; 4]; 3] = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_its_inner_address() {
        let forms = [
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("::10.1.2.3", "10.1.2.3"),
            ("::ffff:0:10.1.2.3", "10.1.2.3"),
            ("64:ff9b::10.1.2.3", "10.1.2.3"),
            ("64:ff9b:1::10.1.2.3", "10.1.2.3"),
            ("64:ff9b:1:0a01:0002:0300::", "10.1.2.3"),
            ("64:ff9b:1:000a:0001:0203::", "10.1.2.3"),
            ("64:ff9b:1:0:000a:0102:0300::", "10.1.2.3"),
            ("2002:0a01:0203::", "10.1.2.3"),
            ("2001:0:0a01:0203::", "10.1.2.3"),
            ("2001:0:808:808:0:0:f5fe:fdfc", "10.1.2.3"),
            ("2600:1234::5efe:10.1.2.3", "10.1.2.3"),
            ("2600:1234::200:5efe:10.1.2.3", "10.1.2.3"),
        ];
        for (outer, inner) in forms {
            let inner: Ipv4Addr = inner.parse().unwrap();
            assert!(embedded_v4(outer.parse().unwrap()).any(|found| found == inner), "{outer}");
        }
    }

    #[test]
    fn ordinary_addresses_hold_none() {
        for plain in ["::", "::1", "2600::1", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888"] {
            assert_eq!(embedded_v4(plain.parse().unwrap()).next(), None, "{plain}");
        }
    }
}
