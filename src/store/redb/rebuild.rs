//! A database that is made, migrated or set right in one transaction.

use redb::{Database, ReadableTable as _, Table as RedbTable, TableHandle as _, WriteTransaction};

use super::rows::{self, Watch};
use super::tables::{CHANGES, COUNTERS, META, every_table, named};
use super::transaction::Tables;
use crate::store::StoreResult;
use crate::store::engine::{Counter, Cursor, Rebuild, Section, Source, Span, Table, Whole};

/// A transaction whose commit is as safe as one of the server.
pub(super) fn begin(database: &Database) -> StoreResult<WriteTransaction> {
    let mut txn = database.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    Ok(txn)
}

/// All tables of a transaction. Those that are not there yet are made.
pub(super) struct Rebuilding<'txn> {
    txn: &'txn WriteTransaction,
    tables: Tables<'txn>,
    counters: RedbTable<'txn, &'static [u8; 17], u64>,
    changes: RedbTable<'txn, u64, &'static [u8]>,
    facts: RedbTable<'txn, &'static str, &'static [u8]>,
}

impl<'txn> Rebuilding<'txn> {
    /// The tables of this transaction.
    pub fn of(txn: &'txn WriteTransaction) -> StoreResult<Self> {
        let (counters, changes) = (txn.open_table(COUNTERS)?, txn.open_table(CHANGES)?);
        let (mut tables, facts) = (Tables::of(txn), txn.open_table(META)?);
        tables.open_all()?;
        Ok(Self { txn, tables, counters, changes, facts })
    }

    /// Removes all rows of a table at once.
    fn clear(&mut self, cleared: Table) -> StoreResult<()> {
        self.tables.let_go();
        every_table!(table => if table.name() == cleared.name() {
            self.txn.delete_table(table)?;
        });
        self.tables.open_all()
    }
}

impl Source for Rebuilding<'_> {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        self.tables.get(table, key, show)
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        self.tables.range(table, span)
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        Ok(self.counters.get(&counter.of(scope))?.map_or(0, |row| row.value()))
    }
}

impl Whole for Rebuilding<'_> {
    fn section(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        match section {
            Section::Rows(table) => self.range(table, span),
            Section::Counters => rows::range(&self.counters, span, Watch::default()),
            Section::Changes => rows::range(&self.changes, span, Watch::default()),
            Section::Facts => rows::range(&self.facts, span, Watch::default()),
        }
    }
}

impl Rebuild for Rebuilding<'_> {
    fn put(&mut self, section: Section, key: &[u8], row: &[u8]) -> StoreResult<()> {
        match section {
            Section::Rows(table) => named!(self.tables, table, rows => rows::write(rows, key, Some(row))),
            Section::Counters => rows::write(&mut self.counters, key, Some(row)),
            Section::Changes => rows::write(&mut self.changes, key, Some(row)),
            Section::Facts => rows::write(&mut self.facts, key, Some(row)),
        }
    }

    fn remove(&mut self, section: Section, span: &Span) -> StoreResult<()> {
        match section {
            Section::Rows(table) if span.is_all() => self.clear(table),
            Section::Rows(table) => named!(self.tables, table, rows => rows::remove(rows, span)),
            Section::Counters => rows::remove(&mut self.counters, span),
            Section::Changes => rows::remove(&mut self.changes, span),
            Section::Facts => rows::remove(&mut self.facts, span),
        }
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;
    use redb::{Builder, ReadableDatabase as _};

    use super::*;

    fn database() -> Database {
        Builder::new().create_with_backend(InMemoryBackend::new()).unwrap()
    }

    #[test]
    fn every_table_of_a_file_is_a_section() {
        let database = database();
        let txn = begin(&database).unwrap();
        drop(Rebuilding::of(&txn).unwrap());
        txn.commit().unwrap();
        let txn = database.begin_read().unwrap();
        let there: Vec<String> = txn.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        let mut sections: Vec<&str> = Section::all().map(Section::name).collect();
        sections.sort_unstable();
        assert_eq!(sections, there);
    }

    #[test]
    fn rows_are_put_and_removed_in_every_section() {
        let database = database();
        let txn = begin(&database).unwrap();
        let mut rebuilding = Rebuilding::of(&txn).unwrap();
        for section in Section::all() {
            let (key, row) = sample(section);
            rebuilding.put(section, &key, &row).unwrap();
            assert_eq!(rebuilding.row_of(section, &key), Ok(Some(row.clone())), "{section:?}");
            rebuilding.remove(section, &section.under(&key).unwrap()).unwrap();
            assert_eq!(rebuilding.row_of(section, &key), Ok(None), "{section:?}");
            rebuilding.put(section, &key, &row).unwrap();
            rebuilding.remove(section, &Span::all()).unwrap();
            assert_eq!(rebuilding.some(section, None, 1), Ok(vec![]), "{section:?}");
        }
    }

    /// A row that fits a section.
    fn sample(section: Section) -> (Vec<u8>, Vec<u8>) {
        let lengths = (0..60).flat_map(|key| [0, 8, 16].map(|row| (vec![b'a'; key], vec![7; row])));
        lengths.into_iter().find(|(key, row)| !key.is_empty() && section.fits(key, row)).unwrap()
    }
}
