//! What has any of many terms. tantivy's own union of terms takes as much memory, and time to clear it, as all artifacts of
//! all workspaces ask for; this one costs as much as have such a term.

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::query::{BitSetDocSet, ConstScorer, EmptyScorer, Scorer};
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocId, DocSet, Score, SegmentReader, TERMINATED};

use super::budget::Budget;

/// Below one in this many, the documents with such a term are listed; above, marked in a bitmap.
const FEW: u64 = 64;
/// Terms between two checks of the budget.
const BETWEEN_CHECKS: usize = 64;

/// What has any of these terms of a field. All of it is worth the same.
pub(super) fn any_of(
    segment: &SegmentReader,
    index: &InvertedIndexReader,
    terms: &[TermInfo],
    score: Score,
    budget: &Budget,
) -> tantivy::Result<Box<dyn Scorer>> {
    let postings = |term| index.read_postings_from_terminfo(term, IndexRecordOption::Basic);
    if let [term] = terms {
        return Ok(Box::new(ConstScorer::new(postings(term)?, score)));
    }
    if terms.is_empty() {
        return Ok(Box::new(EmptyScorer));
    }
    let total: u64 = terms.iter().map(|term| u64::from(term.doc_freq)).sum();
    if total * FEW > u64::from(segment.max_doc()) {
        let mut marked = BitSet::with_max_value(segment.max_doc());
        for (at, term) in terms.iter().enumerate() {
            each(postings(term)?, |doc| {
                marked.insert(doc);
            });
            check(at, budget)?;
        }
        return Ok(Box::new(ConstScorer::new(BitSetDocSet::from(marked), score)));
    }
    let mut docs = Vec::new();
    for (at, term) in terms.iter().enumerate() {
        each(postings(term)?, |doc| docs.push(doc));
        check(at, budget)?;
    }
    // Those of each term are in order already, which this sort makes use of.
    docs.sort();
    docs.dedup();
    Ok(Box::new(ConstScorer::new(Listed::new(docs), score)))
}

fn check(at: usize, budget: &Budget) -> tantivy::Result<()> {
    if at % BETWEEN_CHECKS == BETWEEN_CHECKS - 1 { budget.check() } else { Ok(()) }
}

fn each(mut postings: SegmentPostings, mut take: impl FnMut(DocId)) {
    while postings.doc() != TERMINATED {
        take(postings.doc());
        postings.advance();
    }
}

/// Documents in order.
pub(super) struct Listed {
    docs: Vec<DocId>,
    at: usize,
}

impl Listed {
    pub(super) fn new(docs: Vec<DocId>) -> Self {
        Self { docs, at: 0 }
    }
}

impl DocSet for Listed {
    fn advance(&mut self) -> DocId {
        self.at += 1;
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let rest = self.docs.get(self.at..).unwrap_or_default();
        self.at += rest.partition_point(|doc| *doc < target);
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.docs.get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.docs.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_gone_through_and_sought() {
        let mut listed = Listed::new(vec![1, 4, 9]);
        assert_eq!((listed.doc(), listed.advance(), listed.seek(5)), (1, 4, 9));
        assert_eq!(
            (listed.seek(9), listed.advance(), listed.advance(), listed.seek(TERMINATED)),
            (9, TERMINATED, TERMINATED, TERMINATED)
        );
        assert_eq!(Listed::new(Vec::new()).doc(), TERMINATED);
    }
}
