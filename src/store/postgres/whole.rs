//! What is done to a database as a whole, whether or not servers use it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::Address;
use super::io::Io;
use super::layout::CLEAR;
use super::open::{OpenError, begin, version_of};
use super::snapshot::{Snapshot, Snapshots};
use crate::domain::{Entropy, Share};
use crate::store::backup::{BackupError, Copied, dump, fill, verify_all};
use crate::store::check::{Check, CheckReport, Passed};
use crate::store::engine::{Section, Whole};
use crate::store::schema::{self, SCHEMA_VERSION, Schema};
use crate::store::{Damages, NoObserver, Stats, StoreError, StoreResult, WorkspaceStats};

/// All of a database as of now.
fn snapshot(address: &Arc<Address>) -> Result<Snapshot, OpenError> {
    let damages = Arc::new(Damages::new(Arc::new(NoObserver)));
    let take = || {
        let snapshots = Snapshots::of(address.clone(), damages)?;
        snapshots.require_tables()?;
        snapshots.take()
    };
    let snapshot = take().map_err(OpenError::at(address))?;
    let found = schema::version_of(&snapshot).map_err(OpenError::at(address))?;
    match found {
        SCHEMA_VERSION => Ok(snapshot),
        newer if newer > SCHEMA_VERSION => {
            Err(OpenError::Newer { database: address.to_string(), found, known: SCHEMA_VERSION })
        }
        _ => Err(OpenError::at(address)(StoreError::unavailable(
            "it is of an older schema: `ghostworks migrate` brings it up to date, and so does a start of the server",
        ))),
    }
}

/// Writes everything in a database to `sink`, as of one commit. `passed` is called for each row. Blocks.
pub fn backup(address: &Arc<Address>, sink: impl Write, passed: impl FnMut(Share)) -> Result<Copied, RestoreError> {
    Ok(dump(&snapshot(address)?, Section::all(), sink, passed)?)
}

/// Checks everything in a database; with `repair`, what is derived is set right. `passed` is called for each row. Blocks.
pub fn check(address: &Arc<Address>, repair: bool, passed: Passed) -> Result<CheckReport, OpenError> {
    let mut check = Check::reporting(passed);
    let failed_at = OpenError::at(address);
    if !repair {
        check.look(&snapshot(address)?).map_err(failed_at)?;
        return Ok(check.report);
    }
    // Nobody writes meanwhile.
    let io = Arc::new(Io::start().map_err(&failed_at)?);
    let mut database = begin(&io, address).map_err(&failed_at)?;
    let work = || {
        check.look(&database)?;
        check.set_right(&mut database)?;
        database.commit()
    };
    work().map_err(failed_at)?;
    Ok(check.report)
}

/// What takes up space in a database. Blocks.
pub fn stats(address: &Arc<Address>) -> Result<Stats, OpenError> {
    let snapshot = snapshot(address)?;
    let look = || Ok(Stats::new(0, snapshot.sizes()?, WorkspaceStats::of_all(&snapshot)?));
    look().map_err(OpenError::at(address))
}

/// Looks at the schema of a database; with `migrate`, it is brought up to date. Blocks.
pub fn schema(address: &Arc<Address>, migrate: bool) -> Result<Schema, OpenError> {
    let failed_at = OpenError::at(address);
    let io = Arc::new(Io::start().map_err(&failed_at)?);
    let mut database = begin(&io, address).map_err(&failed_at)?;
    let found = version_of(&database).map_err(&failed_at)?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::Newer { database: address.to_string(), found, known: SCHEMA_VERSION });
    }
    if migrate && (1..SCHEMA_VERSION).contains(&found) {
        let work = || {
            schema::bring_up(&mut database, found, SCHEMA_VERSION)?;
            database.commit()
        };
        work().map_err(failed_at)?;
    }
    Ok(Schema::of(found))
}

/// Why a database was not backed up, or not restored. One line each.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The database can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup was not made, or is of no use.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// There is something in the database, which would be lost.
    #[error("{0} has something in it already: --force replaces it, and what it has is lost")]
    IsThere(String),
    /// What is there is not what should be.
    #[error("{0} did not get what was sent: {1}; nothing of it stays")]
    NotTheSame(String, String),
}

/// Refuses a database that has something in it.
pub fn require_empty(address: &Arc<Address>) -> Result<(), RestoreError> {
    let failed_at = OpenError::at(address);
    let io = Arc::new(Io::start().map_err(&failed_at)?);
    let database = begin(&io, address).map_err(&failed_at)?;
    match version_of(&database).map_err(&failed_at)? {
        0 => Ok(()),
        _ => Err(RestoreError::IsThere(address.to_string())),
    }
}

/// Fills a database with a backup and the changes since, in their order: reads all of them once to see that they are whole.
/// What is there is kept unless `force`d. Nothing of it is seen before all of it is there and `look` finds nothing wrong with it.
/// `passed` is called for each row, twice. Returns how many rows were restored. Blocks.
pub fn restore(
    address: &Arc<Address>,
    backup: &Path,
    changes: &[PathBuf],
    force: bool,
    entropy: &dyn Entropy,
    look: impl FnOnce(&dyn Whole) -> StoreResult<Option<String>>,
    mut passed: impl FnMut(Share),
) -> Result<u64, RestoreError> {
    let total = verify_all(backup, changes, &mut passed)?;
    let failed_at = OpenError::at(address);
    let io = Arc::new(Io::start().map_err(&failed_at)?);
    let mut database = begin(&io, address).map_err(&failed_at)?;
    if !force && version_of(&database).map_err(&failed_at)? != 0 {
        return Err(RestoreError::IsThere(address.to_string()));
    }
    database.execute(CLEAR).map_err(&failed_at)?;
    let restored = |rows| passed(Share::new("rows restored", rows, Some(total)));
    let rows = fill(&mut database, backup, changes, entropy, restored)?;
    if let Some(wrong) = look(&database).map_err(&failed_at)? {
        return Err(RestoreError::NotTheSame(address.to_string(), wrong));
    }
    database.commit().map_err(failed_at)?;
    Ok(rows)
}
