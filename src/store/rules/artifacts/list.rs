//! Listings: a page at a place in the table, or what a look at every artifact of the workspace finds.

use super::super::super::StoreResult;
use super::super::super::engine::{Counter, Cursor, Source, Span, Table};
use super::super::reading::at;
use super::{find_any, key};
use crate::domain::{Artifact, ArtifactId, ArtifactPage, ListArtifacts, Position, Sort, SortBy, Start, TenantId};

/// The most artifacts that are read at once by someone who wants them all.
const NEXT_ROWS: usize = 500;
/// Reading also stops at this many bytes.
const NEXT_BYTES: usize = 2 << 20;

/// The artifacts of a workspace in the order of their ids, which is that of their creation. Those in the trash are in
/// a table of their own, and are passed on in their places.
struct Chronological<'a> {
    live: Rows<'a>,
    trash: Option<Rows<'a>>,
    newest_first: bool,
    is_live: bool,
}

/// The rows of one table.
struct Rows<'a> {
    cursor: Box<dyn Cursor + 'a>,
    /// Whether it is at a row that is still to come.
    is_ahead: bool,
    has_ended: bool,
}

impl<'a> Rows<'a> {
    fn new(source: &'a dyn Source, table: Table, span: &Span) -> StoreResult<Self> {
        Ok(Self { cursor: source.range(table, span)?, is_ahead: false, has_ended: false })
    }

    /// The key of the next row, if there is one.
    fn peek(&mut self) -> StoreResult<Option<&[u8]>> {
        if !self.is_ahead && !self.has_ended {
            self.is_ahead = self.cursor.advance()?;
            self.has_ended = !self.is_ahead;
        }
        Ok(self.is_ahead.then(|| self.cursor.key()))
    }
}

impl<'a> Chronological<'a> {
    /// Those after the one called `after`, if it is given.
    fn new(
        source: &'a dyn Source,
        tenant: TenantId,
        after: Option<ArtifactId>,
        newest_first: bool,
        deleted: bool,
    ) -> StoreResult<Self> {
        let after = after.map(|id| key(tenant, id));
        let after = after.as_ref().map(<[u8; 32]>::as_slice);
        let span = Span::under(Table::Artifacts, &tenant.to_bytes());
        let span = if newest_first { span.before(after).reversed() } else { span.after(after) };
        let live = Rows::new(source, Table::Artifacts, &span)?;
        let trash = if deleted { Some(Rows::new(source, Table::ArtifactsTrash, &span)?) } else { None };
        Ok(Self { live, trash, newest_first, is_live: true })
    }

    /// Goes to the next artifact; false when there is none.
    fn advance(&mut self) -> StoreResult<bool> {
        let live = self.live.peek()?;
        let trashed = match &mut self.trash {
            Some(trash) => trash.peek()?,
            None => None,
        };
        self.is_live = match (live, trashed) {
            (None, None) => return Ok(false),
            (Some(live), Some(trashed)) => (live < trashed) != self.newest_first,
            (live, _) => live.is_some(),
        };
        self.rows().is_ahead = false;
        Ok(true)
    }

    fn rows(&mut self) -> &mut Rows<'a> {
        match &mut self.trash {
            Some(trash) if !self.is_live => trash,
            _ => &mut self.live,
        }
    }

    /// How many bytes the row has that it is at.
    fn bytes(&mut self) -> usize {
        self.rows().cursor.value().len()
    }

    /// The artifact that it is at.
    fn artifact(&mut self) -> StoreResult<Artifact> {
        let table = if self.is_live { Table::Artifacts } else { Table::ArtifactsTrash };
        at(table, &*self.rows().cursor)
    }
}

/// A page of everything: the rows before it are passed over undecoded, and the total is a counter.
pub(super) fn page(source: &dyn Source, tenant: TenantId, list: &ListArtifacts) -> StoreResult<ArtifactPage> {
    let deleted = list.filter.include_deleted;
    let after = list.page.after().map(Position::id);
    let mut rows = Chronological::new(source, tenant, after, list.sort.descending, deleted)?;
    let (mut items, mut preceding, mut has_more) = (Vec::new(), list.page.offset(), false);
    while rows.advance()? {
        if preceding > 0 {
            preceding -= 1;
        } else if items.len() < list.page.limit {
            items.push(rows.artifact()?);
        } else {
            has_more = true;
            break;
        }
    }
    Ok(ArtifactPage { items, total: total(source, tenant, deleted)?, has_more })
}

/// See [`crate::store::Artifacts::artifacts_after`].
pub(super) fn next(
    source: &dyn Source,
    tenant: TenantId,
    after: Option<ArtifactId>,
    deleted: bool,
) -> StoreResult<ArtifactPage> {
    let (mut items, mut bytes, mut has_more) = (Vec::new(), 0, false);
    let mut rows = Chronological::new(source, tenant, after, false, deleted)?;
    while rows.advance()? {
        if items.len() == NEXT_ROWS || bytes >= NEXT_BYTES {
            has_more = true;
            break;
        }
        bytes += rows.bytes();
        items.push(rows.artifact()?);
    }
    Ok(ArtifactPage { items, total: total(source, tenant, deleted)?, has_more })
}

fn total(source: &dyn Source, tenant: TenantId, deleted: bool) -> StoreResult<u64> {
    let counter = if deleted { Counter::Artifacts } else { Counter::ActiveArtifacts };
    source.count(tenant.to_bytes(), counter)
}

/// A page of what matches, in any order: reads every artifact of the workspace, and keeps no more than the page.
pub(super) fn search(source: &dyn Source, tenant: TenantId, list: &ListArtifacts) -> StoreResult<ArtifactPage> {
    let newest_first = list.sort != Sort::OLDEST_FIRST;
    let rows = Chronological::new(source, tenant, None, newest_first, list.filter.include_deleted)?;
    match list.sort.by {
        // Without anything that is searched for, all are alike relevant.
        SortBy::CreatedAt | SortBy::Relevance => filtered(rows, list),
        SortBy::UpdatedAt | SortBy::Name => sorted(source, tenant, rows, list),
    }
}

/// The next artifact that a filter lets through.
fn next_match(rows: &mut Chronological<'_>, list: &ListArtifacts) -> StoreResult<Option<Artifact>> {
    while rows.advance()? {
        let artifact = rows.artifact()?;
        if list.filter.matches(&artifact) {
            return Ok(Some(artifact));
        }
    }
    Ok(None)
}

/// A page of what matches, of rows that are in order already.
fn filtered(mut rows: Chronological<'_>, list: &ListArtifacts) -> StoreResult<ArtifactPage> {
    let (mut items, mut total, mut preceding, mut has_more) = (Vec::new(), 0, 0, false);
    while let Some(artifact) = next_match(&mut rows, list)? {
        total += 1;
        let precedes = match &list.page.start {
            Start::Offset(offset) => preceding < *offset,
            Start::After(after) => list.sort.compare(&list.sort.position(&artifact), after).is_le(),
        };
        if precedes {
            preceding += 1;
        } else if items.len() < list.page.limit {
            items.push(artifact);
        } else {
            has_more = true;
        }
    }
    Ok(ArtifactPage { items, total, has_more })
}

/// A page of what matches, of rows in another order.
fn sorted(
    source: &dyn Source,
    tenant: TenantId,
    mut rows: Chronological<'_>,
    list: &ListArtifacts,
) -> StoreResult<ArtifactPage> {
    let ListArtifacts { sort, page, .. } = list;
    let mut first = First { sort: *sort, count: page.offset() + page.limit + 1, positions: Vec::new() };
    let mut total = 0;
    while let Some(artifact) = next_match(&mut rows, list)? {
        let position = sort.position(&artifact);
        total += 1;
        if page.after().is_none_or(|after| sort.compare(&position, after).is_gt()) {
            first.offer(position);
        }
    }
    let positions = first.in_order();
    let mut rest = positions.iter().skip(page.offset());
    let items = rest.by_ref().take(page.limit).filter_map(|at| find_any(source, tenant, at.id()).transpose());
    let items = items.collect::<StoreResult<_>>()?;
    Ok(ArtifactPage { items, total, has_more: rest.next().is_some() })
}

/// The first `count` of many positions, of which no more than twice as many are kept at a time.
struct First {
    sort: Sort,
    count: usize,
    positions: Vec<Position>,
}

impl First {
    fn offer(&mut self, position: Position) {
        self.positions.push(position);
        if self.positions.len() == 2 * self.count {
            let sort = self.sort;
            self.positions.select_nth_unstable_by(self.count, |one, other| sort.compare(one, other));
            self.positions.truncate(self.count);
        }
    }

    fn in_order(mut self) -> Vec<Position> {
        self.positions.sort_unstable_by(|one, other| self.sort.compare(one, other));
        self.positions.truncate(self.count);
        self.positions
    }
}
