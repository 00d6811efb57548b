//! The segments of the index that have anything of a workspace. Most workspaces are in few of them, and a segment where
//! there is nothing to find would be searched for almost as long as one where there is.

use tantivy::query::{EnableScoring, Query};
use tantivy::schema::Term;
use tantivy::{Searcher, SegmentReader};

use super::best::{PartWeight, Ranked};
use super::collect::{Gather, Gathered};
use super::compile::{Part, Worth};
use super::rounded;
use super::schema::{self, EVERYTHING, Fields, Scope};
use super::statistics::Statistics;

/// The segments of an index that have anything of some scopes.
pub(super) struct TenantSegments<'a> {
    searcher: &'a Searcher,
    segments: Vec<&'a SegmentReader>,
}

impl<'a> TenantSegments<'a> {
    pub(super) fn new(searcher: &'a Searcher, fields: &Fields, scopes: &[Scope]) -> tantivy::Result<Self> {
        let everything: Vec<Term> =
            scopes.iter().map(|scope| schema::term(fields.exactly, *scope, EVERYTHING)).collect();
        let mut segments = Vec::new();
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(fields.exactly)?;
            for term in &everything {
                if index.get_term_info(term)?.is_some() {
                    segments.push(segment);
                    break;
                }
            }
        }
        Ok(Self { searcher, segments })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a SegmentReader> {
        self.segments.iter().copied()
    }

    /// The first by relevance of what `matching` finds, whose score is the sum of `parts`, and whether that is all that has
    /// one of them. Both must only find what is in the scopes.
    pub(super) fn best(
        &self,
        (matching, is_union): (&dyn Query, bool),
        parts: &[Part],
        statistics: &Statistics<'_>,
        gather: &Gather,
    ) -> tantivy::Result<Gathered> {
        let scoring = EnableScoring::enabled_from_statistics_provider(statistics, self.searcher);
        let mut weights = Vec::with_capacity(parts.len());
        for Part { query, worth } in parts {
            let weight = query.weight(scoring)?;
            let most = match worth {
                Worth::Constant(score) => *score,
                Worth::Rarity(boost) => rounded::most(statistics.take_most(), *boost),
            };
            weights.push(PartWeight { weight, most });
        }
        let matching = matching.weight(EnableScoring::disabled_from_searcher(self.searcher))?;
        gather.best(&Ranked { matching, is_union, parts: weights }, self.iter())
    }

    /// What a query finds, which must be one that only finds what is in the scopes.
    pub(super) fn search(
        &self,
        query: &dyn Query,
        statistics: &Statistics<'_>,
        gather: &Gather,
    ) -> tantivy::Result<Gathered> {
        let scoring = if gather.is_scored() {
            EnableScoring::enabled_from_statistics_provider(statistics, self.searcher)
        } else {
            EnableScoring::disabled_from_searcher(self.searcher)
        };
        gather.all(&*query.weight(scoring)?, self.iter())
    }
}
