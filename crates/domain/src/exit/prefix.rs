//! Addresses of a prefix that is routed to the host: one for each number.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::stirred;

/// What makes the upper half of an address another number than the lower.
const UPPER: u64 = 0x5851_F42D_4C95_7F2D;

/// The address of a prefix that belongs to a number: the same for the same number, spread over the whole prefix, and never the
/// prefix' own first address, which routers answer to (RFC 4291 §2.6.1).
pub fn address_in(prefix: Ipv6Net, number: u64) -> Ipv6Addr {
    let host_bits = u128::MAX.checked_shr(u32::from(prefix.prefix_len())).unwrap_or(0);
    let spread = (u128::from(stirred(number ^ UPPER)) << 64) | u128::from(stirred(number));
    let host = match spread & host_bits {
        0 => 1 & host_bits,
        host => host,
    };
    Ipv6Addr::from(u128::from(prefix.network()) | host)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_address_lies_in_its_prefix_and_is_not_its_first(
            bits in any::<u128>(), length in 0_u8..=126, number in any::<u64>(),
        ) {
            let prefix = Ipv6Net::new(Ipv6Addr::from(bits), length).unwrap().trunc();
            let address = address_in(prefix, number);
            prop_assert!(prefix.contains(&address));
            prop_assert_ne!(address, prefix.network());
            prop_assert_eq!(address, address_in(prefix, number));
        }
    }

    #[test]
    fn numbers_are_spread_over_the_whole_prefix() {
        let prefix: Ipv6Net = "2001:db8:1::/48".parse().unwrap();
        let addresses: HashSet<_> = (0..10_000).map(|number| address_in(prefix, number)).collect();
        assert_eq!(addresses.len(), 10_000);
        let subnets: HashSet<_> = addresses.iter().map(|address| address.segments()[3]).collect();
        assert!(subnets.len() > 8_000, "{}", subnets.len());
        let few: Ipv6Net = "2001:db8::/126".parse().unwrap();
        let addresses: HashSet<_> = (0..100).map(|number| address_in(few, number)).collect();
        assert_eq!(addresses.len(), 3);
    }
}
