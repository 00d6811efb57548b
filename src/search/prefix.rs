//! Queries for words that begin with a text.

use tantivy::postings::TermInfo;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::Field;
use tantivy::{DocId, DocSet as _, Score, SegmentReader, TantivyError, Term};

use super::budget::Budget;
use super::term_union::any_of;
use super::text;

/// Terms between two checks of the budget.
const BETWEEN_CHECKS: usize = 1024;

/// A query for what has a term in a field that begins with a text. All it finds is worth the same.
#[derive(Clone, Debug)]
pub(super) struct PrefixQuery {
    field: Field,
    prefix: Vec<u8>,
    /// The root of a word that is looked for elsewhere: words with the same root are not meant although they begin so.
    except: Option<WordRoot>,
    /// A term that is meant, too.
    also: Option<Term>,
    budget: Budget,
}

#[derive(Clone, Debug)]
struct WordRoot {
    root: String,
    /// How much of a term is before its word, in bytes.
    scope: usize,
}

impl PrefixQuery {
    /// For terms that begin with this one.
    pub(super) fn new(prefix: &Term, budget: &Budget) -> Self {
        let text = prefix.serialized_value_bytes().to_vec();
        Self { field: prefix.field(), prefix: text, except: None, also: None, budget: budget.clone() }
    }

    /// The same, except for words with this root. All that has such a word has the root as a term, too.
    pub(super) fn except_root(self, root: &str, scope: &str) -> Self {
        Self { except: Some(WordRoot { root: root.to_owned(), scope: scope.len() }), ..self }
    }

    /// The same, and this term.
    pub(super) fn or(self, term: Term) -> Self {
        Self { also: Some(term), ..self }
    }

    /// Where the terms are.
    pub(super) fn field(&self) -> Field {
        self.field
    }

    /// The terms of a segment that begin so.
    pub(super) fn terms(&self, segment: &SegmentReader) -> tantivy::Result<Vec<TermInfo>> {
        let index = segment.inverted_index(self.field)?;
        let mut words = index.terms().range().ge(&self.prefix).into_stream()?;
        let mut terms = Vec::new();
        if let Some(term) = &self.also {
            terms.extend(index.get_term_info(term)?);
        }
        for seen in 1_usize.. {
            if !words.advance() || !words.key().starts_with(&self.prefix) {
                break;
            }
            if !self.is_excepted(words.key()) {
                terms.push(words.value().clone());
            }
            if seen.is_multiple_of(BETWEEN_CHECKS) {
                self.budget.check()?;
            }
        }
        Ok(terms)
    }

    fn is_excepted(&self, term: &[u8]) -> bool {
        self.except.as_ref().is_some_and(|WordRoot { root, scope }| {
            let word = term.get(*scope..).and_then(|word| str::from_utf8(word).ok());
            word.is_some_and(|word| text::root(word) == *root)
        })
    }
}

impl Query for PrefixQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for PrefixQuery {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let index = segment.inverted_index(self.field)?;
        any_of(segment, &index, &self.terms(segment)?, boost, &self.budget)
    }

    fn count(&self, segment: &SegmentReader) -> tantivy::Result<u32> {
        let index = segment.inverted_index(self.field)?;
        let terms = self.terms(segment)?;
        match (segment.alive_bitset(), terms.as_slice()) {
            (None, [term]) => Ok(term.doc_freq),
            (None, _) => Ok(any_of(segment, &index, &terms, 1.0, &self.budget)?.count_including_deleted()),
            (Some(alive), _) => Ok(any_of(segment, &index, &terms, 1.0, &self.budget)?.count(alive)),
        }
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        explained(self.scorer(segment, 1.0)?, doc)
    }
}

/// Why a document has the score that it has; an error if it is not found.
pub(super) fn explained(mut scorer: Box<dyn Scorer>, doc: DocId) -> tantivy::Result<Explanation> {
    if scorer.doc() <= doc && scorer.seek(doc) == doc {
        Ok(Explanation::new("has one of the terms", scorer.score()))
    } else {
        Err(TantivyError::InvalidArgument(format!("{doc} has none of the terms")))
    }
}
