//! What has words in a row, scored by BM25 like one word.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

use super::adjacent::Adjacent;
use super::prefix::explained;
use super::word::Relevance;

/// A query for terms of one field in a row.
#[derive(Clone, Debug)]
pub(super) struct PhraseQuery {
    words: Vec<Term>,
    boost: Score,
}

impl PhraseQuery {
    /// For these terms, of which there is at least one; scores are multiplied.
    pub(super) fn new(words: Vec<Term>, boost: Score) -> Self {
        Self { words, boost }
    }
}

impl Query for PhraseQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let relevance = match scoring {
            EnableScoring::Enabled { statistics_provider, .. } => {
                Some(Relevance::new(statistics_provider, &self.words, self.boost)?)
            }
            EnableScoring::Disabled { .. } => None,
        };
        Ok(Box::new(PhraseWeight { words: self.words.clone(), relevance }))
    }
}

struct PhraseWeight {
    words: Vec<Term>,
    /// None when nobody asks for scores.
    relevance: Option<Relevance>,
}

impl Weight for PhraseWeight {
    fn scorer(&self, segment: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let Some(first) = self.words.first() else { return Ok(Box::new(EmptyScorer)) };
        let index = segment.inverted_index(first.field())?;
        let Some(words) = Adjacent::open(&index, &self.words)? else { return Ok(Box::new(EmptyScorer)) };
        let lengths = segment.get_fieldnorms_reader(first.field())?;
        let mut scorer = PhraseScorer { words, lengths, relevance: self.relevance.clone(), doc: 0, count: 0 };
        scorer.seek(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        explained(self.scorer(segment, 1.0)?, doc)
    }
}

struct PhraseScorer {
    words: Adjacent,
    lengths: FieldNormReader,
    relevance: Option<Relevance>,
    doc: DocId,
    /// How many times the phrase is in it.
    count: usize,
}

impl DocSet for PhraseScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED { TERMINATED } else { self.seek(self.doc + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.doc = self.words.seek(target);
        while self.doc != TERMINATED {
            self.count = self.words.next_places().len();
            if self.count > 0 {
                break;
            }
            self.doc = self.words.seek(self.doc + 1);
        }
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.words.most()
    }
}

impl Scorer for PhraseScorer {
    fn score(&mut self) -> Score {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.relevance.as_ref().map_or(0.0, |relevance| relevance.score(self.lengths.fieldnorm_id(self.doc), count))
    }
}
