//! How far something is that takes its time, on a terminal only.

use std::io::{IsTerminal as _, Write as _, stderr};

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
            self.write(&format!("\r{rows} rows {}", self.word));
        }
    }

    /// Nobody reads it? Then nobody misses it.
    fn write(&self, text: &str) {
        let mut terminal = stderr().lock();
        let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            self.write("\r\x1b[K");
        }
    }
}
