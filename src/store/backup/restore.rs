//! Makes a database from a backup and the changes since.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::format::{BackupReader, Content, Part, damaged};
use super::{BackupError, apply, read, settle};
use crate::domain::{Entropy, Share};
use crate::store::engine::Rebuild;
use crate::store::schema;

/// Reads a backup and changes through once to see that they are whole, and returns how many rows they have. `passed` is
/// called for each row.
pub fn verify_all(backup: &Path, changes: &[PathBuf], mut passed: impl FnMut(Share)) -> Result<u64, BackupError> {
    let mut rows = read::through(backup, Content::Everything, &mut passed)?.rows;
    for file in changes {
        rows += read::through(file, Content::Changes, &mut passed)?.rows;
    }
    Ok(rows)
}

/// Fills a database that has nothing in it with a backup and the changes since, in their order, which are whole, and begins
/// another history. The backup may be of any engine, and of an earlier schema. `passed` is called with how many of their rows
/// are there. Returns how many that was.
pub fn fill(
    database: &mut dyn Rebuild,
    backup: &Path,
    changes: &[PathBuf],
    entropy: &dyn Entropy,
    mut passed: impl FnMut(u64),
) -> Result<u64, BackupError> {
    let mut rows = 0;
    let mut one_more = || {
        rows += 1;
        passed(rows);
    };
    everything(database, backup, &mut one_more).map_err(|error| error.in_file(Content::Everything, backup))?;
    for file in changes {
        apply::apply(database, file, &mut one_more).map_err(|error| error.in_file(Content::Changes, file))?;
    }
    if !changes.is_empty() {
        settle::settle(database)?;
    }
    let version = schema::version_of(database)?;
    schema::bring_up(database, version, schema::SCHEMA_VERSION)?;
    schema::begin_history(database, entropy)?;
    Ok(rows)
}

/// Puts all rows of a backup in their places.
fn everything(database: &mut dyn Rebuild, backup: &Path, passed: &mut impl FnMut()) -> Result<(), BackupError> {
    let mut backup = BackupReader::new(BufReader::new(File::open(backup)?), Content::Everything)?;
    let mut part = backup.next()?;
    while let Part::Table(name) = part {
        part = apply::rows_of(database, &name, &mut backup, passed)?;
    }
    if part != Part::End {
        return Err(damaged("a row is of no table").into());
    }
    apply::require_known(schema::version_of(database)?)
}
