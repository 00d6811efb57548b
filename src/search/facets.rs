//! Counting the values that artifacts have in a column: by ordinal in each segment, and by text across them. Only values that
//! can be among the most frequent are looked up.

use std::collections::HashMap;

use tantivy::DocId;
use tantivy::columnar::StrColumn;

/// How many artifacts of a segment have each value of a column.
pub(super) struct SegmentCounts {
    column: Option<StrColumn>,
    by_ordinal: Vec<u64>,
}

impl SegmentCounts {
    pub(super) fn new(column: Option<StrColumn>) -> Self {
        let terms = column.as_ref().map_or(0, |column| column.num_terms());
        Self { column, by_ordinal: vec![0; terms] }
    }

    /// Counts the values of an artifact.
    pub(super) fn count(&mut self, doc: DocId) {
        let Some(column) = &self.column else { return };
        for ordinal in column.term_ords(doc) {
            if let Some(count) = usize::try_from(ordinal).ok().and_then(|at| self.by_ordinal.get_mut(at)) {
                *count += 1;
            }
        }
    }

    /// The count that at least `limit` values have.
    fn least_of_first(&self, limit: usize) -> u64 {
        let mut counts: Vec<u64> = self.by_ordinal.iter().copied().filter(|count| *count > 0).collect();
        match limit.checked_sub(1).filter(|at| *at < counts.len()) {
            Some(at) => *counts.select_nth_unstable_by(at, |one, other| other.cmp(one)).1,
            None => 0,
        }
    }

    /// Adds the values that at least this number of artifacts have, each with its count.
    fn add_from(&self, least: u64, counts: &mut HashMap<String, u64>) -> tantivy::Result<()> {
        let Some(column) = &self.column else { return Ok(()) };
        let (ordinals, by_ordinal): (Vec<u64>, Vec<u64>) =
            (0..).zip(self.by_ordinal.iter().copied()).filter(|(_, count)| *count >= least).unzip();
        let mut by_ordinal = by_ordinal.into_iter();
        column.dictionary().sorted_ords_to_term_cb(&ordinals, |text| {
            if let (Ok(text), Some(count)) = (str::from_utf8(text), by_ordinal.next()) {
                *counts.entry(text.to_owned()).or_default() += count;
            }
        })?;
        Ok(())
    }

    fn of(&self, text: &str) -> tantivy::Result<u64> {
        let Some(column) = &self.column else { return Ok(0) };
        let ordinal = column.dictionary().term_ord(text)?.and_then(|ordinal| usize::try_from(ordinal).ok());
        Ok(ordinal.and_then(|at| self.by_ordinal.get(at).copied()).unwrap_or_default())
    }
}

/// The counts of values in all segments, of which the first `limit` by count are certainly among them.
pub(super) fn most(segments: &[SegmentCounts], limit: usize) -> tantivy::Result<HashMap<String, u64>> {
    // So many values have at least so many in one segment alone; what has fewer than its share of that in each of them
    // has fewer in all.
    let first = segments.iter().map(|counts| counts.least_of_first(limit)).max().unwrap_or_default();
    let least = first.div_ceil(segments.len().max(1) as u64).max(1);
    let mut counts = HashMap::new();
    for segment in segments {
        segment.add_from(least, &mut counts)?;
    }
    if least > 1 && segments.len() > 1 {
        for (text, count) in &mut counts {
            *count = 0;
            for segment in segments {
                *count += segment.of(text)?;
            }
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::schema::{FAST, Schema, TextOptions};
    use tantivy::{Index, IndexWriter, TantivyDocument};

    use super::*;
    use crate::domain::Facets;

    /// Counts of all artifacts of an index that has the values of one artifact after the other in each segment.
    fn counted(segments: &[Vec<u8>]) -> Vec<SegmentCounts> {
        let mut schema = Schema::builder();
        let field = schema.add_text_field("value", TextOptions::from(FAST));
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).expect("a writer");
        for values in segments {
            for value in values {
                let mut document = TantivyDocument::new();
                document.add_text(field, value.to_string());
                writer.add_document(document).expect("added");
            }
            writer.commit().expect("committed");
        }
        let searcher = index.reader().expect("a reader").searcher();
        let counts = searcher.segment_readers().iter().map(|segment| {
            let mut counts = SegmentCounts::new(segment.fast_fields().str("value").expect("a column"));
            (0..segment.max_doc()).for_each(|doc| counts.count(doc));
            counts
        });
        counts.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn the_most_frequent_values_are_those_of_all_segments(
            segments in prop::collection::vec(prop::collection::vec((0_u8..6, 0_u8..40), 1..80), 1..4),
            limit in 1_usize..12,
        ) {
            // Some values are much more frequent than others.
            let segments: Vec<Vec<u8>> =
                segments.into_iter().map(|values| values.into_iter().map(|(zeros, value)| if zeros > 2 { value / 8 } else { value }).collect()).collect();
            let mut expected = HashMap::new();
            segments.iter().flatten().for_each(|value| *expected.entry(value.to_string()).or_default() += 1);
            let counts = most(&counted(&segments), limit).expect("counts");
            prop_assert_eq!(Facets::most(counts, limit), Facets::most(expected, limit));
        }
    }
}
