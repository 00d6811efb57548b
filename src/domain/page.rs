//! Listing: which artifacts, which page of them.

use super::{Artifact, Tag, Timestamp};

/// A window on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many at most, 1–100.
    pub limit: usize,
    /// How many are passed over.
    pub offset: usize,
}

/// What a listing is narrowed to. The default narrows nothing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ArtifactFilter {
    /// Text found in the name or the description, without regard to case.
    pub text: Option<String>,
    /// At least one of these tags, when any are given.
    pub tags: Vec<Tag>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created at or before.
    pub created_before: Option<Timestamp>,
}

impl ArtifactFilter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it lets `artifact` through.
    pub fn matches(&self, artifact: &Artifact) -> bool {
        let contains = |text: &str, part: &str| text.to_lowercase().contains(part);
        self.text.as_deref().map(str::to_lowercase).is_none_or(|part| {
            contains(artifact.name.as_str(), &part)
                || artifact.description.as_ref().is_some_and(|text| contains(text.as_str(), &part))
        }) && (self.tags.is_empty() || self.tags.iter().any(|tag| artifact.tags.contains(tag)))
            && self.created_after.is_none_or(|from| artifact.created_at >= from)
            && self.created_before.is_none_or(|to| artifact.created_at <= to)
    }
}

/// A request for a page of a workspace's artifacts, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListArtifacts {
    /// Which ones.
    pub filter: ArtifactFilter,
    /// Which page of them.
    pub page: Page,
}

/// A page of artifacts, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactPage {
    /// The artifacts of this page.
    pub items: Vec<Artifact>,
    /// How many match in all.
    pub total: u64,
}
