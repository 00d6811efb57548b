//! Artifacts in JSON.

use std::collections::BTreeMap;

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Artifact, ArtifactDescription, ArtifactPage, MetadataValue, Page, RawArtifact, RawArtifactPatch};
use crate::http::types::{RawMetadataValue, Time, field};

/// A new artifact.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct CreateArtifactRequest {
    /// Its name, without `< > " ' &`.
    #[oai(validator(
        min_length = 1,
        max_length = 255,
        pattern = r#"^[^<>"'&\x00-\x1F\x7F-\x9F]*[^\s<>"'&\x00-\x1F\x7F-\x9F][^<>"'&\x00-\x1F\x7F-\x9F]*$"#
    ))]
    name: String,
    /// What it is.
    #[serde(default)]
    #[oai(nullable, validator(max_length = 2000))]
    description: Option<String>,
    /// Tags: letters, digits, spaces, `-` and `_`.
    #[serde(default)]
    #[oai(nullable, validator(max_items = 20, min_length = 1, max_length = 50))]
    tags: Option<Vec<String>>,
    /// Up to 50 keys with null, booleans, numbers or strings of up to 1000 characters.
    #[serde(default)]
    #[oai(nullable, validator(max_properties = 50))]
    artifact_metadata: Option<BTreeMap<String, RawMetadataValue>>,
    /// What kind of thing it is; `default` unless said.
    #[serde(default)]
    #[oai(nullable, validator(min_length = 1, max_length = 50, pattern = "^[a-z0-9_.-]+$"))]
    artifact_type: Option<String>,
}

impl Example for CreateArtifactRequest {
    fn example() -> Self {
        Self {
            name: "billing-api".to_owned(),
            description: Some("Charges customers, and tells them".to_owned()),
            tags: Some(vec!["service".to_owned(), "payments".to_owned()]),
            artifact_metadata: Some(BTreeMap::from([
                ("owner".to_owned(), RawMetadataValue("team-billing".into())),
                ("replicas".to_owned(), RawMetadataValue(3.into())),
            ])),
            artifact_type: Some("service".to_owned()),
        }
    }
}

impl From<CreateArtifactRequest> for RawArtifact {
    fn from(body: CreateArtifactRequest) -> Self {
        Self {
            name: body.name,
            description: body.description,
            tags: body.tags.unwrap_or_default(),
            metadata: RawMetadataValue::into_map(body.artifact_metadata.unwrap_or_default()),
            artifact_type: body.artifact_type,
        }
    }
}

/// What changes.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct UpdateArtifactRequest {
    /// Its name, without `< > " ' &`.
    #[serde(default)]
    #[oai(validator(
        min_length = 1,
        max_length = 255,
        pattern = r#"^[^<>"'&\x00-\x1F\x7F-\x9F]*[^\s<>"'&\x00-\x1F\x7F-\x9F][^<>"'&\x00-\x1F\x7F-\x9F]*$"#
    ))]
    name: MaybeUndefined<String>,
    /// What it is.
    #[serde(default)]
    #[oai(nullable, validator(max_length = 2000))]
    description: MaybeUndefined<String>,
    /// All tags.
    #[serde(default)]
    #[oai(nullable, validator(max_items = 20, min_length = 1, max_length = 50))]
    tags: MaybeUndefined<Vec<String>>,
    /// All metadata.
    #[serde(default)]
    #[oai(nullable, validator(max_properties = 50))]
    artifact_metadata: MaybeUndefined<BTreeMap<String, RawMetadataValue>>,
    /// What kind of thing it is.
    #[serde(default)]
    #[oai(nullable, validator(min_length = 1, max_length = 50, pattern = "^[a-z0-9_.-]+$"))]
    artifact_type: MaybeUndefined<String>,
}

impl Example for UpdateArtifactRequest {
    fn example() -> Self {
        Self {
            name: MaybeUndefined::Undefined,
            description: MaybeUndefined::Null,
            tags: MaybeUndefined::Value(vec!["service".to_owned(), "retired".to_owned()]),
            artifact_metadata: MaybeUndefined::Undefined,
            artifact_type: MaybeUndefined::Undefined,
        }
    }
}

impl From<UpdateArtifactRequest> for RawArtifactPatch {
    fn from(body: UpdateArtifactRequest) -> Self {
        Self {
            name: field(body.name),
            description: field(body.description),
            tags: field(body.tags),
            metadata: field(body.artifact_metadata.map_value(RawMetadataValue::into_map)),
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
    #[oai(nullable)]
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
