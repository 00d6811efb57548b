//! The order of creation: by the time, and by the id among artifacts of the same time. Ids may be of any version, so it is
//! a table of its own, which leads to the rows.

use std::collections::VecDeque;

use super::key;
use crate::domain::{Artifact, ArtifactId, Creation, TenantId};
use crate::store::StoreResult;
use crate::store::engine::{Cursor, Source, Span, Table, Tx, creation_in, creation_key};
use crate::store::reading::{Reading as _, readable};

/// Puts an artifact in its place.
pub(super) fn put(tx: &mut Tx<'_>, artifact: &Artifact) -> StoreResult<()> {
    tx.put_bytes(Table::ArtifactsByCreation, &key_of(artifact), &[])
}

/// Takes an artifact from its place.
pub(super) fn remove(tx: &mut Tx<'_>, artifact: &Artifact) {
    tx.remove(Table::ArtifactsByCreation, &key_of(artifact));
}

fn key_of(artifact: &Artifact) -> [u8; 41] {
    creation_key(artifact.tenant, artifact.deleted_at.is_some(), artifact.creation())
}

/// Where an artifact is.
#[derive(Clone, Copy)]
pub(super) struct CreationRow {
    pub creation: Creation,
    tenant: TenantId,
    in_trash: bool,
}

impl CreationRow {
    /// The table of its row, and its key there.
    fn row(&self) -> (Table, [u8; 32]) {
        let table = if self.in_trash { Table::ArtifactsTrash } else { Table::Artifacts };
        (table, key(self.tenant, self.creation.id))
    }
}

/// The artifacts of a workspace in the order of their creation. Those in the trash are passed on in their places.
pub(super) struct Chronological<'a> {
    source: &'a dyn Source,
    live: Places<'a>,
    trash: Option<Places<'a>>,
    newest_first: bool,
    /// How many are looked up at once.
    at_once: usize,
    ahead: VecDeque<CreationRow>,
}

impl<'a> Chronological<'a> {
    /// Those after a place, if it is given; with `deleted`, also those in the trash.
    pub fn new(
        source: &'a dyn Source,
        tenant: TenantId,
        after: Option<Creation>,
        newest_first: bool,
        deleted: bool,
        at_once: usize,
    ) -> StoreResult<Self> {
        let live = Places::new(source, tenant, false, after, newest_first)?;
        let trash = deleted.then(|| Places::new(source, tenant, true, after, newest_first)).transpose()?;
        Ok(Self { source, live, trash, newest_first, at_once, ahead: VecDeque::new() })
    }

    /// The next place, if there is one.
    pub fn next(&mut self) -> StoreResult<Option<CreationRow>> {
        if self.ahead.is_empty() {
            self.look_ahead()?;
        }
        Ok(self.ahead.pop_front())
    }

    /// The artifact in a place, and how many bytes its row has; the id of one that can't be read, or is lost.
    pub fn read(&self, place: &CreationRow) -> StoreResult<Result<(Artifact, usize), ArtifactId>> {
        let (table, key) = place.row();
        Ok(readable(self.source.sized_row(table, &key))?.ok_or(place.creation.id))
    }

    /// Finds the next places, and says that their rows are read next.
    fn look_ahead(&mut self) -> StoreResult<()> {
        while self.ahead.len() < self.at_once
            && let Some(place) = self.take()?
        {
            self.ahead.push_back(place);
        }
        let rows = self.ahead.iter().map(CreationRow::row);
        self.source.expect(&mut rows.map(|(table, key)| (table, key.to_vec())))
    }

    fn take(&mut self) -> StoreResult<Option<CreationRow>> {
        let Some(trash) = &mut self.trash else { return self.live.take() };
        let is_live = match (&self.live.next, &trash.next) {
            (Some(live), Some(trashed)) => (live.creation < trashed.creation) != self.newest_first,
            (live, _) => live.is_some(),
        };
        if is_live { self.live.take() } else { trash.take() }
    }
}

/// The places of the live artifacts, or of those in the trash.
struct Places<'a> {
    cursor: Box<dyn Cursor + 'a>,
    next: Option<CreationRow>,
}

impl<'a> Places<'a> {
    fn new(
        source: &'a dyn Source,
        tenant: TenantId,
        in_trash: bool,
        after: Option<Creation>,
        newest_first: bool,
    ) -> StoreResult<Self> {
        const TABLE: Table = Table::ArtifactsByCreation;
        let after = after.map(|creation| creation_key(tenant, in_trash, creation));
        let after = after.as_ref().map(<[u8; 41]>::as_slice);
        let span = Span::under(TABLE, &[&tenant.to_bytes()[..], &[u8::from(in_trash)]].concat());
        let span = if newest_first { span.before(after).reversed() } else { span.after(after) };
        let mut places = Self { cursor: source.range(TABLE, &span)?, next: None };
        places.take()?;
        Ok(places)
    }

    fn take(&mut self) -> StoreResult<Option<CreationRow>> {
        let next = if self.cursor.advance()? { creation_in(self.cursor.key()) } else { None };
        let next = next.map(|(tenant, in_trash, creation)| CreationRow { creation, tenant, in_trash });
        Ok(std::mem::replace(&mut self.next, next))
    }
}
