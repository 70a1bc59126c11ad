//! Asking an HTTP proxy by CONNECT (RFC 9110 §9.3.6). Plain requests go through such a tunnel too: what the origin reads is then what
//! was written here, whatever the upstream makes of messages.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use turnpike_domain::destination::Target;

use super::{Login, Peer};
use crate::exit::{DialError, ExitFault};
use crate::http::head::HeadEnd;
use crate::http::response;
use crate::refusal::Refusal;

/// The most interim responses before an answer.
const MOST_INTERIM: u8 = 10;

impl Peer {
    /// Asks for a tunnel. What stands in the inbox afterwards came through it.
    pub(super) async fn ask_by_connect(&mut self, target: &Target, login: Option<&Login<'_>>) -> Result<(), DialError> {
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        finish(&mut head, login);
        self.send(head.as_bytes()).await?;
        judge(self.answer().await?)
    }

    /// Asks the upstream for itself, so that it says something: whatever it answers, it is there.
    pub(super) async fn ask_for_nothing(&mut self, at: &Target, login: Option<&Login<'_>>) -> Result<(), DialError> {
        let mut head = format!("OPTIONS * HTTP/1.1\r\nHost: {at}\r\nMax-Forwards: 0\r\nConnection: close\r\n");
        finish(&mut head, login);
        self.send(head.as_bytes()).await?;
        match self.answer().await {
            Ok(401 | 407) => Err(ExitFault::Login.into()),
            // Some close on what they do not know; whether it serves is told by the next connection then.
            Ok(_) | Err(DialError::Exit { fault: ExitFault::Closed, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The status of the final response.
    async fn answer(&mut self) -> Result<u16, DialError> {
        for _ in 0..=MOST_INTERIM {
            let mut end = HeadEnd::of_response();
            let head = loop {
                match end.find(self.inbox.unread(), self.limits.bytes) {
                    Ok(Some(head)) => break head,
                    Ok(None) => self.hear().await?,
                    Err(_) => return Err(ExitFault::Protocol.into()),
                }
            };
            let bytes = self.inbox.unread().get(head.clone()).unwrap_or_default();
            let status = response::status(bytes, self.limits).map_err(|_| ExitFault::Protocol)?;
            self.inbox.consume(head.end);
            if status >= 200 {
                return Ok(status);
            }
        }
        Err(ExitFault::Protocol.into())
    }
}

/// Ends a head, with a login if there is one.
fn finish(head: &mut String, login: Option<&Login<'_>>) {
    if let Some(Login { username, password }) = login {
        let pair = STANDARD.encode(format!("{username}:{password}"));
        // A string takes everything.
        write!(head, "Proxy-Authorization: Basic {pair}\r\n").ok();
    }
    head.push_str("\r\n");
}

/// What an answer to CONNECT means. Only what cannot be the target's fault is the exit's.
fn judge(status: u16) -> Result<(), DialError> {
    Err(match status {
        200..=299 => return Ok(()),
        401 | 407 => ExitFault::Login.into(),
        402 | 429 => ExitFault::Spent.into(),
        // No redirect is followed, and one that knows no CONNECT is no proxy.
        300..=399 | 405 | 501 | 505 => ExitFault::Protocol.into(),
        403 | 451 => Refusal::ExitDeniesTarget.into(),
        504 => Refusal::ConnectTimedOut.into(),
        // 500, 502 and 503 are what common proxies answer for targets that do not exist, refuse, or cannot be reached.
        _ => Refusal::ConnectFailed.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_can_bring_about_is_no_fault_of_the_exit() {
        for status in [400, 403, 404, 408, 500, 502, 503, 504, 599] {
            assert!(matches!(judge(status), Err(DialError::Target(_))), "{status}");
        }
        for status in [301, 401, 402, 405, 407, 429, 501, 505] {
            assert!(matches!(judge(status), Err(DialError::Exit { hung: false, .. })), "{status}");
        }
        assert_eq!((judge(200), judge(204)), (Ok(()), Ok(())));
        assert_eq!(judge(504), Err(DialError::Target(Refusal::ConnectTimedOut)));
    }

    #[test]
    fn the_login_is_the_last_line_of_the_head() {
        let mut head = String::from("CONNECT a.example:443 HTTP/1.1\r\n");
        finish(&mut head, Some(&Login { username: "u-us".to_owned(), password: "p:w" }));
        assert!(head.ends_with("\r\nProxy-Authorization: Basic dS11czpwOnc=\r\n\r\n"), "{head}");
    }
}
