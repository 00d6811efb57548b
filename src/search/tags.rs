//! The tags of a workspace: terms of the index, which knows of each how many artifacts have it.

use std::collections::HashMap;

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, SegmentReader, TERMINATED};

use super::budget::Budget;
use super::schema::{Fields, Scope, TAG, exact};
use crate::domain::{TagPrefix, TenantId};

/// How many artifacts of a workspace, but for those in the trash, have each of the tags that begin with `prefix`.
pub(super) fn tags(
    searcher: &Searcher,
    fields: &Fields,
    tenant: TenantId,
    prefix: &TagPrefix,
    budget: &Budget,
) -> tantivy::Result<HashMap<String, u64>> {
    let scope = Scope::new(tenant, false);
    let (every, wanted) = (scope.term(&exact(TAG, "")), scope.term(&exact(TAG, prefix.as_str())));
    let mut tags: HashMap<String, u64> = HashMap::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(fields.exactly)?;
        let mut terms = index.terms().range().ge(&wanted).into_stream()?;
        budget.check()?;
        while terms.advance() && terms.key().starts_with(wanted.as_bytes()) {
            let count = match segment.alive_bitset() {
                None => u64::from(terms.value().doc_freq),
                Some(_) => alive(segment, index.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?),
            };
            let tag = terms.key().strip_prefix(every.as_bytes()).and_then(|tag| str::from_utf8(tag).ok());
            if let Some(tag) = tag.filter(|_| count > 0) {
                *tags.entry(tag.to_owned()).or_default() += count;
            }
        }
    }
    Ok(tags)
}

/// How many of a term's artifacts were not replaced or removed since.
fn alive(segment: &SegmentReader, mut postings: impl Postings) -> u64 {
    let mut count = 0;
    while postings.doc() != TERMINATED {
        count += u64::from(!segment.is_deleted(postings.doc()));
        postings.advance();
    }
    count
}
