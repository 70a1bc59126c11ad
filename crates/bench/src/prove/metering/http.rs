//! Plain HTTP exchanges: a few on one kept connection, or one that is cut short.

use anyhow::{Result, ensure};
use turnpike_testkit::client::Answer;
use turnpike_testkit::wire::Wire;

use super::super::reset::{NARROW_BYTES, when_still};
use super::futures::Outcome;
use super::{Counts, LARGEST, Transfer};

/// The most exchanges on one connection.
const MOST_EXCHANGES: u64 = 4;
/// The largest body that is echoed, which the origin keeps whole.
const LARGEST_ECHO: u64 = 1024 * 1024;
/// What an origin offers to a client that will stop reading.
const MORE_THAN_READ: u64 = 8 * 1024 * 1024;

/// Exchanges that end cleanly.
pub(super) fn clean(transfer: Transfer) -> (&'static str, Outcome<'static>) {
    ("HTTP", Box::pin(exchanges(transfer)))
}

/// An exchange that one side resets.
pub(super) fn reset(transfer: Transfer) -> (&'static str, Outcome<'static>) {
    let mut transfer = transfer;
    match transfer.dice.below(3) {
        0 => ("HTTP answer reset by the client", Box::pin(reset_answer(transfer))),
        1 => ("HTTP request reset by the client", Box::pin(reset_request(transfer))),
        _ => ("HTTP answer reset by the origin", Box::pin(reset_by_origin(transfer))),
    }
}

impl Transfer {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}?t={}", self.origin, self.token)
    }
}

async fn exchanges(mut transfer: Transfer) -> Result<Counts> {
    let mut http = transfer.proxy.http().await?;
    for _ in 0..=transfer.dice.below(MOST_EXCHANGES) {
        let size = transfer.dice.size(LARGEST);
        match transfer.dice.below(5) {
            0 => expect(http.get(&transfer.url(&format!("/bytes/{size}"))).await?, size)?,
            1 => expect(http.get(&transfer.url(&format!("/chunked/{size}"))).await?, size)?,
            2 => accepted(http.post(&transfer.url("/sink"), size).await?)?,
            3 => {
                let chunk = transfer.dice.size(LARGEST_ECHO).saturating_add(100);
                accepted(http.post_chunked(&transfer.url("/sink"), size, chunk).await?)?;
            }
            _ => {
                let size = size.min(LARGEST_ECHO);
                expect(http.post(&transfer.url("/echo"), size).await?, size)?;
            }
        }
    }
    let wire = http.into_wire();
    Ok(Counts { transfers: 1, sent: wire.sent(), received: wire.received() })
}

fn expect(answer: Answer, size: u64) -> Result<()> {
    accepted(answer)?;
    ensure!((answer.body, answer.right) == (size, true), "not the {size} bytes asked for: {answer:?}");
    Ok(())
}

fn accepted(answer: Answer) -> Result<()> {
    ensure!(answer.status == 200 && !answer.closes, "{answer:?}");
    Ok(())
}

/// The client stops reading in the middle of an answer, and resets.
async fn reset_answer(mut transfer: Transfer) -> Result<Counts> {
    let prefix = transfer.dice.size(MORE_THAN_READ / 8);
    let mut http = transfer.proxy.http_on(Wire::connect_narrow(transfer.proxy.address, NARROW_BYTES).await?);
    http.send_get(&transfer.url(&format!("/bytes/{MORE_THAN_READ}"))).await?;
    ensure!(http.answer_start(prefix).await? == 200, "refused");
    let sent = http.wire().sent();
    Ok(Counts { transfers: 1, sent, received: when_still(http.into_wire()).await? })
}

/// The client resets before the whole body is sent.
async fn reset_request(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST / 8);
    let mut http = transfer.proxy.http().await?;
    http.send_head_of_post(&transfer.url("/sink"), size.saturating_add(1)).await?;
    http.wire().send_pattern(0, size).await?;
    let wire = http.into_wire();
    let counts = Counts { transfers: 1, sent: wire.sent(), received: wire.received() };
    wire.reset()?;
    Ok(counts)
}

/// The origin resets in the middle of its answer; the client takes what still comes.
async fn reset_by_origin(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST / 8);
    let mut http = transfer.proxy.http().await?;
    // Cut short, or 502 when nothing of it came through.
    let answer = http.get(&transfer.url(&format!("/reset/{size}"))).await;
    ensure!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 502), "a cut answer came out whole");
    let wire = http.into_wire();
    Ok(Counts { transfers: 1, sent: wire.sent(), received: wire.received() })
}
