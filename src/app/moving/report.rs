//! What did not come as it was, a line of JSON for each thing, and how much of each kind there was.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::MovingError;
use super::schema::Table;

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// A value was changed to fit, or left out.
    Changed,
    /// A password's hash can't be used: another password has to be chosen.
    PasswordReset,
    /// A row is not in use there, and is in the trash here, or left out.
    Inactive,
    /// A row was not taken over.
    Skipped,
    /// A row has changed here since it was taken over, and stays as it is here.
    Conflict,
    /// A row is gone there.
    Gone,
}

/// A line of the report.
#[derive(Debug, Serialize)]
pub(super) struct Finding<'a> {
    pub table: &'static str,
    pub id: &'a str,
    pub what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'a str>,
}

/// What became of the rows of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MovedTable {
    /// What it is called there.
    pub table: &'static str,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were not here.
    pub added: u64,
    /// Rows that had changed there since they were taken over.
    pub updated: u64,
    /// Rows that were here already.
    pub unchanged: u64,
    /// Rows that are not in use there and were left out.
    pub inactive: u64,
    /// Rows that were not taken over.
    pub skipped: u64,
    /// Rows that have changed here, and stay.
    pub conflicts: u64,
    /// Rows that are gone there since they were taken over.
    pub gone: u64,
}

/// A field whose values were changed to fit, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedField {
    /// The table that it is in.
    pub table: &'static str,
    /// The field.
    pub field: &'static str,
    /// How many values.
    pub values: u64,
}

/// What came of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// By table.
    pub tables: Vec<MovedTable>,
    /// What was changed to fit.
    pub changed: Vec<ChangedField>,
    /// Accounts whose password has to be chosen first.
    pub password_resets: u64,
    /// Where each of these is said.
    pub report: PathBuf,
}

impl Moved {
    /// How many rows were not taken over, or not brought up to date.
    pub fn left(&self) -> u64 {
        self.tables.iter().map(|table| table.skipped + table.conflicts).sum()
    }
}

/// The report while it is written.
pub(super) struct Report {
    path: PathBuf,
    file: BufWriter<std::fs::File>,
    tables: BTreeMap<Table, MovedTable>,
    changed: BTreeMap<(&'static str, &'static str), u64>,
    password_resets: u64,
}

impl Report {
    /// Begins a report, in place of one that is there.
    pub fn create(path: &Path) -> Result<Self, MovingError> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(|error| MovingError::Report { path: path.to_owned(), error })?;
        let table = |table: Table| (table, MovedTable { table: table.name(), ..MovedTable::default() });
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            tables: Table::ALL.map(table).into(),
            changed: BTreeMap::new(),
            password_resets: 0,
        })
    }

    /// The figures of a table.
    pub fn of(&mut self, table: Table) -> &mut MovedTable {
        self.tables.entry(table).or_default()
    }

    /// A value that was changed to fit, or left out.
    pub fn changed(
        &mut self,
        (table, id): (Table, &str),
        field: &'static str,
        before: &str,
        after: Option<&str>,
    ) -> Result<(), MovingError> {
        *self.changed.entry((table.name(), field)).or_default() += 1;
        let (field, before) = (Some(field), Some(before));
        self.write(&Finding { table: table.name(), id, what: What::Changed, field, before, after, why: None })
    }

    /// A text, if it has another form here.
    pub fn compare(
        &mut self,
        row: (Table, &str),
        field: &'static str,
        before: &str,
        after: Option<&str>,
    ) -> Result<(), MovingError> {
        let is_same = after.map_or(before.trim().is_empty(), |after| after == before);
        if is_same { Ok(()) } else { self.changed(row, field, before, after) }
    }

    /// A row that did not come as the others.
    pub fn row(&mut self, (table, id): (Table, &str), what: What, why: &str) -> Result<(), MovingError> {
        let figures = self.of(table);
        match what {
            What::Skipped => figures.skipped += 1,
            What::Conflict => figures.conflicts += 1,
            What::Gone => figures.gone += 1,
            What::Changed | What::PasswordReset | What::Inactive => {}
        }
        self.password_resets += u64::from(what == What::PasswordReset);
        let table = table.name();
        self.write(&Finding { table, id, what, field: None, before: None, after: None, why: Some(why) })
    }

    /// Ends it.
    pub fn finish(mut self, dry_run: bool) -> Result<Moved, MovingError> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.map_err(|error| MovingError::Report { path: self.path.clone(), error })?;
        let changed = self.changed.into_iter();
        Ok(Moved {
            dry_run,
            tables: self.tables.into_values().collect(),
            changed: changed.map(|((table, field), values)| ChangedField { table, field, values }).collect(),
            password_resets: self.password_resets,
            report: self.path,
        })
    }

    fn write(&mut self, finding: &Finding<'_>) -> Result<(), MovingError> {
        let line = serde_json::to_string(finding).unwrap_or_default();
        writeln!(self.file, "{line}").map_err(|error| MovingError::Report { path: self.path.clone(), error })
    }
}
