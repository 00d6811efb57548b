//! Artifacts and updates as they come in, before and after they are checked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Artifact, ArtifactDescription, ArtifactName, ArtifactType, Metadata, Tags};
use crate::domain::text::TextOrigin;
use crate::domain::{Field, Violations};

/// A new artifact as it was sent, unchecked.
#[derive(Clone, Debug, Default)]
pub struct RawArtifact {
    /// See [`ArtifactName`].
    pub name: String,
    /// See [`ArtifactDescription`].
    pub description: Option<String>,
    /// See [`Tags`].
    pub tags: Vec<String>,
    /// See [`Metadata`].
    pub metadata: BTreeMap<String, Value>,
    /// See [`ArtifactType`].
    pub artifact_type: Option<String>,
}

/// A new artifact, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactDraft {
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
}

impl ArtifactDraft {
    /// Checks every field.
    pub fn parse(raw: RawArtifact) -> Result<Self, Violations> {
        Self::parse_from(raw, TextOrigin::Written)
    }

    /// Checks every field of an artifact that comes from an export. Names and tags that an earlier version took are good.
    pub fn parse_exported(raw: RawArtifact) -> Result<Self, Violations> {
        Self::parse_from(raw, TextOrigin::Exported)
    }

    fn parse_from(raw: RawArtifact, origin: TextOrigin) -> Result<Self, Violations> {
        Violations::check(|check| {
            let name = check.field("/name", ArtifactName::parse_from(&raw.name, origin));
            let description =
                check.optional("/description", raw.description.as_deref().map(ArtifactDescription::parse));
            let tags = check.nested("/tags", Tags::parse_from(&raw.tags, origin));
            let metadata = check.nested("/artifact_metadata", Metadata::parse(raw.metadata));
            let artifact_type = check.optional("/artifact_type", raw.artifact_type.as_deref().map(ArtifactType::parse));
            Some(Self {
                name: name?,
                description: description.flatten(),
                tags: tags?,
                metadata: metadata?,
                artifact_type: artifact_type.unwrap_or_default(),
            })
        })
    }
}

/// A partial update as it was sent, unchecked.
#[derive(Clone, Debug, Default)]
pub struct RawArtifactPatch {
    /// See [`ArtifactName`]. Can't be cleared.
    pub name: Field<String>,
    /// See [`ArtifactDescription`].
    pub description: Field<String>,
    /// See [`Tags`]. Clearing leaves none.
    pub tags: Field<Vec<String>>,
    /// See [`Metadata`]. Clearing leaves none.
    pub metadata: Field<BTreeMap<String, Value>>,
    /// See [`ArtifactType`]. Clearing sets the default.
    pub artifact_type: Field<String>,
}

impl RawArtifactPatch {
    /// Whether it has a name or tags that nobody may choose, but which an earlier version may have taken.
    pub fn has_refused_text(&self) -> bool {
        let has_name = matches!(&self.name, Field::Set(name) if ArtifactName::parse(name).is_err());
        has_name || matches!(&self.tags, Field::Set(tags) if Tags::parse(tags).is_err())
    }

    /// The same without a name and tags that are those of the artifact already: they stay as they are.
    pub fn without_unchanged(mut self, artifact: &Artifact) -> Self {
        if matches!(&self.name, Field::Set(name) if name.trim() == artifact.name.as_str()) {
            self.name = Field::Keep;
        }
        if matches!(&self.tags, Field::Set(tags) if artifact.tags.iter().eq(tags.iter().map(String::as_str))) {
            self.tags = Field::Keep;
        }
        self
    }
}

/// A partial update, checked: `None` keeps a field.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ArtifactPatch {
    /// The new name.
    pub name: Option<ArtifactName>,
    /// The new description; setting an empty one clears it.
    pub description: Field<Option<ArtifactDescription>>,
    /// The new tags, all of them.
    pub tags: Option<Tags>,
    /// The new metadata, all of it.
    pub metadata: Option<Metadata>,
    /// The new type.
    pub artifact_type: Option<ArtifactType>,
}

impl ArtifactPatch {
    /// Checks every field that is there.
    pub fn parse(raw: RawArtifactPatch) -> Result<Self, Violations> {
        Violations::check(|check| {
            let name = match raw.name {
                Field::Keep => None,
                Field::Clear => check.field("/name", Err("must not be null".to_owned())),
                Field::Set(text) => check.field("/name", ArtifactName::parse(&text)),
            };
            let description =
                check.field("/description", raw.description.try_map(|text| ArtifactDescription::parse(&text)));
            let tags = match raw.tags {
                Field::Keep => None,
                Field::Clear => Some(Tags::default()),
                Field::Set(texts) => check.nested("/tags", Tags::parse(&texts)),
            };
            let metadata = match raw.metadata {
                Field::Keep => None,
                Field::Clear => Some(Metadata::default()),
                Field::Set(pairs) => check.nested("/artifact_metadata", Metadata::parse(pairs)),
            };
            let artifact_type = match raw.artifact_type {
                Field::Keep => None,
                Field::Clear => Some(ArtifactType::default()),
                Field::Set(text) => check.field("/artifact_type", ArtifactType::parse(&text)),
            };
            Some(Self { name, description: description?, tags, metadata, artifact_type })
        })
    }
}
