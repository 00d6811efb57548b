//! Queries for words that begin with a text.

use tantivy::postings::TermInfo;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::Field;
use tantivy::{DocId, Score, SegmentReader, TantivyError, Term};

use super::term_union::any_of;

/// A query for what has a term in a field that begins with a text. All it finds is worth the same.
#[derive(Clone, Debug)]
pub(super) struct PrefixQuery {
    field: Field,
    prefix: Vec<u8>,
    /// Terms that are not meant although they begin so.
    except: Vec<Vec<u8>>,
}

impl PrefixQuery {
    /// For terms that begin with this one.
    pub(super) fn new(prefix: &Term) -> Self {
        Self { field: prefix.field(), prefix: prefix.serialized_value_bytes().to_vec(), except: Vec::new() }
    }

    /// The same, except for these terms.
    pub(super) fn except(self, terms: &[Term]) -> Self {
        Self { except: terms.iter().map(|term| term.serialized_value_bytes().to_vec()).collect(), ..self }
    }

    /// Where the terms are.
    pub(super) fn field(&self) -> Field {
        self.field
    }

    /// The terms of a segment that begin so.
    pub(super) fn terms(&self, segment: &SegmentReader) -> tantivy::Result<Vec<TermInfo>> {
        let index = segment.inverted_index(self.field)?;
        let mut words = index.terms().range().ge(&self.prefix).into_stream()?;
        let mut terms = Vec::new();
        while words.advance() && words.key().starts_with(&self.prefix) {
            if !self.except.iter().any(|term| term == words.key()) {
                terms.push(words.value().clone());
            }
        }
        Ok(terms)
    }
}

impl Query for PrefixQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for PrefixQuery {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let index = segment.inverted_index(self.field)?;
        any_of(segment, &index, &self.terms(segment)?, boost)
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        explained(self.scorer(segment, 1.0)?, doc)
    }
}

/// Why a document has the score that it has; an error if it is not found.
pub(super) fn explained(mut scorer: Box<dyn Scorer>, doc: DocId) -> tantivy::Result<Explanation> {
    if scorer.doc() <= doc && scorer.seek(doc) == doc {
        Ok(Explanation::new("has one of the terms", scorer.score()))
    } else {
        Err(TantivyError::InvalidArgument(format!("{doc} has none of the terms")))
    }
}
