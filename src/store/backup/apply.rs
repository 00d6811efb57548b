//! Takes a database that is being restored from one position of the change log to a later one.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::BackupError;
use super::change_set_writer::BEFORE_THE_FIRST;
use super::checkpoint::{last_entry, lasting};
use super::format::{BackupReader, Content, Part, damaged};
use crate::domain::Workspace;
use crate::store::engine::{Rebuild, Section, Span, Table, number};
use crate::store::reading::Reading as _;
use crate::store::records::{Account, Record, decode};
use crate::store::schema;

const MISFIT: &str = "a row does not fit its table";

/// Adds the changes in a file to a database. `passed` is called for every row.
pub(super) fn apply(database: &mut dyn Rebuild, file: &Path, passed: &mut impl FnMut()) -> Result<(), BackupError> {
    let mut reader = BackupReader::new(BufReader::new(File::open(file)?), Content::Changes)?;
    let mut part = reader.next()?;
    while let Part::Table(name) = part {
        part = match Section::named(&name) {
            Some(Section::Facts) => schema(database, &mut reader)?,
            Some(Section::Changes) => entries(database, &mut reader, passed)?,
            Some(Section::Rows(Table::Workspaces)) => {
                let slug = |workspace: &Workspace| workspace.slug.as_str().to_owned();
                claiming(database, (Table::Workspaces, Table::WorkspacesBySlug), slug, &mut reader, passed)?
            }
            Some(Section::Rows(Table::Users)) => {
                let address = |account: &Account| account.user.email.as_str().to_owned();
                claiming(database, (Table::Users, Table::UsersByEmail), address, &mut reader, passed)?
            }
            Some(_) | None => rows_of(database, &name, &mut reader, passed)?,
        };
    }
    if part == Part::End { Ok(()) } else { Err(damaged("a row is of no table").into()) }
}

/// Refuses a schema that is newer than this program.
pub(super) fn require_known(found: u32) -> Result<(), BackupError> {
    let known = schema::SCHEMA_VERSION;
    if found > known { Err(BackupError::Newer { found, known }) } else { Ok(()) }
}

/// Brings the database up to the schema that the rows are of, as the server that wrote the changes had done with its own.
/// Returns what comes after it.
fn schema(database: &mut dyn Rebuild, reader: &mut BackupReader<impl Read>) -> Result<Part, BackupError> {
    let Part::Row(_, version) = reader.next()? else { return Err(damaged("it has no schema version").into()) };
    let version = schema::version_in(&version).ok_or_else(|| damaged("its schema version makes no sense"))?;
    require_known(version)?;
    let before = schema::version_of(database)?;
    schema::bring_up(database, before, version)?;
    Ok(reader.next()?)
}

/// Entries of the change log. The first is there already: else the changes between are missing, or are those of another
/// database.
fn entries(
    database: &mut dyn Rebuild,
    reader: &mut BackupReader<impl Read>,
    passed: &mut impl FnMut(),
) -> Result<Part, BackupError> {
    let before = last_entry(database)?;
    let mut last = None;
    loop {
        let (key, entry) = match reader.next()? {
            Part::Row(key, entry) if Section::Changes.fits(&key, &entry) => (key, entry),
            Part::Row(..) => return Err(damaged(MISFIT).into()),
            other => return Ok(other),
        };
        let seq = number(&key);
        match last {
            None if seq > before => return Err(BackupError::Gap { from: before + 1, to: seq }),
            Some(last) if seq != last + 1 => return Err(damaged("its change log has a gap").into()),
            None | Some(_) => last = Some(seq),
        }
        if seq > before {
            database.put(Section::Changes, &key, &entry)?;
        } else if seq != BEFORE_THE_FIRST {
            let known = database.row_of(Section::Changes, &key)?;
            if known.is_none_or(|known| lasting(&known) != lasting(&entry)) {
                return Err(BackupError::AnotherHistory);
            }
        }
        passed();
    }
}

/// Rows that each claim a text. Nothing else has the text of one that goes, and one that is written again keeps its own: what
/// was shipped need not have that.
fn claiming<R: Record>(
    database: &mut dyn Rebuild,
    (table, claims): (Table, Table),
    claim_of: fn(&R) -> String,
    reader: &mut BackupReader<impl Read>,
    passed: &mut impl FnMut(),
) -> Result<Part, BackupError> {
    let (rows, mut released) = (Section::Rows(table), Vec::new());
    loop {
        match reader.next()? {
            Part::Prefix(prefix) => {
                let span = rows.under(&prefix).ok_or_else(|| damaged("a prefix does not fit its table"))?;
                released.extend(claimed_by(database, rows, &span, claim_of)?);
                database.remove(rows, &span)?;
            }
            Part::Row(key, row) if rows.fits(&key, &row) => {
                if let Ok(again) = decode::<R>(&row) {
                    let kept = (key.clone(), claim_of(&again));
                    released.retain(|claim| *claim != kept);
                }
                database.put(rows, &key, &row)?;
                passed();
            }
            Part::Row(..) => return Err(damaged(MISFIT).into()),
            other => {
                release(database, claims, &released)?;
                return Ok(other);
            }
        }
    }
}

/// What the rows in a span claim, each with its key. One that can't be read has its claim still, which the check finds.
fn claimed_by<R: Record>(
    database: &mut dyn Rebuild,
    rows: Section,
    span: &Span,
    claim_of: fn(&R) -> String,
) -> Result<Vec<(Vec<u8>, String)>, BackupError> {
    let (mut claimed, mut cursor) = (Vec::new(), database.section(rows, span)?);
    while cursor.advance()? {
        if let Ok(known) = decode::<R>(cursor.value()) {
            claimed.push((cursor.key().to_vec(), claim_of(&known)));
        }
    }
    Ok(claimed)
}

/// Removes claims, unless others have them by now.
fn release(database: &mut dyn Rebuild, claims: Table, released: &[(Vec<u8>, String)]) -> Result<(), BackupError> {
    for (key, claim) in released {
        if database.claimed(claims, claim)?.is_some_and(|id| id[..] == key[..]) {
            let section = Section::Rows(claims);
            let only = section.under(claim.as_bytes()).ok_or_else(|| damaged(MISFIT))?;
            database.remove(section, &only)?;
        }
    }
    Ok(())
}

/// Puts the rows of the section of this name in their places, and returns what comes after them.
pub(super) fn rows_of(
    database: &mut dyn Rebuild,
    name: &str,
    reader: &mut BackupReader<impl Read>,
    passed: &mut impl FnMut(),
) -> Result<Part, BackupError> {
    let unknown = || damaged("it has a table that this version does not know: use the version that made it");
    let section = Section::named(name).ok_or_else(unknown)?;
    loop {
        match reader.next()? {
            Part::Prefix(prefix) => {
                let span = section.under(&prefix).ok_or_else(|| damaged("a prefix does not fit its table"))?;
                database.remove(section, &span)?;
            }
            Part::Row(key, row) if section.fits(&key, &row) => {
                database.put(section, &key, &row)?;
                passed();
            }
            Part::Row(..) => return Err(damaged(MISFIT).into()),
            other => return Ok(other),
        }
    }
}
