//! The segments of the index that have anything of a workspace. Most workspaces are in few of them, and a segment where
//! there is nothing to find would be searched for almost as long as one where there is.

use tantivy::schema::Term;
use tantivy::{Searcher, SegmentReader};

use super::schema::{self, EVERYTHING, Fields, Scope};

/// The segments of an index that have anything of some scopes.
pub(super) struct TenantSegments<'a>(Vec<&'a SegmentReader>);

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
        Ok(Self(segments))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a SegmentReader> {
        self.0.iter().copied()
    }
}
