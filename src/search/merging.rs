//! Which parts of the index are made one. A search looks into all parts: more of them are slower to search, fewer are
//! written anew more often.

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy as _};

/// Parts that were made with fewer artifacts than this are small.
const SMALL: u32 = 1_000;
/// The share of a part that was replaced or removed before it is written anew without that.
const DELETED_BEFORE_MERGE: f32 = 0.3;

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

/// Those of the parts that should be made one next, if any.
pub(super) fn worth_it(all: &[SegmentMeta], which: Parts) -> Option<Vec<SegmentId>> {
    let parts: Vec<_> = all.iter().filter(|part| which.contain(part)).cloned().collect();
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(which.before_merge());
    policy.set_min_layer_size(which.least());
    policy.set_del_docs_ratio_before_merge(DELETED_BEFORE_MERGE);
    // The smallest come last, and cost least.
    policy.compute_merge_candidates(&parts).pop().map(|MergeCandidate(parts)| parts)
}
