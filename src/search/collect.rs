//! What matches, counted, and the first of it in order.

use std::cmp::Ordering;
use std::sync::Arc;

use tantivy::query::Weight;
use tantivy::{
    COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet as _, Score, SegmentReader, TERMINATED, TantivyError, i64_to_u64,
};

use super::budget::Budget;
use super::columns::{AllColumns, Columns};
use super::facets::{self, SegmentCounts};
use crate::domain::{FacetFields, Facets, ListPosition, NameKey, Sort, SortBy, Timestamp};

/// How many more than are kept are collected before the first of them are picked out.
const ROOM: usize = 512;
/// Artifacts between two checks of the budget.
pub(super) const BETWEEN_CHECKS: usize = 1024;

/// Counts all that match and keeps the places of the first.
pub(super) struct Gather {
    /// The columns of every segment of the index.
    pub columns: Arc<AllColumns>,
    /// In which order.
    pub sort: Sort,
    /// Only those after this place are kept, if it is given.
    pub after: Option<ListPosition>,
    /// How many are kept.
    pub keep: usize,
    /// What is counted.
    pub facets: FacetFields,
    /// For how long.
    pub budget: Budget,
}

/// What was gathered.
#[derive(Default)]
pub(super) struct Gathered {
    /// How many match.
    pub total: u64,
    /// The places of the first of them, in order.
    pub first: Vec<ListPosition>,
    /// How many have each tag and type: those that most have.
    pub facets: Facets,
}

impl Gather {
    /// Whether it matters how well something fits.
    pub(super) fn is_scored(&self) -> bool {
        self.sort.by == SortBy::Relevance
    }

    /// The columns of a segment.
    pub(super) fn columns_of(&self, segment: &SegmentReader) -> tantivy::Result<&Arc<Columns>> {
        let columns = self.columns.get(&segment.segment_id());
        columns.ok_or_else(|| TantivyError::InternalError("a segment without columns".to_owned()))
    }

    /// What matches in any of some segments.
    pub(super) fn all<'a>(
        &self,
        weight: &dyn Weight,
        segments: impl Iterator<Item = &'a SegmentReader>,
    ) -> tantivy::Result<Gathered> {
        let mut all = Gathered::default();
        let (mut tags, mut types) = (Vec::new(), Vec::new());
        for segment in segments {
            self.budget.check()?;
            let mut gathering = GatherSegment::new(self, segment)?;
            if self.sort == Sort::NEWEST_FIRST && !self.facets.any() {
                gathering.newest(weight, segment)?;
            } else {
                gathering.everything(weight, segment)?;
            }
            all.total += gathering.total;
            all.first.extend(gathering.positions());
            tags.extend(gathering.tags);
            types.extend(gathering.types);
        }
        self.put_in_order(&mut all.first);
        all.facets =
            Facets { tags: facets::most(&tags, Facets::MAX_VALUES)?, types: facets::most(&types, Facets::MAX_VALUES)? };
        Ok(all)
    }

    /// What comes first of all that was found in segments.
    fn put_in_order(&self, first: &mut Vec<ListPosition>) {
        first.sort_unstable_by(|one, other| self.sort.compare(one, other));
        first.truncate(self.keep);
    }
}

/// One segment of the index.
struct GatherSegment<'a> {
    gather: &'a Gather,
    columns: Arc<Columns>,
    tags: Option<SegmentCounts>,
    types: Option<SegmentCounts>,
    total: u64,
    /// Those that are kept, and [`ROOM`] for more.
    first: Vec<Candidate>,
    /// The rank of the last of as many as are kept: what comes after it is dropped.
    last_rank: Option<u64>,
}

/// What may be among the first.
#[derive(Clone, Copy)]
struct Candidate {
    /// What it is ordered by, as a number in the same order. Those that are equal are in the order of creation.
    rank: u64,
    doc: DocId,
    score: Score,
}

impl<'a> GatherSegment<'a> {
    fn new(gather: &'a Gather, segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = gather.columns_of(segment)?.clone();
        let tags = gather.facets.tags.then(|| SegmentCounts::new(columns.tags.clone()));
        let types = gather.facets.types.then(|| SegmentCounts::new(columns.artifact_type.clone()));
        Ok(Self { gather, columns, tags, types, total: 0, first: Vec::new(), last_rank: None })
    }

    /// Goes through everything that matches.
    fn everything(&mut self, weight: &dyn Weight, segment: &SegmentReader) -> tantivy::Result<()> {
        let mut scorer = weight.scorer(segment, 1.0)?;
        let is_scored = self.gather.is_scored();
        let mut block = [0; COLLECT_BLOCK_BUFFER_LEN];
        let mut seen = 0;
        loop {
            let count = if !is_scored {
                scorer.fill_buffer(&mut block)
            } else if scorer.doc() != TERMINATED {
                block[0] = scorer.doc();
                1
            } else {
                0
            };
            if count == 0 {
                return Ok(());
            }
            for &doc in &block[..count] {
                if !segment.is_deleted(doc) {
                    let score = if is_scored { scorer.score() } else { 0.0 };
                    self.collect(doc, score);
                }
            }
            if is_scored {
                scorer.advance();
            }
            seen += count;
            if seen >= BETWEEN_CHECKS {
                seen = 0;
                self.gather.budget.check()?;
            }
        }
    }

    /// Counts what matches apart, and reads it from where the page begins to where it ends: segments are in this order.
    fn newest(&mut self, weight: &dyn Weight, segment: &SegmentReader) -> tantivy::Result<()> {
        self.total = weight.count(segment)?.into();
        let mut scorer = weight.scorer(segment, 1.0)?;
        let after = self.gather.after.as_ref().map(|after| after.creation().at);
        let begin = after.map_or(0, |after| self.columns.first_not_newer(segment, after));
        let mut doc = if scorer.doc() < begin { scorer.seek(begin) } else { scorer.doc() };
        while doc != TERMINATED {
            let candidate = Candidate { rank: self.rank(doc, 0.0), doc, score: 0.0 };
            let is_past = |last: &Candidate| candidate.rank < last.rank;
            if self.first.len() >= self.gather.keep && self.first.last().is_some_and(is_past) {
                break;
            }
            if !segment.is_deleted(doc) && self.is_after(candidate) {
                self.first.push(candidate);
            }
            doc = scorer.advance();
        }
        Ok(())
    }

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        for counts in [&mut self.tags, &mut self.types].into_iter().flatten() {
            counts.count(doc);
        }
        self.offer(doc, score);
    }

    /// Keeps an artifact if it may be among the first.
    fn offer(&mut self, doc: DocId, score: Score) {
        let candidate = Candidate { rank: self.rank(doc, score), doc, score };
        if self.last_rank.is_some_and(|last| self.in_direction(candidate.rank.cmp(&last)).is_gt()) {
            return;
        }
        if !self.is_after(candidate) {
            return;
        }
        self.first.push(candidate);
        if self.first.len() > self.gather.keep + ROOM {
            self.keep_the_first();
        }
    }

    /// The places of those that are kept.
    fn positions(&self) -> impl Iterator<Item = ListPosition> {
        self.first.iter().map(|candidate| self.position(*candidate))
    }

    fn is_after(&self, candidate: Candidate) -> bool {
        let sort = self.gather.sort;
        self.gather.after.as_ref().is_none_or(|after| sort.compare(&self.position(candidate), after).is_gt())
    }

    fn rank(&self, doc: DocId, score: Score) -> u64 {
        match self.gather.sort.by {
            SortBy::CreatedAt => i64_to_u64(self.columns.created_at(doc)),
            SortBy::UpdatedAt => i64_to_u64(self.columns.updated_at.first(doc).unwrap_or_default()),
            // The dictionary of a column is in order.
            SortBy::Name => {
                self.columns.sort_name.as_ref().and_then(|names| names.term_ords(doc).next()).unwrap_or_default()
            }
            // Of numbers above zero, the bits are in the order of the numbers.
            SortBy::Relevance => score.max(0.0).to_bits().into(),
        }
    }

    fn in_direction(&self, ascending: Ordering) -> Ordering {
        if self.gather.sort.descending { ascending.reverse() } else { ascending }
    }

    fn compare(&self, one: &Candidate, other: &Candidate) -> Ordering {
        let by_creation = || self.columns.creation(one.doc).cmp(&self.columns.creation(other.doc));
        self.in_direction(one.rank.cmp(&other.rank).then_with(by_creation))
    }

    fn position(&self, Candidate { doc, score, .. }: Candidate) -> ListPosition {
        let creation = self.columns.creation(doc);
        match self.gather.sort.by {
            SortBy::CreatedAt => ListPosition::created(creation),
            SortBy::UpdatedAt => {
                let micros = self.columns.updated_at.first(doc).unwrap_or_default();
                ListPosition::updated(Timestamp::from_microsecond(micros).unwrap_or_default(), creation)
            }
            SortBy::Name => ListPosition::named(self.name(doc), creation),
            SortBy::Relevance => self.columns.relevant(doc, score),
        }
    }

    fn name(&self, doc: DocId) -> NameKey {
        let mut name = Vec::new();
        if let Some(names) = &self.columns.sort_name
            && let Some(ordinal) = names.term_ords(doc).next()
        {
            // A name that can't be read is an empty one; the artifact itself is read from the store.
            let _ = names.ord_to_bytes(ordinal, &mut name);
        }
        NameKey::from_stored(name)
    }

    fn keep_the_first(&mut self) {
        let mut first = std::mem::take(&mut self.first);
        first.select_nth_unstable_by(self.gather.keep, |one, other| self.compare(one, other));
        first.truncate(self.gather.keep);
        let ranks = first.iter().map(|candidate| candidate.rank);
        self.last_rank = if self.gather.sort.descending { ranks.min() } else { ranks.max() };
        self.first = first;
    }
}
