//! The versions of an artifact in JSON.

use std::num::NonZero;

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use super::body::ArtifactBody;
use super::list::check_limit;
use crate::domain::{
    ArtifactChange, ArtifactField, ArtifactHistory, ArtifactId, ArtifactVersion, TenantId, Violations,
};
use crate::http::cursor;
use crate::http::types::{Limit, Time};
use crate::service::CursorKey;

/// A page of the versions of an artifact, newest first.
#[derive(Serialize, Object)]
#[oai(rename = "ArtifactHistory")]
pub(super) struct HistoryBody {
    /// The versions.
    items: Vec<VersionBody>,
    /// How many versions were passed over because they are damaged in the database. Absent when none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    damaged: Option<u64>,
    /// The `cursor` of the next page; null on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A version of an artifact.
#[derive(Serialize, Object)]
#[oai(rename = "ArtifactVersion")]
pub(super) struct VersionBody {
    /// Its number: 1 for the first.
    version: u64,
    /// When it came to be.
    at: Time,
    /// Who made it.
    by: Uuid,
    /// How it came to be.
    change: ChangeName,
    /// The fields that differ from the version before.
    changed: Vec<FieldName>,
    /// The artifact as it was.
    artifact: ArtifactBody,
}

/// How a version came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "ArtifactChange", rename_all = "lowercase")]
enum ChangeName {
    Created,
    Updated,
    Deleted,
    Restored,
}

/// A field of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "ArtifactField", rename_all = "snake_case")]
enum FieldName {
    Name,
    Description,
    Tags,
    ArtifactMetadata,
    ArtifactType,
}

/// The page of a history that was asked for: how many versions at most, and before which.
pub(super) fn check(
    key: &CursorKey,
    limit: Option<Limit>,
    cursor: Option<&str>,
    tenant: TenantId,
    id: ArtifactId,
) -> Result<(usize, Option<u64>), Violations> {
    Violations::check(|check| {
        let limit = check.field("/limit", check_limit(limit));
        let before = match cursor {
            Some(cursor) => check.field("/cursor", cursor::decode(key, cursor, &list_of(id), tenant)).map(Some),
            None => Some(None),
        };
        Some((limit?, before?))
    })
}

/// What cursors call the history of an artifact.
fn list_of(id: ArtifactId) -> String {
    format!("history of {id}")
}

impl HistoryBody {
    pub(super) fn new(key: &CursorKey, history: ArtifactHistory, tenant: TenantId, id: ArtifactId) -> Self {
        let last = history.versions.last().filter(|_| history.has_more).map(|version| version.artifact.version);
        Self {
            next_cursor: last.and_then(|version| cursor::encode(key, &list_of(id), tenant, &version)),
            damaged: NonZero::new(history.damaged).map(NonZero::get),
            items: history.versions.into_iter().map(VersionBody::from).collect(),
        }
    }
}

impl From<ArtifactVersion> for VersionBody {
    fn from(version: ArtifactVersion) -> Self {
        let artifact = version.artifact;
        Self {
            version: artifact.version,
            at: Time(artifact.updated_at),
            by: artifact.updated_by.as_uuid(),
            change: match version.change {
                ArtifactChange::Created => ChangeName::Created,
                ArtifactChange::Updated => ChangeName::Updated,
                ArtifactChange::Deleted => ChangeName::Deleted,
                ArtifactChange::Restored => ChangeName::Restored,
            },
            changed: version.changed.into_iter().map(FieldName::from).collect(),
            artifact: artifact.into(),
        }
    }
}

impl From<ArtifactField> for FieldName {
    fn from(field: ArtifactField) -> Self {
        match field {
            ArtifactField::Name => Self::Name,
            ArtifactField::Description => Self::Description,
            ArtifactField::Tags => Self::Tags,
            ArtifactField::Metadata => Self::ArtifactMetadata,
            ArtifactField::Type => Self::ArtifactType,
        }
    }
}
