//! The versions of an artifact, and what is different from one to the next.

use super::Artifact;

/// A version of an artifact.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactVersion {
    /// The artifact as it was.
    pub artifact: Artifact,
    /// How it came to be.
    pub change: ArtifactChange,
    /// What is different from the version before.
    pub changed: Vec<ArtifactField>,
}

/// A page of the versions of an artifact, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactHistory {
    /// The versions of this page.
    pub versions: Vec<ArtifactVersion>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many were passed over because they can't be read.
    pub damaged: u64,
}

/// How a version came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArtifactChange {
    /// The artifact was created.
    Created,
    /// Its fields were changed.
    Updated,
    /// It was moved to the trash.
    Deleted,
    /// It was taken out of the trash.
    Restored,
}

/// A field that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArtifactField {
    /// The name.
    Name,
    /// The description.
    Description,
    /// The tags.
    Tags,
    /// The metadata.
    Metadata,
    /// The type.
    Type,
}

impl ArtifactField {
    /// Every field.
    pub const ALL: [Self; 5] = [Self::Name, Self::Description, Self::Tags, Self::Metadata, Self::Type];
}

impl ArtifactVersion {
    /// A version, seen beside the one before it, if there is one.
    pub fn new(artifact: Artifact, before: Option<&Artifact>) -> Self {
        let Some(before) = before else {
            let change = if artifact.version == 1 { ArtifactChange::Created } else { ArtifactChange::Updated };
            return Self { artifact, change, changed: Vec::new() };
        };
        let change = match (before.deleted_at, artifact.deleted_at) {
            (None, Some(_)) => ArtifactChange::Deleted,
            (Some(_), None) => ArtifactChange::Restored,
            (None, None) | (Some(_), Some(_)) => ArtifactChange::Updated,
        };
        let fields = [
            (ArtifactField::Name, before.name != artifact.name),
            (ArtifactField::Description, before.description != artifact.description),
            (ArtifactField::Tags, before.tags != artifact.tags),
            (ArtifactField::Metadata, before.metadata != artifact.metadata),
            (ArtifactField::Type, before.artifact_type != artifact.artifact_type),
        ];
        let changed = fields.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect();
        Self { artifact, change, changed }
    }
}
