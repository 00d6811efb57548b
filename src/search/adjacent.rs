//! Documents in which words stand in a row.

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED, Term};

/// Goes through the documents of a segment that have all of some words.
pub(super) struct Adjacent {
    /// The rarest first.
    words: Vec<Word>,
    places: Vec<u32>,
    places_of_one: Vec<u32>,
}

struct Word {
    postings: SegmentPostings,
    /// How far it stands before what follows the last of them.
    before: u32,
}

impl Adjacent {
    /// For these terms of a field, in this order. None when one of them is in no document.
    pub(super) fn open(index: &InvertedIndexReader, terms: &[Term]) -> tantivy::Result<Option<Self>> {
        let mut words = Vec::with_capacity(terms.len());
        for (before, term) in (1..).zip(terms.iter().rev()) {
            match index.read_postings(term, IndexRecordOption::WithFreqsAndPositions)? {
                Some(postings) => words.push(Word { postings, before }),
                None => return Ok(None),
            }
        }
        words.sort_by_key(|word| word.postings.doc_freq());
        Ok(Some(Self { words, places: Vec::new(), places_of_one: Vec::new() }))
    }

    /// In how many documents the rarest of the words is.
    pub(super) fn most(&self) -> u32 {
        self.words.first().map_or(0, |rarest| rarest.postings.doc_freq())
    }

    /// The first document from `target` on that has all the words, at any place.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        let Some((rarest, others)) = self.words.split_first_mut() else { return TERMINATED };
        let mut doc = seek(&mut rarest.postings, target);
        while doc != TERMINATED {
            let ahead = others.iter_mut().map(|word| seek(&mut word.postings, doc)).find(|found| *found != doc);
            let Some(ahead) = ahead else { break };
            doc = seek(&mut rarest.postings, ahead);
        }
        doc
    }

    /// Where in the document that was found a word would stand that follows the last of them.
    pub(super) fn next_places(&mut self) -> &[u32] {
        let (places, others) = (&mut self.places, &mut self.places_of_one);
        for (at, Word { postings, before }) in self.words.iter_mut().enumerate() {
            if at == 0 {
                postings.positions_with_offset(*before, places);
                continue;
            }
            postings.positions_with_offset(*before, others);
            match (&places[..], &others[..]) {
                ([place], [other]) => places.truncate(usize::from(place == other)),
                _ => places.retain(|place| others.binary_search(place).is_ok()),
            }
            if places.is_empty() {
                break;
            }
        }
        places
    }
}

/// The first document from `target` on.
pub(super) fn seek(docs: &mut (impl DocSet + ?Sized), target: DocId) -> DocId {
    if docs.doc() < target { docs.seek(target) } else { docs.doc() }
}
