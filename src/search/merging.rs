//! Which segments of the index are merged. A search reads all segments: more of them are slower to search, fewer are
//! rewritten more often.

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy as _};

/// Segments that were made with fewer artifacts than this are small.
const SMALL: u32 = 1_000;
/// The share of a segment that was replaced or removed before it is rewritten without that.
const LOST_BEFORE_MERGE: f32 = 0.3;
/// A merge takes as much memory as what comes of it is large, and time. So nothing that has more than three
/// quarters of all artifacts is made, unless it is no larger than this.
const ALWAYS_MERGED: u32 = 100_000;

/// Those that are merged with each other, while the others are: what is small does not wait for what is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentSize {
    /// What commits leave behind. They come often and cost little.
    Small,
    /// What was merged, or imported.
    Large,
}

impl SegmentSize {
    fn includes(self, segment: &SegmentMeta) -> bool {
        // Replaced ones included: otherwise a segment could become small while it is merged as a large one.
        (segment.max_doc() < SMALL) == (self == Self::Small)
    }

    /// How many of about a size are made one.
    fn before_merge(self) -> usize {
        match self {
            Self::Small => 8,
            Self::Large => 4,
        }
    }

    /// Those with fewer artifacts are of about a size, however few they have.
    fn least(self) -> u32 {
        match self {
            Self::Small => 64,
            Self::Large => 10_000,
        }
    }
}

/// Those of the segments that should be merged next, if any; one alone is rewritten without what it has lost.
pub(super) fn worth_it(all: &[SegmentMeta], size: SegmentSize) -> Option<Vec<SegmentId>> {
    let segments: Vec<_> = all.iter().filter(|segment| size.includes(segment)).cloned().collect();
    let most = ALWAYS_MERGED.max(artifacts(all) / 4 * 3);
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(size.before_merge());
    policy.set_min_layer_size(size.least());
    let artifacts_in = |ids: &[SegmentId]| artifacts(segments.iter().filter(|segment| ids.contains(&segment.id())));
    let fits = |MergeCandidate(ids): MergeCandidate| {
        // The largest come first. Without them, the others may fit.
        let fitting =
            (0..ids.len().saturating_sub(1)).map(|larger| &ids[larger..]).find(|ids| artifacts_in(ids) <= most);
        fitting.map(<[SegmentId]>::to_vec)
    };
    // The smallest come last, and cost least.
    let candidates = policy.compute_merge_candidates(&segments).into_iter().rev();
    let lost = || segments.iter().find(|segment| has_lost_much(segment)).map(|segment| vec![segment.id()]);
    candidates.into_iter().find_map(fits).or_else(lost)
}

fn artifacts<'a>(segments: impl IntoIterator<Item = &'a SegmentMeta>) -> u32 {
    segments.into_iter().map(SegmentMeta::num_docs).sum()
}

fn has_lost_much(segment: &SegmentMeta) -> bool {
    segment.num_deleted_docs() as f32 > segment.max_doc() as f32 * LOST_BEFORE_MERGE
}

#[cfg(test)]
mod tests {
    use tantivy::Index;
    use tantivy::schema::Schema;

    use super::*;

    /// Merges whatever is worth it.
    fn merged(index: &Index, segments: &mut Vec<SegmentMeta>, which: SegmentSize) {
        while let Some(ids) = worth_it(segments, which) {
            let (gone, kept) = std::mem::take(segments).into_iter().partition(|segment| ids.contains(&segment.id()));
            *segments = kept;
            let size = artifacts(&gone);
            let all = artifacts(segments.iter().chain(&gone));
            assert!(gone.len() > 1 && (size <= ALWAYS_MERGED || size <= all / 4 * 3), "{size} of {all}");
            segments.push(index.new_segment_meta(SegmentId::generate_random(), size));
        }
    }

    #[test]
    fn parts_stay_few_however_they_come_and_none_becomes_most_of_all() {
        for added in [1, 7, 200, 999, 1_000, 3_000, 25_000, 120_000] {
            let index = Index::create_in_ram(Schema::builder().build());
            let mut segments = Vec::new();
            for _ in 0..300 {
                segments.push(index.new_segment_meta(SegmentId::generate_random(), added));
                merged(&index, &mut segments, SegmentSize::Small);
                merged(&index, &mut segments, SegmentSize::Large);
                assert!(segments.len() < 40, "{} segments of {added}", segments.len());
            }
            assert_eq!(artifacts(&segments), 300 * added);
        }
    }
}
