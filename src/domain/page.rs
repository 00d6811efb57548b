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

/// A text to look for, without regard to case: up to 200 characters after trimming; empty is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Trims and checks a text; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.chars().count() > Self::MAX_CHARS {
            return Err(format!("must be at most {} characters", Self::MAX_CHARS));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_lowercase())))
    }

    /// The text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0)
    }
}

/// What a listing is narrowed to. The default narrows nothing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ArtifactFilter {
    /// Found in the name or the description.
    pub text: Option<SearchText>,
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
        self.text.as_ref().is_none_or(|wanted| {
            wanted.is_in(artifact.name.as_str())
                || artifact.description.as_ref().is_some_and(|text| wanted.is_in(text.as_str()))
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
