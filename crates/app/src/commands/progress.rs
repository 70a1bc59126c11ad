//! A line on standard error for work that takes its time: how much of it is done.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two lines.
const PACE: Duration = Duration::from_secs(1);
/// Bytes in a MB, as they are shown.
const MB: u64 = 1 << 20;

/// Tells how far some work is, once a second at most.
pub(crate) struct Progress {
    what: &'static str,
    told: Instant,
    /// On a terminal a line takes the place of the one before.
    rewrites: bool,
    shown: bool,
}

impl Progress {
    /// Of work that begins now; shorter work than a second tells nothing.
    pub(crate) fn of(what: &'static str) -> Self {
        Self { what, told: Instant::now(), rewrites: std::io::stderr().is_terminal(), shown: false }
    }

    /// So many bytes of so many are done.
    pub(crate) fn at(&mut self, done: u64, all: u64) {
        self.say(|| format!("{} of {} MB", done / MB, all.max(done) / MB));
    }

    /// So many things of so many are done.
    pub(crate) fn count(&mut self, done: u64, all: u64) {
        self.say(|| format!("{done} of {}", all.max(done)));
    }

    fn say(&mut self, how_far: impl FnOnce() -> String) {
        if self.told.elapsed() < PACE {
            return;
        }
        self.told = Instant::now();
        self.shown = true;
        let end = if self.rewrites { '\r' } else { '\n' };
        tell(&format!("{}: {}{end}", self.what, how_far()));
    }
}

fn tell(line: &str) {
    // Work goes on when nobody can be told of it.
    drop(std::io::stderr().lock().write_all(line.as_bytes()));
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown && self.rewrites {
            tell("\n");
        }
    }
}
