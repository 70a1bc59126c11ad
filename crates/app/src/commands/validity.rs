//! From when until when something holds that is given by command.

use anyhow::{Context, Result};
use turnpike_domain::calendar::Zone;
use turnpike_domain::time::{Span, Timestamp};

use crate::cli::Validity;

/// The first and the last moment. Without a start it begins `now`.
///
/// # Errors
/// When a time cannot be read; the error names its flag.
pub(super) fn window(zone: &Zone, now: Timestamp, given: &Validity) -> Result<(Timestamp, Timestamp)> {
    let read = |name: &str, text: &str| zone.parse(text).with_context(|| format!("--{name} {text}"));
    let starts_at = given.start.as_deref().map_or(Ok(now), |text| read("start", text))?;
    let lasting = starts_at.plus(Span::from_days(i64::from(given.days)));
    let expires_at = given.end.as_deref().map_or(Ok(lasting), |text| read("end", text))?;
    Ok((starts_at, expires_at))
}
