//! What a store is, as a list of artifacts, each a list of its versions.

use std::cmp::Ordering;

use ghostworks::domain::{
    Artifact, ArtifactFilter, ArtifactId, ArtifactPatch, ArtifactWrite, NameKey, Precondition, Sort, SortBy, TenantId,
    Timestamp, UserId,
};
use ghostworks::store::{Missing, StoreError, StoreResult};

/// An artifact by its tenant and its id, in the version that is expected.
type Target = (TenantId, ArtifactId, Precondition);

#[derive(Clone, Default)]
pub struct Model {
    pub rows: Vec<Vec<Artifact>>,
    /// Every id ever, of any tenant, so that intents are also about deleted and foreign ones.
    pub ids: Vec<ArtifactId>,
    pub tenants: Vec<TenantId>,
}

pub fn current(versions: &[Artifact]) -> &Artifact {
    versions.last().unwrap()
}

impl Model {
    fn require(&self, tenant: TenantId) -> StoreResult<()> {
        if self.tenants.contains(&tenant) { Ok(()) } else { Err(StoreError::NotFound(Missing::Workspace)) }
    }

    pub fn create(&mut self, artifact: Artifact) -> StoreResult<Artifact> {
        self.require(artifact.tenant)?;
        self.ids.push(artifact.id);
        self.rows.push(vec![artifact.clone()]);
        Ok(artifact)
    }

    fn position(&self, (tenant, id, expected): Target, counts: impl Fn(&Artifact) -> bool) -> StoreResult<usize> {
        let is_it = |artifact: &Artifact| artifact.tenant == tenant && artifact.id == id && counts(artifact);
        let found = self.rows.iter().position(|versions| is_it(current(versions)));
        let position = found.ok_or(StoreError::NotFound(Missing::Artifact))?;
        let current = current(&self.rows[position]).version;
        match expected {
            Precondition::Versions(versions) if !versions.contains(&current) => {
                Err(StoreError::VersionMismatch { current })
            }
            Precondition::None | Precondition::Exists | Precondition::Versions(_) => Ok(position),
        }
    }

    fn push(&mut self, position: usize, next: impl FnOnce(Artifact) -> Artifact) -> Artifact {
        let before = current(&self.rows[position]).clone();
        let next = next(before.clone());
        // What changes nothing makes no version.
        if next.version != before.version {
            self.rows[position].push(next.clone());
        }
        next
    }

    pub fn update(
        &mut self,
        target: Target,
        patch: ArtifactPatch,
        user: UserId,
        at: Timestamp,
    ) -> StoreResult<Artifact> {
        let position = self.position(target, |artifact| artifact.deleted_at.is_none())?;
        Ok(self.push(position, |artifact| artifact.patched(patch, user, at)))
    }

    pub fn delete(&mut self, target: Target, user: UserId, at: Timestamp) -> StoreResult<Artifact> {
        let position = self.position(target, |artifact| artifact.deleted_at.is_none())?;
        Ok(self.push(position, |artifact| artifact.deleted(user, at)))
    }

    pub fn restore(&mut self, tenant: TenantId, id: ArtifactId, user: UserId, at: Timestamp) -> StoreResult<Artifact> {
        let position = self.position((tenant, id, Precondition::None), |artifact| artifact.deleted_at.is_some())?;
        Ok(self.push(position, |artifact| artifact.restored(user, at)))
    }

    pub fn purge(&mut self, tenant: TenantId, id: ArtifactId, expected: Precondition) -> StoreResult<()> {
        let position = self.position((tenant, id, expected), |_| true)?;
        self.rows.remove(position);
        Ok(())
    }

    pub fn write(
        &mut self,
        tenant: TenantId,
        writes: Vec<ArtifactWrite>,
        atomic: bool,
        user: UserId,
        at: Timestamp,
    ) -> StoreResult<Vec<StoreResult<Artifact>>> {
        self.require(tenant)?;
        let before = self.clone();
        let outcomes: Vec<StoreResult<Artifact>> = writes
            .into_iter()
            .map(|write| match write {
                ArtifactWrite::Create(artifact) => self.create(*artifact),
                ArtifactWrite::Update { id, expected, patch } => self.update((tenant, id, expected), patch, user, at),
                ArtifactWrite::Delete { id, expected } => self.delete((tenant, id, expected), user, at),
            })
            .collect();
        if atomic && outcomes.iter().any(Result::is_err) {
            *self = before;
        }
        Ok(outcomes)
    }

    pub fn versions(&self, tenant: TenantId, id: ArtifactId) -> Option<&Vec<Artifact>> {
        self.rows.iter().find(|versions| current(versions).tenant == tenant && current(versions).id == id)
    }

    pub fn list(&self, tenant: TenantId, filter: &ArtifactFilter, sort: Sort) -> Vec<Artifact> {
        let mut matching: Vec<Artifact> = self.rows.iter().map(|versions| current(versions).clone()).collect();
        matching.retain(|artifact| artifact.tenant == tenant && filter.matches(artifact));
        matching.sort_by_key(|artifact| (artifact.created_at, artifact.id));
        // The sort is stable: what is equal stays in the order of creation.
        matching.sort_by(|one, other| match sort.by {
            SortBy::CreatedAt | SortBy::Relevance => Ordering::Equal,
            SortBy::UpdatedAt => one.updated_at.cmp(&other.updated_at),
            SortBy::Name => NameKey::new(one.name.as_str()).cmp(&NameKey::new(other.name.as_str())),
        });
        if sort.descending {
            matching.reverse();
        }
        matching
    }
}
