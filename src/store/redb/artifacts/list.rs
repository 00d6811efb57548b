//! Listings: a page at a place in the table, or what a look at every artifact of the workspace finds.

use std::iter::Peekable;
use std::ops::Bound;

use redb::{AccessGuard, ReadOnlyTable, StorageError};

use super::super::counters::{self, Counter};
use super::super::scan::Budget;
use super::super::snapshot::Snapshot;
use super::super::tables::read;
use super::{find_any, key};
use crate::domain::{
    Artifact, ArtifactFilter, ArtifactId, ArtifactPage, ListArtifacts, Position, Sort, SortBy, Start, TenantId,
};
use crate::store::StoreResult;

/// The most artifacts that are read at once for who wants them all.
const NEXT_ROWS: usize = 500;
/// Nor are any more read once so many bytes are.
const NEXT_BYTES: usize = 2 << 20;

type Row = (AccessGuard<'static, &'static [u8; 32]>, AccessGuard<'static, &'static [u8]>);
type Rows = Peekable<Box<dyn Iterator<Item = Result<Row, StorageError>>>>;

/// The artifacts of a workspace in the order of their ids, which is that of their creation. Those in the trash are in
/// a table of their own, and are passed on in their places.
struct Chronological {
    live: Rows,
    trash: Option<Rows>,
    newest_first: bool,
}

impl Chronological {
    /// Those after the one called `after`, if it is given.
    fn new(
        snapshot: &Snapshot,
        tenant: TenantId,
        after: Option<ArtifactId>,
        newest_first: bool,
        deleted: bool,
    ) -> StoreResult<Self> {
        let rows = |table| rows(table, tenant, after, newest_first);
        let live = rows(snapshot.artifacts()?)?;
        let trash = if deleted { Some(rows(snapshot.artifacts_trash()?)?) } else { None };
        Ok(Self { live, trash, newest_first })
    }
}

impl Iterator for Chronological {
    type Item = Result<Row, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(trash) = &mut self.trash else { return self.live.next() };
        match (self.live.peek(), trash.peek()) {
            (Some(Ok((live, _))), Some(Ok((deleted, _)))) => {
                let is_live = (live.value() < deleted.value()) != self.newest_first;
                if is_live { self.live.next() } else { trash.next() }
            }
            (None | Some(Ok(_)), Some(_)) => trash.next(),
            (Some(_), _) | (None, None) => self.live.next(),
        }
    }
}

fn rows(
    table: &ReadOnlyTable<&'static [u8; 32], &'static [u8]>,
    tenant: TenantId,
    after: Option<ArtifactId>,
    newest_first: bool,
) -> StoreResult<Rows> {
    let (first, last) =
        (key(tenant, ArtifactId::from_bytes([0; 16])), key(tenant, ArtifactId::from_bytes([u8::MAX; 16])));
    let after = after.map(|id| key(tenant, id));
    let start = after.as_ref().map(Bound::Excluded);
    let rows: Box<dyn Iterator<Item = _>> = if newest_first {
        let range = (Bound::Included(&first), start.unwrap_or(Bound::Included(&last)));
        Box::new(table.range::<&[u8; 32]>(range)?.rev())
    } else {
        let range = (start.unwrap_or(Bound::Included(&first)), Bound::Included(&last));
        Box::new(table.range::<&[u8; 32]>(range)?)
    };
    Ok(rows.peekable())
}

/// A page of everything: the rows before it are passed over undecoded, and the total is a counter.
pub(super) fn page(
    snapshot: &Snapshot,
    budget: &Budget,
    tenant: TenantId,
    list: &ListArtifacts,
) -> StoreResult<ArtifactPage> {
    let deleted = list.filter.include_deleted;
    let after = list.page.after().map(Position::id);
    let rows = Chronological::new(snapshot, tenant, after, list.sort.descending, deleted)?;
    let mut rows = budget.over(rows);
    rows.by_ref().take(list.page.offset()).try_for_each(|row| row.map(drop))?;
    let items = rows.by_ref().take(list.page.limit).map(|row| artifact(&row?));
    let items = items.collect::<StoreResult<_>>()?;
    Ok(ArtifactPage { items, total: total(snapshot, tenant, deleted)?, has_more: rows.next().transpose()?.is_some() })
}

/// See [`crate::store::Artifacts::artifacts_after`].
pub(super) fn next(
    snapshot: &Snapshot,
    tenant: TenantId,
    after: Option<ArtifactId>,
    deleted: bool,
) -> StoreResult<ArtifactPage> {
    let (mut items, mut bytes) = (Vec::new(), 0);
    let mut rows = Chronological::new(snapshot, tenant, after, false, deleted)?;
    while items.len() < NEXT_ROWS
        && bytes < NEXT_BYTES
        && let Some(row) = rows.next().transpose()?
    {
        bytes += row.1.value().len();
        items.push(artifact(&row)?);
    }
    Ok(ArtifactPage { items, total: total(snapshot, tenant, deleted)?, has_more: rows.next().transpose()?.is_some() })
}

/// What a row of either table says.
fn artifact((key, row): &Row) -> StoreResult<Artifact> {
    read("artifacts", key.value(), row.value())
}

fn total(snapshot: &Snapshot, tenant: TenantId, deleted: bool) -> StoreResult<u64> {
    let counter = if deleted { Counter::Artifacts } else { Counter::ActiveArtifacts };
    counters::value_in(snapshot.counters()?, tenant, counter)
}

/// A page of what matches, in any order: looks at every artifact of the workspace, and keeps no more than the page.
pub(super) fn search(
    snapshot: &Snapshot,
    budget: &Budget,
    tenant: TenantId,
    list: &ListArtifacts,
) -> StoreResult<ArtifactPage> {
    let newest_first = list.sort != Sort::OLDEST_FIRST;
    let rows = Chronological::new(snapshot, tenant, None, newest_first, list.filter.include_deleted)?;
    match list.sort.by {
        // Without anything that is looked for, all are alike relevant.
        SortBy::CreatedAt | SortBy::Relevance => filtered(budget, rows, list),
        SortBy::UpdatedAt | SortBy::Name => sorted(snapshot, budget, tenant, rows, list),
    }
}

/// The artifacts among `rows` that a filter lets through.
fn matching(
    budget: &Budget,
    rows: Chronological,
    filter: &ArtifactFilter,
) -> impl Iterator<Item = StoreResult<Artifact>> {
    let artifacts = budget.over(rows).map(|row| artifact(&row?));
    artifacts.filter(|artifact| artifact.as_ref().map_or(true, |artifact| filter.matches(artifact)))
}

/// A page of what matches, of rows that are in order already.
fn filtered(budget: &Budget, rows: Chronological, list: &ListArtifacts) -> StoreResult<ArtifactPage> {
    let (mut items, mut total, mut preceding, mut has_more) = (Vec::new(), 0, 0, false);
    for artifact in matching(budget, rows, &list.filter) {
        let artifact = artifact?;
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
    snapshot: &Snapshot,
    budget: &Budget,
    tenant: TenantId,
    rows: Chronological,
    list: &ListArtifacts,
) -> StoreResult<ArtifactPage> {
    let ListArtifacts { filter, sort, page } = list;
    let mut first = First { sort: *sort, count: page.offset() + page.limit + 1, positions: Vec::new() };
    let mut total = 0;
    for artifact in matching(budget, rows, filter) {
        let position = sort.position(&artifact?);
        total += 1;
        if page.after().is_none_or(|after| sort.compare(&position, after).is_gt()) {
            first.offer(position);
        }
    }
    let positions = first.in_order();
    let mut rest = positions.iter().skip(page.offset());
    let items = rest.by_ref().take(page.limit).filter_map(|at| find_any(snapshot, tenant, at.id()).transpose());
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
