//! Artifacts as they are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{
    Artifact, ArtifactDescription, ArtifactId, ArtifactName, ArtifactType, Metadata, MetadataValue, Tags, TenantId,
    Timestamp, UserId,
};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ArtifactV1 {
    id: Id,
    tenant: Id,
    name: String,
    description: Option<String>,
    tags: Vec<String>,
    metadata: BTreeMap<String, MetadataValueV1>,
    artifact_type: String,
    version: u64,
    created_by: Id,
    updated_by: Id,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
enum MetadataValueV1 {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Record for Artifact {
    const NAME: &'static str = "an artifact";
    const VERSION: u8 = 1;
    type Latest = ArtifactV1;

    fn to_latest(&self) -> ArtifactV1 {
        ArtifactV1 {
            id: self.id.to_bytes(),
            tenant: self.tenant.to_bytes(),
            name: self.name.as_str().to_owned(),
            description: self.description.as_ref().map(|text| text.as_str().to_owned()),
            tags: self.tags.iter().map(str::to_owned).collect(),
            metadata: self.metadata.as_map().iter().map(|(key, value)| (key.clone(), value.into())).collect(),
            artifact_type: self.artifact_type.as_str().to_owned(),
            version: self.version,
            created_by: self.created_by.to_bytes(),
            updated_by: self.updated_by.to_bytes(),
            created_at: self.created_at.as_microsecond(),
            updated_at: self.updated_at.as_microsecond(),
            deleted_at: self.deleted_at.map(Timestamp::as_microsecond),
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<ArtifactV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<ArtifactV1> for Artifact {
    type Error = Unreadable;

    fn try_from(record: ArtifactV1) -> Result<Self, Unreadable> {
        let metadata = record.metadata.into_iter().map(|(key, value)| (key, value.into()));
        Ok(Self {
            id: ArtifactId::from_bytes(record.id),
            tenant: TenantId::from_bytes(record.tenant),
            name: ArtifactName::from_stored(record.name),
            description: record.description.map(ArtifactDescription::from_stored),
            tags: Tags::from_stored(record.tags),
            metadata: Metadata::from_stored(metadata.collect()),
            artifact_type: ArtifactType::from_stored(record.artifact_type),
            version: record.version,
            created_by: UserId::from_bytes(record.created_by),
            updated_by: UserId::from_bytes(record.updated_by),
            created_at: time(record.created_at)?,
            updated_at: time(record.updated_at)?,
            deleted_at: record.deleted_at.map(time).transpose()?,
        })
    }
}

impl From<&MetadataValue> for MetadataValueV1 {
    fn from(value: &MetadataValue) -> Self {
        match value {
            MetadataValue::Null => Self::Null,
            MetadataValue::Bool(flag) => Self::Bool(*flag),
            MetadataValue::Integer(number) => Self::Integer(*number),
            MetadataValue::Float(number) => Self::Float(*number),
            MetadataValue::Text(text) => Self::Text(text.clone()),
        }
    }
}

impl From<MetadataValueV1> for MetadataValue {
    fn from(value: MetadataValueV1) -> Self {
        match value {
            MetadataValueV1::Null => Self::Null,
            MetadataValueV1::Bool(flag) => Self::Bool(flag),
            MetadataValueV1::Integer(number) => Self::Integer(number),
            MetadataValueV1::Float(number) => Self::Float(number),
            MetadataValueV1::Text(text) => Self::Text(text),
        }
    }
}
