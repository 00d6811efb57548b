//! What reads see: the last commit, with its tables already open.
//!
//! The writer publishes a snapshot after every commit and before it answers, so a read that begins after an answer sees
//! that write, and costs neither a transaction nor the opening of a table. A snapshot that is held keeps the pages it
//! sees from being reused, so nobody keeps one for longer than a read.

use std::time::Instant;

use arc_swap::ArcSwapOption;
use redb::{Database, ReadOnlyTable, ReadableDatabase};
use tokio::sync::watch;

use super::remembered::Remembered;
use super::tables;
use crate::store::StoreResult;

type Rows<const N: usize> = ReadOnlyTable<&'static [u8; N], &'static [u8]>;

/// The tables that are read, as of one commit.
pub(super) struct Snapshot {
    pub users: Rows<16>,
    pub users_by_email: ReadOnlyTable<&'static str, &'static [u8; 16]>,
    pub one_time_tokens: Rows<17>,
    pub sessions: Rows<32>,
    pub spent_tokens: Rows<32>,
    pub workspaces: Rows<16>,
    pub members: Rows<32>,
    pub memberships_by_user: ReadOnlyTable<&'static [u8; 32], ()>,
    pub workspaces_deleted: ReadOnlyTable<&'static [u8; 16], ()>,
    pub api_keys: Rows<32>,
    pub artifacts: Rows<32>,
    pub artifacts_trash: Rows<32>,
    pub artifact_versions: Rows<40>,
    pub answers: Rows<48>,
    pub counters: ReadOnlyTable<&'static [u8; 17], u64>,
    pub changes: ReadOnlyTable<u64, &'static [u8]>,
}

impl Snapshot {
    /// The tables as of the last commit.
    pub fn open(database: &Database) -> StoreResult<Self> {
        let txn = database.begin_read()?;
        Ok(Self {
            users: txn.open_table(tables::USERS)?,
            users_by_email: txn.open_table(tables::USERS_BY_EMAIL)?,
            one_time_tokens: txn.open_table(tables::ONE_TIME_TOKENS)?,
            sessions: txn.open_table(tables::SESSIONS)?,
            spent_tokens: txn.open_table(tables::SPENT_TOKENS)?,
            workspaces: txn.open_table(tables::WORKSPACES)?,
            members: txn.open_table(tables::MEMBERS)?,
            memberships_by_user: txn.open_table(tables::MEMBERSHIPS_BY_USER)?,
            workspaces_deleted: txn.open_table(tables::WORKSPACES_DELETED)?,
            api_keys: txn.open_table(tables::API_KEYS)?,
            artifacts: txn.open_table(tables::ARTIFACTS)?,
            artifacts_trash: txn.open_table(tables::ARTIFACTS_TRASH)?,
            artifact_versions: txn.open_table(tables::ARTIFACT_VERSIONS)?,
            answers: txn.open_table(tables::ANSWERS)?,
            counters: txn.open_table(tables::COUNTERS)?,
            changes: txn.open_table(tables::CHANGES)?,
        })
    }
}

/// What the writer lets everyone else know.
#[derive(Default)]
pub(super) struct Published {
    /// The last commit; none while it can't be read, and once the database is closed.
    pub snapshot: ArcSwapOption<Snapshot>,
    /// Why writes fail, from a failed commit until one works again.
    pub broken: ArcSwapOption<String>,
    /// Rows that are not read again until they are rewritten.
    pub remembered: Remembered,
    /// When the writer last came round: answered a group, for better or worse.
    pub round: watch::Sender<Option<Instant>>,
}
