//! Writes of artifacts, many of which may happen at once.

use super::{Artifact, ArtifactPatch, RawArtifact, RawArtifactPatch};
use crate::domain::{ArtifactId, Violations};

/// A write of an artifact as it was sent, unchecked.
#[derive(Clone, Debug)]
pub enum RawArtifactWrite {
    /// Create one.
    Create(RawArtifact),
    /// Change one; if `version` is given, only this version of it.
    Update {
        /// Which.
        id: ArtifactId,
        /// The version that the caller has seen.
        version: Option<u64>,
        /// What changes.
        patch: RawArtifactPatch,
    },
    /// Move one to the trash; if `version` is given, only this version of it.
    Delete {
        /// Which.
        id: ArtifactId,
        /// The version that the caller has seen.
        version: Option<u64>,
    },
}

/// A write of an artifact, checked.
#[derive(Clone, Debug, PartialEq)]
pub enum ArtifactWrite {
    /// Add this one.
    Create(Box<Artifact>),
    /// Apply a partial update.
    Update {
        /// To which.
        id: ArtifactId,
        /// What it must be like.
        expected: Precondition,
        /// What changes.
        patch: ArtifactPatch,
    },
    /// Move to the trash.
    Delete {
        /// Which.
        id: ArtifactId,
        /// What it must be like.
        expected: Precondition,
    },
}

/// A line of what is imported: an artifact as it was sent, or what is wrong with it already.
#[derive(Clone, Debug)]
pub struct ImportLine {
    /// Its number, beginning with 1.
    pub number: usize,
    /// The artifact, unchecked.
    pub artifact: Result<RawArtifact, Violations>,
    /// Whether it looks like a line of an export, whose texts are those that a workspace had.
    pub is_exported: bool,
}

/// What a caller has seen of the artifact that it writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// It does not say.
    None,
    /// That it is there.
    Exists,
    /// One of these versions.
    Versions(Vec<u64>),
}

impl Precondition {
    /// Whether it lets a change of this version through.
    pub fn allows(&self, version: u64) -> bool {
        match self {
            Self::None | Self::Exists => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// The one version that a caller has seen, if it says so.
impl From<Option<u64>> for Precondition {
    fn from(version: Option<u64>) -> Self {
        version.map_or(Self::None, |version| Self::Versions(vec![version]))
    }
}
