//! How far something is that takes its time, on a terminal only.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// Rows between two looks.
const EVERY: u64 = 10_000;

/// A line on standard error that is written over and over, and cleared in the end.
pub(super) struct Progress {
    word: &'static str,
    is_shown: bool,
    /// The number that is shown next.
    next: u64,
}

impl Progress {
    /// Of rows that are `word`.
    pub fn new(word: &'static str) -> Self {
        Self { word, is_shown: stderr().is_terminal(), next: 0 }
    }

    /// Shows how many there are so far.
    pub fn show(&mut self, rows: u64) {
        if self.is_shown && rows >= self.next {
            self.next = rows + EVERY;
            write(&format!("\r{rows} rows {}", self.word));
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

/// How long a line stays as it is.
const BETWEEN_LINES: Duration = Duration::from_millis(200);

/// The same for work of which it is known how much there is: with its share, its rate, and how long it will still take.
pub(super) struct Share {
    is_shown: bool,
    /// What is counted, and since when.
    of: &'static str,
    since: Instant,
    shown: Option<Instant>,
}

impl Share {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self { is_shown: stderr().is_terminal(), of: "", since: Instant::now(), shown: None }
    }

    /// Shows how many there are so far, and how many there will be.
    pub fn show(&mut self, of: &'static str, done: u64, total: u64) {
        let now = Instant::now();
        if self.of != of {
            (self.of, self.since, self.shown) = (of, now, None);
        }
        let is_due = self.shown.is_none_or(|shown| now - shown >= BETWEEN_LINES);
        if self.is_shown && is_due {
            self.shown = Some(now);
            write(&format!("\r\x1b[K{of}: {}", share(done, total, now - self.since)));
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.is_shown {
            write("\r\x1b[K");
        }
    }
}

/// How far something is that has taken so long.
fn share(done: u64, total: u64, taken: Duration) -> String {
    let total = total.max(done);
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    let rate = done as f64 / taken.as_secs_f64().max(0.001);
    let left = (total - done) as f64 / rate.max(0.001);
    format!("{percent} % ({done} of {total}), {rate:.0} rows/s, {left:.0} s left")
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
    fn it_is_said_how_long_it_will_still_take() {
        assert_eq!(share(25, 100, Duration::from_secs(5)), "25 % (25 of 100), 5 rows/s, 15 s left");
        assert_eq!(share(0, 0, Duration::ZERO), "100 % (0 of 0), 0 rows/s, 0 s left");
    }
}
