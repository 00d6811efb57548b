//! Changes that the index takes in.

use crate::domain::{Artifact, ArtifactId, TenantId};

/// Something that changed.
#[derive(Debug)]
pub enum IndexChange {
    /// There is an artifact that was not there before.
    Add(Box<Artifact>),
    /// An artifact is like this now, whether it was there before or not. Costs more than to add it.
    Replace(Box<Artifact>),
    /// An artifact is gone.
    Remove(ArtifactId),
    /// A workspace is gone, with all that is in it.
    RemoveTenant(TenantId),
}
