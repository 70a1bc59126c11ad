//! Every special-purpose block by its first, middle and last address, every way of hiding one, and what stays shut.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

/// The registries' blocks as IANA lists them, kept apart from the table under test.
const REGISTRY: &[&str] = &[
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.88.99.2/32",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "224.0.0.0/4",
    "::1/128",
    "::/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "::/96",
    "::ffff:0:0:0/96",
    "::/8",
    "200::/7",
    "400::/6",
    "4000::/3",
    "e000::/4",
    "f000::/5",
];

fn socket(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), port)
}

fn open_to(cidrs: &[&str]) -> DestinationPolicy {
    let allow_cidrs = cidrs.iter().map(|cidr| cidr.parse().unwrap()).collect();
    DestinationPolicy { allow_cidrs, ..DestinationPolicy::default() }
}

fn verdict(policy: &DestinationPolicy, ip: &str) -> Result<SocketAddr, DestinationError> {
    policy.classify(socket(ip, 443)).map(Destination::get)
}

fn middle(net: &IpNet) -> IpAddr {
    match net {
        IpNet::V4(net) => {
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            Ipv4Addr::from(first + (last - first) / 2).into()
        }
        IpNet::V6(net) => {
            let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
            Ipv6Addr::from(first + (last - first) / 2).into()
        }
    }
}

#[test]
fn the_first_middle_and_last_address_of_every_block_are_shut() {
    let policy = DestinationPolicy::default();
    for cidr in REGISTRY {
        let net: IpNet = cidr.parse().unwrap();
        for ip in [net.network(), middle(&net), net.broadcast()] {
            assert!(policy.classify(SocketAddr::new(ip, 443)).is_err(), "{ip} of {cidr}");
        }
    }
}

#[test]
fn the_public_neighbours_of_blocks_are_open() {
    let policy = DestinationPolicy::default();
    let neighbours = [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "8.8.8.8",
        "2001:200::",
        "2001:db7:ffff::",
        "2001:db9::",
        "2003::",
        "2620:4f:7fff::",
        "2620:4f:8001::",
        "3ffe::1",
        "2606:4700::1111",
        "2000::",
    ];
    for ip in neighbours {
        assert_eq!(verdict(&policy, ip), Ok(socket(ip, 443)), "{ip}");
    }
}

#[test]
fn the_block_is_named() {
    let policy = DestinationPolicy::default();
    let named = [
        ("10.0.0.1", "private use"),
        ("127.0.0.1", "loopback"),
        ("0.0.0.0", "this network"),
        ("255.255.255.255", "limited broadcast"),
        ("::", "unspecified address"),
        ("::1", "loopback"),
        ("::127.0.0.1", "IPv4-compatible"),
        ("fe80::1", "link local"),
        ("fd12::1", "unique local"),
        ("2001::1", "Teredo"),
        ("4000::1", "not global unicast"),
    ];
    for (ip, block) in named {
        assert_eq!(verdict(&policy, ip), Err(DestinationError::SpecialPurpose { block }), "{ip}");
    }
}

#[test]
fn metadata_stays_shut_whatever_is_allowed() {
    let all = open_to(&["0.0.0.0/0", "::/0"]);
    let metadata = [
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1:a9fe:a9:fe00::",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "2001:0:808:808::5601:5601",
        "2600::5efe:169.254.169.254",
        "2600::200:5efe:168.63.129.16",
    ];
    for ip in metadata {
        for policy in [&all, &DestinationPolicy::default()] {
            let refused = verdict(policy, ip);
            assert!(refused.is_err(), "{ip}");
        }
        assert_eq!(verdict(&all, ip), Err(DestinationError::Metadata), "{ip}");
    }
}

#[test]
fn own_listeners_stay_shut_by_every_local_address() {
    let mut policy = open_to(&["0.0.0.0/0", "::/0"]);
    policy.own = vec![socket("0.0.0.0", 8080), socket("127.0.0.1", 8443), socket("::ffff:10.0.0.9", 443)];
    policy.local_addresses = vec!["192.0.2.44".parse().unwrap(), "2001:db8::44".parse().unwrap()];
    let shut = [
        ("127.0.0.1", 8080),
        ("127.9.9.9", 8080),
        ("0.0.0.0", 8080),
        ("::", 8080),
        ("::1", 8080),
        ("192.0.2.44", 8080),
        ("2001:db8::44", 8080),
        ("::ffff:192.0.2.44", 8080),
        ("64:ff9b::192.0.2.44", 8080),
        ("2002:c000:22c::", 8080),
        ("127.0.0.1", 8443),
        ("0.0.0.0", 8443),
        ("::ffff:127.0.0.1", 8443),
        ("10.0.0.9", 443),
        ("::ffff:10.0.0.9", 443),
    ];
    for (ip, port) in shut {
        assert_eq!(policy.classify(socket(ip, port)), Err(DestinationError::OwnListener), "{ip} {port}");
    }
    for (ip, port) in [("127.0.0.2", 8443), ("192.0.2.44", 443), ("192.0.2.45", 8080), ("10.0.0.9", 80)] {
        assert!(policy.classify(socket(ip, port)).is_ok(), "{ip} {port}");
    }
}

#[test]
fn an_allowed_block_opens_itself_and_nothing_else() {
    let policy = open_to(&["10.1.0.0/16", "fd12::/16"]);
    assert!(verdict(&policy, "10.1.2.3").is_ok());
    assert!(verdict(&policy, "fd12::1").is_ok());
    for ip in ["10.2.0.1", "127.0.0.1", "fd13::1", "::ffff:10.1.2.3", "::10.1.2.3", "64:ff9b::10.1.2.3"] {
        assert!(verdict(&policy, ip).is_err(), "{ip}");
    }
}

/// Smokescreen once read `::ffff:0:0/96` as `0.0.0.0/0`.
#[test]
fn a_mapped_block_opens_no_ipv4_address() {
    let policy = open_to(&["::ffff:0:0/96", "::ffff:10.0.0.0/104"]);
    for ip in ["10.0.0.1", "127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"] {
        assert!(verdict(&policy, ip).is_err(), "{ip}");
    }
    assert_eq!(verdict(&policy, "::ffff:8.8.8.8"), Ok(socket("8.8.8.8", 443)));
}

#[test]
fn an_embedded_address_must_be_allowed_itself() {
    let translated = open_to(&["64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"]);
    assert!(verdict(&translated, "64:ff9b::8.8.8.8").is_ok());
    assert!(verdict(&translated, "64:ff9b:1::8.8.8.8").is_ok());
    assert!(verdict(&translated, "2002:808:808::1").is_ok());
    for ip in ["64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "64:ff9b:1:a00:0:100::", "2002:a00:1::1", "2002:7f00:1::"] {
        assert!(verdict(&translated, ip).is_err(), "{ip}");
    }
    assert!(verdict(&DestinationPolicy::default(), "2600::5efe:8.8.8.8").is_ok());
    assert!(verdict(&DestinationPolicy::default(), "2600::5efe:10.0.0.1").is_err());
}

#[test]
fn only_allowed_ports_are_dialled() {
    let policy = DestinationPolicy::default();
    for port in [80, 443, 8080, 8443] {
        assert!(policy.classify(socket("8.8.8.8", port)).is_ok());
    }
    for port in [0, 22, 25, 587, 2600, 65535] {
        assert_eq!(policy.classify(socket("8.8.8.8", port)), Err(DestinationError::Port(port)));
    }
}

proptest! {
    #[test]
    fn an_address_hidden_in_another_is_never_more_open(ip: Ipv4Addr) {
        // `::0.0.0.0` and `::0.0.0.1` are `::` and `::1`, addresses of their own.
        prop_assume!(u32::from(ip) > 1);
        let policy = open_to(&["::/0"]);
        let [a, b, c, d] = ip.octets();
        let hidden = [
            format!("::ffff:{ip}"), format!("::{ip}"), format!("64:ff9b::{ip}"), format!("64:ff9b:1::{ip}"),
            format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::"), format!("2600::5efe:{ip}"),
        ];
        let plain = verdict(&policy, &ip.to_string());
        for form in hidden {
            prop_assert_eq!(verdict(&policy, &form).is_ok(), plain.is_ok(), "{}", form);
        }
    }

    #[test]
    fn what_passes_is_what_is_dialled(ip: IpAddr) {
        if let Ok(destination) = DestinationPolicy::default().classify(SocketAddr::new(ip, 443)) {
            prop_assert_eq!(destination.get(), SocketAddr::new(ip, 443));
        }
    }
}
