//! The first by relevance without reading all that matches (MaxScore: Turtle and Flood, "Query evaluation: strategies and
//! optimizations", 1995). Of each part of a query it is known what it adds to a score at most. Once as many are found as are
//! kept, what only has parts that don't add up to the last of them is passed over. What has no other part is never read; the
//! total is counted apart.
//!
//! Of what is equally relevant the newest comes first, and segments are in that order: what is older than the last that is
//! kept has to be better than it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tantivy::query::{Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED};

use super::collect::{BETWEEN_CHECKS, Gather, Gathered};
use super::columns::Columns;
use super::word::WordScorer;
use crate::domain::ListPosition;

/// A query whose score is the sum of parts. All that matches has one of them.
pub(super) struct Ranked {
    /// What matches.
    pub matching: Box<dyn Weight>,
    /// Whether all that has one of the parts matches.
    pub is_union: bool,
    pub parts: Vec<PartWeight>,
}

/// A part of a query.
pub(super) struct PartWeight {
    pub weight: Box<dyn Weight>,
    /// What it adds to a score at most.
    pub most: Score,
}

impl Gather {
    /// How many match in any of some segments, and the first of them by relevance.
    pub(super) fn best<'a>(
        &self,
        query: &Ranked,
        segments: impl Iterator<Item = &'a SegmentReader>,
    ) -> tantivy::Result<Gathered> {
        let mut best = Best { gather: self, kept: BinaryHeap::with_capacity(self.keep + 1) };
        let mut total = 0;
        for segment in segments {
            self.budget.check()?;
            let count = query.matching.count(segment)?;
            if count > 0 {
                total += u64::from(count);
                best.search(query, segment)?;
            }
        }
        let first = best.kept.into_sorted_vec().into_iter().map(|Reverse(Kept { position, .. })| position);
        Ok(Gathered { total, first: first.collect(), ..Gathered::default() })
    }
}

/// The best that were found so far.
struct Best<'a> {
    gather: &'a Gather,
    /// The last of them on top.
    kept: BinaryHeap<Reverse<Kept>>,
}

/// Something that is among the best so far: in the order of its position, which is also that of its score.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    position: ListPosition,
    score_bits: u32,
}

/// What is needed to be among the best.
struct Need {
    score: Score,
    /// From this document on, as much as that is not enough.
    more_from: DocId,
}

impl Need {
    fn at(&self, doc: DocId) -> Score {
        if doc < self.more_from { self.score } else { self.score.next_up() }
    }
}

impl Best<'_> {
    fn search(&mut self, query: &Ranked, segment: &SegmentReader) -> tantivy::Result<()> {
        let columns = self.gather.columns_of(segment)?;
        let mut parts = Parts::open(&query.parts, segment)?;
        let mut matching = if query.is_union { None } else { Some(query.matching.scorer(segment, 1.0)?) };
        let mut need = self.need(columns, segment);
        let mut seen = 0_usize;
        loop {
            let mut least = need.at(parts.doc());
            parts.need(least);
            // What is next now may be so much later that more is needed.
            let doc = parts.doc();
            least = least.max(need.at(doc));
            if doc == TERMINATED {
                return Ok(());
            }
            if let Some(score) = parts.take(doc, least)
                && matching.as_mut().is_none_or(|matching| finds(&mut **matching, doc))
                && !segment.is_deleted(doc)
                && self.keep(columns.relevant(doc, score), score)
            {
                need = self.need(columns, segment);
            }
            seen += 1;
            if seen.is_multiple_of(BETWEEN_CHECKS) {
                self.gather.budget.check()?;
            }
        }
    }

    /// Keeps what is found if it comes after the page before; whether it did.
    fn keep(&mut self, position: ListPosition, score: Score) -> bool {
        if self.gather.after.as_ref().is_some_and(|after| position >= *after) {
            return false;
        }
        self.kept.push(Reverse(Kept { position, score_bits: score.to_bits() }));
        if self.kept.len() > self.gather.keep {
            self.kept.pop();
        }
        true
    }

    fn need(&self, columns: &Columns, segment: &SegmentReader) -> Need {
        let last = self.kept.peek().filter(|_| self.kept.len() == self.gather.keep);
        match last {
            Some(Reverse(Kept { position, score_bits })) => {
                let more_from = columns.first_older(segment, position);
                Need { score: Score::from_bits(*score_bits), more_from }
            }
            None => Need { score: 0.0, more_from: TERMINATED },
        }
    }
}

fn finds(matching: &mut dyn Scorer, doc: DocId) -> bool {
    let found = if matching.doc() < doc { matching.seek(doc) } else { matching.doc() };
    found == doc
}

/// The parts of a query in one segment, what adds least to a score first.
struct Parts {
    parts: Vec<Part>,
    /// Those before this one don't add up to what is needed.
    first: usize,
}

struct Part {
    scorer: PartScorer,
    /// Where it is.
    doc: DocId,
    /// What it adds at most together with all before it.
    most: Score,
}

/// Most of the time goes into the scores of words.
enum PartScorer {
    Word(Box<WordScorer>),
    Other(Box<dyn Scorer>),
}

impl Parts {
    fn open(weights: &[PartWeight], segment: &SegmentReader) -> tantivy::Result<Self> {
        let mut parts = Vec::with_capacity(weights.len());
        for PartWeight { weight, most } in weights {
            let scorer = weight.scorer(segment, 1.0)?;
            let doc = scorer.doc();
            if doc != TERMINATED {
                let scorer = scorer.downcast().map_or_else(PartScorer::Other, PartScorer::Word);
                parts.push(Part { scorer, doc, most: *most });
            }
        }
        parts.sort_by(|one, other| one.most.total_cmp(&other.most));
        let mut sum = 0.0;
        for part in &mut parts {
            sum += part.most;
            part.most = sum;
        }
        Ok(Self { parts, first: 0 })
    }

    /// From now on, less than this is not enough.
    fn need(&mut self, least: Score) {
        while self.parts.get(self.first).is_some_and(|part| part.most < least) {
            self.first += 1;
        }
    }

    /// The next that may have enough.
    fn doc(&self) -> DocId {
        self.parts[self.first..].iter().map(|part| part.doc).min().unwrap_or(TERMINATED)
    }

    /// The score of the next, if that may be enough, and on to the one after it.
    fn take(&mut self, doc: DocId, least: Score) -> Option<Score> {
        let (others, parts) = self.parts.split_at_mut(self.first);
        let mut score = 0.0;
        for part in parts {
            if part.doc == doc {
                score += part.scorer.score();
                part.doc = part.scorer.advance();
            }
        }
        for part in others.iter_mut().rev() {
            if score + part.most < least {
                return None;
            }
            if part.doc < doc {
                part.doc = part.scorer.seek(doc);
            }
            if part.doc == doc {
                score += part.scorer.score();
            }
        }
        (score >= least).then_some(score)
    }
}

impl PartScorer {
    fn advance(&mut self) -> DocId {
        match self {
            Self::Word(word) => word.advance(),
            Self::Other(other) => other.advance(),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        match self {
            Self::Word(word) => word.seek(target),
            Self::Other(other) => other.seek(target),
        }
    }

    fn score(&mut self) -> Score {
        match self {
            Self::Word(word) => word.score(),
            Self::Other(other) => other.score(),
        }
    }
}
