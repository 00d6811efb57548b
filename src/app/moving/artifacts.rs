//! Artifacts of the older service.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use uuid::Uuid;

use super::notes::{Key, Kind, Note, digest, key};
use super::report::What;
use super::schema::Table;
use super::source::Row;
use super::{MovingError, Run, values};
use crate::domain::{
    Artifact, ArtifactDescription, ArtifactId, ArtifactName, ArtifactType, Metadata, Tags, TenantId, UserId,
};
use crate::store::{Adoption as _, Artifacts as _, StoreError};

const TABLE: Table = Table::Artifacts;

/// What an artifact is called that has no name.
const UNNAMED: &str = "Untitled";

/// An artifact as it would be here.
struct Older {
    id: String,
    artifact: Artifact,
}

/// How an artifact is noted. When it changed is not in it: what is the same is no other version.
pub(super) fn state_of(artifact: &Artifact) -> [u8; 32] {
    let Artifact { name, description, tags, metadata, artifact_type, .. } = artifact;
    let description = description.as_ref().map(ArtifactDescription::as_str);
    let tags: Vec<&str> = tags.iter().collect();
    let is_deleted = artifact.deleted_at.is_some();
    digest(&(name.as_str(), description, tags, metadata.as_map(), artifact_type.as_str(), is_deleted))
}

pub(super) fn key_of(tenant: TenantId, artifact: ArtifactId) -> Key {
    key(Kind::Artifact, &[tenant.to_bytes(), artifact.to_bytes()])
}

impl Run<'_> {
    /// Takes all of them over, those of a workspace together.
    pub async fn artifacts(&mut self) -> Result<(), MovingError> {
        self.begin(TABLE).await?;
        loop {
            let rows = self.next(TABLE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut together: Vec<Older> = Vec::new();
            for row in &rows {
                let Some(older) = self.older_artifact(row)? else { continue };
                if together.last().is_some_and(|last| last.artifact.tenant != older.artifact.tenant) {
                    self.take_artifacts(std::mem::take(&mut together)).await?;
                }
                together.push(older);
            }
            self.take_artifacts(together).await?;
        }
    }

    /// The artifact of a row, as near as the rules allow; none, if there can be none.
    fn older_artifact(&mut self, row: &Row) -> Result<Option<Older>, MovingError> {
        let id = row.text("id").to_owned();
        let place = (TABLE, id.as_str());
        let Some(artifact_id) = values::id::<ArtifactId>(&id) else {
            self.report.row(place, What::Skipped, values::NO_ID)?;
            return Ok(None);
        };
        let tenant_text = row.text("tenant_id");
        let tenant = values::id::<TenantId>(tenant_text);
        let Some(tenant) = tenant.filter(|tenant| self.tenants.contains(tenant)) else {
            self.report.row(place, What::Skipped, &format!("its workspace {tenant_text} is not here"))?;
            if let Some(tenant) = tenant {
                self.keep_note(key_of(tenant, artifact_id))?;
            }
            return Ok(None);
        };
        let text = row.text("name");
        let name = ArtifactName::fit(text).unwrap_or_else(|| ArtifactName::from_stored(UNNAMED.to_owned()));
        self.report.compare(place, "name", text, Some(name.as_str()))?;
        let text = row.text("description");
        let description = ArtifactDescription::fit(text);
        self.report.compare(place, "description", text, description.as_ref().map(ArtifactDescription::as_str))?;
        let tags = self.fitted_tags(place, row.get("tags"))?;
        let metadata = self.fitted_metadata(place, row.get("artifact_metadata"))?;
        let artifact_type = self.fitted_type(place, row.get("artifact_type"))?;
        let created_by = self.author(place, row.get("created_by"))?;
        let (created_at, updated_at) = values::times(row, self.now);
        let is_active = values::flag(row.get("is_active"), true);
        let artifact = Artifact {
            id: artifact_id,
            tenant,
            name,
            description,
            tags,
            metadata,
            artifact_type,
            version: 1,
            created_by,
            updated_by: created_by,
            created_at,
            updated_at,
            deleted_at: (!is_active).then_some(updated_at),
        };
        Ok(Some(Older { id, artifact }))
    }

    fn fitted_tags(&mut self, place: (Table, &str), json: Option<&str>) -> Result<Tags, MovingError> {
        let Some(json) = json else { return Ok(Tags::default()) };
        let Ok(texts) = serde_json::from_str::<Option<Vec<Option<String>>>>(json) else {
            self.report.changed(place, "tags", json, None)?;
            return Ok(Tags::default());
        };
        let texts: Vec<String> = texts.unwrap_or_default().into_iter().flatten().collect();
        let tags = Tags::fit(&texts);
        if !tags.iter().eq(texts.iter().map(String::as_str)) {
            let after = serde_json::to_string(&tags.iter().collect::<Vec<_>>()).unwrap_or_default();
            self.report.changed(place, "tags", json, Some(&after))?;
        }
        Ok(tags)
    }

    fn fitted_metadata(&mut self, place: (Table, &str), json: Option<&str>) -> Result<Metadata, MovingError> {
        let Some(json) = json else { return Ok(Metadata::default()) };
        let Ok(pairs) = serde_json::from_str::<Option<BTreeMap<String, Box<RawValue>>>>(json) else {
            // Not an object: kept under a key of its own, as far as it fits.
            let whole = RawValue::from_string(json.to_owned()).map(|raw| BTreeMap::from([("value".to_owned(), raw)]));
            let (metadata, _) = Metadata::fit(whole.unwrap_or_default());
            let after = serde_json::to_string(metadata.as_map()).unwrap_or_default();
            self.report.changed(place, "artifact_metadata", json, Some(&after))?;
            return Ok(metadata);
        };
        let (metadata, misfits) = Metadata::fit(pairs.unwrap_or_default());
        for misfit in misfits {
            self.report.changed(place, "artifact_metadata", &misfit.before, misfit.after.as_deref())?;
        }
        Ok(metadata)
    }

    fn fitted_type(&mut self, place: (Table, &str), text: Option<&str>) -> Result<ArtifactType, MovingError> {
        let Some(text) = text else { return Ok(ArtifactType::default()) };
        let artifact_type = ArtifactType::fit(text).unwrap_or_default();
        self.report.compare(place, "artifact_type", text, Some(artifact_type.as_str()))?;
        Ok(artifact_type)
    }

    /// Who made it: an account that is not here is shown as one that was deleted.
    fn author(&mut self, place: (Table, &str), text: Option<&str>) -> Result<UserId, MovingError> {
        if let Some(user) = text.and_then(values::id::<UserId>) {
            return Ok(user);
        }
        let nobody = Uuid::nil();
        self.report.changed(place, "created_by", text.unwrap_or("null"), Some(&nobody.to_string()))?;
        Ok(nobody.into())
    }

    /// Takes over artifacts of one workspace.
    async fn take_artifacts(&mut self, all: Vec<Older>) -> Result<(), MovingError> {
        let Some(first) = all.first() else { return Ok(()) };
        let (tenant, name) = (first.artifact.tenant, first.id.clone());
        let failed = |error| MovingError::Store { table: TABLE.name(), id: name.clone(), error };
        let ids = all.iter().map(|older| older.artifact.id).collect();
        let found = self.store.artifacts_by_id(tenant, ids).await.map_err(failed)?;
        let here: BTreeMap<ArtifactId, Artifact> = found.artifacts.into_iter().map(|it| (it.id, it)).collect();
        let mut wanted = Vec::new();
        for older in all {
            if found.damaged.contains(&older.artifact.id) {
                self.report.row((TABLE, &older.id), What::Conflict, "its row here can't be read")?;
                self.keep_note(key_of(tenant, older.artifact.id))?;
            } else if self.takes_artifact(&older, here.get(&older.artifact.id))? {
                wanted.push(older.artifact);
            }
        }
        let noted: Vec<_> = wanted.iter().map(|artifact| (key_of(tenant, artifact.id), note_of(artifact))).collect();
        if !self.is_dry_run && !wanted.is_empty() {
            let failed = |error: StoreError| MovingError::Store { table: TABLE.name(), id: name.clone(), error };
            self.store.adopt_artifacts(tenant, wanted, self.stamp()).await.map_err(failed)?;
        }
        self.noted.extend(noted);
        self.flush()
    }

    /// Whether an artifact becomes as it is there.
    fn takes_artifact(&mut self, older: &Older, here: Option<&Artifact>) -> Result<bool, MovingError> {
        let Older { id, artifact } = older;
        let (place, key) = ((TABLE, id.as_str()), key_of(artifact.tenant, artifact.id));
        let note = self.notes.get(&key)?;
        let Some(here) = here else {
            if note.is_none() {
                self.report.of(TABLE).added += 1;
                if artifact.deleted_at.is_some() {
                    self.report.of(TABLE).inactive += 1;
                    self.report.row(place, What::Inactive, "it is not in use, and in the trash here")?;
                }
                return Ok(true);
            }
            // Out of the trash it goes by itself in time.
            if artifact.deleted_at.is_none() {
                self.report.row(place, What::Conflict, "it was removed here")?;
            }
            self.keep_note(key)?;
            return Ok(false);
        };
        let are_both_deleted = here.deleted_at.is_some() && artifact.deleted_at.is_some();
        if are_both_deleted || state_of(here) == state_of(artifact) {
            self.report.of(TABLE).unchanged += 1;
            self.noted.push((key, note_of(here)));
            return Ok(false);
        }
        if note.is_none_or(|note| note.state != state_of(here)) {
            self.report.row(place, What::Conflict, "it has changed here")?;
            self.keep_note(key)?;
            return Ok(false);
        }
        self.report.of(TABLE).updated += 1;
        Ok(true)
    }
}

/// How an artifact is noted that was left like this.
pub(super) fn note_of(artifact: &Artifact) -> Note {
    Note { state: state_of(artifact), origin: [0; 32], updated_at: artifact.updated_at.as_microsecond() }
}
