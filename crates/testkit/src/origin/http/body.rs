//! Bodies: by length or chunked, discarded or kept.

use std::io;

use crate::wire::Wire;

/// The longest chunk-size or trailer line.
const LONGEST_LINE: usize = 4096;
/// The largest body that is kept.
const LARGEST_KEPT: usize = 64 * 1024 * 1024;

/// How the end of a body is found.
pub(super) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// After the chunk of size 0.
    Chunked,
}

/// Takes the body and returns its length.
pub(super) async fn discard(wire: &mut Wire, framing: &Framing) -> io::Result<u64> {
    match framing {
        Framing::Length(length) => whole(wire.discard(*length).await?, *length),
        Framing::Chunked => {
            let mut total: u64 = 0;
            loop {
                let size = chunk_size(wire).await?;
                total = total.saturating_add(whole(wire.discard(size).await?, size)?);
                if size == 0 {
                    trailers(wire).await?;
                    return Ok(total);
                }
                line(wire).await?;
            }
        }
    }
}

/// Takes the body and returns it.
pub(super) async fn keep(wire: &mut Wire, framing: &Framing) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    match framing {
        Framing::Length(length) => copy(wire, *length, &mut body).await?,
        Framing::Chunked => loop {
            let size = chunk_size(wire).await?;
            copy(wire, size, &mut body).await?;
            if size == 0 {
                trailers(wire).await?;
                break;
            }
            line(wire).await?;
        },
    }
    Ok(body)
}

async fn copy(wire: &mut Wire, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let mut missing = usize::try_from(length).unwrap_or(usize::MAX);
    if body.len().saturating_add(missing) > LARGEST_KEPT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the body is too large to keep"));
    }
    while missing > 0 {
        if wire.pending().is_empty() && wire.fill().await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let take = missing.min(wire.pending().len());
        body.extend_from_slice(wire.pending().get(..take).unwrap_or_default());
        wire.consume(take);
        missing = missing.saturating_sub(take);
    }
    Ok(())
}

fn whole(taken: u64, wanted: u64) -> io::Result<u64> {
    if taken == wanted { Ok(taken) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

async fn chunk_size(wire: &mut Wire) -> io::Result<u64> {
    let line = line(wire).await?;
    let digits = line.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(digits, 16).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

async fn trailers(wire: &mut Wire) -> io::Result<()> {
    while !line(wire).await?.is_empty() {}
    Ok(())
}

async fn line(wire: &mut Wire) -> io::Result<String> {
    loop {
        if let Some(end) = wire.pending().iter().position(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(wire.pending().get(..end).unwrap_or_default()).trim_end().to_owned();
            wire.consume(end.saturating_add(1));
            return Ok(text);
        }
        if wire.pending().len() > LONGEST_LINE || wire.fill().await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
