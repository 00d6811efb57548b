//! Takes over what an older service has in PostgreSQL: accounts, workspaces with their members, and artifacts, while no
//! server uses the data directory. It can be repeated: what is here already stays, what has changed there since is brought
//! up to date, and what has changed here stays and is reported.
//!
//! Reads everything there as of one moment, some rows at a time. Knows the store by its boundary alone.

mod artifacts;
mod error;
mod gone;
mod members;
mod notes;
mod report;
mod schema;
mod source;
mod tenants;
mod users;
mod values;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use self::notes::{Key, Note, Notes};
use self::report::Report;
use self::schema::Table;
use self::source::{Row, Source};
use super::database::file_options;
use super::{Error, data_dir, installation};
use crate::auth::PasswordHasher;
use crate::config::Config;
use crate::domain::{Actor, Clock as _, Share, Stamp, SystemClock, TenantId, Timestamp, UserId};
use crate::store::postgres::Address;
use crate::store::redb::{self, Location, Options, RedbStore};
use crate::store::{NoObserver, Store as _};

pub use error::MovingError;
pub use report::{ChangedField, Moved, MovedTable};

/// How many accounts or workspaces are written at once: they share commits.
const TOGETHER: usize = 64;

/// What is to be taken over, and how.
pub struct Moving<'a> {
    /// Where the other database is; it may have a password.
    pub address: &'a SecretString,
    /// The password, if the address has none.
    pub password: Option<&'a SecretString>,
    /// Where the report goes.
    pub report: &'a Path,
    /// Whether everything is only looked at.
    pub is_dry_run: bool,
}

/// Called with how many rows of a table were passed.
pub type Passed<'a> = &'a mut dyn FnMut(Share);

/// A run, under way.
struct Run<'a> {
    source: &'a Source,
    store: &'a RedbStore,
    notes: &'a Notes,
    report: Report,
    hasher: &'a PasswordHasher,
    is_dry_run: bool,
    now: Timestamp,
    passed: Passed<'a>,
    /// How many rows each table has.
    totals: HashMap<&'static str, u64>,
    /// Accounts that are here, and whose each address is that this run gave.
    users: HashSet<UserId>,
    claims: HashMap<String, UserId>,
    /// Workspaces that are here.
    tenants: HashSet<TenantId>,
    /// Notes to be kept with the next.
    noted: Vec<(Key, Note)>,
}

/// Takes everything over, or only looks at what that would be.
pub async fn migrate_from(config: &Config, moving: &Moving<'_>, passed: Passed<'_>) -> Result<Moved, Error> {
    let address = Address::parse(moving.address.expose_secret(), moving.password, "ghostworks migrate-from")
        .map_err(MovingError::from)?;
    installation::require_database(&config.storage.data_dir)?;
    let options = options(config, moving.is_dry_run)?;
    let open = || RedbStore::open(options.clone(), Arc::new(NoObserver));
    // A server that uses it is met before the other database is asked, and none is made before that has answered.
    let known = options.location.has_database().then(open).transpose()?;
    let source = Source::open(&address).await?;
    let store = match known {
        Some(store) => store,
        None => {
            if !moving.is_dry_run {
                data_dir::make(&config.storage.data_dir)?;
            }
            open()?
        }
    };
    let moved = from_there(config, &store, &source, moving, passed).await;
    source.close().await;
    store.close().await.map_err(Error::Close)?;
    moved
}

/// How the database here is opened. What is only looked at is not brought up to date first, and not made.
fn options(config: &Config, is_dry_run: bool) -> Result<Options, Error> {
    let options = file_options(&config.storage);
    if !is_dry_run {
        return Ok(options);
    }
    if !options.location.has_database() {
        return Ok(Options { location: Location::Memory, ..options });
    }
    match redb::schema(&options, false)?.steps.is_empty() {
        true => Ok(options),
        false => Err(MovingError::OlderSchema.into()),
    }
}

async fn from_there(
    config: &Config,
    store: &RedbStore,
    source: &Source,
    moving: &Moving<'_>,
    passed: Passed<'_>,
) -> Result<Moved, Error> {
    let notes = Notes::open(&config.storage.data_dir, moving.is_dry_run)?;
    let hasher = super::hasher(&config.auth, Arc::new(|_| {}))?;
    let mut run = Run {
        source,
        store,
        notes: &notes,
        report: Report::create(moving.report)?,
        hasher: &hasher,
        is_dry_run: moving.is_dry_run,
        now: SystemClock.now(),
        passed,
        totals: HashMap::new(),
        users: HashSet::new(),
        claims: HashMap::new(),
        tenants: HashSet::new(),
        noted: Vec::new(),
    };
    run.all().await?;
    Ok(run.report.finish(moving.is_dry_run)?)
}

impl Run<'_> {
    async fn all(&mut self) -> Result<(), MovingError> {
        for table in Table::ALL {
            let rows = self.source.count(table).await?;
            self.totals.insert(table.name(), rows);
        }
        self.users().await?;
        self.tenants().await?;
        self.artifacts().await?;
        self.gone().await
    }

    async fn begin(&self, table: Table) -> Result<(), MovingError> {
        self.source.begin(table).await
    }

    /// The next rows of a table; none at the end.
    async fn next(&mut self, table: Table) -> Result<Vec<Row>, MovingError> {
        let rows = self.source.next(table).await?;
        let figures = self.report.of(table);
        figures.rows += rows.len() as u64;
        (self.passed)(Share::new(table.name(), figures.rows, self.totals.get(table.name()).copied()));
        Ok(rows)
    }

    /// What the change log says of all that is written: the person at the command line is nobody here.
    fn stamp(&self) -> Stamp {
        Stamp::new(self.now, Actor::default())
    }

    /// Leaves a note as it is, if there is one: its row has been seen.
    fn keep_note(&mut self, key: Key) -> Result<(), MovingError> {
        let note = self.notes.get(&key)?;
        self.noted.extend(note.map(|note| (key, note)));
        Ok(())
    }

    /// Keeps the notes on what is written.
    fn flush(&mut self) -> Result<(), MovingError> {
        if self.noted.is_empty() {
            return Ok(());
        }
        self.notes.put(&std::mem::take(&mut self.noted))
    }
}
