//! The page that says by which address it was asked: any text over plain HTTP with an address in it.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turnpike_domain::exit::EchoPage;

use super::Dialled;

/// The longest answer that is looked at.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Asks for the page, and reads its answer to the end.
pub(super) async fn read(dialled: Dialled, page: &EchoPage) -> io::Result<Vec<u8>> {
    let Dialled { mut stream, early: mut answer } = dialled;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/plain, */*\r\nUser-Agent: turnpike\r\nConnection: close\r\n\r\n",
        page.path, page.at
    );
    stream.write_all(request.as_bytes()).await?;
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The first address in the body of a successful answer.
pub(super) fn address(answer: &[u8]) -> Option<IpAddr> {
    let is_success = answer.starts_with(b"HTTP/1.") && answer.get(8..10) == Some(b" 2");
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n")?;
    let body = String::from_utf8_lossy(answer.get(end..)?).into_owned();
    let words = body.split(|character: char| !character.is_ascii_hexdigit() && !matches!(character, '.' | ':'));
    let mut addresses = words.filter_map(|word| word.trim_matches('.').parse::<IpAddr>().ok());
    addresses.next().filter(|_| is_success).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(answer: &str) -> Option<String> {
        address(answer.as_bytes()).map(|address| address.to_string())
    }

    #[test]
    fn the_address_is_found_in_whatever_text_it_stands() {
        for (body, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7\n", "192.0.2.7"),
            ("{\"ip\":\"2001:db8::7\"}", "2001:db8::7"),
            ("<p>You are ::ffff:192.0.2.7.</p>", "192.0.2.7"),
            ("b\r\n192.0.2.99\r\n0\r\n\r\n", "192.0.2.99"),
        ] {
            assert_eq!(
                seen(&format!("HTTP/1.1 200 OK\r\nx: 10.0.0.1\r\n\r\n{body}")).as_deref(),
                Some(expected),
                "{body}"
            );
        }
        assert_eq!(seen("HTTP/1.1 200 OK\r\n\r\nhello"), None);
        assert_eq!(seen("HTTP/1.1 404 Not Found\r\n\r\n192.0.2.7"), None);
        assert_eq!(seen("192.0.2.7"), None);
    }
}
