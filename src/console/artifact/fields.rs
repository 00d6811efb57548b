//! The fields of an artifact in a form.

use maud::{Markup, html};

use super::metadata;
use crate::console::faults::faults;
use crate::console::form::Form;
use crate::console::links;
use crate::domain::{
    Artifact, ArtifactDescription, ArtifactName, ArtifactPatch, ArtifactType, Field, RawArtifact, RawArtifactPatch,
    TenantId, Violations,
};

/// What stands in the fields, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// The name.
    pub name: String,
    /// The type.
    pub kind: String,
    /// The tags, with commas between them.
    pub tags: String,
    /// The description.
    pub description: String,
    /// The metadata, one line for each key.
    pub metadata: String,
}

impl Fields {
    /// What was typed.
    pub fn typed(form: &Form) -> Self {
        let [name, kind, tags, description, metadata] =
            ["name", "type", "tags", "description", "metadata"].map(|field| form.text(field));
        Self { name, kind, tags, description, metadata }
    }

    /// Those of an artifact as it is.
    pub fn of(artifact: &Artifact) -> Self {
        Self {
            name: artifact.name.as_str().to_owned(),
            kind: artifact.artifact_type.as_str().to_owned(),
            tags: artifact.tags.iter().collect::<Vec<_>>().join(", "),
            description: artifact.description.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default(),
            metadata: metadata::lines(&artifact.metadata),
        }
    }

    /// A new artifact with them, unchecked.
    pub fn artifact(&self) -> Result<RawArtifact, Violations> {
        Ok(RawArtifact {
            name: self.name.clone(),
            description: Some(self.description.clone()),
            tags: self.tag_list(),
            metadata: metadata::parse(&self.metadata)?,
            artifact_type: Some(self.kind.trim().to_owned()).filter(|kind| !kind.is_empty()),
        })
    }

    /// A change to them, unchecked.
    pub fn patch(&self) -> Result<RawArtifactPatch, Violations> {
        let RawArtifact { name, description, tags, metadata, artifact_type } = self.artifact()?;
        Ok(RawArtifactPatch {
            name: Field::Set(name),
            description: description.map_or(Field::Clear, Field::Set),
            tags: Field::Set(tags),
            metadata: Field::Set(metadata),
            artifact_type: artifact_type.map_or(Field::Clear, Field::Set),
        })
    }

    /// Whether an artifact has them already.
    pub fn are_of(&self, artifact: &Artifact) -> bool {
        let patch = self.patch().and_then(ArtifactPatch::parse);
        let changed = |patch| artifact.clone().patched(patch, artifact.updated_by, artifact.updated_at);
        patch.is_ok_and(|patch| changed(patch) == *artifact)
    }

    fn tag_list(&self) -> Vec<String> {
        let tags = self.tags.split([',', '\n']).map(str::trim);
        tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    }

    /// The fields in a form, each with what is wrong with it.
    pub fn inputs(&self, tenant: TenantId, wrong: Option<&Violations>) -> Markup {
        html! {
            label { "Name"
                input name="name" value=(self.name) required maxlength=(ArtifactName::MAX_CHARS) dir="auto";
            }
            (faults(wrong, "/name"))
            div class="pair" {
                div {
                    label { "Type "
                        span class="muted" { "(optional)" }
                        input name="type" value=(self.kind) maxlength=(ArtifactType::MAX_CHARS) placeholder="service"
                            pattern="[a-z0-9_.\\-]+" title="a-z, 0-9, _ . and -" autocapitalize="none" spellcheck="false";
                    }
                    (faults(wrong, "/artifact_type"))
                }
                div {
                    label { "Tags "
                        span class="muted" { "(with commas between them)" }
                        input name="tags" value=(self.tags) placeholder="payments, edge" dir="auto" autocapitalize="none"
                            autocomplete="off" data-tags=(links::tags(tenant));
                    }
                    (faults(wrong, "/tags"))
                }
            }
            label { "Description "
                span class="muted" { "(Markdown)" }
                textarea name="description" rows="8" maxlength=(ArtifactDescription::MAX_CHARS) dir="auto" { (self.description) }
            }
            (faults(wrong, "/description"))
            label { "Metadata "
                span class="muted" { "(one line for each: " code { "key: value" } ")" }
                textarea name="metadata" rows="6" class="code" spellcheck="false" placeholder="owner: team-billing\nreplicas: 3" {
                    (self.metadata)
                }
            }
            (faults(wrong, "/artifact_metadata"))
            p class="muted small" {
                "Numbers, true, false and null are what they look like; a text that looks like one goes in quotes."
            }
        }
    }
}
