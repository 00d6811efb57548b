//! Moments as telemetry keeps them.

use std::time::UNIX_EPOCH;

/// Now, in nanoseconds since 1970.
pub(super) fn now() -> u64 {
    let since = opentelemetry::time::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
