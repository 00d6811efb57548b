//! Artifacts in JSON.

use std::collections::BTreeMap;

use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{Artifact, ArtifactDescription, ArtifactPage, MetadataValue, Page, RawArtifact, RawArtifactPatch};
use crate::http::types::{Time, field};

/// A new artifact.
#[derive(Deserialize, Object)]
pub(super) struct CreateArtifactRequest {
    /// Its name, without `< > " ' &`.
    #[oai(validator(min_length = 1, max_length = 255))]
    name: String,
    /// What it is.
    #[serde(default)]
    #[oai(validator(max_length = 2000))]
    description: Option<String>,
    /// Tags: letters, digits, spaces, `-` and `_`.
    #[serde(default)]
    #[oai(validator(max_items = 20))]
    tags: Option<Vec<String>>,
    /// Up to 50 keys with null, booleans, numbers or strings of up to 1000 characters.
    #[serde(default)]
    artifact_metadata: Option<BTreeMap<String, Value>>,
    /// What kind of thing it is; `default` unless said.
    #[serde(default)]
    #[oai(validator(min_length = 1, max_length = 50, pattern = "^[a-z0-9_.-]+$"))]
    artifact_type: Option<String>,
}

impl From<CreateArtifactRequest> for RawArtifact {
    fn from(body: CreateArtifactRequest) -> Self {
        Self {
            name: body.name,
            description: body.description,
            tags: body.tags.unwrap_or_default(),
            metadata: body.artifact_metadata.unwrap_or_default(),
            artifact_type: body.artifact_type,
        }
    }
}

/// What changes.
#[derive(Deserialize, Object)]
pub(super) struct UpdateArtifactRequest {
    /// Its name, without `< > " ' &`.
    #[serde(default)]
    #[oai(validator(min_length = 1, max_length = 255))]
    name: MaybeUndefined<String>,
    /// What it is.
    #[serde(default)]
    #[oai(validator(max_length = 2000))]
    description: MaybeUndefined<String>,
    /// All tags.
    #[serde(default)]
    #[oai(validator(max_items = 20))]
    tags: MaybeUndefined<Vec<String>>,
    /// All metadata.
    #[serde(default)]
    artifact_metadata: MaybeUndefined<BTreeMap<String, Value>>,
    /// What kind of thing it is.
    #[serde(default)]
    #[oai(validator(min_length = 1, max_length = 50, pattern = "^[a-z0-9_.-]+$"))]
    artifact_type: MaybeUndefined<String>,
}

impl From<UpdateArtifactRequest> for RawArtifactPatch {
    fn from(body: UpdateArtifactRequest) -> Self {
        Self {
            name: field(body.name),
            description: field(body.description),
            tags: field(body.tags),
            metadata: field(body.artifact_metadata),
            artifact_type: field(body.artifact_type),
        }
    }
}

/// A named, tagged, described thing.
#[derive(Serialize, Object)]
#[oai(rename = "Artifact")]
pub(super) struct ArtifactBody {
    /// Its id.
    id: Uuid,
    /// The workspace it is in.
    tenant_id: Uuid,
    /// Its name.
    name: String,
    /// What it is.
    description: Option<String>,
    /// Its tags.
    tags: Vec<String>,
    /// Its metadata.
    artifact_metadata: BTreeMap<String, MetadataValue>,
    /// What kind of thing it is.
    artifact_type: String,
    /// 1 when created, one more with every change.
    version: u64,
    /// Who created it.
    created_by: Uuid,
    /// Who changed it last.
    updated_by: Uuid,
    /// Whether it is not in the trash.
    is_active: bool,
    /// When it was created.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

impl From<Artifact> for ArtifactBody {
    fn from(artifact: Artifact) -> Self {
        Self {
            id: artifact.id.as_uuid(),
            tenant_id: artifact.tenant.as_uuid(),
            name: artifact.name.into_string(),
            description: artifact.description.map(ArtifactDescription::into_string),
            tags: artifact.tags.into_strings(),
            artifact_metadata: artifact.metadata.into_map(),
            artifact_type: artifact.artifact_type.into_string(),
            version: artifact.version,
            created_by: artifact.created_by.as_uuid(),
            updated_by: artifact.updated_by.as_uuid(),
            is_active: artifact.deleted_at.is_none(),
            created_at: Time(artifact.created_at),
            updated_at: Time(artifact.updated_at),
        }
    }
}

/// A page of artifacts.
#[derive(Serialize, Object)]
#[oai(rename = "ArtifactPage")]
pub(super) struct PageBody {
    /// The artifacts.
    items: Vec<ArtifactBody>,
    /// How many match in all.
    total: u64,
    /// How many a page holds at most.
    limit: u64,
    /// How many were passed over.
    offset: u64,
    /// Whether more follow.
    has_more: bool,
}

impl PageBody {
    pub(super) fn new(page: ArtifactPage, window: Page) -> Self {
        let end = (window.offset + page.items.len()) as u64;
        Self {
            items: page.items.into_iter().map(ArtifactBody::from).collect(),
            total: page.total,
            limit: window.limit as u64,
            offset: window.offset as u64,
            has_more: end < page.total,
        }
    }
}
