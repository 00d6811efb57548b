//! What takes up space in the file of a database that nobody else has open.

use std::fs;

use redb::Database;

use super::errors::OpenError;
use super::open::{self, Options};
use super::snapshot::Snapshot;
use super::upgrade;
use crate::store::engine::Whole as _;
use crate::store::schema::SCHEMA_VERSION;
use crate::store::{Cause, Stats, StoreResult, WorkspaceStats};

/// Looks at the database that nobody else has open.
pub fn stats(options: &Options) -> Result<Stats, OpenError> {
    let path = options.location.path();
    let (database, version) = open::open_as_it_is(options)?;
    let file_bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let stats = look(&database, version, file_bytes);
    let stats = stats.map_err(|error| OpenError::after_opening(path.clone(), &error))?;
    database.close().map_err(|error| OpenError::Other { path, cause: Cause::new(error) })?;
    Ok(stats)
}

/// The tables as they are; the workspaces as this version sees them.
fn look(database: &Database, version: u32, file_bytes: u64) -> StoreResult<Stats> {
    let snapshot = Snapshot::open(database)?;
    let workspaces = if version < SCHEMA_VERSION {
        upgrade::as_of_now(database, version, |whole| WorkspaceStats::of_all(whole))
    } else {
        WorkspaceStats::of_all(&snapshot)
    };
    Ok(Stats::new(file_bytes, snapshot.sizes()?, workspaces?))
}
