//! The flags that say from when until when something holds.

use clap::Args;

/// Flags of everything that begins and ends.
#[derive(Debug, Args)]
pub(crate) struct Validity {
    /// When it begins, `YYYY-MM-DD[ HH:MM:SS]` in the configured zone; now when not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// When it ends, `YYYY-MM-DD[ HH:MM:SS]` in the configured zone.
    #[arg(long, value_name = "TIME", conflicts_with = "days")]
    pub(crate) end: Option<String>,
    /// How many days it lasts from its start, when no end is given.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) days: u16,
}
