//! The first by relevance without a look at all that matches (MaxScore: Turtle and Flood, "Query evaluation: strategies and
//! optimizations", 1995). Of each part of a query it is known what it adds to a score at most. Once as many are found as are
//! kept, what only has parts that don't add up to the last of them is passed over. What has no other part is never read; the
//! total is counted apart.

use tantivy::query::{Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED};

use super::collect::{BETWEEN_CHECKS, Gather, GatherSegment, Gathered};

/// A part of a query.
pub(super) struct PartWeight {
    pub weight: Box<dyn Weight>,
    /// What it adds to a score at most.
    pub most: Score,
}

impl Gather {
    /// The first of what `matching` finds, whose score is the sum of `parts`. All that matches has one of them.
    pub(super) fn best<'a>(
        &self,
        matching: &dyn Weight,
        parts: &[PartWeight],
        segments: impl Iterator<Item = &'a SegmentReader>,
    ) -> tantivy::Result<Gathered> {
        let mut all = Gathered::default();
        let mut scores: Vec<Score> = Vec::new();
        for segment in segments {
            self.budget.check()?;
            let mut gathering = GatherSegment::new(self, segment)?;
            gathering.total = matching.count(segment)?.into();
            all.total += gathering.total;
            if gathering.total > 0 {
                // What the segments before have is to be surpassed here.
                scores.sort_unstable_by(|one, other| other.total_cmp(one));
                scores.truncate(self.keep);
                gathering.last_rank = scores.get(self.keep.saturating_sub(1)).map(|score| score.to_bits().into());
                gathering.best(matching, parts, segment)?;
                scores.extend(gathering.first.iter().map(|candidate| candidate.score));
                all.first.extend(gathering.positions());
            }
        }
        self.put_in_order(&mut all.first);
        Ok(all)
    }
}

/// The parts of a query in one segment, what adds least to a score first.
struct Parts {
    scorers: Vec<Box<dyn Scorer>>,
    /// What each adds at most together with all before it.
    most: Vec<Score>,
    /// Those before this one don't add up to what is needed.
    first: usize,
}

impl Parts {
    fn open(parts: &[PartWeight], segment: &SegmentReader) -> tantivy::Result<Self> {
        let mut opened = Vec::with_capacity(parts.len());
        for part in parts {
            let scorer = part.weight.scorer(segment, 1.0)?;
            if scorer.doc() != TERMINATED {
                opened.push((part.most, scorer));
            }
        }
        opened.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut sum = 0.0;
        let (most, scorers) = opened
            .into_iter()
            .map(|(most, scorer)| {
                sum += most;
                (sum, scorer)
            })
            .unzip();
        Ok(Self { scorers, most, first: 0 })
    }

    /// From now on, less than this is not enough.
    fn need(&mut self, least: Score) {
        self.first = self.most.partition_point(|most| *most < least);
    }

    /// The next that may have enough.
    fn doc(&self) -> DocId {
        self.scorers[self.first..].iter().map(DocSet::doc).min().unwrap_or(TERMINATED)
    }

    /// The score of the next, if that may be enough, and on to the one after it.
    fn take(&mut self, doc: DocId, least: Score) -> Option<Score> {
        let mut score = 0.0;
        for scorer in &mut self.scorers[self.first..] {
            if scorer.doc() == doc {
                score += scorer.score();
                scorer.advance();
            }
        }
        for (scorer, most) in self.scorers[..self.first].iter_mut().zip(&self.most).rev() {
            if score + most < least {
                return None;
            }
            if scorer.doc() < doc {
                scorer.seek(doc);
            }
            if scorer.doc() == doc {
                score += scorer.score();
            }
        }
        (score >= least).then_some(score)
    }
}

impl GatherSegment<'_> {
    fn best(&mut self, matching: &dyn Weight, parts: &[PartWeight], segment: &SegmentReader) -> tantivy::Result<()> {
        let mut parts = Parts::open(parts, segment)?;
        let mut matching = matching.scorer(segment, 1.0)?;
        let mut seen = 0_usize;
        loop {
            let least = self.least();
            parts.need(least);
            let doc = parts.doc();
            if doc == TERMINATED {
                return Ok(());
            }
            if let Some(score) = parts.take(doc, least) {
                let found = if matching.doc() < doc { matching.seek(doc) } else { matching.doc() };
                if found == doc && !segment.is_deleted(doc) {
                    self.offer(doc, score, self.gather.keep);
                }
            }
            seen += 1;
            if seen.is_multiple_of(BETWEEN_CHECKS) {
                self.gather.budget.check()?;
            }
        }
    }

    /// The score of the last of as many as are kept; what has as much may come before it.
    fn least(&self) -> Score {
        self.last_rank.and_then(|rank| u32::try_from(rank).ok()).map_or(0.0, Score::from_bits)
    }
}
