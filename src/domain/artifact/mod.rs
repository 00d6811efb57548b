//! Artifacts: what makes one valid, and what an update does to one.

mod draft;
mod fields;
mod history;
mod write;

pub use draft::{ArtifactDraft, ArtifactPatch, RawArtifact, RawArtifactPatch};
pub use fields::{ArtifactDescription, ArtifactName, ArtifactType, Metadata, MetadataValue, Tag, TagPrefix, Tags};
pub(super) use fields::{is_key_char, is_refused_in_name, is_tag_char, is_type_char};
pub use history::{ArtifactChange, ArtifactField, ArtifactHistory, ArtifactVersion};
pub use write::{ArtifactWrite, ImportLine, Precondition, RawArtifactWrite};

use super::{ArtifactId, Creation, Field, TenantId, Timestamp, UserId};

/// A named, tagged, described thing in a workspace's catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Its id.
    pub id: ArtifactId,
    /// The workspace it is in.
    pub tenant: TenantId,
    /// Its name.
    pub name: ArtifactName,
    /// What it is.
    pub description: Option<ArtifactDescription>,
    /// Its tags.
    pub tags: Tags,
    /// Its metadata.
    pub metadata: Metadata,
    /// Its type.
    pub artifact_type: ArtifactType,
    /// 1 when created, one more with every change.
    pub version: u64,
    /// Who created it.
    pub created_by: UserId,
    /// Who changed it last.
    pub updated_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was moved to the trash, if it was.
    pub deleted_at: Option<Timestamp>,
}

impl Artifact {
    /// Its place in the order of creation.
    pub fn creation(&self) -> Creation {
        Creation { at: self.created_at, id: self.id }
    }

    /// The first version of an artifact: `draft`, made by `user` at `now`.
    pub fn new(id: ArtifactId, tenant: TenantId, draft: ArtifactDraft, user: UserId, now: Timestamp) -> Self {
        Self {
            id,
            tenant,
            name: draft.name,
            description: draft.description,
            tags: draft.tags,
            metadata: draft.metadata,
            artifact_type: draft.artifact_type,
            version: 1,
            created_by: user,
            updated_by: user,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Its next version: `patch` applied by `user` at `now`. A patch that changes nothing makes no version.
    pub fn patched(self, patch: ArtifactPatch, user: UserId, now: Timestamp) -> Self {
        let before = self.clone();
        let next = self.with(patch);
        if next == before { before } else { next.next_version(user, now) }
    }

    fn with(mut self, patch: ArtifactPatch) -> Self {
        self.name = patch.name.unwrap_or(self.name);
        match patch.description {
            Field::Keep => {}
            Field::Clear => self.description = None,
            Field::Set(text) => self.description = text,
        }
        self.tags = patch.tags.unwrap_or(self.tags);
        self.metadata = patch.metadata.unwrap_or(self.metadata);
        self.artifact_type = patch.artifact_type.unwrap_or(self.artifact_type);
        self
    }

    /// Its next version: moved to the trash by `user` at `now`.
    pub fn deleted(mut self, user: UserId, now: Timestamp) -> Self {
        self.deleted_at = Some(now);
        self.next_version(user, now)
    }

    /// Its next version: taken out of the trash by `user` at `now`.
    pub fn restored(mut self, user: UserId, now: Timestamp) -> Self {
        self.deleted_at = None;
        self.next_version(user, now)
    }

    fn next_version(mut self, user: UserId, now: Timestamp) -> Self {
        self.version += 1;
        self.updated_by = user;
        self.updated_at = now;
        self
    }
}
