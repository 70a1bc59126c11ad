//! The special-purpose blocks of the IANA IPv4 and IPv6 registries, beside multicast and what is not global unicast.
//!
//! Blocks are plain prefixes of one family: an IPv4-mapped prefix must never turn into an IPv4 one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses and what it is for.
struct Block<A> {
    first: A,
    prefix: u32,
    name: &'static str,
}

const fn v4(first: [u8; 4], prefix: u32, name: &'static str) -> Block<[u8; 4]> {
    Block { first, prefix, name }
}

const fn v6(first: [u16; 8], prefix: u32, name: &'static str) -> Block<[u16; 8]> {
    Block { first, prefix, name }
}

/// IANA IPv4 Special-Purpose Address Registry, and multicast.
const V4_BLOCKS: &[Block<[u8; 4]>] = &[
    v4([0, 0, 0, 0], 8, "this network"),
    v4([10, 0, 0, 0], 8, "private use"),
    v4([100, 64, 0, 0], 10, "shared address space"),
    v4([127, 0, 0, 0], 8, "loopback"),
    v4([169, 254, 0, 0], 16, "link local"),
    v4([172, 16, 0, 0], 12, "private use"),
    v4([192, 0, 0, 0], 24, "IETF protocol assignments"),
    v4([192, 0, 2, 0], 24, "documentation"),
    v4([192, 31, 196, 0], 24, "AS112"),
    v4([192, 52, 193, 0], 24, "automatic multicast tunneling"),
    v4([192, 88, 99, 0], 24, "6to4 relay anycast"),
    v4([192, 168, 0, 0], 16, "private use"),
    v4([192, 175, 48, 0], 24, "AS112"),
    v4([198, 18, 0, 0], 15, "benchmarking"),
    v4([198, 51, 100, 0], 24, "documentation"),
    v4([203, 0, 113, 0], 24, "documentation"),
    v4([224, 0, 0, 0], 4, "multicast"),
    v4([255, 255, 255, 255], 32, "limited broadcast"),
    v4([240, 0, 0, 0], 4, "reserved"),
];

/// IANA IPv6 Special-Purpose Address Registry, multicast and retired blocks; narrow ones before those around them.
const V6_BLOCKS: &[Block<[u16; 8]>] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, "unspecified address"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback"),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "IPv4-mapped"),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, "IPv4-translated"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, "IPv4-compatible"),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "IPv4-IPv6 translation"),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "IPv4-IPv6 translation"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discard only"),
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, "dummy prefix"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo"),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "benchmarking"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "IETF protocol assignments"),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation"),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4"),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "AS112"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "unique local"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link local"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site local"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
];

/// The name of the special-purpose block an address lies in; `None` for ordinary addresses of the internet.
pub(crate) fn block_of(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => {
            let within = |block: &&Block<[u8; 4]>| {
                let first = u32::from(Ipv4Addr::from(block.first));
                first == u32::from(ip) & high_bits_v4(block.prefix)
            };
            V4_BLOCKS.iter().find(within).map(|block| block.name)
        }
        IpAddr::V6(ip) => {
            let within = |block: &&Block<[u16; 8]>| {
                let first = u128::from(Ipv6Addr::from(block.first));
                first == u128::from(ip) & high_bits_v6(block.prefix)
            };
            let listed = V6_BLOCKS.iter().find(within).map(|block| block.name);
            // All that IANA has handed out for the internet lies in 2000::/3.
            listed.or_else(|| (u128::from(ip) >> 125 != 1).then_some("not global unicast"))
        }
    }
}

fn high_bits_v4(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0)
}

fn high_bits_v6(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0)
}

/// Where clouds serve credentials and configuration to the machines that run in them. No setting opens these.
const METADATA_V4: &[[u8; 4]] = &[
    // The address most clouds use, and containers' credentials on AWS.
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [169, 254, 170, 23],
    // Azure's platform address: publicly routable, so in no block above.
    [168, 63, 129, 16],
    // Alibaba, Oracle, Tencent, Scaleway.
    [100, 100, 100, 200],
    [192, 0, 0, 192],
    [169, 254, 0, 23],
    [169, 254, 42, 42],
];

/// The same over IPv6: AWS, containers on AWS, Google, Scaleway.
const METADATA_V6: &[[u16; 8]] = &[
    [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23],
    [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254],
    [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42],
];

/// Whether a cloud's metadata service answers there.
pub(super) fn is_metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => METADATA_V4.contains(&ip.octets()),
        IpAddr::V6(ip) => METADATA_V6.contains(&ip.segments()),
    }
}
