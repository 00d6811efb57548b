//! Where the database is: a file in the data directory, or a PostgreSQL that several nodes share.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::{Error, data_dir};
use crate::config;
use crate::domain::{SharedQuotas, SystemEntropy};
use crate::store::postgres::{self, Address, PostgresStore};
use crate::store::redb::{self, Location, RedbStore};
use crate::store::{NoObserver, Observer, ReadOnly, Store};

/// The file that is locked while a data directory beside a PostgreSQL is in use.
const IN_USE: &str = "in-use";
/// What a PostgreSQL knows the program by.
const NAME: &str = "ghostworks";

/// Such a database, and how it is wanted.
pub(super) enum Database {
    /// A file of this machine.
    File(redb::Options),
    /// Somewhere else.
    Postgres(postgres::Options),
}

impl Database {
    /// The one that the configuration names.
    pub fn of(config: &config::Storage) -> Result<Self, Error> {
        match &config.url {
            None => Ok(Self::File(file_options(config))),
            Some(url) => Ok(Self::Postgres(postgres_options(config, address(url.expose_secret())?))),
        }
    }

    /// The same, with what a server sets.
    pub fn with(self, quotas: SharedQuotas, read_only: ReadOnly) -> Self {
        match self {
            Self::File(options) => Self::File(redb::Options { quotas, read_only, ..options }),
            Self::Postgres(options) => Self::Postgres(postgres::Options { quotas, read_only, ..options }),
        }
    }

    /// Its name in the conventions of telemetry.
    pub fn system(&self) -> &'static str {
        match self {
            Self::File(_) => "redb",
            Self::Postgres(_) => "postgresql",
        }
    }

    /// Opens it, made or brought up to date if need be. Blocks.
    pub fn open(self, data_dir: &Path, observer: Arc<dyn Observer>) -> Result<Arc<dyn Store>, Error> {
        Ok(match self {
            Self::File(options) => Arc::new(RedbStore::open(options, observer)?),
            Self::Postgres(options) => {
                let held = Some(Arc::new(hold(data_dir)?));
                Arc::new(PostgresStore::open(postgres::Options { held, ..options }, observer)?)
            }
        })
    }

    /// The same, which nobody watches.
    pub fn open_unobserved(self, data_dir: &Path) -> Result<Arc<dyn Store>, Error> {
        self.open(data_dir, Arc::new(NoObserver))
    }
}

/// Marks a data directory as in use, until the file is closed: beside a PostgreSQL there is no database in it that would be.
fn hold(data_dir: &Path) -> Result<File, Error> {
    data_dir::make(data_dir)?;
    let path = data_dir.join(IN_USE);
    let failed = |error| Error::DataDir { path: data_dir.to_owned(), error };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(redb::OpenError::Locked { path }.into()),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The address in a URL.
pub(super) fn address(url: &str) -> Result<Arc<Address>, Error> {
    Ok(Arc::new(Address::parse(url, None, NAME)?.with_defaults(config::postgres_directory().as_deref())))
}

/// How a file is wanted.
pub(super) fn file_options(config: &config::Storage) -> redb::Options {
    redb::Options {
        location: Location::Directory(config.data_dir.clone()),
        cache_bytes: config.cache_bytes,
        queue: config.write_queue,
        group_max: config.group_max,
        min_free_bytes: config.min_free_bytes,
        quotas: SharedQuotas::default(),
        read_only: ReadOnly::default(),
        entropy: Arc::new(SystemEntropy),
        backup_before_upgrade: config.backup_before_upgrade,
        on_repair: Arc::new(|progress| {
            tracing::info!("checking the database after an unclean end: {:.0} %", progress * 100.0);
        }),
    }
}

fn postgres_options(config: &config::Storage, address: Arc<Address>) -> postgres::Options {
    postgres::Options {
        address,
        connections: config.connections,
        queue: config.write_queue,
        group_max: config.group_max,
        quotas: SharedQuotas::default(),
        read_only: ReadOnly::default(),
        entropy: Arc::new(SystemEntropy),
        held: None,
    }
}
