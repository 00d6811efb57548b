//! Scores whose sum is the same in whatever order they are added: in which order that is depends on the segment, and a page
//! goes on where the one before ended only if an artifact has the same score in each.

use tantivy::Score;

/// Scores are multiples of one part of this. With [`MOST`] for each of at most 128 parts of a query, sums stay below 2^24
/// steps, up to where an `f32` is exact.
const STEPS: Score = 512.0;
/// The most that one part of a query is worth.
const MOST: Score = 255.0;

/// A score, or a multiple of it, as the nearest one that can be added without a loss.
pub(super) fn rounded(score: Score) -> Score {
    // A conversion is one instruction, where `round` is a call.
    let steps = (score.clamp(0.0, MOST) * STEPS + 0.5) as u32;
    steps as Score / STEPS
}

/// The most that scores of up to `most` are when they are multiplied and rounded.
pub(super) fn most(most: Score, boost: Score) -> Score {
    // One step more: a product is not exact.
    rounded(most * boost) + 1.0 / STEPS
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
