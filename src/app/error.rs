//! Why something that was asked of the program as a whole was not done.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::{MovingError, TransferError};
use crate::acme::AcmeError;
use crate::auth::{HashingError, SigningKeyError};
use crate::backups::{PlaceError, TombstonesError};
use crate::config::Listen;
use crate::followers::Failure;
use crate::http::server::TlsError;
use crate::mail::MailerError;
use crate::search::SearchError;
use crate::service::SharedKeysError;
use crate::store::StoreError;
use crate::store::backup::BackupError;
use crate::store::postgres::{self, AddressError};
use crate::store::redb::{CompactError, OpenError, RestoreError};
use crate::telemetry::TelemetryError;

/// Why the server can't start, or did not end well: one line that says what to do.
#[derive(Debug, Error)]
pub enum Error {
    /// The data directory can't be made.
    #[error("can't create the data directory {path}: {error}; choose another with --data-dir")]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The data directory is another user's, and can't be written.
    #[error(
        "the data directory {path} belongs to user {owner}, and ghostworks runs as user {own}, who can't write there: run `chown -R {own} {path}`, or choose another with --data-dir"
    )]
    OthersDataDir {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs this.
        own: u32,
    },
    /// There was a database, and it is gone.
    #[error(
        "{database} is missing or empty, but {left} is there, which comes after a database: put the database back, or restore a backup (ghostworks restore); to begin with an empty database, start once with `ghostworks serve --new`"
    )]
    LostDatabase {
        /// The database file.
        database: PathBuf,
        /// What shows that there was one.
        left: PathBuf,
    },
    /// What names the installation can't be read or written.
    #[error(
        "{path}, which names this installation, can't be used: {error}; put it back, or remove it to have another name (a place of backups has to be adopted then: ghostworks backups adopt)"
    )]
    Installation {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: io::Error,
    },
    /// What says who was deleted can't be read or written.
    #[error(
        "{path}, which says whose accounts were deleted, can't be used: {error}; put it back, or remove it (then a restored backup may have people who were deleted)"
    )]
    Tombstones {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: TombstonesError,
    },
    /// People who were deleted may be in the database again.
    #[error("people who were deleted may be in the database again: {0}; the server deletes them when it starts")]
    Deleted(StoreError),
    /// Nobody who was deleted has the address.
    #[error(
        "the database is restored, but no deleted account has this e-mail address in it: {email}; see `ghostworks user list`"
    )]
    NotDeleted {
        /// The address.
        email: String,
    },
    /// The authority that is to give a certificate can't be asked.
    #[error(transparent)]
    Acme(#[from] AcmeError),
    /// The certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database can't be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The PostgreSQL that the database is in can't be used.
    #[error("storage.url: {0}")]
    Postgres(#[from] postgres::OpenError),
    /// It has no address.
    #[error("storage.url: {0}")]
    PostgresAddress(#[from] AddressError),
    /// It was not backed up, or not restored.
    #[error("storage.url: {0}")]
    PostgresBackup(#[from] postgres::RestoreError),
    /// The database is in a PostgreSQL already.
    #[error(
        "storage.url is set: the database is in a PostgreSQL already; `ghostworks backup` and `restore` take it elsewhere"
    )]
    MovedAlready,
    /// What is copied must not change meanwhile.
    #[error("a server uses the data directory and takes writes: stop it, or run `ghostworks read-only on` first")]
    NotReadOnly,
    /// It was not moved.
    #[error("nothing was moved: {0}")]
    NotMoved(postgres::RestoreError),
    /// The file that should have an address can't be read.
    #[error("can't read {path}: {error}")]
    Address {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// PostgreSQL looks after its own files.
    #[error("storage.url: PostgreSQL gives space back by itself (VACUUM); there is nothing to compact")]
    PostgresCompacts,
    /// The search index can't be opened, nor rebuilt.
    #[error("{error}; check that {path} can be written, or remove it: it is rebuilt")]
    Search {
        /// Where the index is.
        path: PathBuf,
        /// What is wrong.
        error: SearchError,
    },
    /// The database was not compacted.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// The search index can't be compared with the database.
    #[error("the search index was not checked: {0}")]
    Check(StoreError),
    /// The search index can't be rebuilt.
    #[error("the search index was not rebuilt: {0}")]
    Reindex(Failure),
    /// There is no signing key.
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    /// There is none that nodes share.
    #[error(transparent)]
    SharedKeys(#[from] SharedKeysError),
    /// Nodes share nothing here.
    #[error("storage.url: without it there is one server, whose signing key is its own and not sealed")]
    NotShared,
    /// What nodes share can't be read or written.
    #[error("what servers share in the database can't be used: {0}")]
    Shared(StoreError),
    /// Password hashing can't be set up.
    #[error("the configured password hashing cost is not possible: {0}")]
    Hashing(#[from] HashingError),
    /// There is no database.
    #[error("there is no database in {path}; name its directory with --data-dir")]
    NoDatabase {
        /// The data directory.
        path: PathBuf,
    },
    /// A backup was not made, or not restored.
    #[error(transparent)]
    Backup(#[from] RestoreError),
    /// Backups can't go where they should.
    #[error("backups can't go to {to}: {error}; change backups.to")]
    BackupPlace {
        /// Where they should go.
        to: String,
        /// What is wrong with it.
        error: PlaceError,
    },
    /// Nobody said where backups are.
    #[error("there is nothing to restore: name a backup, or the place of backups with --from or backups.to")]
    NothingToRestore,
    /// Nobody said where backups are.
    #[error("there is no place of backups: name it with --from or backups.to")]
    NoBackupPlace,
    /// The place of the backups can't be used, or has not what is asked for.
    #[error("{address}: {error}")]
    Place {
        /// The place.
        address: String,
        /// What is wrong.
        error: PlaceError,
    },
    /// The data directory does not say which installation it is.
    #[error(
        "{path} is no installation, so nothing in the place of the backups is its own; name its directory with --data-dir"
    )]
    NoInstallation {
        /// The data directory.
        path: PathBuf,
    },
    /// A server runs that can't be asked.
    #[error("the database is in use by a running server: stop it, or ask it; {0}")]
    Running(&'static str),
    /// A server runs, and has open what should be made smaller.
    #[error(
        "a database can't be compacted while a server has it open: {unused} of its {file} MiB are not used; stop the server, run `ghostworks compact`, and start it again"
    )]
    InUseForCompact {
        /// MiB that are not used.
        unused: u64,
        /// MiB of the file.
        file: u64,
    },
    /// A server runs that does not do what it is asked.
    #[error("the database is in use by a running server, which can't be asked at {url}: {cause}")]
    Unreachable {
        /// Where it was asked.
        url: String,
        /// What came of it.
        cause: String,
    },
    /// The server in the data directory was not asked.
    #[error(
        "no server that uses {path} was asked ({cause}); name its directory with --data-dir, or its address with --server"
    )]
    NotAsked {
        /// The data directory.
        path: PathBuf,
        /// What came of it.
        cause: String,
    },
    /// A server far away was not shown the token of its operator.
    #[error(
        "{url} knows its operator by server.operator_token: name a file that has the one of that server with --token-file"
    )]
    NotOperator {
        /// Where it was asked.
        url: String,
    },
    /// It was refused, and said why.
    #[error("refused: {0}")]
    Refused(String),
    /// There is a file where another should go.
    #[error("{path} is there already; choose another name, or replace it with --force")]
    FileIsThere {
        /// The file.
        path: PathBuf,
    },
    /// Artifacts were not exported or imported.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// What an older service has was not taken over, or not all of it.
    #[error(transparent)]
    Moving(#[from] MovingError),
    /// No account has the address.
    #[error("no account has this e-mail address: {email}; `ghostworks user list` has them all")]
    NoSuchUser {
        /// The address.
        email: String,
    },
    /// No workspace is called so.
    #[error("no workspace has this slug: {name}; `ghostworks workspace list` has them all")]
    NoSuchWorkspace {
        /// What it was called.
        name: String,
    },
    /// Demonstration accounts have a password that everyone knows.
    #[error("there is no demonstration data in production: everyone knows its passwords")]
    DemoInProduction,
    /// The database has demonstration accounts already.
    #[error("the demonstration data is there already; choose another directory with --data-dir")]
    DemoIsThere,
    /// The demonstration data is not in the database, or not all of it.
    #[error("the demonstration data was not written: {0}")]
    Demo(String),
    /// Mail can't be sent as configured.
    #[error(transparent)]
    Mail(#[from] MailerError),
    /// Telemetry can't be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The address can't be listened on.
    #[error("can't listen on {address}: {error}; choose another address with {setting}")]
    Listen {
        /// The address.
        address: Listen,
        /// What it comes from.
        setting: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// The port is not for everybody.
    #[error(
        "can't listen on {address}: ports below 1024 take a right. Give it to the program (sudo setcap cap_net_bind_service=+ep {program}), to the service (AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit of systemd), or to everybody (sudo sysctl net.ipv4.ip_unprivileged_port_start=80); or choose another address with {setting}"
    )]
    PrivilegedPort {
        /// The address.
        address: Listen,
        /// What it comes from.
        setting: &'static str,
        /// This program's file.
        program: String,
    },
    /// The system does not deliver signals.
    #[error("can't wait for signals: {0}")]
    Signal(io::Error),
    /// The database did not close cleanly. Every answered write is safe.
    #[error("the database did not close cleanly: {0}")]
    Close(StoreError),
}

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        Self::Backup(error.into())
    }
}

impl Error {
    /// Whether a server has the database open.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self, Self::Store(OpenError::Locked { .. }))
    }

    /// Whether it failed because a server uses the data directory.
    pub fn is_in_use(&self) -> bool {
        self.is_locked() || matches!(self, Self::Running(_) | Self::Unreachable { .. } | Self::InUseForCompact { .. })
    }
}
