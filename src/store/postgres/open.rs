//! Opens a database: makes its tables, brings it up to date, and looks at what it promises.

use std::fs::File;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};

use super::clock::{ClockDifference, NOW};
use super::connect::{Connection, failed};
use super::group::{Group, Seen};
use super::io::Io;
use super::layout::{CREATE, LOCK_SCHEMA};
use super::pool::Reads;
use super::rebuild::Rebuilding;
use super::shared::{SharedTable, moment_of};
use super::snapshot::Snapshots;
use super::{Address, PostgresStore};
use crate::domain::{Entropy, HistoryId, SharedQuotas};
use crate::store::engine::{Section, Whole as _};
use crate::store::schema::{self, SCHEMA_VERSION, VERSION_KEY};
use crate::store::{Damages, Observer, ReadOnly, StoreError, StoreResult};

/// How a database is wanted.
#[derive(Clone)]
pub struct Options {
    /// Where it is.
    pub address: Arc<Address>,
    /// Connections for reads, at most.
    pub connections: usize,
    /// Intents that may wait at this node.
    pub queue: usize,
    /// Intents in one transaction, at most.
    pub group_max: usize,
    /// The most that every workspace may have.
    pub quotas: SharedQuotas,
    /// Has writes refused.
    pub read_only: ReadOnly,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
    /// Held as long as it is open: what says that the data directory beside it is in use.
    pub held: Option<Arc<File>>,
}

/// Why a database was not opened. One line each.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A program of a later version has brought it up to its schema.
    #[error(
        "{database} has schema version {found}, and this version of ghostworks knows up to {known}: use the version that \
         it was used with"
    )]
    Newer {
        /// Which database.
        database: String,
        /// The version that it has.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// It can't be used.
    #[error("{database}: {}", plainly(.cause))]
    Failed {
        /// Which database.
        database: String,
        /// What came of it.
        cause: StoreError,
    },
}

/// Without the words that say no more than that something failed.
fn plainly(cause: &StoreError) -> String {
    match cause {
        StoreError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

impl OpenError {
    /// That the database at an address can't be used.
    pub(super) fn at(address: &Address) -> impl Fn(StoreError) -> Self + use<> {
        let database = address.to_string();
        move |cause| Self::Failed { database: database.clone(), cause }
    }
}

/// What the database does about a commit before it answers, as far as one should know.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Promise {
    /// It is on a standby as well.
    OnStandby,
    /// It is on the disk of this machine alone.
    OnDisk,
    /// It may be lost.
    Nothing(String),
}

impl PostgresStore {
    /// Opens the database, made or brought up to date if need be. `observer` is informed of every call. Blocks.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, which its operations need, too.
    pub fn open(options: Options, observer: Arc<dyn Observer>) -> Result<Self, OpenError> {
        let Options { address, connections, queue, group_max, quotas, read_only, entropy, held } = options;
        let damages = Arc::new(Damages::new(observer.clone()));
        let failed_at = OpenError::at(&address);
        let snapshots = Arc::new(Snapshots::of(address.clone(), damages.clone()).map_err(&failed_at)?);
        let history = bring_up(&snapshots.io, &address, &*entropy)?;
        let clock = Arc::new(ClockDifference::default());
        tell(&promise(&snapshots.io, &address, clock.clone()).map_err(&failed_at)?);
        let reads = Reads::new(address.clone(), connections).map_err(&failed_at)?;
        let seen = Arc::new(Seen::default());
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let group = Group {
            address: address.clone(),
            connection: None,
            intents: group_max,
            damages: damages.clone(),
            observer: observer.clone(),
            entropy,
            seen: seen.clone(),
            commits: 0,
        };
        let writer = tokio::sync::Mutex::new(Some(tokio::spawn(group.run(receiver))));
        let scans = Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));
        let [backups, inspections] = [(); 2].map(|()| Arc::new(Semaphore::new(1)));
        Ok(Self {
            address,
            reads,
            queue: Arc::new(ArcSwapOption::from_pointee(sender)),
            writer: Arc::new(writer),
            snapshots,
            scans,
            seen,
            damages,
            observer,
            history,
            quotas,
            read_only,
            backups,
            inspections,
            clock,
            fence: None,
            _held: held,
        })
    }
}

/// What nodes share beside a database, whose tables are made if need be. Blocks.
pub fn shared(address: &Arc<Address>) -> Result<SharedTable, OpenError> {
    let failed_at = OpenError::at(address);
    let io = Arc::new(Io::start().map_err(&failed_at)?);
    drop(begin(&io, address).map_err(&failed_at)?);
    SharedTable::at(address.clone()).map_err(failed_at)
}

/// A transaction on a database with its tables made, which nobody else changes the schema of meanwhile. Blocks.
pub(super) fn begin(io: &Arc<Io>, address: &Arc<Address>) -> StoreResult<Rebuilding> {
    let place = address.clone();
    let connection = io.wait(async move {
        let connection = Connection::for_schema(&place).await?;
        // Who only uses them need not be allowed to make tables.
        if !connection.has_all_tables().await? {
            let make = format!("SET client_min_messages = warning; BEGIN; {LOCK_SCHEMA}; {CREATE}; COMMIT");
            connection.client.batch_execute(&make).await.map_err(failed)?;
        }
        Ok(connection)
    })?;
    Rebuilding::begin(io.clone(), connection)
}

/// The version of a database; 0 when it is empty.
pub(super) fn version_of(database: &Rebuilding) -> StoreResult<u32> {
    match database.row_of(Section::Facts, VERSION_KEY.as_bytes())? {
        Some(_) => schema::version_of(database),
        None if database.has_rows()? => Err(StoreError::unavailable(
            "it has rows of ghostworks, but its schema version is missing: `ghostworks restore --force` replaces all",
        )),
        None => Ok(0),
    }
}

/// Brings a database up to date, and returns which history it has. Blocks.
fn bring_up(io: &Arc<Io>, address: &Arc<Address>, entropy: &dyn Entropy) -> Result<HistoryId, OpenError> {
    let failed_at = OpenError::at(address);
    let mut database = begin(io, address).map_err(&failed_at)?;
    let found = version_of(&database).map_err(&failed_at)?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::Newer { database: address.to_string(), found, known: SCHEMA_VERSION });
    }
    let work = || {
        if found == 0 {
            let history = schema::begin_database(&mut database, entropy)?;
            database.commit()?;
            return Ok(history);
        }
        let history = schema::history_of(&database)?;
        if found < SCHEMA_VERSION {
            schema::bring_up(&mut database, found, SCHEMA_VERSION)?;
            database.commit()?;
        }
        Ok(history)
    };
    work().map_err(failed_at)
}

/// What the database promises of an answered commit. What time it is there is noted.
fn promise(io: &Io, address: &Arc<Address>, clock: Arc<ClockDifference>) -> StoreResult<Promise> {
    let address = address.clone();
    io.wait(async move {
        let connection = Connection::for_all(&address).await?;
        let ask = async { moment_of(&connection.client.query_typed(NOW, &[]).await.map_err(failed)?) };
        clock.measure(ask).await?;
        let query = "SELECT current_setting('synchronous_commit'), current_setting('fsync'), \
                     current_setting('synchronous_standby_names')";
        let found = connection.client.query_typed(query, &[]).await.map_err(failed)?;
        let setting = |at: usize| found.first().map(|row| row.get::<_, String>(at)).unwrap_or_default();
        let (commit, fsync, standbys) = (setting(0), setting(1), setting(2));
        Ok(match (commit.as_str(), fsync.as_str()) {
            (_, "off") => Promise::Nothing("fsync is off".to_owned()),
            ("off", _) => Promise::Nothing("synchronous_commit is off".to_owned()),
            ("on" | "remote_apply" | "remote_write", _) if !standbys.is_empty() => Promise::OnStandby,
            _ => Promise::OnDisk,
        })
    })
}

fn tell(promise: &Promise) {
    match promise {
        Promise::OnStandby => {}
        Promise::OnDisk => tracing::info!(
            "the database has no synchronous standby: what was answered is on one disk; synchronous_standby_names \
             changes that"
        ),
        Promise::Nothing(why) => {
            tracing::warn!("{why} in the database: writes that were answered can be lost in a power cut");
        }
    }
}
