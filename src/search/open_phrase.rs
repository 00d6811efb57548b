//! Words in a row of which the last may go on: what is typed as `node.j` means "node" and then a word that begins with "j".

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings as _, SegmentPostings, TermInfo};
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

use super::budget::Budget;
use super::prefix::{PrefixQuery, explained};
use super::rounded::rounded;
use super::statistics::rarity;
use super::term_union::{Listed, any_of};

/// Documents or endings between two looks at the budget.
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
        let mut postings = Vec::with_capacity(words.len());
        for word in words {
            let Some(found) = index.read_postings(word, IndexRecordOption::WithFreqsAndPositions)? else {
                return Ok(Box::new(EmptyScorer));
            };
            postings.push(found);
        }
        let endings = last.terms(segment)?;
        let heads = Heads::find(postings, any_of(segment, &index, &endings, 1.0, budget)?, budget)?;
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
    fn find(mut words: Vec<SegmentPostings>, mut endings: Box<dyn Scorer>, budget: &Budget) -> tantivy::Result<Self> {
        let mut heads = Self::default();
        let mut doc = endings.doc();
        let (mut places, mut others) = (Vec::new(), Vec::new());
        while doc != TERMINATED {
            let ahead = words.iter_mut().map(|word| seek(word, doc)).find(|found| *found != doc);
            if let Some(ahead) = ahead {
                doc = seek(&mut endings, ahead);
                continue;
            }
            places.clear();
            let count = u32::try_from(words.len()).unwrap_or(u32::MAX);
            for (offset, word) in (0..).zip(&mut words) {
                word.positions_with_offset(count - offset, &mut others);
                if offset == 0 {
                    std::mem::swap(&mut places, &mut others);
                } else {
                    places.retain(|place| others.binary_search(place).is_ok());
                }
            }
            if !places.is_empty() {
                if heads.docs.len() % BETWEEN_CHECKS == BETWEEN_CHECKS - 1 {
                    budget.check()?;
                }
                heads.docs.push(doc);
                heads.starts.push(heads.next.len());
                heads.next.extend_from_slice(&places);
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
                    at += self.docs[at..].partition_point(|head| *head < doc);
                }
            }
        }
        Ok(self.docs.iter().zip(is_followed).filter(|(_, is_followed)| *is_followed).map(|(doc, _)| *doc).collect())
    }

    fn next(&self, at: usize) -> &[u32] {
        let end = self.starts.get(at + 1).copied().unwrap_or(self.next.len());
        &self.next[self.starts[at]..end]
    }
}

/// The first document from `target` on.
fn seek(docs: &mut (impl DocSet + ?Sized), target: DocId) -> DocId {
    if docs.doc() < target { docs.seek(target) } else { docs.doc() }
}
