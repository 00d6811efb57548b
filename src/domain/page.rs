//! Listing: which artifacts, in which order, which page of them.

use std::collections::HashMap;

use super::{Artifact, ArtifactFilter, ArtifactId, Creation, Facets, ListPosition, Quotas, Sort, SortBy, Usage};

/// A window on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many at most, 1–100.
    pub limit: usize,
    /// Where it begins.
    pub start: Start,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// How many are passed over.
    Offset(usize),
    /// After this place.
    After(ListPosition),
}

impl Page {
    /// The page of `limit` after the first `offset`.
    pub fn at(limit: usize, offset: usize) -> Self {
        Self { limit, start: Start::Offset(offset) }
    }

    /// How many are passed over; none when the page begins after a place.
    pub fn offset(&self) -> usize {
        match self.start {
            Start::Offset(offset) => offset,
            Start::After(_) => 0,
        }
    }

    /// The place that the page begins after, if it does.
    pub fn after(&self) -> Option<&ListPosition> {
        match &self.start {
            Start::Offset(_) => None,
            Start::After(position) => Some(position),
        }
    }
}

/// A request for a page of a workspace's artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListArtifacts {
    /// Which ones.
    pub filter: ArtifactFilter,
    /// In which order.
    pub sort: Sort,
    /// Which page of them.
    pub page: Page,
}

impl ListArtifacts {
    /// Whether it is a part of all artifacts in the order of their creation, which the store keeps.
    pub fn is_stored_order(&self) -> bool {
        self.sort.by == SortBy::CreatedAt && self.filter.lets_all_through()
    }
}

/// A page of artifacts.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactPage {
    /// The artifacts of this page.
    pub items: Vec<Artifact>,
    /// How many match in all, with those that can't be read.
    pub total: u64,
    /// How many were passed over because they can't be read.
    pub damaged: u64,
    /// The place of the last, if more follow.
    pub next: Option<ListPosition>,
}

/// Artifacts that were asked for by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundById {
    /// Those that are there, in no order.
    pub artifacts: Vec<Artifact>,
    /// Those that are there and can't be read.
    pub damaged: Vec<ArtifactId>,
}

/// The next of all artifacts, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactBatch {
    /// The artifacts; of those that can't be read, the ids.
    pub items: Vec<Result<Artifact, ArtifactId>>,
    /// How many there are in all.
    pub total: u64,
    /// The place of the last, if more follow.
    pub next: Option<Creation>,
}

/// What is in a workspace's catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactStats {
    /// Artifacts, those in the trash included.
    pub artifacts: u64,
    /// Artifacts that are not in the trash.
    pub active_artifacts: u64,
    /// Different tags of these.
    pub tags: u64,
    /// The tags that most of these have, with how many: by number, then by tag.
    pub most_used_tags: Vec<(String, u64)>,
    /// How much the workspace has.
    pub usage: Usage,
    /// How much it may have.
    pub quotas: Quotas,
}

impl ArtifactStats {
    /// How many tags are listed.
    pub const MOST_USED_TAGS: usize = 10;

    /// From how many artifacts there are, and how many of the active ones have each tag.
    pub fn new(counts: ArtifactCounts, by_tag: HashMap<String, u64>, usage: Usage, quotas: Quotas) -> Self {
        Self {
            artifacts: counts.all,
            active_artifacts: counts.active,
            tags: by_tag.len() as u64,
            most_used_tags: Facets::most(by_tag, Self::MOST_USED_TAGS),
            usage,
            quotas,
        }
    }
}

/// How many artifacts a workspace has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ArtifactCounts {
    /// With those in the trash.
    pub all: u64,
    /// Without those in the trash.
    pub active: u64,
}
