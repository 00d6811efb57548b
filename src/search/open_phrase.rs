//! Words in a row of which the last may go on: what is typed as `node.j` means "node" and then a word that begins with "j".

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings as _, TermInfo};
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

use super::adjacent::{Adjacent, seek};
use super::budget::Budget;
use super::prefix::{PrefixQuery, explained};
use super::rounded::rounded;
use super::statistics::rarity;
use super::term_union::{Listed, any_of};

/// Documents or endings between two checks of the budget.
const BETWEEN_CHECKS: usize = 256;

/// A query for terms of a field in a row, the last of which begins with a text. What it finds is worth as much as its whole
/// words are rare, and all the same: nothing depends on which words there are that begin so.
#[derive(Clone, Debug)]
pub(super) struct OpenPhrase {
    words: Vec<Term>,
    last: PrefixQuery,
    boost: Score,
    budget: Budget,
}

impl OpenPhrase {
    /// For these words, and then one that begins like `last`.
    pub(super) fn new(words: Vec<Term>, last: &Term, boost: Score, budget: &Budget) -> Self {
        Self { words, last: PrefixQuery::new(last, budget), boost, budget: budget.clone() }
    }
}

impl Query for OpenPhrase {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let mut score = 0.0;
        if let EnableScoring::Enabled { statistics_provider, .. } = scoring {
            for word in &self.words {
                score += rarity(statistics_provider, word)?;
            }
        }
        Ok(Box::new(OpenPhraseWeight { phrase: self.clone(), score: rounded(score * self.boost) }))
    }
}

struct OpenPhraseWeight {
    phrase: OpenPhrase,
    score: Score,
}

impl Weight for OpenPhraseWeight {
    fn scorer(&self, segment: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let OpenPhrase { words, last, budget, .. } = &self.phrase;
        let index = segment.inverted_index(last.field())?;
        let Some(words) = Adjacent::open(&index, words)? else { return Ok(Box::new(EmptyScorer)) };
        let endings = last.terms(segment)?;
        let heads = Heads::find(words, any_of(segment, &index, &endings, 1.0, budget)?, budget)?;
        Ok(Box::new(ConstScorer::new(Listed::new(heads.followed_by(&index, &endings, budget)?), self.score)))
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        explained(self.scorer(segment, 1.0)?, doc)
    }
}

/// Where all words but the last stand in a row.
#[derive(Default)]
struct Heads {
    docs: Vec<DocId>,
    /// For each of the documents, where its part of `next` begins.
    starts: Vec<usize>,
    /// The positions at which the last word would have to stand.
    next: Vec<u32>,
}

impl Heads {
    /// In documents that have an ending, too.
    fn find(mut words: Adjacent, mut endings: Box<dyn Scorer>, budget: &Budget) -> tantivy::Result<Self> {
        let mut heads = Self::default();
        let mut doc = endings.doc();
        while doc != TERMINATED {
            let ahead = words.seek(doc);
            if ahead != doc {
                doc = seek(&mut endings, ahead);
                continue;
            }
            let places = words.next_places();
            if !places.is_empty() {
                if heads.docs.len() % BETWEEN_CHECKS == BETWEEN_CHECKS - 1 {
                    budget.check()?;
                }
                heads.docs.push(doc);
                heads.starts.push(heads.next.len());
                heads.next.extend_from_slice(places);
            }
            doc = endings.advance();
        }
        Ok(heads)
    }

    /// The documents in which one of the endings follows.
    fn followed_by(
        &self,
        index: &InvertedIndexReader,
        endings: &[TermInfo],
        budget: &Budget,
    ) -> tantivy::Result<Vec<DocId>> {
        let mut is_followed = vec![false; self.docs.len()];
        let mut places = Vec::new();
        for (number, ending) in endings.iter().enumerate() {
            if number % BETWEEN_CHECKS == BETWEEN_CHECKS - 1 {
                budget.check()?;
            }
            let mut postings = index.read_postings_from_terminfo(ending, IndexRecordOption::WithFreqsAndPositions)?;
            let mut at = 0;
            while let Some(head) = self.docs.get(at) {
                let doc = seek(&mut postings, *head);
                if doc == *head {
                    if !is_followed[at] {
                        postings.positions(&mut places);
                        is_followed[at] = self.next(at).iter().any(|next| places.binary_search(next).is_ok());
                    }
                    at += 1;
                } else {
                    at = self.first_from(at, doc);
                }
            }
        }
        Ok(self.docs.iter().zip(is_followed).filter(|(_, is_followed)| *is_followed).map(|(doc, _)| *doc).collect())
    }

    /// The first of the documents from `doc` on, which is rarely far after the one at `at`.
    fn first_from(&self, mut at: usize, doc: DocId) -> usize {
        let mut step = 1;
        while self.docs.get(at + step).is_some_and(|head| *head < doc) {
            at += step;
            step *= 2;
        }
        let end = self.docs.len().min(at + step);
        at + self.docs[at..end].partition_point(|head| *head < doc)
    }

    fn next(&self, at: usize) -> &[u32] {
        let end = self.starts.get(at + 1).copied().unwrap_or(self.next.len());
        &self.next[self.starts[at]..end]
    }
}
