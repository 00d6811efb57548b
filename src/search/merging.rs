//! Which parts of the index are made one. A search looks into all parts: more of them are slower to search, fewer are
//! written anew more often.

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy as _};

/// Parts that were made with fewer artifacts than this are small.
const SMALL: u32 = 1_000;
/// The share of a part that was replaced or removed before it is written anew without that.
const LOST_BEFORE_MERGE: f32 = 0.3;
/// A merge takes as much memory as what comes of it is large, and time. So nothing that has more than three
/// quarters of all artifacts is made, unless it is no larger than this.
const ALWAYS_MERGED: u32 = 100_000;

/// Those that are merged with each other, while the others are: what is small does not wait for what is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// What commits leave behind. They come often and cost little.
    Small,
    /// What was merged, or imported.
    Large,
}

impl Parts {
    fn contain(self, part: &SegmentMeta) -> bool {
        // Replaced ones included: otherwise a part could become small while it is merged as a large one.
        (part.max_doc() < SMALL) == (self == Self::Small)
    }

    /// So many of about a size are made one.
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

/// Those of the parts that should be made one next, if any; one alone is written anew without what it has lost.
pub(super) fn worth_it(all: &[SegmentMeta], which: Parts) -> Option<Vec<SegmentId>> {
    let parts: Vec<_> = all.iter().filter(|part| which.contain(part)).cloned().collect();
    let most = ALWAYS_MERGED.max(artifacts(all) / 4 * 3);
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(which.before_merge());
    policy.set_min_layer_size(which.least());
    let size = |ids: &[SegmentId]| artifacts(parts.iter().filter(|part| ids.contains(&part.id())));
    let fits = |MergeCandidate(ids): MergeCandidate| {
        // The largest come first. Without them, the others may fit.
        let fitting = (0..ids.len().saturating_sub(1)).map(|larger| &ids[larger..]).find(|ids| size(ids) <= most);
        fitting.map(<[SegmentId]>::to_vec)
    };
    // The smallest come last, and cost least.
    let candidates = policy.compute_merge_candidates(&parts).into_iter().rev();
    let lost = || parts.iter().find(|part| has_lost_much(part)).map(|part| vec![part.id()]);
    candidates.into_iter().find_map(fits).or_else(lost)
}

fn artifacts<'a>(parts: impl IntoIterator<Item = &'a SegmentMeta>) -> u32 {
    parts.into_iter().map(SegmentMeta::num_docs).sum()
}

fn has_lost_much(part: &SegmentMeta) -> bool {
    part.num_deleted_docs() as f32 > part.max_doc() as f32 * LOST_BEFORE_MERGE
}

#[cfg(test)]
mod tests {
    use tantivy::Index;
    use tantivy::schema::Schema;

    use super::*;

    /// Merges whatever is worth it.
    fn merged(index: &Index, parts: &mut Vec<SegmentMeta>, which: Parts) {
        while let Some(ids) = worth_it(parts, which) {
            let (gone, kept) = std::mem::take(parts).into_iter().partition(|part| ids.contains(&part.id()));
            *parts = kept;
            let size = artifacts(&gone);
            let all = artifacts(parts.iter().chain(&gone));
            assert!(gone.len() > 1 && (size <= ALWAYS_MERGED || size <= all / 4 * 3), "{size} of {all}");
            parts.push(index.new_segment_meta(SegmentId::generate_random(), size));
        }
    }

    #[test]
    fn parts_stay_few_however_they_come_and_none_becomes_most_of_all() {
        for added in [1, 7, 200, 999, 1_000, 3_000, 25_000, 120_000] {
            let index = Index::create_in_ram(Schema::builder().build());
            let mut parts = Vec::new();
            for _ in 0..300 {
                parts.push(index.new_segment_meta(SegmentId::generate_random(), added));
                merged(&index, &mut parts, Parts::Small);
                merged(&index, &mut parts, Parts::Large);
                assert!(parts.len() < 40, "{} parts of {added}", parts.len());
            }
            assert_eq!(artifacts(&parts), 300 * added);
        }
    }
}
