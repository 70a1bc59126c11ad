//! Which authorities are read, and which of the many near misses are refused.

use proptest::prelude::*;

use super::*;

fn name(text: &str, port: u16) -> Target {
    Target::Name(DomainName::parse(text).unwrap(), port)
}

fn address(text: &str) -> Target {
    Target::Address(text.parse().unwrap())
}

#[test]
fn hosts_and_literals_with_a_port_are_read() {
    let label = "l".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "l".repeat(61));
    assert_eq!(longest.len(), 253);
    let read = [
        ("example.com:443", name("example.com", 443)),
        ("EXAMPLE.Com:443", name("example.com", 443)),
        ("example.com.:443", name("example.com", 443)),
        ("_dmarc.ex_ample.com:1", name("_dmarc.ex_ample.com", 1)),
        ("xn--bcher-kva.example:65535", name("xn--bcher-kva.example", 65535)),
        ("localhost:80", name("localhost", 80)),
        ("1.2.3.4.example:80", name("1.2.3.4.example", 80)),
        ("0xyz:80", name("0xyz", 80)),
        ("1.2.3.4:443", address("1.2.3.4:443")),
        ("[::1]:443", address("[::1]:443")),
        ("[2001:DB8::1]:443", address("[2001:db8::1]:443")),
        ("[::ffff:1.2.3.4]:443", address("[::ffff:1.2.3.4]:443")),
        (&format!("{longest}:443"), name(&longest, 443)),
        (&format!("{longest}.:443"), name(&longest, 443)),
    ];
    for (text, target) in read {
        assert_eq!(Target::parse_authority(text), Ok(target), "{text}");
    }
}

fn assert_refused(refused: &[(&str, TargetError)]) {
    for (text, error) in refused {
        assert_eq!(Target::parse_authority(text), Err(*error), "{text:?}");
    }
}

#[test]
fn ports_are_plain_numbers() {
    assert_refused(&[
        ("", TargetError::NoPort),
        ("example.com", TargetError::NoPort),
        ("[::1]", TargetError::NoPort),
        ("host:", TargetError::Port),
        ("host:0", TargetError::Port),
        (":0", TargetError::Port),
        ("host:65536", TargetError::Port),
        ("host:99999999999999999999", TargetError::Port),
        ("host:-1", TargetError::Port),
        ("host:+443", TargetError::Port),
        ("host:0443", TargetError::Port),
        ("host:443 ", TargetError::Port),
        ("host: 443", TargetError::Port),
        ("host:https", TargetError::Port),
        ("host:４４３", TargetError::Port),
        ("host:443/path", TargetError::Port),
        ("host:443?x", TargetError::Port),
        ("host:443#x", TargetError::Port),
    ]);
}

#[test]
fn names_are_plain_letters() {
    use NameFault::{Character, EmptyLabel, TooLong};
    let label = "l".repeat(64);
    let too_long = format!("{}:443", vec!["l".repeat(62); 4].join(".") + "ll");
    assert_refused(&[
        (":443", EmptyLabel.into()),
        ("host:443:443", Character.into()),
        ("user@host:443", Character.into()),
        ("user:pw@host:443", Character.into()),
        ("http://host:443", Character.into()),
        ("//host:443", Character.into()),
        ("%6c%6fcalhost:443", Character.into()),
        ("*:443", Character.into()),
        ("*.example.com:443", Character.into()),
        (" host:443", Character.into()),
        ("host :443", Character.into()),
        ("ho\tst:443", Character.into()),
        ("host\0:443", Character.into()),
        ("host\r\n:443", Character.into()),
        ("ex,ample:443", Character.into()),
        ("a..b:443", EmptyLabel.into()),
        (".example.com:443", EmptyLabel.into()),
        ("example.com..:443", EmptyLabel.into()),
        (".:443", EmptyLabel.into()),
        (&format!("{label}.com:443"), TooLong.into()),
        (&too_long, TooLong.into()),
        ("example。com:80", Character.into()),
        ("bücher.example:80", Character.into()),
        ("ﬁ.example:80", Character.into()),
    ]);
}

#[test]
fn brackets_hold_ipv6_and_ipv6_is_in_brackets() {
    use NameFault::Character;
    assert_refused(&[
        ("[1.2.3.4]:443", TargetError::Brackets),
        ("[example.com]:443", TargetError::Brackets),
        ("[[::1]]:443", TargetError::Brackets),
        ("[::1", TargetError::Brackets),
        ("[::1]443", TargetError::Brackets),
        ("[::1] :443", TargetError::Brackets),
        ("[]:443", TargetError::Brackets),
        ("[fe80::1%25eth0]:443", TargetError::Brackets),
        ("[fe80::1%1]:443", TargetError::Brackets),
        ("[v1.x]:443", TargetError::Brackets),
        ("::1:443", Character.into()),
        ("::1", Character.into()),
        ("fe80::1%eth0:443", Character.into()),
        ("::1]:443", Character.into()),
    ]);
}

#[test]
fn addresses_in_old_or_folded_forms_are_refused() {
    use NameFault::{Character, Numeric};
    assert_refused(&[
        ("127.1:80", Numeric.into()),
        ("2130706433:80", Numeric.into()),
        ("0x7f.1:80", Numeric.into()),
        ("0x7f000001:80", Numeric.into()),
        ("0X7F000001:80", Numeric.into()),
        ("0x:80", Numeric.into()),
        ("0177.0.0.1:80", Numeric.into()),
        ("017700000001:80", Numeric.into()),
        ("0:80", Numeric.into()),
        ("127.0.0.1.:80", Numeric.into()),
        ("127.0.0.01:80", Numeric.into()),
        ("127.0.0.0x1:80", Numeric.into()),
        ("1.2.3.4.5:80", Numeric.into()),
        ("256.0.0.1:80", Numeric.into()),
        ("example.123:80", Numeric.into()),
        ("１２７.０.０.１:80", Character.into()),
        ("①②⑦.0.0.1:80", Character.into()),
        ("127。0。0。1:80", Character.into()),
    ]);
}

#[test]
fn a_url_may_leave_the_port_out() {
    assert_eq!(Target::parse_url_authority("Example.com", 80), Ok(name("example.com", 80)));
    assert_eq!(Target::parse_url_authority("example.com:8080", 80), Ok(name("example.com", 8080)));
    assert_eq!(Target::parse_url_authority("[::1]", 80), Ok(address("[::1]:80")));
    assert_eq!(Target::parse_url_authority("1.2.3.4", 80), Ok(address("1.2.3.4:80")));
    assert_eq!(Target::parse_url_authority("example.com:", 80), Err(TargetError::Port));
    assert_eq!(Target::parse_url_authority("user@example.com", 80), Err(NameFault::Character.into()));
    assert_eq!(Target::parse_url_authority("", 80), Err(NameFault::EmptyLabel.into()));
}

#[test]
fn socks_names_may_be_literals() {
    assert_eq!(Target::from_socks_name(b"Example.com.", 80), Ok(name("example.com", 80)));
    assert_eq!(Target::from_socks_name(b"1.2.3.4", 80), Ok(address("1.2.3.4:80")));
    assert_eq!(Target::from_socks_name(b"::1", 80), Ok(address("[::1]:80")));
    for bad in [&b"[::1]"[..], b"a b", b"a\0b", b"user@host", b"%41", b"\xff", "１".as_bytes()] {
        assert_eq!(Target::from_socks_name(bad, 80), Err(NameFault::Character.into()), "{bad:?}");
    }
    assert_eq!(Target::from_socks_name(b"127.1", 80), Err(NameFault::Numeric.into()));
    assert_eq!(Target::from_socks_name(b"", 80), Err(NameFault::EmptyLabel.into()));
    assert_eq!(Target::from_socks_name(b"example.com", 0), Err(TargetError::Port));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,300}", bytes: Vec<u8>, port: u16) {
        for target in [Target::parse_authority(&text), Target::from_socks_name(&bytes, port)] {
            prop_assert!(target.is_err() || target.is_ok_and(|target| target.port() != 0));
        }
    }

    #[test]
    fn what_is_read_is_written_and_read_again(text in "[a-zA-Z0-9._\\[\\]:x-]{0,40}:[0-9]{1,5}", socket: std::net::SocketAddr) {
        for text in [text, socket.to_string()] {
            if let Ok(target) = Target::parse_authority(&text) {
                prop_assert_eq!(Target::parse_authority(&target.to_string()), Ok(target));
            }
        }
    }

    /// The system's resolver reads no accepted name as an address: it must look like one to `inet_aton` in no way.
    #[test]
    fn no_accepted_name_is_an_old_address(text in "(0x?)?[0-9a-fA-F]{0,10}(\\.(0[xX]?)?[0-9a-fA-F]{0,4}){0,3}\\.?") {
        if let Ok(name) = DomainName::parse(&text) {
            prop_assert!(!inet_aton_reads(name.as_str()), "{name}");
        }
    }
}

/// What `inet_aton` takes: one to four numbers, each decimal, octal or hexadecimal.
fn inet_aton_reads(text: &str) -> bool {
    let number = |part: &str| match part.to_ascii_lowercase().strip_prefix("0x") {
        Some(hex) => hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()),
    };
    text.split('.').count() <= 4 && text.split('.').all(number)
}
