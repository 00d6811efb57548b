//! The way of log lines to standard error: a bounded queue, emptied by a thread of its own, so that logging never
//! waits for the reader.

use std::io::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most bytes of lines that wait. As many may be on their way.
const CAPACITY: usize = 1 << 20;

/// Lines that wait to be written.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Notified when lines come in, and when all are written.
    changed: Condvar,
    /// All lines that found no space, ever.
    dropped: AtomicU64,
}

struct Waiting {
    lines: Vec<u8>,
    /// Lines that found no space since that was last reported.
    unreported: u64,
    is_writing: bool,
}

impl Queue {
    /// An empty one.
    pub(super) const fn new() -> Self {
        let waiting = Waiting { lines: Vec::new(), unreported: 0, is_writing: false };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new(), dropped: AtomicU64::new(0) }
    }

    /// How many lines found no space.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes lines to `output` as they come in, for ever. After lines were dropped and the rest was read, `report` is
    /// called once with how many they were.
    pub(super) fn write_to(&self, mut output: impl Write, report: impl Fn(u64)) {
        let mut lines = Vec::new();
        loop {
            let dropped = self.next(&mut lines);
            // A closed standard error means that nobody wants the lines.
            let _ = output.write_all(&lines).and_then(|()| output.flush());
            lines.clear();
            if dropped > 0 {
                report(dropped);
            }
        }
    }

    /// Waits until everything is written, but no longer than this.
    pub(super) fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut waiting = self.lock();
        while !waiting.lines.is_empty() || waiting.is_writing {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            waiting = self.changed.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Exchanges the lines that were written for those that wait, once there are any. Returns how many were dropped.
    fn next(&self, lines: &mut Vec<u8>) -> u64 {
        let mut waiting = self.lock();
        waiting.is_writing = false;
        self.changed.notify_all();
        while waiting.lines.is_empty() {
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.is_writing = true;
        mem::swap(&mut waiting.lines, lines);
        mem::take(&mut waiting.unreported)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Queue {
    /// Takes one line, or drops all of it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > CAPACITY {
            waiting.unreported += 1;
            self.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            let was_empty = waiting.lines.is_empty();
            waiting.lines.extend_from_slice(line);
            if was_empty {
                self.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

    use super::*;

    /// Passes on what is written, when somebody takes it.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start() -> (&'static Queue, Receiver<Vec<u8>>, Receiver<u64>) {
        let queue: &Queue = Box::leak(Box::new(Queue::new()));
        let (output, lines) = sync_channel(0);
        let (report, reports) = channel();
        std::thread::spawn(move || {
            queue.write_to(Pipe(output), |dropped| report.send(dropped).expect("it is awaited"));
        });
        (queue, lines, reports)
    }

    #[test]
    fn s49_lines_that_nobody_reads_are_dropped_counted_and_reported_once() {
        let (mut queue, lines, reports) = start();
        queue.write_all(b"first").expect("it never fails");
        // Until the thread has it and waits for a reader.
        while !queue.lock().is_writing {
            std::thread::yield_now();
        }
        let line = [b'x'; 1 << 10];
        for _ in 0..CAPACITY / line.len() + 7 {
            queue.write_all(&line).expect("it never fails");
        }
        assert_eq!(queue.dropped(), 7);
        queue.flush(Duration::from_millis(1));

        assert_eq!(lines.recv().expect("a line"), b"first");
        assert_eq!(lines.recv().expect("lines").len(), CAPACITY);
        assert_eq!(reports.recv().expect("a report"), 7);
        queue.write_all(b"last").expect("it never fails");
        assert_eq!(lines.recv().expect("a line"), b"last");
        queue.flush(Duration::MAX / 4);
        assert!(reports.try_recv().is_err(), "reported twice");
    }

    #[test]
    fn a_reader_that_has_gone_holds_nothing_up() {
        let (mut queue, lines, _reports) = start();
        drop(lines);
        queue.write_all(b"line").expect("it never fails");
        queue.flush(Duration::MAX / 4);
    }
}
