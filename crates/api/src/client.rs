//! Whence a request comes: its connection, or what a proxy that the operator trusts says of it.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::Request;
use http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::server::Peer;

/// Where proxies write whom they speak for, nearest last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address a request comes from. What a client writes into `X-Forwarded-For` counts only as far as every proxy
/// behind it is trusted.
pub(crate) fn address(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical());
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut nearest = peer;
    let hops = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(&nearest) {
            break;
        }
        // What is no address says nothing: the proxy that wrote it stands for whom it hides.
        let Ok(ip) = hop.parse::<IpAddr>() else { break };
        nearest = ip.to_canonical();
    }
    nearest
}

/// As [`address`], of a whole request.
pub(crate) fn address_of(request: &Request, trusted: &[IpNet]) -> IpAddr {
    address(request.extensions(), request.headers(), trusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(format!("{peer}:1").parse().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        address(&extensions, &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("9.9.9.9", &["1.1.1.1"], &[]), "9.9.9.9");
        assert_eq!(seen("9.9.9.9", &["1.1.1.1"], &["10.0.0.0/8"]), "9.9.9.9");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_does_not_count() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(seen("10.0.0.1", &["7.7.7.7, 1.1.1.1"], &trusted), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &["7.7.7.7, 1.1.1.1, 10.0.0.2"], &trusted), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &["7.7.7.7", "1.1.1.1"], &trusted), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, nonsense"], &trusted), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["nonsense, 1.1.1.1"], &trusted), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &[""], &trusted), "10.0.0.1");
    }

    #[test]
    fn one_address_has_one_spelling() {
        assert_eq!(seen("[::ffff:10.0.0.1]", &["::ffff:1.1.1.1"], &["10.0.0.0/8"]), "1.1.1.1");
    }
}
