//! Databases of earlier versions: backed up before they are brought up to date, so that the version before can have them
//! again, and looked at without that.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use redb::Database;

use super::errors::OpenError;
use super::files::{private_file, put_in_place};
use super::rebuild::Rebuilding;
use super::snapshot::Snapshot;
use crate::domain::Share;
use crate::store::backup::{BackupError, Copied, dump};
use crate::store::engine::Section;
use crate::store::schema::{self, SCHEMA_VERSION};
use crate::store::{Cause, StoreResult};

/// What a backup is called until it is whole.
const PARTIAL: &str = "ghostworks.upgrading.backup";

/// Writes a database of an earlier version to `ghostworks.schema-N.backup` in its directory, in the place of one that an
/// upgrade before left there. Refused unless the disk has room for it, and for `min_free_bytes` beside it.
pub(super) fn back_up(
    database: &Database,
    version: u32,
    directory: &Path,
    min_free_bytes: u64,
) -> Result<(), OpenError> {
    let path = directory.join(format!("ghostworks.schema-{version}.backup"));
    let failed = |cause: Cause| OpenError::NotBackedUp { path: path.clone(), cause };
    let needed = used_bytes(database).map_err(|error| failed(Cause::new(error)))?.saturating_add(min_free_bytes);
    let disk = rustix::fs::statvfs(directory).map_err(|error| failed(Cause::new(io::Error::from(error))))?;
    let free = disk.f_bavail * disk.f_frsize;
    if free < needed {
        return Err(OpenError::NoRoomForBackup { path, needed: needed.div_ceil(1 << 20), free: free >> 20 });
    }
    let partial = directory.join(PARTIAL);
    let written = write(database, &partial).and_then(|()| Ok(put_in_place(directory, &partial, &path)?));
    if written.is_err() {
        // What went wrong is more worth telling than that something was left behind.
        drop(fs::remove_file(&partial));
    }
    written.map_err(|error| failed(Cause::new(error)))
}

fn write(database: &Database, path: &Path) -> Result<(), BackupError> {
    let file: File = private_file().truncate(true).open(path)?;
    let mut sink = BufWriter::new(&file);
    dump_as_it_is(database, &mut sink, |_| {})?;
    sink.flush()?;
    Ok(file.sync_all()?)
}

/// Writes everything in a database to `sink`, of an earlier version as that would: the tables that it has.
pub(super) fn dump_as_it_is(
    database: &Database,
    sink: impl io::Write,
    passed: impl FnMut(Share),
) -> Result<Copied, BackupError> {
    let snapshot = Snapshot::open(database)?;
    let tables: Vec<String> = snapshot.tables()?;
    let is_there = |section: &Section| tables.iter().any(|table| table == section.name());
    dump(&snapshot, Section::all().filter(is_there), sink, passed)
}

/// Has `look` see a database of an earlier version as this version would after it has brought it up to date. Nothing of that
/// stays.
pub(super) fn as_of_now<T>(
    database: &Database,
    version: u32,
    look: impl FnOnce(&Rebuilding<'_>) -> StoreResult<T>,
) -> StoreResult<T> {
    let txn = database.begin_write()?;
    let mut rebuilding = Rebuilding::of(&txn)?;
    schema::bring_up(&mut rebuilding, version, SCHEMA_VERSION)?;
    let found = look(&rebuilding)?;
    drop(rebuilding);
    txn.abort()?;
    Ok(found)
}

/// The bytes of the pages that are used.
fn used_bytes(database: &Database) -> StoreResult<u64> {
    let txn = database.begin_write()?;
    let pages = txn.stats()?;
    txn.abort()?;
    Ok(pages.allocated_pages() * pages.page_size() as u64)
}
