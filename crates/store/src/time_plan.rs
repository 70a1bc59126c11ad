//! What a time plan lets a customer do: its package's bandwidth and tunnels.

use turnpike_domain::ids::PackageId;

use crate::db::Tx;
use crate::error::StoreError;

const INSERT: &str = "INSERT INTO time_plan (package_id, bandwidth, tunnels) VALUES ($1, $2, $3)";

/// Says how fast, in kbit/s, and with how many tunnels a package may be used; `None` is no limit.
///
/// # Errors
/// [`StoreError::Conflict`] when that was said before.
pub async fn insert(
    tx: &mut Tx,
    package: PackageId,
    bandwidth_kbps: Option<u64>,
    tunnels: Option<u64>,
) -> Result<(), StoreError> {
    let column = |value: Option<u64>| value.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
    exec!(tx, INSERT, package.get(), column(bandwidth_kbps), column(tunnels)).map(drop)
}
