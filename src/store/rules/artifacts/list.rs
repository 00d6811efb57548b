//! Listings: a page at a place in the table, or what a look at every artifact of the workspace finds.

use super::creation::Chronological;
use super::find_any;
use crate::domain::{
    Artifact, ArtifactBatch, ArtifactPage, Creation, ListArtifacts, ListPosition, Sort, SortBy, Start, TenantId,
};
use crate::store::StoreResult;
use crate::store::engine::{Counter, Source};

/// The most artifacts that are read at once by someone who wants them all.
const NEXT_ROWS: usize = 500;
/// Reading also stops at this many bytes.
const NEXT_BYTES: usize = 2 << 20;
/// How many places are looked up at once while all artifacts are read.
const PLACES_AT_ONCE: usize = 100;

/// A page of everything: the places before it are passed over, and the total is a counter.
pub(super) fn page(source: &dyn Source, tenant: TenantId, list: &ListArtifacts) -> StoreResult<ArtifactPage> {
    let ListArtifacts { filter, sort, page } = list;
    let (after, deleted) = (page.after().map(ListPosition::creation), filter.include_deleted);
    let mut places = Chronological::new(source, tenant, after, sort.descending, deleted, page.limit + 1)?;
    for _ in 0..page.offset() {
        if places.next()?.is_none() {
            break;
        }
    }
    let (mut items, mut damaged, mut last, mut next) = (Vec::new(), 0, None, None);
    while let Some(place) = places.next()? {
        if items.len() + damaged == page.limit {
            next = last.map(ListPosition::created);
            break;
        }
        match places.read(&place)? {
            Ok((artifact, _)) => items.push(artifact),
            Err(_) => damaged += 1,
        }
        last = Some(place.creation);
    }
    Ok(ArtifactPage { items, total: total(source, tenant, deleted)?, damaged: damaged as u64, next })
}

/// See [`crate::store::Artifacts::artifacts_after`].
pub(super) fn next(
    source: &dyn Source,
    tenant: TenantId,
    after: Option<Creation>,
    deleted: bool,
) -> StoreResult<ArtifactBatch> {
    let mut places = Chronological::new(source, tenant, after, false, deleted, PLACES_AT_ONCE)?;
    let (mut items, mut bytes, mut last, mut next) = (Vec::new(), 0, None, None);
    while let Some(place) = places.next()? {
        if items.len() == NEXT_ROWS || bytes >= NEXT_BYTES {
            next = last;
            break;
        }
        items.push(places.read(&place)?.map(|(artifact, length)| {
            bytes += length;
            artifact
        }));
        last = Some(place.creation);
    }
    Ok(ArtifactBatch { items, total: total(source, tenant, deleted)?, next })
}

fn total(source: &dyn Source, tenant: TenantId, deleted: bool) -> StoreResult<u64> {
    let counter = if deleted { Counter::Artifacts } else { Counter::ActiveArtifacts };
    source.count(tenant.to_bytes(), counter)
}

/// A page of what matches, in any order: reads every artifact of the workspace, and keeps no more than the page.
pub(super) fn search(source: &dyn Source, tenant: TenantId, list: &ListArtifacts) -> StoreResult<ArtifactPage> {
    let newest_first = list.sort != Sort::OLDEST_FIRST;
    let deleted = list.filter.include_deleted;
    let places = Chronological::new(source, tenant, None, newest_first, deleted, PLACES_AT_ONCE)?;
    match list.sort.by {
        // Without anything that is searched for, all are alike relevant.
        SortBy::CreatedAt | SortBy::Relevance => filtered(places, list),
        SortBy::UpdatedAt | SortBy::Name => sorted(source, tenant, places, list),
    }
}

/// The next artifact that a filter lets through. Counts those that can't be read, of which nobody knows.
fn next_match(
    places: &mut Chronological<'_>,
    list: &ListArtifacts,
    damaged: &mut u64,
) -> StoreResult<Option<Artifact>> {
    while let Some(place) = places.next()? {
        match places.read(&place)? {
            Ok((artifact, _)) if list.filter.matches(&artifact) => return Ok(Some(artifact)),
            Ok(_) => {}
            Err(_) => *damaged += 1,
        }
    }
    Ok(None)
}

/// A page of what matches, of artifacts that are in order already.
fn filtered(mut places: Chronological<'_>, list: &ListArtifacts) -> StoreResult<ArtifactPage> {
    let (mut items, mut total, mut damaged, mut preceding, mut has_more) = (Vec::new(), 0, 0, 0, false);
    while let Some(artifact) = next_match(&mut places, list, &mut damaged)? {
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
    let next = items.last().filter(|_| has_more).map(|artifact| list.sort.position(artifact));
    Ok(ArtifactPage { items, total: total + damaged, damaged, next })
}

/// A page of what matches, of artifacts in another order.
fn sorted(
    source: &dyn Source,
    tenant: TenantId,
    mut places: Chronological<'_>,
    list: &ListArtifacts,
) -> StoreResult<ArtifactPage> {
    let ListArtifacts { sort, page, .. } = list;
    let mut first = First { sort: *sort, count: page.offset() + page.limit + 1, positions: Vec::new() };
    let (mut total, mut damaged) = (0, 0);
    while let Some(artifact) = next_match(&mut places, list, &mut damaged)? {
        let position = sort.position(&artifact);
        total += 1;
        if page.after().is_none_or(|after| sort.compare(&position, after).is_gt()) {
            first.offer(position);
        }
    }
    let positions = first.in_order();
    let (shown, rest) = positions.split_at((page.offset() + page.limit).min(positions.len()));
    let items = shown.iter().skip(page.offset()).filter_map(|at| find_any(source, tenant, at.id()).transpose());
    let items = items.collect::<StoreResult<_>>()?;
    let next = shown.last().filter(|_| !rest.is_empty()).cloned();
    Ok(ArtifactPage { items, total: total + damaged, damaged, next })
}

/// The first `count` of many positions, of which no more than twice as many are kept at a time.
struct First {
    sort: Sort,
    count: usize,
    positions: Vec<ListPosition>,
}

impl First {
    fn offer(&mut self, position: ListPosition) {
        self.positions.push(position);
        if self.positions.len() == 2 * self.count {
            let sort = self.sort;
            self.positions.select_nth_unstable_by(self.count, |one, other| sort.compare(one, other));
            self.positions.truncate(self.count);
        }
    }

    fn in_order(mut self) -> Vec<ListPosition> {
        self.positions.sort_unstable_by(|one, other| self.sort.compare(one, other));
        self.positions.truncate(self.count);
        self.positions
    }
}
