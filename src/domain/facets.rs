//! How many artifacts have each value.

use std::collections::HashMap;

/// What is counted of the artifacts that are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FacetFields {
    /// Their tags.
    pub tags: bool,
    /// Their types.
    pub types: bool,
}

impl FacetFields {
    /// Whether anything is.
    pub fn any(self) -> bool {
        self.tags || self.types
    }
}

/// How many artifacts have each value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facets {
    /// By tag.
    pub tags: HashMap<String, u64>,
    /// By type.
    pub types: HashMap<String, u64>,
}

impl Facets {
    /// Of more values than this, those that fewest have are left out.
    pub const MAX_VALUES: usize = 100;

    /// At most `limit` values, those that most have first; of equals, the first in the alphabet.
    pub fn most(counts: HashMap<String, u64>, limit: usize) -> Vec<(String, u64)> {
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_unstable_by(|(one, count), (other, others)| others.cmp(count).then_with(|| one.cmp(other)));
        counts.truncate(limit);
        counts
    }
}
