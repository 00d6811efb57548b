//! The parts of the index that have anything of a workspace. Most workspaces are in few of them, and a part where there is
//! nothing to find would be searched for almost as long as one where there is.

use tantivy::collector::Collector;
use tantivy::query::{Bm25StatisticsProvider, EnableScoring, Query};
use tantivy::schema::{Field, Term};
use tantivy::{Searcher, SegmentOrdinal, SegmentReader};

use super::schema::{self, EVERYTHING, Fields, Scope};

/// The parts of an index that have anything of some scopes.
pub(super) struct Within<'a> {
    searcher: &'a Searcher,
    parts: Vec<(SegmentOrdinal, &'a SegmentReader)>,
}

impl<'a> Within<'a> {
    pub(super) fn new(searcher: &'a Searcher, fields: &Fields, scopes: &[Scope]) -> tantivy::Result<Self> {
        let everything: Vec<Term> =
            scopes.iter().map(|scope| schema::term(fields.exactly, *scope, EVERYTHING)).collect();
        let mut parts = Vec::new();
        for (ordinal, part) in (0..).zip(searcher.segment_readers()) {
            let index = part.inverted_index(fields.exactly)?;
            for term in &everything {
                if index.get_term_info(term)?.is_some() {
                    parts.push((ordinal, part));
                    break;
                }
            }
        }
        Ok(Self { searcher, parts })
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &'a SegmentReader> {
        self.parts.iter().map(|(_, part)| *part)
    }

    /// What a query finds, which must be one that only finds what is in the scopes.
    pub(super) fn search<C: Collector>(&self, query: &dyn Query, collector: &C) -> tantivy::Result<C::Fruit> {
        let scoring = if collector.requires_scoring() {
            EnableScoring::Enabled { searcher: self.searcher, statistics_provider: self }
        } else {
            EnableScoring::disabled_from_searcher(self.searcher)
        };
        let weight = query.weight(scoring)?;
        let fruits = self.parts.iter().map(|(ordinal, part)| collector.collect_segment(&*weight, *ordinal, part));
        collector.merge_fruits(fruits.collect::<tantivy::Result<_>>()?)
    }
}

/// The same as of the whole index: no other part has any of the terms.
impl Bm25StatisticsProvider for Within<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.searcher.total_num_tokens(field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let mut sum = 0;
        for part in self.parts() {
            sum += u64::from(part.inverted_index(term.field())?.doc_freq(term)?);
        }
        Ok(sum)
    }
}
