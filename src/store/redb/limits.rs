//! How long things may take and how many of them there may be, where that is nobody's choice but ours.

use std::time::Duration;

/// The limits of a store.
#[derive(Clone, Copy)]
pub(super) struct StoreLimits {
    /// A writer that has not come round for so long is not well.
    pub writer_deadline: Duration,
    /// A writer that came round no longer ago than this need not be asked.
    pub writer_fresh: Duration,
    /// A database that failed is opened again at most this often.
    pub reopen_pause: Duration,
    /// The disk is checked at most this often.
    pub look_pause: Duration,
    /// How many scans run at once.
    pub scans: usize,
    /// How long one more waits for its turn.
    pub scan_wait: Duration,
    /// How long a scan may take.
    pub scan_deadline: Duration,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            writer_deadline: Duration::from_secs(1),
            writer_fresh: Duration::from_millis(250),
            reopen_pause: Duration::from_secs(1),
            look_pause: Duration::from_secs(1),
            scans: std::thread::available_parallelism().map_or(1, usize::from),
            scan_wait: Duration::from_secs(2),
            scan_deadline: Duration::from_secs(10),
        }
    }
}
