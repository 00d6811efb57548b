//! Checks the file of a database, from redb's own structures to what its rows say.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::Database;

use super::errors::OpenError;
use super::open::{self, Options};
use super::rebuild::{self, Rebuilding};
use super::snapshot::Snapshot;
use super::upgrade;
use crate::store::check::{Check, CheckReport, Passed};
use crate::store::schema::SCHEMA_VERSION;
use crate::store::{Cause, StoreError, StoreResult};

/// Checks the database that nobody else has open, one of an earlier version as it would be once brought up to date, beginning with redb's own structures, which redb repairs by itself.
/// With `repair`, what is derived is set right. Blocks for as long as it takes to read everything.
/// `passed` is called for each row.
pub fn check(options: &Options, repair: bool, passed: Passed) -> Result<CheckReport, OpenError> {
    let path = options.location.path();
    let (mut database, version) = open::open_as_it_is(options)?;
    if repair && version < SCHEMA_VERSION {
        return Err(OpenError::Older { path, found: version, known: SCHEMA_VERSION });
    }
    // redb may panic over pages that make no sense.
    let check = catch_unwind(AssertUnwindSafe(|| look(&mut database, version, passed)))
        .unwrap_or_else(|_| Err(StoreError::unavailable("its pages make no sense")))
        .map_err(|error| OpenError::Corrupt { path: path.clone(), cause: Cause::new(error) })?;
    if repair && check.has_fixes() {
        set_right(&database, &check).map_err(|error| OpenError::after_opening(path.clone(), &error))?;
    }
    database.close().map_err(|error| OpenError::Other { path, cause: Cause::new(error) })?;
    Ok(check.report)
}

/// Looks at everything in a database of a version.
pub(super) fn look(database: &mut Database, version: u32, passed: Passed) -> StoreResult<Check> {
    let mut check = Check::reporting(passed);
    if !database.check_integrity()? {
        check.damaged("redb's own structures were wrong, and have been repaired".to_owned());
    }
    if version < SCHEMA_VERSION {
        upgrade::as_of_now(database, version, |whole| check.look(whole))?;
    } else {
        check.look(&Snapshot::open(database)?)?;
    }
    Ok(check)
}

fn set_right(database: &Database, check: &Check) -> StoreResult<()> {
    let txn = rebuild::begin(database)?;
    check.set_right(&mut Rebuilding::of(&txn)?)?;
    Ok(txn.commit()?)
}
