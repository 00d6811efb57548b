//! Opening a database: where it is, whether it may be opened, and bringing it up to date.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, DatabaseError};

use super::errors::OpenError;
use super::files::private_file;
use super::{history, migrate, upgrade};
use crate::domain::{Entropy, HistoryId, SharedQuotas};
use crate::store::schema::{SCHEMA_VERSION, Schema};
use crate::store::{Cause, ReadOnly, StoreError, StoreResult};

/// The database's file in its directory.
const FILE_NAME: &str = "ghostworks.redb";

/// Called with how far the repair of a file after a crash is, from 0 to 1, at least once if there is one.
pub type RepairProgress = Arc<dyn Fn(f64) + Send + Sync>;

/// Where a database is and how it is used.
#[derive(Clone)]
pub struct Options {
    /// Where it is.
    pub location: Location,
    /// The most memory it uses for pages of the file, in bytes.
    pub cache_bytes: usize,
    /// How many writes may wait, at least 1; one more is refused as overload.
    pub queue: usize,
    /// How many writes share a commit at most.
    pub group_max: usize,
    /// Writes are refused while the disk has less room than this, in bytes.
    pub min_free_bytes: u64,
    /// The most that every workspace may have.
    pub quotas: SharedQuotas,
    /// Whether writes are refused.
    pub read_only: ReadOnly,
    /// What the history of a database that is made or restored is named from.
    pub entropy: Arc<dyn Entropy>,
    /// Whether a database of an earlier version is backed up before it is brought up to date.
    pub backup_before_upgrade: bool,
    /// Called during a repair.
    pub on_repair: RepairProgress,
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In `ghostworks.redb` in this directory. Both are made if they are not there.
    Directory(PathBuf),
    /// In memory, and gone when it is closed.
    Memory,
}

impl Location {
    /// Whether there is a database that was made before. An empty file is none.
    pub fn has_database(&self) -> bool {
        match self {
            Self::Directory(_) => fs::metadata(self.path()).is_ok_and(|file| file.is_file() && file.len() > 0),
            Self::Memory => false,
        }
    }

    /// The database's file, for messages.
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Directory(directory) => directory.join(FILE_NAME),
            Self::Memory => PathBuf::from("the database in memory"),
        }
    }
}

/// Opens the database, brings its schema up to date, and returns its history.
pub(super) fn open(options: &Options) -> Result<(Database, HistoryId), OpenError> {
    match &options.location {
        Location::Directory(directory) => open_file(directory, options),
        Location::Memory => open_in_memory(options),
    }
}

/// Opens a database that is there, and whose schema is up to date.
pub(super) fn open_current(options: &Options) -> Result<Database, OpenError> {
    let (database, found) = open_as_it_is(options)?;
    let (path, known) = (options.location.path(), SCHEMA_VERSION);
    if found < known { Err(OpenError::Older { path, found, known }) } else { Ok(database) }
}

/// Opens a database that is there, and says of which schema it is, which may be an earlier one.
pub(super) fn open_as_it_is(options: &Options) -> Result<(Database, u32), OpenError> {
    let path = options.location.path();
    guarded(&path, || open_unmigrated(&path, options))
}

/// Looks at the schema of a database that nobody else has open; with `migrate`, it is brought up to date.
pub fn schema(options: &Options, migrate: bool) -> Result<Schema, OpenError> {
    let path = options.location.path();
    let (database, found) = open_as_it_is(options)?;
    if migrate {
        back_up_first(&database, found, options)?;
        migrate::migrate(&database, found).map_err(|error| OpenError::after_opening(path.clone(), &error))?;
    }
    database.close().map_err(|error| OpenError::Other { path, cause: Cause::new(error) })?;
    Ok(Schema::of(found))
}

/// Opens a database that was open before, with this history; one in memory is lost.
pub(super) fn reopen(options: &Options, history: HistoryId) -> StoreResult<Database> {
    match &options.location {
        Location::Directory(_) if !options.location.has_database() => {
            let path = options.location.path();
            Err(StoreError::Unavailable(Cause::at(&path, "the file can't be found; put it back")))
        }
        Location::Directory(_) => match open(options) {
            Ok((database, found)) if found == history => Ok(database),
            Ok(_) => {
                let path = options.location.path();
                Err(StoreError::Unavailable(Cause::at(&path, "another database is in its place")))
            }
            Err(error @ OpenError::Full { .. }) => Err(StoreError::StorageFull(Cause::new(error))),
            Err(error) => Err(StoreError::unavailable(error)),
        },
        Location::Memory => Err(StoreError::unavailable("the database was in memory and is lost")),
    }
}

fn open_in_memory(options: &Options) -> Result<(Database, HistoryId), OpenError> {
    let database = Builder::new()
        .set_cache_size(options.cache_bytes)
        .create_with_backend(InMemoryBackend::new())
        .map_err(StoreError::from)
        .and_then(|database| made_current(database, 0, options));
    database.map_err(|error| OpenError::after_opening(options.location.path(), &error))
}

fn open_file(directory: &Path, options: &Options) -> Result<(Database, HistoryId), OpenError> {
    let path = options.location.path();
    prepare(directory, &path).map_err(|source| OpenError::of_directory(directory, source))?;
    guarded(&path, || {
        let (database, version) = open_unmigrated(&path, options)?;
        back_up_first(&database, version, options)?;
        made_current(database, version, options).map_err(|error| OpenError::after_opening(path.clone(), &error))
    })
}

/// Backs up a database of an earlier version, if that is wanted.
fn back_up_first(database: &Database, version: u32, options: &Options) -> Result<(), OpenError> {
    match &options.location {
        Location::Directory(directory) if options.backup_before_upgrade && (1..SCHEMA_VERSION).contains(&version) => {
            upgrade::back_up(database, version, directory, options.min_free_bytes)
        }
        Location::Directory(_) | Location::Memory => Ok(()),
    }
}

/// Brings a database of a schema version up to date.
fn made_current(database: Database, version: u32, options: &Options) -> StoreResult<(Database, HistoryId)> {
    migrate::migrate(&database, version)?;
    let history = history::of(&database, &*options.entropy)?;
    Ok((database, history))
}

/// redb trusts a file that was closed cleanly, and may panic when it was damaged since.
fn guarded<T>(path: &Path, open: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let corrupt = || OpenError::Corrupt { path: path.to_owned(), cause: Cause::new("its pages make no sense") };
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| Err(corrupt()))
}

/// Makes the directory and the file, which only its owner may read: it has password hashes and addresses in it.
fn prepare(directory: &Path, path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    private_file().truncate(false).open(path)?;
    // A new file is as durable as its name.
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// Opens a file that is about to be replaced, if it is there, so that nobody else does. One that is damaged can't be
/// opened by anyone.
pub(super) fn hold(path: &Path) -> Result<Option<Database>, OpenError> {
    if !path.is_file() {
        return Ok(None);
    }
    match guarded(path, || Builder::new().open(path).map_err(|error| OpenError::of(path.to_owned(), error))) {
        Err(locked @ OpenError::Locked { .. }) => Err(locked),
        held => Ok(held.ok()),
    }
}

/// Opens a file as it is, and returns its schema version.
fn open_unmigrated(path: &Path, options: &Options) -> Result<(Database, u32), OpenError> {
    let refused = |error| OpenError::of(path.to_owned(), error);
    let corrupt = |error: StoreError| OpenError::Corrupt { path: path.to_owned(), cause: Cause::new(error) };
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);

    // Opening for writing changes the file, and one that is too new must stay as it is: look first.
    if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        match builder.open_read_only(path) {
            Ok(database) => require_known(path, migrate::schema_version(&database).map_err(corrupt)?)?,
            // It was not closed cleanly: only opening it for writing repairs it.
            Err(DatabaseError::RepairAborted) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    let on_repair = Arc::clone(&options.on_repair);
    builder.set_repair_callback(move |repair| on_repair(repair.progress()));
    let database = builder.create(path).map_err(refused)?;
    let version = migrate::schema_version(&database).map_err(corrupt)?;
    require_known(path, version)?;
    Ok((database, version))
}

/// Refuses a schema that is newer than this program.
fn require_known(path: &Path, found: u32) -> Result<(), OpenError> {
    let known = SCHEMA_VERSION;
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}
