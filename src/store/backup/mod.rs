//! Backups: all sections of a database as of one commit in a file of their own, what has changed since in others, and a
//! database made from such files. Written once for every engine: a backup of one can be restored into another.
//!
//! A backup does not depend on how an engine lays out what it has, and knows its own checksum.

mod apply;
mod change_set;
mod change_set_writer;
mod changed_rows;
mod checkpoint;
mod error;
mod format;
mod read;
mod restore;
mod settle;
mod stream;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod workload;

use std::io::Write;

use self::format::{BackupWriter, Content};
use super::Damage;
use super::engine::{Section, Span, Table, Whole};
use super::records;
use crate::domain::Share;

pub use error::BackupError;
#[cfg(fuzzing)]
pub use read::read_anything;
pub use read::{verify, verify_changes};
pub use restore::{fill, verify_all};

/// What is in a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many rows.
    pub rows: u64,
    /// How many of them can't be read. They are in it as they are in the database.
    pub damaged: u64,
}

/// Writes these sections of a database, all that it has, to `sink`. `passed` is called for each row.
pub fn dump(
    whole: &(impl Whole + ?Sized),
    sections: impl IntoIterator<Item = Section>,
    sink: impl Write,
    mut passed: impl FnMut(Share),
) -> Result<Copied, BackupError> {
    let (mut writer, mut damaged) = (BackupWriter::new(sink, Content::Everything)?, 0);
    let total = whole.rows_in_all();
    for section in sections {
        writer.table(section.name())?;
        // They are kept for seconds, and nowhere else.
        if section != Section::Rows(Table::RefreshSalts) {
            damaged += dump_section(whole, section, &mut writer, &mut |rows| {
                passed(Share::new("rows written", rows, total));
            })?;
        }
    }
    Ok(Copied { rows: writer.finish()?, damaged })
}

/// Returns how many rows can't be read.
fn dump_section(
    whole: &(impl Whole + ?Sized),
    section: Section,
    writer: &mut BackupWriter<impl Write>,
    passed: &mut impl FnMut(u64),
) -> Result<u64, BackupError> {
    let (mut rows, mut damaged) = (whole.section(section, &Span::all())?, 0);
    while rows.advance()? {
        if let Some(cause) = records::trouble(section.name(), rows.value()) {
            whole.met_damage(&Damage::new(section.name(), rows.key(), cause));
            damaged += 1;
        }
        writer.row(rows.key(), rows.value())?;
        passed(writer.rows());
    }
    Ok(damaged)
}
