//! The storage boundary: what the rest of ghostworks asks of a database.
//!
//! [`Store`] speaks in whole intents (`create_artifact`, `rotate_refresh_token`), never in transactions; each resource
//! has a trait of its own. A writing intent checks its preconditions and then writes the row, its secondary indexes, the
//! counters and its entries of the change log, all or nothing, and answers only when that is on disk. Reads see every
//! write that was answered before they began. Methods on a tenant's data take its
//! [`TenantId`](crate::domain::TenantId) first.
//!
//! Knows `domain` and nothing else of ours. Nothing outside this module may know which store it talks to; the tests
//! in `tests/store/` run on any.
//!
#![doc = include_str!("README.md")]

mod adoption;
mod answers;
mod api_keys;
mod artifacts;
pub mod backup;
mod backups;
mod cause;
mod changes;
pub mod check;
mod damages;
mod deletions;
pub mod engine;
mod error;
mod figures;
#[cfg(fuzzing)]
pub mod fuzzing;
mod housekeeping;
mod inspections;
mod invitations;
mod leases;
mod members;
mod observer;
mod one_time_tokens;
pub mod postgres;
mod read_only;
mod reading;
mod records;
pub mod redb;
mod rules;
mod schema;
mod sessions;
mod shared;
mod stats;
mod tenants;
mod users;
mod workspaces;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;

use crate::domain::{HistoryId, LogPosition};

pub use adoption::Adoption;
pub use answers::Answers;
pub use api_keys::ApiKeys;
pub use artifacts::Artifacts;
pub use backups::{Backup, Backups, Checkpoint, Since};
pub use cause::Cause;
pub use changes::Changes;
pub use damages::Damages;
pub use deletions::{Deleted, Deletions, Heir};
pub use engine::TableStats;
pub use error::{Damage, Missing, StoreError, StoreResult};
pub use figures::{CacheFigures, StoreFigures};
pub use housekeeping::{Housekeeping, TrashPlace, VersionPlace};
pub use inspections::Inspections;
pub use invitations::{InvitationPlace, Invitations, PresentedInvitation};
pub use leases::{LEASE, Lease, LeaseHolder, Leases};
pub use members::Members;
pub use observer::{Call, CommitFigures, NoObserver, Observer, WriteFigures};
pub use one_time_tokens::{OneTimeTokens, PasswordReset};
pub use read_only::ReadOnly;
pub use schema::{SCHEMA_VERSION, Schema, begin_database, history_of};
pub use sessions::{Opening, Renewal, Rotation, SessionPlace, Sessions, Standing, Switched};
pub use shared::{Shared, SharedChange, SharedKind, SharedRows};
pub use stats::{Stats, WorkspaceStats};
pub use tenants::Tenants;
pub use users::Users;
pub use workspaces::{SlugChoice, Workspaces};

/// A database for everything ghostworks keeps.
#[async_trait]
pub trait Store:
    Users
    + OneTimeTokens
    + Sessions
    + Workspaces
    + Tenants
    + Members
    + Invitations
    + ApiKeys
    + Artifacts
    + Answers
    + Changes
    + Deletions
    + Adoption
    + Housekeeping
    + Backups
    + Inspections
{
    /// Which history the database has: another one after each restore. What is derived from it names it.
    fn history(&self) -> HistoryId;

    /// How many there are of each thing, from counters.
    async fn counts(&self) -> StoreResult<Counts>;

    /// Reads from the database, and waits a second at most for word from the writer. However often it is asked, the
    /// writer is not asked more than a few times a second.
    async fn health(&self) -> StoreHealth;

    /// Figures for those who watch it. Waits for nobody.
    fn figures(&self) -> StoreFigures;

    /// The lease on what one of several nodes does for all. None where there is but one node, which does it.
    fn leases(&self) -> Option<Arc<dyn Leases>> {
        None
    }

    /// What several nodes share beside the database. None where there is but one node, whose data directory has it.
    fn shared(&self) -> Option<Arc<dyn Shared>> {
        None
    }

    /// Finishes the queued writes and closes the database; everything after is [`StoreError::Unavailable`].
    async fn close(&self) -> StoreResult<()>;
}

/// How many there are of each thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub users: u64,
    /// Workspaces.
    pub workspaces: u64,
    /// Artifacts, those in the trash included.
    pub artifacts: u64,
    /// Artifacts that are not in the trash.
    pub active_artifacts: u64,
}

/// How far the clock of a node may be from that of a database that is elsewhere.
pub const MOST_CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(2);

/// What is known of a database that is elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteHealth {
    /// By how much the clock here is ahead of the one there.
    pub clock_ahead: SignedDuration,
    /// Whether commits wait for a standby.
    pub is_synchronous: bool,
    /// How many standbys are connected; none while that is not known.
    pub standbys: Option<u64>,
    /// Connections for reads: in use, open, and as many as there may be.
    pub connections: (usize, usize, usize),
}

impl RemoteHealth {
    /// Whether the clock here is of no use.
    pub fn has_another_time(&self) -> bool {
        self.clock_ahead.abs() > MOST_CLOCK_DIFFERENCE
    }
}

/// The state of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreHealth {
    /// Whether reads work.
    pub readable: bool,
    /// Whether writes work, and why not.
    pub writable: StoreResult<()>,
    /// The last position in the change log.
    pub newest_change: LogPosition,
    /// Writes that wait for the writer.
    pub queue_depth: usize,
    /// Rows that were met and can't be read; the first of very many. Which they are is for operators, not for clients.
    pub damaged: Vec<Damage>,
    /// What is known of the database, if it is elsewhere.
    pub remote: Option<RemoteHealth>,
}
