//! The schema version of a file, and how it is brought up to date.

use redb::{Database, ReadableDatabase, TableError};

use super::rebuild::{self, Rebuilding};
use super::tables::META;
use crate::store::StoreResult;
use crate::store::schema::{self, SCHEMA_VERSION, VERSION_KEY};

/// The schema version of a file; 0 when it is empty.
pub(super) fn schema_version(database: &impl ReadableDatabase) -> StoreResult<u32> {
    let txn = database.begin_read()?;
    let version = match txn.open_table(META) {
        Ok(facts) => facts.get(VERSION_KEY)?.and_then(|row| schema::version_in(row.value())),
        Err(TableError::TableDoesNotExist(_)) if txn.list_tables()?.next().is_none() => Some(0),
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => None,
    };
    version.ok_or_else(schema::no_version)
}

/// Takes a file from schema `version` to that of this program, one durable transaction for each step.
pub(super) fn migrate(database: &Database, version: u32) -> StoreResult<()> {
    for from in version..SCHEMA_VERSION {
        let txn = rebuild::begin(database)?;
        schema::bring_up(&mut Rebuilding::of(&txn)?, from, from + 1)?;
        txn.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::Builder;
    use redb::backends::InMemoryBackend;

    use super::*;

    #[test]
    fn what_is_still_to_be_done_is_done() {
        let database = Builder::new().create_with_backend(InMemoryBackend::new()).unwrap();
        assert_eq!(schema_version(&database).unwrap(), 0);
        migrate(&database, 0).unwrap();
        assert_eq!(schema_version(&database).unwrap(), SCHEMA_VERSION);
    }
}
