//! What a listing is narrowed to.

use serde::Serialize;

use super::{Artifact, ArtifactType, Tag, Timestamp, UserId};

/// What a listing is narrowed to, or widened. The default is all artifacts that are not in the trash.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ArtifactFilter {
    /// At least one of these tags, when any are given.
    pub tags: Vec<Tag>,
    /// All of these tags.
    pub tags_all: Vec<Tag>,
    /// None of these tags.
    pub tags_none: Vec<Tag>,
    /// Of this type.
    pub artifact_type: Option<ArtifactType>,
    /// Created by this account.
    pub created_by: Option<UserId>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created at or before.
    pub created_before: Option<Timestamp>,
    /// Also those in the trash.
    pub include_deleted: bool,
}

impl ArtifactFilter {
    /// Whether it lets everything through.
    pub fn lets_all_through(&self) -> bool {
        *self == Self { include_deleted: self.include_deleted, ..Self::default() }
    }

    /// Whether it lets `artifact` through.
    pub fn matches(&self, artifact: &Artifact) -> bool {
        let has = |tag: &Tag| artifact.tags.contains(tag);
        (self.include_deleted || artifact.deleted_at.is_none())
            && (self.tags.is_empty() || self.tags.iter().any(has))
            && self.tags_all.iter().all(has)
            && !self.tags_none.iter().any(has)
            && self.artifact_type.as_ref().is_none_or(|wanted| *wanted == artifact.artifact_type)
            && self.created_by.is_none_or(|user| user == artifact.created_by)
            && self.created_after.is_none_or(|from| artifact.created_at >= from)
            && self.created_before.is_none_or(|to| artifact.created_at <= to)
    }
}
