//! Reads backups and changes through, to see that they are whole.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::format::{self, BackupReader, Content, Part};
use super::{BackupError, Copied};
use crate::domain::Share;
use crate::store::records;

/// Reads a backup through to see that it is whole. `passed` is called for each row.
pub fn verify(backup: &Path, passed: impl FnMut(Share)) -> Result<Copied, BackupError> {
    through(backup, Content::Everything, passed)
}

/// The same for the changes since a backup.
pub fn verify_changes(changes: &Path) -> Result<Copied, BackupError> {
    through(changes, Content::Changes, |_| {})
}

/// Reads a file of this content through.
pub(super) fn through(file: &Path, content: Content, mut passed: impl FnMut(Share)) -> Result<Copied, BackupError> {
    let mut read = || {
        let total = format::rows_in(file)?;
        let mut reader = BackupReader::new(BufReader::new(File::open(file)?), content)?;
        let (mut table, mut damaged) = (String::new(), 0);
        loop {
            match reader.next()? {
                Part::Table(name) => table = name,
                Part::Prefix(_) => {}
                Part::Row(_, row) => damaged += u64::from(is_damaged(&table, &row)),
                Part::End => return Ok(Copied { rows: reader.rows(), damaged }),
            }
            passed(Share::new("rows checked", reader.rows(), Some(total)));
        }
    };
    read().map_err(|error: io::Error| BackupError::from(error).in_file(content, file))
}

/// Whether a row can't be read. Changes have an empty entry for what comes before the first.
fn is_damaged(table: &str, row: &[u8]) -> bool {
    !row.is_empty() && records::trouble(table, row).is_some()
}

/// Reads these bytes as a backup, and as changes.
#[cfg(fuzzing)]
pub fn read_anything(bytes: &[u8]) {
    for content in [Content::Everything, Content::Changes] {
        if let Ok(mut reader) = BackupReader::new(bytes, content) {
            while matches!(reader.next(), Ok(Part::Table(_) | Part::Prefix(_) | Part::Row(..))) {}
        }
    }
}
