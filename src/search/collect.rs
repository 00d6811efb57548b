//! What matches, counted, and the first of it in order.

use std::collections::HashMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::schema;
use crate::domain::{ArtifactId, Facets, Position, Sort, SortBy, Timestamp};

/// Counts all that match and keeps the places of the first.
#[derive(Clone)]
pub(super) struct Gather {
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
        let columns = segment.fast_fields();
        let facets = self.facets.then(|| -> tantivy::Result<_> {
            Ok([Counted::new(columns.str("tags")?), Counted::new(columns.str("artifact_type")?)])
        });
        Ok(GatherSegment {
            gather: self.clone(),
            id_high: columns.u64("id_high")?,
            id_low: columns.u64("id_low")?,
            updated_at: columns.i64("updated_at")?,
            sort_name: columns.str("sort_name")?,
            facets: facets.transpose()?,
            total: 0,
            first: Vec::new(),
        })
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
    id_high: Column<u64>,
    id_low: Column<u64>,
    updated_at: Column<i64>,
    sort_name: Option<StrColumn>,
    facets: Option<[Counted; 2]>,
    total: u64,
    /// No more than twice as many as are kept.
    first: Vec<Position>,
}

impl GatherSegment {
    fn position(&self, doc: DocId, score: Score) -> Position {
        let id = self.id(doc);
        match self.gather.sort.by {
            SortBy::CreatedAt => Position::created(id),
            SortBy::UpdatedAt => {
                let micros = self.updated_at.first(doc).unwrap_or_default();
                Position::updated(Timestamp::from_microsecond(micros).unwrap_or_default(), id)
            }
            SortBy::Name => Position::named(self.name(doc), id),
            SortBy::Relevance => Position::relevant(score, id),
        }
    }

    fn id(&self, doc: DocId) -> ArtifactId {
        schema::id_of(self.id_high.first(doc).unwrap_or_default(), self.id_low.first(doc).unwrap_or_default())
    }

    fn name(&self, doc: DocId) -> String {
        let mut name = String::new();
        if let Some(names) = &self.sort_name
            && let Some(ordinal) = names.term_ords(doc).next()
        {
            // A name that can't be read is an empty one; the artifact itself is read from the store.
            let _ = names.ord_to_str(ordinal, &mut name);
        }
        name
    }

    fn keep_the_first(&mut self) {
        let sort = self.gather.sort;
        self.first.select_nth_unstable_by(self.gather.keep, |one, other| sort.compare(one, other));
        self.first.truncate(self.gather.keep);
    }
}

impl SegmentCollector for GatherSegment {
    type Fruit = tantivy::Result<Gathered>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        self.facets.iter_mut().flatten().for_each(|counted| counted.count(doc));
        let position = self.position(doc, score);
        let Gather { sort, after, keep, .. } = &self.gather;
        if after.as_ref().is_some_and(|after| sort.compare(&position, after).is_le()) {
            return;
        }
        let enough = (2 * keep).max(1);
        self.first.push(position);
        if self.first.len() > enough {
            self.keep_the_first();
        }
    }

    fn harvest(self) -> tantivy::Result<Gathered> {
        let mut facets = Facets::default();
        if let Some([tags, types]) = self.facets {
            facets = Facets { tags: tags.texts()?, types: types.texts()? };
        }
        Ok(Gathered { total: self.total, first: self.first, facets })
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
