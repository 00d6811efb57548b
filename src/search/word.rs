//! What has a word, scored by BM25.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::query::{
    Bm25StatisticsProvider, Bm25Weight, EmptyScorer, EnableScoring, Explanation, Query, Scorer, TermQuery, Weight,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, Term};

use super::prefix::explained;
use super::rounded::rounded;

/// What BM25 says of a word or a phrase, times a number, and [`rounded`].
#[derive(Clone)]
pub(super) struct Relevance {
    bm25: Bm25Weight,
    boost: Score,
}

impl Relevance {
    /// Of terms of one field that stand in a row.
    pub(super) fn new(statistics: &dyn Bm25StatisticsProvider, terms: &[Term], boost: Score) -> tantivy::Result<Self> {
        Ok(Self { bm25: Bm25Weight::for_terms(statistics, terms)?, boost })
    }

    /// In a text whose length has this id, this often.
    pub(super) fn score(&self, length_id: u8, count: u32) -> Score {
        rounded(self.bm25.score(length_id, count) * self.boost)
    }
}

/// A query for what has a term.
#[derive(Clone, Debug)]
pub(super) struct WordQuery {
    term: Term,
    boost: Score,
}

impl WordQuery {
    /// For a term, whose scores are multiplied.
    pub(super) fn new(term: Term, boost: Score) -> Self {
        Self { term, boost }
    }
}

impl Query for WordQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let EnableScoring::Enabled { statistics_provider, .. } = scoring else {
            return TermQuery::new(self.term.clone(), IndexRecordOption::Basic).weight(scoring);
        };
        let terms = std::slice::from_ref(&self.term);
        let relevance = Relevance::new(statistics_provider, terms, self.boost)?;
        Ok(Box::new(WordWeight { term: self.term.clone(), relevance }))
    }
}

struct WordWeight {
    term: Term,
    relevance: Relevance,
}

impl Weight for WordWeight {
    fn scorer(&self, segment: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let field = self.term.field();
        let postings = segment.inverted_index(field)?.read_postings(&self.term, IndexRecordOption::WithFreqs)?;
        let Some(postings) = postings else { return Ok(Box::new(EmptyScorer)) };
        let lengths = segment.get_fieldnorms_reader(field)?;
        Ok(Box::new(WordScorer { postings, lengths, relevance: self.relevance.clone() }))
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        explained(self.scorer(segment, 1.0)?, doc)
    }
}

/// The documents of a segment that have a word.
pub(super) struct WordScorer {
    postings: SegmentPostings,
    lengths: FieldNormReader,
    relevance: Relevance,
}

impl DocSet for WordScorer {
    fn advance(&mut self) -> DocId {
        self.postings.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.postings.seek(target)
    }

    fn doc(&self) -> DocId {
        self.postings.doc()
    }

    fn size_hint(&self) -> u32 {
        self.postings.size_hint()
    }
}

impl Scorer for WordScorer {
    fn score(&mut self) -> Score {
        self.relevance.score(self.lengths.fieldnorm_id(self.postings.doc()), self.postings.term_freq())
    }
}
