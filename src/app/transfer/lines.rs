//! Lines, read some at a time. Where one part ends depends on what was read until there and on nothing else, so that
//! reading again gives the same parts.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use hyper::body::Bytes;

/// The most lines of a part: a server takes ten times as many.
const MAX_LINES: u64 = 1000;
/// No part has more bytes, unless it is a single line: proxies take so much by default, and it is sent in time over a slow
/// connection.
const MAX_BYTES: usize = 1 << 20;
/// No line is longer, in bytes.
const MAX_LINE: u64 = 16 << 20;

/// What lines are, and what becomes of them.
pub(in crate::app) const IMPORTED: &str = "artifacts imported";

/// Opens a file, or standard input, and counts the lines that have something, unless they can be read only once.
pub(in crate::app) fn open_lines(path: Option<&Path>) -> io::Result<(Box<dyn BufRead>, Option<u64>)> {
    let Some(path) = path else { return Ok((Box::new(io::stdin().lock()), None)) };
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok((Box::new(BufReader::new(file)), None));
    }
    let mut lines = Lines::new(BufReader::new(file));
    let mut artifacts = 0;
    while let Some(part) = lines.next_part()? {
        artifacts += part.artifacts;
    }
    Ok((Box::new(BufReader::new(File::open(path)?)), Some(artifacts)))
}

/// What is left to read.
pub(in crate::app) struct Lines<R> {
    from: R,
    /// The number of the next line.
    next: u64,
    /// The next line, if it was read already: it did not fit into the part before.
    ahead: Vec<u8>,
}

/// Some lines in a row.
#[derive(Debug, PartialEq)]
pub(in crate::app) struct Part {
    /// The number of the first, beginning with 1.
    pub first: u64,
    /// How many there are.
    lines: u64,
    /// How many of them are not blank.
    pub artifacts: u64,
    /// The lines themselves.
    pub bytes: Bytes,
}

impl<R: BufRead> Lines<R> {
    pub fn new(from: R) -> Self {
        Self { from, next: 1, ahead: Vec::new() }
    }

    /// Those after the first `skipped` lines.
    pub fn after(from: R, skipped: u64) -> io::Result<Self> {
        let mut lines = Self::new(from);
        let mut passed_over = Vec::new();
        while lines.next <= skipped && lines.read_line(&mut passed_over)? {
            lines.next += 1;
            passed_over.clear();
        }
        Ok(lines)
    }

    /// The next lines; `None` after the last.
    pub fn next_part(&mut self) -> io::Result<Option<Part>> {
        let (first, mut bytes) = (self.next, std::mem::take(&mut self.ahead));
        self.next += u64::from(!bytes.is_empty());
        while self.next - first < MAX_LINES && bytes.len() < MAX_BYTES {
            let begun = bytes.len();
            if !self.read_line(&mut bytes)? {
                break;
            }
            if begun > 0 && bytes.len() > MAX_BYTES {
                self.ahead = bytes.split_off(begun);
                break;
            }
            self.next += 1;
        }
        Ok((self.next > first).then(|| Part::new(first, self.next - first, bytes.into())))
    }

    /// Adds the next line to `bytes`; false after the last.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<bool> {
        let read = self.from.by_ref().take(MAX_LINE).read_until(b'\n', bytes)?;
        if read as u64 == MAX_LINE && !bytes.ends_with(b"\n") {
            let reason = format!("line {} has more than {MAX_LINE} bytes; one artifact a line is read", self.next);
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(read > 0)
    }
}

impl Part {
    fn new(first: u64, lines: u64, bytes: Bytes) -> Self {
        let artifacts = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64;
        Self { first, lines, artifacts, bytes }
    }

    /// The number of the last line.
    pub fn last(&self) -> u64 {
        self.first + self.lines - 1
    }

    /// The same lines in two parts; `None` of a single one. At a power of two, so that it is the same place when a line
    /// near the end is gone.
    pub fn halves(&self) -> Option<[Self; 2]> {
        let half = self.lines.next_power_of_two() / 2;
        let end = memchr::memchr_iter(b'\n', &self.bytes).nth(usize::try_from(half).ok()?.checked_sub(1)?)?;
        let (before, after) = (self.bytes.slice(..=end), self.bytes.slice(end + 1..));
        Some([Self::new(self.first, half, before), Self::new(self.first + half, self.lines - half, after)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &[u8]) -> Vec<Part> {
        let mut lines = Lines::new(text);
        std::iter::from_fn(|| lines.next_part().unwrap()).collect()
    }

    #[test]
    fn parts_are_all_lines_in_order() {
        let line = |length: usize| [vec![b'x'; length - 1], b"\n".to_vec()].concat();
        let exactly = [line(MAX_BYTES - 2), b"y\nz".to_vec()].concat();
        let over = [line(MAX_BYTES - 1), b"y\nz".to_vec()].concat();
        let huge = [b"a\n".to_vec(), line(MAX_BYTES + 1), b"z".to_vec()].concat();
        for (text, expected) in [
            (b"".to_vec(), vec![]),
            (b"\n \na".to_vec(), vec![(1, 3, 1)]),
            (b"a\n".repeat(2500), vec![(1, 1000, 1000), (1001, 2000, 1000), (2001, 2500, 500)]),
            (exactly, vec![(1, 2, 2), (3, 3, 1)]),
            (over, vec![(1, 1, 1), (2, 3, 2)]),
            (huge, vec![(1, 1, 1), (2, 2, 1), (3, 3, 1)]),
        ] {
            let parts = parts(&text);
            assert_eq!(parts.iter().map(|it| (it.first, it.last(), it.artifacts)).collect::<Vec<_>>(), expected);
            assert_eq!(parts.iter().flat_map(|part| part.bytes.to_vec()).collect::<Vec<_>>(), text);
        }
    }

    #[test]
    fn halves_are_the_same_lines() {
        for text in [&b"a\nb"[..], b"a\n\nb\n", b"a\nb\nc\nd\ne"] {
            let part = parts(text).remove(0);
            let [before, after] = part.halves().unwrap();
            assert_eq!([&before.bytes[..], &after.bytes].concat(), text);
            assert_eq!((before.first, before.last() + 1, after.last()), (1, after.first, part.last()));
            assert_eq!(before.artifacts + after.artifacts, part.artifacts);
        }
        assert_eq!(parts(b"a\n")[0].halves(), None);
        let first = |lines: usize| parts(&b"a\n".repeat(lines))[0].halves().unwrap()[0].last();
        assert_eq!([2, 3, 4, 5, 600, 1000].map(first), [1, 2, 2, 4, 512, 512]);
    }

    #[test]
    fn a_line_without_an_end_is_not_read_for_ever() {
        let endless = BufReader::new(io::repeat(b'x'));
        let error = Lines::new(endless).next_part().unwrap_err();
        assert!(error.to_string().starts_with("line 1 has more than"), "{error}");
    }
}
