//! What has a word that begins so. tantivy's own query for a range of words takes as much memory, and time to clear it, as
//! all artifacts of all workspaces ask for; this one goes by those that have such a word.

use tantivy::postings::SegmentPostings;
use tantivy::query::{BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term};

/// Below one of so many, those that have such a word are listed; above, marked among all.
const FEW: u64 = 64;

/// A query for what has a term in a field that begins with a text. All it finds is worth the same.
#[derive(Clone, Debug)]
pub(super) struct Beginning {
    field: Field,
    beginning: Vec<u8>,
    /// What is not meant although it begins so.
    but_for: Vec<Vec<u8>>,
}

impl Beginning {
    /// Of this term.
    pub(super) fn of(term: &Term) -> Self {
        Self { field: term.field(), beginning: term.serialized_value_bytes().to_vec(), but_for: Vec::new() }
    }

    /// The same, but for these terms.
    pub(super) fn but_for(self, terms: &[Term]) -> Self {
        Self { but_for: terms.iter().map(|term| term.serialized_value_bytes().to_vec()).collect(), ..self }
    }
}

impl Query for Beginning {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Beginning {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let index = segment.inverted_index(self.field)?;
        let mut words = index.terms().range().ge(&self.beginning).into_stream()?;
        let (mut terms, mut total) = (Vec::new(), 0);
        while words.advance() && words.key().starts_with(&self.beginning) {
            if self.but_for.iter().any(|term| term == words.key()) {
                continue;
            }
            total += u64::from(words.value().doc_freq);
            terms.push(words.value().clone());
        }
        let postings = |term| index.read_postings_from_terminfo(term, IndexRecordOption::Basic);
        if let [term] = terms.as_slice() {
            return Ok(Box::new(ConstScorer::new(postings(term)?, boost)));
        }
        if terms.is_empty() {
            return Ok(Box::new(EmptyScorer));
        }
        if total * FEW > u64::from(segment.max_doc()) {
            let mut marked = BitSet::with_max_value(segment.max_doc());
            for term in &terms {
                each(postings(term)?, |doc| {
                    marked.insert(doc);
                });
            }
            return Ok(Box::new(ConstScorer::new(BitSetDocSet::from(marked), boost)));
        }
        let mut docs = Vec::new();
        for term in &terms {
            each(postings(term)?, |doc| docs.push(doc));
        }
        // Those of each term are in order already, which this sort makes use of.
        docs.sort();
        docs.dedup();
        Ok(Box::new(ConstScorer::new(Listed { docs, at: 0 }, boost)))
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        if self.scorer(segment, 1.0)?.seek(doc) == doc {
            Ok(Explanation::new("a word that begins so", 1.0))
        } else {
            Err(TantivyError::InvalidArgument(format!("{doc} has no word that begins so")))
        }
    }
}

fn each(mut postings: SegmentPostings, mut take: impl FnMut(DocId)) {
    while postings.doc() != TERMINATED {
        take(postings.doc());
        postings.advance();
    }
}

/// Documents in order.
struct Listed {
    docs: Vec<DocId>,
    at: usize,
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
        let mut listed = Listed { docs: vec![1, 4, 9], at: 0 };
        assert_eq!((listed.doc(), listed.advance(), listed.seek(5)), (1, 4, 9));
        assert_eq!(
            (listed.seek(9), listed.advance(), listed.advance(), listed.seek(TERMINATED)),
            (9, TERMINATED, TERMINATED, TERMINATED)
        );
        assert_eq!(Listed { docs: Vec::new(), at: 0 }.doc(), TERMINATED);
    }
}
