//! What relevance is measured by: how many artifacts a workspace has, how long their texts are, and how many have each word.
//!
//! All of it is the workspace's own, so that others' writes change nothing. It is part of a cursor too: later pages are
//! ranked as the first one was, whatever has been written since.

use std::cell::{Cell, RefCell};

use quick_cache::sync::Cache;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentId;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocSet as _, Score, SegmentReader, TERMINATED};

use super::schema::{self, EVERYTHING, Fields, Scope};
use super::tenant_segments::TenantSegments;
use crate::domain::Ranking;

/// How many frequencies a cursor holds at most, so that it stays short. Words beyond that are worth as much as a word of
/// one artifact.
const MAX_FREQUENCIES: usize = 256;

/// How much more than its rarity a term is worth at most, in BM25 as tantivy has it.
const K1: Score = 1.2;

/// The most scopes of a segment whose text lengths are remembered.
const MAX_LENGTHS: usize = 20_000;

/// How many artifacts a scope has in a segment, and how many words in the fields that are scored.
#[derive(Clone, Copy, Default)]
struct Sums {
    documents: u64,
    lengths: [u64; 3],
}

/// How long the texts of workspaces are in each segment, once it was counted: a segment never changes.
pub(super) struct FieldLengths(Cache<(SegmentId, Scope), Sums>);

impl FieldLengths {
    pub(super) fn new() -> Self {
        Self(Cache::new(MAX_LENGTHS))
    }

    fn sums(&self, fields: &Fields, segment: &SegmentReader, scope: Scope) -> tantivy::Result<Sums> {
        self.0.get_or_insert_with(&(segment.segment_id(), scope), || count(fields, segment, scope))
    }
}

/// Replaced and removed artifacts count until their segment is merged, as they do in the frequencies of words.
fn count(fields: &Fields, segment: &SegmentReader, scope: Scope) -> tantivy::Result<Sums> {
    let index = segment.inverted_index(fields.exactly)?;
    let term = schema::term(fields.exactly, scope, EVERYTHING);
    let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? else {
        return Ok(Sums::default());
    };
    let norms = scored(fields).map(|field| segment.get_fieldnorms_reader(field));
    let [anywhere, name, tag_words] = norms;
    let norms: [FieldNormReader; 3] = [anywhere?, name?, tag_words?];
    let mut sums = Sums::default();
    while postings.doc() != TERMINATED {
        sums.documents += 1;
        for (length, norms) in sums.lengths.iter_mut().zip(&norms) {
            *length += u64::from(norms.fieldnorm(postings.doc()));
        }
        postings.advance();
    }
    Ok(sums)
}

/// The fields that are scored, in the order of [`Ranking::lengths`].
fn scored(fields: &Fields) -> [Field; 3] {
    [fields.anywhere, fields.name, fields.tag_words]
}

/// The statistics that one search is scored by: those of the moment, which it notes, or those that were noted before.
pub(super) struct Statistics<'a> {
    segments: &'a TenantSegments<'a>,
    fields: &'a Fields,
    ranking: RefCell<Ranking>,
    /// How many frequencies were already asked for, when they were noted before.
    asked: Option<Cell<usize>>,
    /// The lowest frequency that was asked for since the last [`Self::take_most`].
    lowest: Cell<Option<u64>>,
}

impl<'a> Statistics<'a> {
    /// Those of the moment.
    pub(super) fn current(
        segments: &'a TenantSegments<'a>,
        fields: &'a Fields,
        lengths: &FieldLengths,
        scopes: &[Scope],
    ) -> tantivy::Result<Self> {
        let mut ranking = Ranking::default();
        for segment in segments.iter() {
            for scope in scopes {
                let sums = lengths.sums(fields, segment, *scope)?;
                ranking.documents += sums.documents;
                ranking.lengths.iter_mut().zip(sums.lengths).for_each(|(all, length)| *all += length);
            }
        }
        Ok(Self { segments, fields, ranking: RefCell::new(ranking), asked: None, lowest: Cell::default() })
    }

    /// Those that `ranking` noted.
    pub(super) fn noted(segments: &'a TenantSegments<'a>, fields: &'a Fields, ranking: &Ranking) -> Self {
        let (ranking, asked) = (RefCell::new(ranking.clone()), Some(Cell::new(0)));
        Self { segments, fields, ranking, asked, lowest: Cell::default() }
    }

    /// What was asked for, to be noted.
    pub(super) fn into_ranking(self) -> Ranking {
        self.ranking.into_inner()
    }

    /// The most that BM25 gives for the terms that were asked for since the last call, however often they are in an artifact.
    pub(super) fn take_most(&self) -> Score {
        let Some(lowest) = self.lowest.take() else { return 0.0 };
        inverse_frequency(self.ranking.borrow().documents.max(1), lowest) * (1.0 + K1)
    }

    fn frequency(&self, term: &Term) -> tantivy::Result<u64> {
        let mut frequencies = 0;
        for segment in self.segments.iter() {
            frequencies += u64::from(segment.inverted_index(term.field())?.doc_freq(term)?);
        }
        Ok(frequencies)
    }
}

/// How much a word is worth because few have it (the IDF of BM25).
pub(super) fn rarity(statistics: &dyn Bm25StatisticsProvider, word: &Term) -> tantivy::Result<Score> {
    Ok(inverse_frequency(statistics.total_num_docs()?, statistics.doc_freq(word)?))
}

fn inverse_frequency(documents: u64, frequency: u64) -> Score {
    let (others, frequency) = (documents.saturating_sub(frequency) as Score, frequency as Score);
    (1.0 + (others + 0.5) / (frequency + 0.5)).ln()
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let at = scored(self.fields).iter().position(|scored| *scored == field);
        // An average length of none would make every score none.
        Ok(at.and_then(|at| self.ranking.borrow().lengths.get(at).copied()).unwrap_or_default().max(1))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.ranking.borrow().documents.max(1))
    }

    /// A query asks for the same words in the same order each time.
    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let mut ranking = self.ranking.borrow_mut();
        let frequency = match &self.asked {
            Some(asked) => {
                let at = asked.replace(asked.get() + 1);
                ranking.frequencies.get(at).copied().unwrap_or(1)
            }
            None if ranking.frequencies.len() < MAX_FREQUENCIES => {
                let frequency = self.frequency(term)?;
                ranking.frequencies.push(frequency);
                frequency
            }
            None => 1,
        };
        // No word is in more artifacts than there are.
        let frequency = frequency.min(ranking.documents.max(1));
        self.lowest.set(Some(self.lowest.get().map_or(frequency, |lowest| lowest.min(frequency))));
        Ok(frequency)
    }
}
