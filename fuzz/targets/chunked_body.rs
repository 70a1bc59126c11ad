//! A chunked body: the same data, end and fault however it is split.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_gateway::http::chunk::{ChunkReader, Piece};

const TRAILER_LIMIT: usize = 1024;

/// Reads a body of which `step` bytes arrive at a time: its data, and how it ended.
fn decode(input: &[u8], step: usize) -> (Vec<u8>, Result<bool, String>) {
    let (mut reader, mut data) = (ChunkReader::new(TRAILER_LIMIT), Vec::new());
    let (mut front, mut arrived) = (0, 0);
    loop {
        match reader.next(&input[front..arrived]) {
            Ok(Some((piece, length))) => {
                assert!(length > 0 && front + length <= arrived);
                if piece == Piece::Data {
                    data.extend_from_slice(&input[front..front + length]);
                }
                front += length;
            }
            Ok(None) if reader.is_over() || arrived == input.len() => return (data, Ok(reader.is_over())),
            Ok(None) => arrived = input.len().min(arrived + step),
            Err(fault) => return (data, Err(format!("{fault:?}"))),
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let whole = decode(input, input.len().max(1));
    assert_eq!(whole, decode(input, 1));
    assert_eq!(whole, decode(input, 7));
});
