//! What was taken over before and is there no longer. Nothing is removed for good: accounts are disabled, workspaces are not
//! in use any more, artifacts go to the trash.

use super::notes::{Key, Kind, Note};
use super::report::What;
use super::schema::Table;
use super::{MovingError, Run, artifacts, tenants, users};
use crate::domain::{Artifact, ArtifactId, TenantId, User, UserId, Workspace};
use crate::store::{Adoption as _, Artifacts as _, StoreError, Tenants as _, Users as _};

const CHANGED: &str = "it is gone there, and has changed here: it stays";

impl Run<'_> {
    /// Looks for it.
    pub async fn gone(&mut self) -> Result<(), MovingError> {
        for (kind, table) in
            [(Kind::Artifact, Table::Artifacts), (Kind::Tenant, Table::Tenants), (Kind::User, Table::Users)]
        {
            let (seen, unseen) = self.notes.seen(kind)?;
            if unseen > seen {
                let why = format!("{unseen} of {} are gone there: is it the same database? They stay", seen + unseen);
                self.report.row((table, "*"), What::Conflict, &why)?;
                continue;
            }
            let mut after: Option<Key> = None;
            while let Some((last, batch)) = self.notes.unseen(kind, after.as_ref())? {
                after = Some(last);
                for (key, note) in batch {
                    self.one_gone(kind, &key, &note).await?;
                }
                self.flush()?;
            }
        }
        Ok(())
    }

    async fn one_gone(&mut self, kind: Kind, key: &Key, note: &Note) -> Result<(), MovingError> {
        match (kind, &key[1..]) {
            (Kind::User, id) => match id.try_into() {
                Ok(id) => self.user_gone(UserId::from_bytes(id), note).await,
                Err(_) => Ok(()),
            },
            (Kind::Tenant, id) => match id.try_into() {
                Ok(id) => self.tenant_gone(TenantId::from_bytes(id), note).await,
                Err(_) => Ok(()),
            },
            (Kind::Artifact, ids) => match (ids.first_chunk(), ids.last_chunk()) {
                (Some(tenant), Some(id)) => {
                    self.artifact_gone(TenantId::from_bytes(*tenant), ArtifactId::from_bytes(*id), note).await
                }
                _ => Ok(()),
            },
            // They are seen with their workspace.
            (Kind::Membership, _) => Ok(()),
        }
    }

    async fn user_gone(&mut self, id: UserId, note: &Note) -> Result<(), MovingError> {
        let (table, name) = (Table::Users, id.to_string());
        let user = self.store.user(id).await.map_err(failed(table, &name))?;
        let Some(user) = user.filter(|user| user.is_active) else { return Ok(()) };
        if users::state_of(&user) != note.state {
            return self.report.row((table, &name), What::Conflict, CHANGED);
        }
        let disabled = User { is_active: false, ..user };
        let state = users::state_of(&disabled);
        if !self.is_dry_run {
            self.store.adopt_user(disabled, None, self.stamp()).await.map_err(failed(table, &name))?;
        }
        self.noted.push((users::key_of(id), Note { state, ..*note }));
        self.report.row((table, &name), What::Gone, "it may not sign in any more")
    }

    async fn tenant_gone(&mut self, id: TenantId, note: &Note) -> Result<(), MovingError> {
        let (table, name) = (Table::Tenants, id.to_string());
        let tenant = self.store.tenant(id).await.map_err(failed(table, &name))?;
        let Some(workspace) = tenant.map(|it| it.workspace).filter(|it| it.is_active) else { return Ok(()) };
        if tenants::state_of(&workspace) != note.state {
            return self.report.row((table, &name), What::Conflict, CHANGED);
        }
        let unused = Workspace { is_active: false, ..workspace };
        let state = tenants::state_of(&unused);
        if !self.is_dry_run {
            let adopted = self.store.adopt_workspace(unused, Vec::new(), Vec::new(), self.stamp());
            adopted.await.map_err(failed(table, &name))?;
        }
        self.noted.push((tenants::key_of(id), Note { state, ..*note }));
        self.report.row((table, &name), What::Gone, "it is not in use any more")
    }

    async fn artifact_gone(&mut self, tenant: TenantId, id: ArtifactId, note: &Note) -> Result<(), MovingError> {
        let (table, name) = (Table::Artifacts, id.to_string());
        // What was in a workspace that is gone goes with it.
        if !self.tenants.contains(&tenant) {
            return Ok(());
        }
        let Some(artifact) = self.store.artifact(tenant, id).await.map_err(failed(table, &name))? else {
            return Ok(());
        };
        if artifacts::state_of(&artifact) != note.state {
            return self.report.row((table, &name), What::Conflict, CHANGED);
        }
        let deleted = Artifact { deleted_at: Some(self.now), updated_at: self.now, ..artifact };
        let noted = artifacts::note_of(&deleted);
        if !self.is_dry_run {
            let adopted = self.store.adopt_artifacts(tenant, vec![deleted], self.stamp());
            adopted.await.map_err(failed(table, &name))?;
        }
        self.noted.push((artifacts::key_of(tenant, id), noted));
        self.report.row((table, &name), What::Gone, "it is in the trash")
    }
}

fn failed(table: Table, id: &str) -> impl FnOnce(StoreError) -> MovingError {
    let id = id.to_owned();
    move |error| MovingError::Store { table: table.name(), id, error }
}
