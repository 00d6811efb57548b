//! Checks a database as a whole: that every row can be read and belongs to something, and that what is derived from
//! the rows (indexes, counters, the chains of the change log) says the same as they do. What is derived can be rebuilt.
//!
//! Looks at one commit, and changes nothing unless it is to repair: then all is set right in one commit.

mod counters;
mod log;
mod rows;
mod sets;
mod texts;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::Database;

use super::errors::OpenError;
use super::open::{self, Options};
use super::snapshot::Snapshot;
use super::transaction::Tables;
use crate::domain::push_hex;
use crate::store::{Cause, StoreError, StoreResult};

/// How many findings are listed one by one.
const MAX_FINDINGS: usize = 100;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Rows that were checked, by table.
    pub rows: BTreeMap<&'static str, u64>,
    /// What is wrong, a line each, and whether it can be repaired; the first of them.
    pub findings: Vec<(String, bool)>,
    /// How many things are wrong.
    pub found: usize,
    /// How many of them can be repaired.
    pub repairable: usize,
}

impl CheckReport {
    /// Something that can be rebuilt is wrong.
    pub fn derived(&mut self, what: String) {
        self.repairable += 1;
        self.found(what, true);
    }

    fn found(&mut self, what: String, is_repairable: bool) {
        self.found += 1;
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push((what, is_repairable));
        }
    }
}

/// How something derived is set right.
enum Fix {
    /// Whom an address leads to; none removes it.
    Address(String, Option<[u8; 16]>),
    /// The workspace that a slug leads to; none removes it.
    Slug(String, Option<[u8; 16]>),
    /// Whether `memberships_by_user` has a key.
    Membership([u8; 32], bool),
    /// Whether `artifacts_by_creation` has a key.
    Creation([u8; 41], bool),
    /// Whether `answers_by_expiry` has a key.
    Expiry([u8; 56], bool),
    /// The value of a counter; none removes it.
    Counter([u8; 17], Option<u64>),
    /// The entry of the same workspace before the one at this position.
    Previous(u64, u64),
}

impl Fix {
    fn apply(self, tables: &mut Tables<'_>) -> StoreResult<()> {
        match self {
            Self::Address(text, Some(id)) => drop(tables.users_by_email()?.insert(text.as_str(), &id)?),
            Self::Address(text, None) => drop(tables.users_by_email()?.remove(text.as_str())?),
            Self::Slug(text, Some(id)) => drop(tables.workspaces_by_slug()?.insert(text.as_str(), &id)?),
            Self::Slug(text, None) => drop(tables.workspaces_by_slug()?.remove(text.as_str())?),
            Self::Membership(key, true) => drop(tables.memberships_by_user()?.insert(&key, ())?),
            Self::Membership(key, false) => drop(tables.memberships_by_user()?.remove(&key)?),
            Self::Creation(key, true) => drop(tables.artifacts_by_creation()?.insert(&key, ())?),
            Self::Creation(key, false) => drop(tables.artifacts_by_creation()?.remove(&key)?),
            Self::Expiry(key, true) => drop(tables.answers_by_expiry()?.insert(&key, ())?),
            Self::Expiry(key, false) => drop(tables.answers_by_expiry()?.remove(&key)?),
            Self::Counter(key, value) => tables.counters()?.set(key, value)?,
            Self::Previous(seq, previous) => tables.changes()?.relink(seq, previous)?,
        }
        Ok(())
    }
}

/// A check under way.
#[derive(Default)]
pub(super) struct Check {
    /// What it found.
    pub report: CheckReport,
    fixes: Vec<Fix>,
}

impl Check {
    /// One more row of a table.
    fn passed(&mut self, table: &'static str) {
        *self.report.rows.entry(table).or_default() += 1;
    }

    /// Something is wrong that can't be derived from anything else.
    fn damaged(&mut self, what: String) {
        self.report.found(what, false);
    }

    /// Something derived is wrong.
    fn derived(&mut self, what: String, fix: Fix) {
        self.report.derived(what);
        self.fixes.push(fix);
    }
}

/// Checks the database that nobody else has open, beginning with redb's own structures, which redb repairs by itself.
/// With `repair`, what is derived is set right. Blocks for as long as it takes to read everything.
pub fn check(options: &Options, repair: bool) -> Result<CheckReport, OpenError> {
    let path = options.location.path();
    let mut database = open::open_current(options)?;
    // redb may panic over pages that make no sense.
    let check = catch_unwind(AssertUnwindSafe(|| look(&mut database)))
        .unwrap_or_else(|_| Err(StoreError::unavailable("its pages make no sense")))
        .map_err(|error| OpenError::Corrupt { path: path.clone(), cause: Cause::new(error) })?;
    if repair && !check.fixes.is_empty() {
        set_right(&database, check.fixes).map_err(|error| OpenError::after_opening(path.clone(), &error))?;
    }
    database.close().map_err(|error| OpenError::Other { path, cause: Cause::new(error) })?;
    Ok(check.report)
}

/// Looks at everything.
pub(super) fn look(database: &mut Database) -> StoreResult<Check> {
    let mut check = Check::default();
    if !database.check_integrity()? {
        check.damaged("redb's own structures were wrong, and have been repaired".to_owned());
    }
    let snapshot = Snapshot::open(database)?;
    let mut totals = rows::check(&mut check, &snapshot)?;
    sets::check(&mut check, &snapshot)?;
    texts::check(&mut check, &snapshot)?;
    let ends = log::check(&mut check, &snapshot, &mut totals)?;
    counters::check(&mut check, &snapshot, totals, &ends)?;
    Ok(check)
}

fn set_right(database: &Database, fixes: Vec<Fix>) -> StoreResult<()> {
    let mut txn = database.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    let mut tables = Tables::of(&txn);
    for fix in fixes {
        fix.apply(&mut tables)?;
    }
    tables.finish()?;
    Ok(txn.commit()?)
}

/// A key, for the reader of the report. Ids are no secrets.
fn name(key: &[u8]) -> String {
    let mut text = String::with_capacity(2 * key.len());
    push_hex(&mut text, key);
    text
}
