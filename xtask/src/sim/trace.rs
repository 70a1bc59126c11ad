//! What happened: a digest of all of it, and the last lines in full.

use std::collections::VecDeque;
use std::fmt::Write;

/// How many lines are kept.
const TAIL: usize = 30;

/// The story of a run.
#[derive(Default)]
pub(super) struct Trace {
    digest: u64,
    tail: VecDeque<String>,
}

impl Trace {
    /// Adds a line.
    pub(super) fn note(&mut self, line: String) {
        for byte in line.bytes() {
            // FNV-1a.
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }

    /// The same for the same story only.
    pub(super) const fn digest(&self) -> u64 {
        self.digest
    }

    /// The newest line.
    pub(super) fn last(&self) -> &str {
        self.tail.back().map_or("", String::as_str)
    }

    /// The last lines, one under the other.
    pub(super) fn tail(&self) -> String {
        self.tail.iter().fold(String::new(), |mut text, line| {
            // Writing to a String does not fail.
            write!(text, "\n  {line}").map_or_else(|_| String::new(), |()| text)
        })
    }
}
