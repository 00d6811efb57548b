//! How backups and changes are written: the tables one after the other, each with its rows, and the digest of it all at
//! the end.
//!
//! ```text
//! magic · (1 · name · (3 · prefix | 2 · key · value)*)* · 0 · rows: u64 · SHA-256 of all before
//! ```
//!
//! Names, keys, values and prefixes each come after their length, a big-endian `u32`. Prefixes are in changes alone: of
//! the rows whose keys begin with it, there are those that follow, and no others. Numbers that are keys or values have
//! their lowest byte first here.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::store::engine::Section;

const END: u8 = 0;
const TABLE: u8 = 1;
const ROW: u8 = 2;
const PREFIX: u8 = 3;
const DIGEST_LEN: usize = 32;
/// More than any row has: a length beyond it is damage, and no reason to ask for so much memory.
const MAX_LEN: usize = 1 << 30;

/// What is digested and written at once, in bytes: rows are small, and each costs.
const PIECE: usize = 256 << 10;

/// Which bytes of the rows of a table are a number, whose lowest byte comes first in a file.
#[derive(Clone, Copy)]
enum Number {
    Key,
    Value,
    Neither,
}

impl Number {
    fn of(table: &str) -> Self {
        match Section::named(table) {
            Some(Section::Changes) => Self::Key,
            Some(Section::Counters) => Self::Value,
            Some(Section::Rows(_) | Section::Facts) | None => Self::Neither,
        }
    }

    /// A row of a database as one of a file, or the other way round.
    fn turn(self, mut key: Vec<u8>, mut value: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::Key => key.reverse(),
            Self::Value => value.reverse(),
            Self::Neither => {}
        }
        (key, value)
    }
}

/// What a file has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// All rows.
    Everything,
    /// What has changed.
    Changes,
}

impl Content {
    /// What the file begins with.
    fn magic(self) -> &'static [u8] {
        match self {
            Self::Everything => b"ghostworks backup 1\n",
            Self::Changes => b"ghostworks changes 1\n",
        }
    }

    /// What such a file is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everything => "backup",
            Self::Changes => "changes",
        }
    }

    /// Why a file that begins with something else is refused.
    fn refusal(self) -> &'static str {
        match self {
            Self::Everything => "it is no backup of ghostworks, or one of a later version",
            Self::Changes => "it has no changes of ghostworks in it, or those of a later version",
        }
    }
}

/// Writes a backup, or changes.
pub(super) struct BackupWriter<W> {
    sink: W,
    digest: Sha256,
    rows: u64,
    number: Number,
    /// What is not written yet.
    piece: Vec<u8>,
}

impl<W: Write> BackupWriter<W> {
    /// Begins one.
    pub fn new(sink: W, content: Content) -> io::Result<Self> {
        let (digest, number, piece) = (Sha256::new(), Number::Neither, Vec::with_capacity(2 * PIECE));
        let mut writer = Self { sink, digest, rows: 0, number, piece };
        writer.put(content.magic())?;
        Ok(writer)
    }

    /// The rows that follow are of this table.
    pub fn table(&mut self, name: &str) -> io::Result<()> {
        self.number = Number::of(name);
        self.put(&[TABLE])?;
        self.put_sized(name.as_bytes())
    }

    /// Of the rows of this table whose keys begin with `prefix`, there are those that follow, and no others.
    pub fn prefix(&mut self, prefix: &[u8]) -> io::Result<()> {
        self.put(&[PREFIX])?;
        self.put_sized(prefix)
    }

    /// One row.
    pub fn row(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.rows += 1;
        self.put(&[ROW])?;
        if let Number::Neither = self.number {
            self.put_sized(key)?;
            return self.put_sized(value);
        }
        let (key, value) = self.number.turn(key.to_vec(), value.to_vec());
        self.put_sized(&key)?;
        self.put_sized(&value)
    }

    /// How many rows it has so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends it, and returns how many rows it has.
    pub fn finish(mut self) -> io::Result<u64> {
        self.put(&[END])?;
        self.put(&self.rows.to_be_bytes())?;
        self.pass_on()?;
        self.sink.write_all(&self.digest.finalize())?;
        self.sink.flush()?;
        Ok(self.rows)
    }

    fn put_sized(&mut self, bytes: &[u8]) -> io::Result<()> {
        let len = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.put(&len.to_be_bytes())?;
        self.put(bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() < PIECE { Ok(()) } else { self.pass_on() }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        self.digest.update(&self.piece);
        self.sink.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The table that the next rows are of.
    Table(String),
    /// What the keys of the next rows begin with, and no others do.
    Prefix(Vec<u8>),
    /// A key and its value.
    Row(Vec<u8>, Vec<u8>),
    /// That was all of it, and it is as it was written.
    End,
}

/// Reads a backup, or changes. Anything but what was written is [`io::ErrorKind::InvalidData`], at the latest at its
/// end.
pub(super) struct BackupReader<R> {
    source: R,
    content: Content,
    digest: Sha256,
    rows: u64,
    number: Number,
}

impl<R: Read> BackupReader<R> {
    /// Begins one.
    pub fn new(source: R, content: Content) -> io::Result<Self> {
        let mut reader = Self { source, content, digest: Sha256::new(), rows: 0, number: Number::Neither };
        let mut magic = vec![0; content.magic().len()];
        reader.fill(&mut magic)?;
        if magic == content.magic() { Ok(reader) } else { Err(damaged(content.refusal())) }
    }

    /// How many rows there were so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next part.
    pub fn next(&mut self) -> io::Result<Part> {
        let mut kind = [0];
        self.fill(&mut kind)?;
        match kind[0] {
            TABLE => {
                let name = String::from_utf8(self.take_sized()?);
                let name = name.map_err(|_| damaged("the name of a table is no text"))?;
                self.number = Number::of(&name);
                Ok(Part::Table(name))
            }
            PREFIX if self.content == Content::Changes => self.take_sized().map(Part::Prefix),
            ROW => {
                self.rows += 1;
                let (key, value) = self.number.turn(self.take_sized()?, self.take_sized()?);
                Ok(Part::Row(key, value))
            }
            END => self.end().map(|()| Part::End),
            _ => Err(damaged("it is damaged")),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        let mut rows = [0; 8];
        self.fill(&mut rows)?;
        let expected = self.digest.clone().finalize();
        let mut digest = [0; DIGEST_LEN];
        self.fill(&mut digest)?;
        let is_whole = u64::from_be_bytes(rows) == self.rows && digest == expected[..];
        if !is_whole {
            return Err(damaged("it is damaged: its checksum is another"));
        }
        match self.source.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(damaged("there is more after its end")),
        }
    }

    fn take_sized(&mut self) -> io::Result<Vec<u8>> {
        let mut len = [0; 4];
        self.fill(&mut len)?;
        let len = u32::from_be_bytes(len) as usize;
        if len > MAX_LEN {
            return Err(damaged("it is damaged"));
        }
        // As it comes: a length that is wrong does not ask for memory.
        let mut bytes = Vec::new();
        (&mut self.source).take(len as u64).read_to_end(&mut bytes)?;
        if bytes.len() < len {
            return Err(damaged("it ends early"));
        }
        self.digest.update(&bytes);
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.source.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("it ends early"),
            _ => error,
        })?;
        self.digest.update(&*bytes);
        Ok(())
    }
}

/// How many rows a file says that it has, at its end. What is no backup may say anything.
pub(super) fn rows_in(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let end = (size_of::<u64>() + DIGEST_LEN) as u64;
    let mut rows = [0; size_of::<u64>()];
    file.seek(SeekFrom::Start(file.metadata()?.len().saturating_sub(end)))?;
    // A file that is too short is refused when it is read from its beginning.
    Ok(file.read_exact(&mut rows).map_or(0, |()| u64::from_be_bytes(rows)))
}

/// An error that says what is wrong with a file.
pub(super) fn damaged(cause: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = BackupWriter::new(&mut bytes, Content::Changes).unwrap();
        writer.table("first").unwrap();
        writer.prefix(b"k").unwrap();
        writer.row(b"key", b"value").unwrap();
        writer.row(b"", b"").unwrap();
        writer.table("empty").unwrap();
        assert_eq!(writer.finish().unwrap(), 2);
        bytes
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<Part>> {
        let mut reader = BackupReader::new(bytes, Content::Changes)?;
        let mut parts = Vec::new();
        while parts.last() != Some(&Part::End) {
            parts.push(reader.next()?);
        }
        Ok(parts)
    }

    #[test]
    fn what_was_written_is_read() {
        let row = |key: &[u8], value: &[u8]| Part::Row(key.to_vec(), value.to_vec());
        let (first, empty) = (Part::Table("first".to_owned()), Part::Table("empty".to_owned()));
        let prefix = Part::Prefix(b"k".to_vec());
        assert_eq!(read(&written()).unwrap(), [first, prefix, row(b"key", b"value"), row(b"", b""), empty, Part::End]);
        let error = BackupReader::new(written().as_slice(), Content::Everything).err().unwrap();
        assert!(error.to_string().contains("no backup"), "{error}");
    }

    #[test]
    fn numbers_have_their_lowest_byte_first_as_files_always_had() {
        let (mut bytes, one) = (Vec::new(), 1_u64.to_be_bytes());
        let mut writer = BackupWriter::new(&mut bytes, Content::Changes).unwrap();
        for table in ["changes", "counters", "users"] {
            writer.table(table).unwrap();
            writer.row(&one, &one).unwrap();
        }
        writer.finish().unwrap();
        let parts: Vec<_> = read(&bytes).unwrap().into_iter().filter(|part| matches!(part, Part::Row(..))).collect();
        assert!(parts.iter().all(|part| *part == Part::Row(one.to_vec(), one.to_vec())));
        let row = |key: u64, value: u64| {
            [[0, 0, 0, 8].as_slice(), &key.to_be_bytes(), &[0, 0, 0, 8], &value.to_be_bytes()].concat()
        };
        let lowest_first = 1_u64.swap_bytes();
        for expected in [row(lowest_first, 1), row(1, lowest_first), row(1, 1)] {
            assert!(bytes.windows(expected.len()).any(|found| found == expected));
        }
    }

    #[test]
    fn nothing_else_is_read() {
        let whole = written();
        for len in 0..whole.len() {
            assert_eq!(read(&whole[..len]).unwrap_err().kind(), io::ErrorKind::InvalidData, "the first {len} bytes");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert_eq!(read(&bytes).unwrap_err().kind(), io::ErrorKind::InvalidData, "another byte at {at}");
        }
        assert!(read(&[&whole[..], &[0]].concat()).unwrap_err().to_string().contains("more"));
    }
}
