//! Scores whose sum is the same in whatever order they are added: in which order that is depends on the segment, and a page
//! goes on where the one before ended only if an artifact has the same score in each.

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, Score, SegmentReader};

/// Scores are multiples of one part of this. With [`MOST`] for each of at most 128 parts of a query, sums stay below 2^24
/// steps, up to where an `f32` is exact.
const STEPS: Score = 512.0;
/// The most that one part of a query is worth.
const MOST: Score = 255.0;

/// A score, or a multiple of it, as the nearest one that can be added without a loss.
pub(super) fn rounded(score: Score) -> Score {
    (score.clamp(0.0, MOST) * STEPS).round() / STEPS
}

/// The most that scores of up to `most` are when they are multiplied and rounded.
pub(super) fn most(most: Score, boost: Score) -> Score {
    // One step more: a product is not exact.
    rounded(most * boost) + 1.0 / STEPS
}

/// A query whose scores are multiplied and [`rounded`].
#[derive(Debug)]
pub(super) struct Rounded {
    query: Box<dyn Query>,
    boost: Score,
}

impl Rounded {
    pub(super) fn new(query: Box<dyn Query>, boost: Score) -> Self {
        Self { query, boost }
    }
}

impl Clone for Rounded {
    fn clone(&self) -> Self {
        Self { query: self.query.box_clone(), boost: self.boost }
    }
}

impl Query for Rounded {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let weight = self.query.weight(scoring)?;
        if !scoring.is_scoring_enabled() {
            return Ok(weight);
        }
        Ok(Box::new(RoundedWeight { weight, boost: self.boost }))
    }
}

struct RoundedWeight {
    weight: Box<dyn Weight>,
    boost: Score,
}

impl Weight for RoundedWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(RoundedScorer { scorer: self.weight.scorer(segment, 1.0)?, boost: boost * self.boost }))
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(segment, doc)
    }

    fn count(&self, segment: &SegmentReader) -> tantivy::Result<u32> {
        self.weight.count(segment)
    }
}

struct RoundedScorer {
    scorer: Box<dyn Scorer>,
    boost: Score,
}

impl DocSet for RoundedScorer {
    fn advance(&mut self) -> DocId {
        self.scorer.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.scorer.seek(target)
    }

    fn fill_buffer(&mut self, buffer: &mut [DocId; COLLECT_BLOCK_BUFFER_LEN]) -> usize {
        self.scorer.fill_buffer(buffer)
    }

    fn doc(&self) -> DocId {
        self.scorer.doc()
    }

    fn size_hint(&self) -> u32 {
        self.scorer.size_hint()
    }

    fn cost(&self) -> u64 {
        self.scorer.cost()
    }
}

impl Scorer for RoundedScorer {
    fn score(&mut self) -> Score {
        rounded(self.scorer.score() * self.boost)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_of_adding_does_not_matter(mut scores in prop::collection::vec(0.0_f32..1000.0, 0..128)) {
            scores.iter_mut().for_each(|score| *score = rounded(*score));
            let forwards: Score = scores.iter().sum();
            let backwards: Score = scores.iter().rev().sum();
            prop_assert_eq!(forwards.to_bits(), backwards.to_bits());
        }
    }
}
