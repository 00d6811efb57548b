//! What takes up space in the file of a database that nobody else has open.

use std::fs;

use super::errors::OpenError;
use super::open::{self, Options};
use super::snapshot::Snapshot;
use super::upgrade;
use crate::store::schema::SCHEMA_VERSION;
use crate::store::{Cause, Stats};

/// Looks at the database that nobody else has open.
pub fn stats(options: &Options) -> Result<Stats, OpenError> {
    let path = options.location.path();
    let (database, version) = open::open_as_it_is(options)?;
    let file_bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let stats = if version < SCHEMA_VERSION {
        upgrade::as_of_now(&database, version, |whole| Stats::of(whole, file_bytes))
    } else {
        Snapshot::open(&database).and_then(|snapshot| Stats::of(&snapshot, file_bytes))
    };
    let stats = stats.map_err(|error| OpenError::after_opening(path.clone(), &error))?;
    database.close().map_err(|error| OpenError::Other { path, cause: Cause::new(error) })?;
    Ok(stats)
}
