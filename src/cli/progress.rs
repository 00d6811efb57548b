//! How far something is that takes its time, on a terminal only.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use crate::domain::Share;

/// How long a line stays as it is.
const BETWEEN_LINES: Duration = Duration::from_millis(200);

/// A line on standard error that is written over and over, and cleared in the end: the share that is done, how fast it goes,
/// and how long it will still take.
pub(super) struct Progress {
    is_shown: bool,
    /// What is counted, and since when.
    of: &'static str,
    since: Instant,
    shown: Option<Instant>,
}

impl Progress {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self { is_shown: stderr().is_terminal(), of: "", since: Instant::now(), shown: None }
    }

    /// Shows how much is done.
    pub fn show(&mut self, share: Share) {
        if !self.is_shown {
            return;
        }
        let now = Instant::now();
        if self.of != share.of {
            (self.of, self.since, self.shown) = (share.of, now, None);
        }
        if self.shown.is_none_or(|shown| now - shown >= BETWEEN_LINES) {
            self.shown = Some(now);
            write(&format!("\r\x1b[K{}", line(share, now - self.since)));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            write("\r\x1b[K");
        }
    }
}

/// How far something is that has taken so long.
fn line(Share { of, done, total }: Share, taken: Duration) -> String {
    let rate = done as f64 / taken.as_secs_f64().max(0.001);
    let Some(total) = total.map(|total| total.max(done)) else { return format!("{of}: {done}, {rate:.0} a second") };
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    let left = (total - done) as f64 / rate.max(0.001);
    format!("{of}: {percent} % ({done} of {total}), {rate:.0} a second, {left:.0} s left")
}

/// Ignores write errors: progress is for people who watch.
fn write(text: &str) {
    let mut terminal = stderr().lock();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_its_rate_and_the_time_left() {
        let line = |done, total, seconds| line(Share::new("rows read", done, total), Duration::from_secs(seconds));
        assert_eq!(line(25, Some(100), 5), "rows read: 25 % (25 of 100), 5 a second, 15 s left");
        assert_eq!(line(0, Some(0), 0), "rows read: 100 % (0 of 0), 0 a second, 0 s left");
        assert_eq!(line(12, Some(10), 1), "rows read: 100 % (12 of 12), 12 a second, 0 s left");
        assert_eq!(line(10, None, 2), "rows read: 10, 5 a second");
    }
}
