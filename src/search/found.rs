//! What a search found.

use super::highlight;
use super::query::Query;
use crate::domain::{Artifact, Facets, Highlights, ListPosition, Ranking};

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// How many match.
    pub total: u64,
    /// The places of those on the page, in order.
    pub page: Vec<ListPosition>,
    /// Whether there are more after these.
    pub has_more: bool,
    /// How many of all have each tag and type, if asked for.
    pub facets: Option<Facets>,
    /// What the order of the pages after this one depends on.
    pub ranking: Ranking,
    /// What was looked for in the end.
    pub(super) query: Query,
}

impl Found {
    /// Where in an artifact something was found.
    pub fn highlights(&self, artifact: &Artifact) -> Highlights {
        highlight::highlights(&self.query, artifact)
    }
}
