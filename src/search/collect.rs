//! What matches, counted, and the first of it in order.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError, i64_to_u64};

use super::columns::{AllColumns, Columns};
use crate::domain::{Facets, Position, Sort, SortBy, Timestamp};

/// So many more than are kept may come together before the first of them are picked out.
const ROOM: usize = 512;

/// Counts all that match and keeps the places of the first.
#[derive(Clone)]
pub(super) struct Gather {
    /// The columns of every part of the index.
    pub columns: Arc<AllColumns>,
    /// In which order.
    pub sort: Sort,
    /// Only those after this place are kept, if it is given.
    pub after: Option<Position>,
    /// How many are kept.
    pub keep: usize,
    /// Whether tags and types are counted.
    pub facets: bool,
}

/// What was gathered.
#[derive(Default)]
pub(super) struct Gathered {
    /// How many match.
    pub total: u64,
    /// The places of the first of them, in order.
    pub first: Vec<Position>,
    /// How many have each tag and type.
    pub facets: Facets,
}

impl Collector for Gather {
    type Fruit = Gathered;
    type Child = GatherSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<GatherSegment> {
        let columns = self.columns.get(&segment.segment_id()).cloned();
        let columns = columns.ok_or_else(|| TantivyError::InternalError("a part without columns".to_owned()))?;
        let facets = self.facets.then(|| [&columns.tags, &columns.artifact_type].map(|it| Counted::new(it.clone())));
        Ok(GatherSegment { gather: self.clone(), columns, facets, total: 0, first: Vec::new(), last_rank: None })
    }

    fn requires_scoring(&self) -> bool {
        self.sort.by == SortBy::Relevance
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Gathered>>) -> tantivy::Result<Gathered> {
        let mut all = Gathered::default();
        for segment in segments {
            let segment = segment?;
            all.total += segment.total;
            all.first.extend(segment.first);
            all.facets.add(segment.facets);
        }
        all.first.sort_unstable_by(|one, other| self.sort.compare(one, other));
        all.first.truncate(self.keep);
        Ok(all)
    }
}

/// One part of the index.
pub(super) struct GatherSegment {
    gather: Gather,
    columns: Arc<Columns>,
    facets: Option<[Counted; 2]>,
    total: u64,
    /// Those that are kept, and [`ROOM`] for more.
    first: Vec<Candidate>,
    /// The rank of the last of as many as are kept: what comes after it is not looked at any closer.
    last_rank: Option<u64>,
}

/// What may be among the first.
#[derive(Clone, Copy)]
struct Candidate {
    /// What it is ordered by, as a number in the same order. Those that are equal are in the order of ids.
    rank: u64,
    doc: DocId,
    score: Score,
}

impl GatherSegment {
    fn rank(&self, doc: DocId, score: Score) -> u64 {
        match self.gather.sort.by {
            SortBy::CreatedAt => self.columns.id_high.first(doc).unwrap_or_default(),
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
        let by_id = || self.columns.id(one.doc).cmp(&self.columns.id(other.doc));
        self.in_direction(one.rank.cmp(&other.rank).then_with(by_id))
    }

    fn position(&self, Candidate { doc, score, .. }: Candidate) -> Position {
        let id = self.columns.id(doc);
        match self.gather.sort.by {
            SortBy::CreatedAt => Position::created(id),
            SortBy::UpdatedAt => {
                let micros = self.columns.updated_at.first(doc).unwrap_or_default();
                Position::updated(Timestamp::from_microsecond(micros).unwrap_or_default(), id)
            }
            SortBy::Name => Position::named(self.name(doc), id),
            SortBy::Relevance => Position::relevant(score, id),
        }
    }

    fn name(&self, doc: DocId) -> String {
        let mut name = String::new();
        if let Some(names) = &self.columns.sort_name
            && let Some(ordinal) = names.term_ords(doc).next()
        {
            // A name that can't be read is an empty one; the artifact itself is read from the store.
            let _ = names.ord_to_str(ordinal, &mut name);
        }
        name
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

impl SegmentCollector for GatherSegment {
    type Fruit = tantivy::Result<Gathered>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        self.facets.iter_mut().flatten().for_each(|counted| counted.count(doc));
        let candidate = Candidate { rank: self.rank(doc, score), doc, score };
        if self.last_rank.is_some_and(|last| self.in_direction(candidate.rank.cmp(&last)).is_gt()) {
            return;
        }
        let sort = self.gather.sort;
        if self.gather.after.as_ref().is_some_and(|after| sort.compare(&self.position(candidate), after).is_le()) {
            return;
        }
        self.first.push(candidate);
        if self.first.len() > self.gather.keep + ROOM {
            self.keep_the_first();
        }
    }

    fn harvest(mut self) -> tantivy::Result<Gathered> {
        let first = self.first.iter().map(|candidate| self.position(*candidate)).collect();
        let mut facets = Facets::default();
        if let Some([tags, types]) = self.facets.take() {
            facets = Facets { tags: tags.texts()?, types: types.texts()? };
        }
        Ok(Gathered { total: self.total, first, facets })
    }
}

/// How many have each of the texts of a column.
struct Counted {
    column: Option<StrColumn>,
    by_ordinal: HashMap<u64, u64>,
}

impl Counted {
    fn new(column: Option<StrColumn>) -> Self {
        Self { column, by_ordinal: HashMap::new() }
    }

    fn count(&mut self, doc: DocId) {
        if let Some(column) = &self.column {
            column.term_ords(doc).for_each(|ordinal| *self.by_ordinal.entry(ordinal).or_default() += 1);
        }
    }

    fn texts(self) -> tantivy::Result<HashMap<String, u64>> {
        let mut texts = HashMap::with_capacity(self.by_ordinal.len());
        if let Some(column) = self.column {
            for (ordinal, count) in self.by_ordinal {
                let mut text = String::new();
                column.ord_to_str(ordinal, &mut text).map_err(TantivyError::from)?;
                texts.insert(text, count);
            }
        }
        Ok(texts)
    }
}
