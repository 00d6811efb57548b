//! Artifacts in JSON.

use std::collections::BTreeMap;
use std::num::NonZero;

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fields::{DescriptionText, NameText, TagText, TypeText};
use super::found::{FacetsBody, HighlightsBody};
use crate::domain::{
    Artifact, ArtifactDescription, ArtifactStats, FacetFields, FoundArtifact, FoundArtifacts, MetadataValue, Page,
    RawArtifact, RawArtifactPatch,
};
use crate::http::types::{RawMetadataValue, Time, field};

/// A new artifact.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(in crate::http::api) struct CreateArtifactRequest {
    /// Its name: one line without `< > " ' &`, all of which can be seen, counted after trimming.
    name: NameText,
    /// What it is; empty is none.
    #[serde(default)]
    #[oai(nullable)]
    description: Option<DescriptionText>,
    /// Tags: letters, marks and digits of any script, spaces, `-` and `_`; in lower case, each once. Blank ones are left
    /// out, and at most 20 may stay.
    #[serde(default)]
    #[oai(nullable)]
    tags: Option<Vec<TagText>>,
    /// Up to 50 keys of 1 to 100 characters of `A-Z a-z 0-9 _ . -`, with null, booleans, numbers or strings.
    #[serde(default)]
    #[oai(nullable, validator(max_properties = 50))]
    artifact_metadata: Option<BTreeMap<String, RawMetadataValue>>,
    /// What kind of thing it is; `default` unless said.
    #[serde(default)]
    #[oai(nullable)]
    artifact_type: Option<TypeText>,
}

impl Example for CreateArtifactRequest {
    fn example() -> Self {
        Self {
            name: NameText("billing-api".to_owned()),
            description: Some(DescriptionText("Charges customers and sends receipts".to_owned())),
            tags: Some(["service", "payments"].map(|tag| TagText(tag.to_owned())).into()),
            artifact_metadata: Some(BTreeMap::from([
                ("owner".to_owned(), RawMetadataValue("team-billing".into())),
                ("replicas".to_owned(), RawMetadataValue(3.into())),
            ])),
            artifact_type: Some(TypeText("service".to_owned())),
        }
    }
}

impl From<CreateArtifactRequest> for RawArtifact {
    fn from(body: CreateArtifactRequest) -> Self {
        Self {
            name: body.name.0,
            description: body.description.map(|text| text.0),
            tags: body.tags.map(tag_texts).unwrap_or_default(),
            metadata: body.artifact_metadata.map(RawMetadataValue::into_map).unwrap_or_default(),
            artifact_type: body.artifact_type.map(|text| text.0),
        }
    }
}

/// What changes.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct UpdateArtifactRequest {
    /// Its name: one line without `< > " ' &`, all of which can be seen, counted after trimming.
    #[serde(default)]
    name: MaybeUndefined<NameText>,
    /// What it is; null or empty is none.
    #[serde(default)]
    #[oai(nullable)]
    description: MaybeUndefined<DescriptionText>,
    /// All tags; null is none.
    #[serde(default)]
    #[oai(nullable)]
    tags: MaybeUndefined<Vec<TagText>>,
    /// All metadata; null is none.
    #[serde(default)]
    #[oai(nullable, validator(max_properties = 50))]
    artifact_metadata: MaybeUndefined<BTreeMap<String, RawMetadataValue>>,
    /// What kind of thing it is; null is `default`.
    #[serde(default)]
    #[oai(nullable)]
    artifact_type: MaybeUndefined<TypeText>,
}

impl Example for UpdateArtifactRequest {
    fn example() -> Self {
        Self {
            name: MaybeUndefined::Undefined,
            description: MaybeUndefined::Null,
            tags: MaybeUndefined::Value(["service", "retired"].map(|tag| TagText(tag.to_owned())).into()),
            artifact_metadata: MaybeUndefined::Undefined,
            artifact_type: MaybeUndefined::Undefined,
        }
    }
}

impl From<UpdateArtifactRequest> for RawArtifactPatch {
    fn from(body: UpdateArtifactRequest) -> Self {
        Self {
            name: field(body.name.map_value(|text| text.0)),
            description: field(body.description.map_value(|text| text.0)),
            tags: field(body.tags.map_value(tag_texts)),
            metadata: field(body.artifact_metadata.map_value(RawMetadataValue::into_map)),
            artifact_type: field(body.artifact_type.map_value(|text| text.0)),
        }
    }
}

pub(super) fn tag_texts(tags: Vec<TagText>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.0).collect()
}

/// A named, tagged, described thing.
#[derive(Serialize, Object)]
#[oai(rename = "Artifact")]
pub(in crate::http::api) struct ArtifactBody {
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
    /// When it was moved to the trash; null when it is not there.
    #[oai(nullable)]
    deleted_at: Option<Time>,
    /// Where in its texts something was found, when that was searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    highlights: Option<HighlightsBody>,
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
            deleted_at: artifact.deleted_at.map(Time),
            highlights: None,
        }
    }
}

impl From<FoundArtifact> for ArtifactBody {
    fn from(found: FoundArtifact) -> Self {
        Self { highlights: found.highlights.map(Into::into), ..found.artifact.into() }
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
    /// How many were passed over because they are damaged in the database: the page has so many fewer. Absent when none
    /// were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    damaged: Option<u64>,
    /// How many a page holds at most.
    limit: u64,
    /// How many were passed over.
    offset: u64,
    /// Whether more follow.
    has_more: bool,
    /// The `cursor` of the next page; null on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
    /// How many of all that match have each value, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    facets: Option<FacetsBody>,
}

impl PageBody {
    pub(super) fn new(found: FoundArtifacts, window: &Page, next_cursor: Option<String>, facets: FacetFields) -> Self {
        Self {
            items: found.items.into_iter().map(ArtifactBody::from).collect(),
            total: found.total,
            damaged: NonZero::new(found.damaged).map(NonZero::get),
            limit: window.limit as u64,
            offset: window.offset() as u64,
            has_more: next_cursor.is_some(),
            next_cursor,
            facets: found.facets.map(|counts| FacetsBody::new(counts, facets)),
        }
    }
}

/// What is in a workspace's catalog.
#[derive(Serialize, Object)]
#[oai(rename = "ArtifactStats")]
pub(super) struct StatsBody {
    /// Artifacts, those in the trash included.
    total_artifacts: u64,
    /// Artifacts that are not in the trash.
    active_artifacts: u64,
    /// Different tags of the active ones.
    total_tags: u64,
    /// The ten tags that most of the active ones have: the most used first, then by tag.
    most_used_tags: Vec<TagCount>,
    /// How much the workspace has of what an operator can limit.
    usage: UsageBody,
}

/// How much a workspace has, and may have.
#[derive(Serialize, Object)]
#[oai(rename = "Usage")]
struct UsageBody {
    /// Artifacts, those in the trash included.
    artifacts: UsedBody,
    /// Bytes of artifacts, with those in the trash and with all histories, as they are stored.
    bytes: UsedBody,
    /// Members.
    members: UsedBody,
    /// API keys.
    api_keys: UsedBody,
}

/// How much of something a workspace has, and may have.
#[derive(Serialize, Object)]
#[oai(rename = "Used")]
struct UsedBody {
    /// How much there is.
    used: u64,
    /// The most there may be; null when there is no limit.
    #[oai(nullable)]
    limit: Option<u64>,
}

/// A tag, and how often it is used.
#[derive(Serialize, Object)]
pub(super) struct TagCount {
    /// The tag.
    tag: String,
    /// How many artifacts have it.
    count: u64,
}

/// Tags, and how often each is used.
#[derive(Serialize, Object)]
#[oai(rename = "Tags")]
pub(super) struct TagsBody {
    /// Those that most artifacts have first.
    items: Vec<TagCount>,
}

impl From<Vec<(String, u64)>> for TagsBody {
    fn from(tags: Vec<(String, u64)>) -> Self {
        Self { items: tags.into_iter().map(TagCount::from).collect() }
    }
}

impl From<(String, u64)> for TagCount {
    fn from((tag, count): (String, u64)) -> Self {
        Self { tag, count }
    }
}

impl From<ArtifactStats> for StatsBody {
    fn from(stats: ArtifactStats) -> Self {
        let ArtifactStats { usage, quotas, .. } = stats;
        Self {
            total_artifacts: stats.artifacts,
            active_artifacts: stats.active_artifacts,
            total_tags: stats.tags,
            most_used_tags: stats.most_used_tags.into_iter().map(TagCount::from).collect(),
            usage: UsageBody {
                artifacts: UsedBody { used: usage.artifacts, limit: quotas.artifacts },
                bytes: UsedBody { used: usage.bytes, limit: quotas.bytes },
                members: UsedBody { used: usage.members, limit: quotas.members },
                api_keys: UsedBody { used: usage.api_keys, limit: quotas.api_keys },
            },
        }
    }
}
