//! Words that were mistyped: those that are one edit away from a word, which are found by walking an automaton over the
//! dictionary of the workspace.

use std::ops::Range;

use tantivy::query::{EnableScoring, Explanation, FuzzyTermQuery, Query, Scorer, Weight};
use tantivy::{DocId, Score, SegmentReader, Term};

use super::budget::Budget;
use super::prefix::explained;
use super::term_union::any_of;

/// Shorter words are not taken for mistyped ones, in characters.
const MIN_CHARS: usize = 5;

/// Whether a word may be a mistyped one: what is short, or has a digit in it, is meant as it is.
pub(super) fn may_be_mistyped(word: &str) -> bool {
    word.chars().count() >= MIN_CHARS && word.chars().all(char::is_alphabetic)
}

/// A query for what has a term that is at most one edit away from another of the same scope. All it finds is worth the
/// same, so that nothing depends on which such words there are.
#[derive(Clone, Debug)]
pub(super) struct TypoQuery {
    term: Term,
    scope: Vec<u8>,
    budget: Budget,
}

impl TypoQuery {
    /// For a term whose text begins with `scope`.
    pub(super) fn new(term: Term, scope: &str, budget: &Budget) -> Self {
        Self { term, scope: scope.as_bytes().to_vec(), budget: budget.clone() }
    }
}

impl Query for TypoQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for TypoQuery {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let index = segment.inverted_index(self.term.field())?;
        let automaton = FuzzyTermQuery::new(self.term.clone(), 1, true).automaton()?;
        // Terms with an edit in their scope are other workspaces', and nothing before the first of this one is read.
        let mut words = index.terms().search(automaton).ge(&self.scope).into_stream()?;
        let mut terms = Vec::new();
        while words.advance() && words.key().starts_with(&self.scope) {
            terms.push(words.value().clone());
        }
        any_of(segment, &index, &terms, boost, &self.budget)
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        explained(self.scorer(segment, 1.0)?, doc)
    }
}

/// Whether a character was left out, added, replaced, or two neighbours were exchanged.
pub(super) fn is_one_edit_away(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = match one.len().abs_diff(other.len()) {
        // No character has more than four bytes.
        0..=4 => (one.chars().collect(), other.chars().collect()),
        _ => return false,
    };
    let (long, short) = if one.len() >= other.len() { (&one, &other) } else { (&other, &one) };
    let same = |range: Range<usize>, offset: usize| long[range.start + offset..range.end + offset] == short[range];
    let Some(at) = (0..short.len()).find(|&at| long[at] != short[at]) else { return long.len() - short.len() <= 1 };
    match long.len() - short.len() {
        0 => {
            same(at + 1..short.len(), 0)
                || (at + 1 < short.len()
                    && long[at] == short[at + 1]
                    && long[at + 1] == short[at]
                    && same(at + 2..short.len(), 0))
        }
        1 => same(at..short.len(), 1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edit_is_one_character() {
        for (one, other) in [
            ("billing", "biling"),
            ("billing", "billling"),
            ("billing", "bolling"),
            ("billing", "bililng"),
            ("billing", "billing"),
            ("billing", "illing"),
            ("billing", "billings"),
        ] {
            assert!(is_one_edit_away(one, other), "{one} {other}");
            assert!(is_one_edit_away(other, one), "{other} {one}");
        }
        for (one, other) in [("billing", "bling"), ("billing", "gnillib"), ("billing", ""), ("abcd", "badc")] {
            assert!(!is_one_edit_away(one, other), "{one} {other}");
        }
    }
}
