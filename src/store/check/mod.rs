//! Checks a database as a whole: that every row can be read and belongs to something, and that what is derived from
//! the rows (indexes, counters, the chains of the change log) says the same as they do. What is derived can be rebuilt.
//! Written once for every engine.
//!
//! Looks at one commit, and changes nothing unless it is to repair: then all is set right in one commit.

mod counters;
mod log;
mod rows;
mod sets;
mod texts;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::StoreResult;
use super::engine::{Rebuild, Section, Whole};
use crate::domain::{Share, push_hex};

/// How many findings are listed one by one.
const MAX_FINDINGS: usize = 100;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Rows that were checked, by table.
    pub rows: BTreeMap<Cow<'static, str>, u64>,
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

/// How something derived is set right: what the row under a key has to be; without one, it is removed.
struct Fix {
    section: Section,
    key: Vec<u8>,
    row: Option<Vec<u8>>,
}

impl Fix {
    fn put(section: Section, key: &[u8], row: &[u8]) -> Self {
        Self { section, key: key.to_vec(), row: Some(row.to_vec()) }
    }

    fn remove(section: Section, key: &[u8]) -> Self {
        Self { section, key: key.to_vec(), row: None }
    }

    fn apply(&self, database: &mut dyn Rebuild) -> StoreResult<()> {
        match (&self.row, self.section.under(&self.key)) {
            (Some(row), _) => database.put(self.section, &self.key, row),
            (None, Some(only)) => database.remove(self.section, &only),
            (None, None) => Ok(()),
        }
    }
}

/// Called with how much of a check is done.
pub type Passed = Box<dyn FnMut(Share)>;

/// A check under way.
#[derive(Default)]
pub struct Check {
    /// What it found.
    pub report: CheckReport,
    fixes: Vec<Fix>,
    /// How many rows there were so far, about how many there are, and who wants to know.
    rows: (u64, Option<u64>),
    passed: Option<Passed>,
}

impl Check {
    /// One that calls `passed` for each row.
    pub fn reporting(passed: Passed) -> Self {
        Self { passed: Some(passed), ..Self::default() }
    }

    /// Looks at everything.
    pub fn look(&mut self, whole: &dyn Whole) -> StoreResult<()> {
        self.rows = (0, whole.rows_in_all());
        for (what, rows) in whole.unknown()? {
            self.damaged(format!("{what}: {rows} rows that this version does not know"));
        }
        let mut totals = rows::check(self, whole)?;
        sets::check(self, whole)?;
        texts::check(self, whole)?;
        let ends = log::check(self, whole, &mut totals)?;
        counters::check(self, whole, totals, &ends)
    }

    /// Whether there is something to set right.
    pub fn has_fixes(&self) -> bool {
        !self.fixes.is_empty()
    }

    /// Sets right what is derived.
    pub fn set_right(&self, database: &mut dyn Rebuild) -> StoreResult<()> {
        self.fixes.iter().try_for_each(|fix| fix.apply(database))
    }

    /// Something is wrong that can't be derived from anything else.
    pub fn damaged(&mut self, what: String) {
        self.report.found(what, false);
    }

    /// One more row of a section.
    fn passed(&mut self, section: &'static str) {
        *self.report.rows.entry(Cow::Borrowed(section)).or_default() += 1;
        self.rows.0 += 1;
        if let Some(passed) = &mut self.passed {
            passed(Share::new("rows checked", self.rows.0, self.rows.1));
        }
    }

    /// Something derived is wrong.
    fn derived(&mut self, what: String, fix: Fix) {
        self.report.derived(what);
        self.fixes.push(fix);
    }
}

/// A key, for the reader of the report. Ids are no secrets.
fn name(key: &[u8]) -> String {
    let mut text = String::with_capacity(2 * key.len());
    push_hex(&mut text, key);
    text
}

/// The id that a key begins with.
fn first_of(key: &[u8]) -> [u8; 16] {
    key.first_chunk().copied().unwrap_or_default()
}
