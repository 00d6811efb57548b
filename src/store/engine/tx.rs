//! What a rule that writes works on: a source, and an overlay over it.

use super::cursor::Merged;
use super::overlay::{End, Overlay};
use super::{Counter, Cursor, Logged, Scope, Source, Span, Table};
use crate::domain::{ChangeKind, Stamp, TenantId, UserId};
use crate::store::records::{self, Record};
use crate::store::{Damage, StoreError, StoreResult};

/// A transaction: reads see what was written before.
pub struct Tx<'a> {
    below: &'a dyn Source,
    overlay: &'a mut Overlay,
    stamp: &'a Stamp,
}

impl<'a> Tx<'a> {
    /// Reads from `below`, and writes into an empty overlay what is done by whom `stamp` says.
    pub fn new(below: &'a dyn Source, overlay: &'a mut Overlay, stamp: &'a Stamp) -> Self {
        overlay.clear();
        Self { below, overlay, stamp }
    }

    /// Who makes the change, and when.
    pub fn stamp(&self) -> &'a Stamp {
        self.stamp
    }

    /// Writes a row, over the one that was there. Returns how many bytes it has.
    pub(in crate::store) fn put<R: Record>(&mut self, table: Table, key: &[u8], entity: &R) -> StoreResult<u64> {
        let bytes = self.overlay.put(table, key, |bytes| records::encode_into(entity, bytes))?;
        Ok(bytes as u64)
    }

    /// Writes a row of these bytes; of none, where the key says it all.
    pub(in crate::store) fn put_bytes(&mut self, table: Table, key: &[u8], row: &[u8]) -> StoreResult<()> {
        self.overlay.put(table, key, |bytes| {
            bytes.extend_from_slice(row);
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    /// Removes a row, if it is there.
    pub(in crate::store) fn remove(&mut self, table: Table, key: &[u8]) {
        self.overlay.remove(table, key);
    }

    /// Counts `step` more of something in a scope.
    pub(in crate::store) fn add(&mut self, scope: [u8; 16], counter: Counter, step: i64) {
        self.overlay.count(scope, counter, step);
    }

    /// Ends a workspace, as far as it is counted.
    pub(in crate::store) fn end(&mut self, tenant: TenantId, end: End) {
        self.overlay.end(tenant, end);
    }

    /// Adds an entry to the change log of a scope. Every rule that writes does so once for each thing it changes.
    pub(in crate::store) fn log(&mut self, scope: Scope, kind: ChangeKind) {
        self.overlay.log(Logged { scope, about: None, kind });
    }

    /// Adds an entry to the change log of an account, about a workspace.
    pub(in crate::store) fn log_about(&mut self, user: UserId, about: Option<TenantId>, kind: ChangeKind) {
        self.overlay.log(Logged { scope: Scope::User(user), about, kind });
    }

    /// Has the answer wait for a commit although nothing is written, so that it takes as long as if something were.
    pub(in crate::store) fn wait_for_commit(&mut self) {
        self.overlay.wait();
    }

    /// Whether anything is in the change log.
    pub(in crate::store) fn has_logged(&self) -> bool {
        !self.overlay.logged().is_empty()
    }

    /// Carries out a part of a rule, and undoes what it wrote unless it succeeds.
    pub(in crate::store) fn attempt<T, E>(&mut self, part: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let mark = self.overlay.mark();
        part(self).inspect_err(|_| self.overlay.go_back(mark))
    }
}

impl Source for Tx<'_> {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        match self.overlay.get(table, key) {
            Some(Some(row)) => {
                show(row);
                Ok(true)
            }
            Some(None) => Ok(false),
            None => self.below.get(table, key, show),
        }
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        let below = self.below.range(table, span)?;
        let above = self.overlay.range(table, span);
        Ok(if above.is_empty() { below } else { Box::new(Merged::new(below, above, span.reverse)) })
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        let below = self.below.count(scope, counter)?;
        Ok(below.saturating_add_signed(self.overlay.step(scope, counter)))
    }

    fn met_damage(&self, damage: &Damage) {
        self.below.met_damage(damage);
    }

    fn expect(&self, rows: &mut dyn Iterator<Item = (Table, Vec<u8>)>) -> StoreResult<()> {
        self.below.expect(rows)
    }
}
