//! Workspaces.

use super::{Caller, Error, Service};
use crate::domain::{
    RawWorkspace, RawWorkspacePatch, Role, Slug, TenantId, Terms, Workspace, WorkspaceDraft, WorkspacePatch,
    WorkspaceView,
};
use crate::store::SlugChoice;
use crate::telemetry::{self, Operation, Subject, annotate_subject};

impl Service {
    /// Creates a workspace owned by the caller.
    pub async fn create_workspace(&self, caller: &Caller, raw: RawWorkspace) -> Result<WorkspaceView, Error> {
        self.telemetry
            .observe(Operation::WorkspaceCreate, Subject::user(caller.user), async {
                let draft = WorkspaceDraft::parse(raw)?;
                let (slug, choice) = match draft.slug {
                    Some(slug) => (slug, SlugChoice::Exactly),
                    None => {
                        let tag = u32::from_be_bytes(self.entropy.bytes());
                        (Slug::from_name(&draft.name), SlugChoice::Near { tag })
                    }
                };
                let now = self.clock.now();
                let workspace = Workspace {
                    id: self.ids.next(now),
                    name: draft.name,
                    slug,
                    description: draft.description,
                    settings: draft.settings,
                    is_active: true,
                    terms: Terms::default(),
                    created_at: now,
                    updated_at: now,
                };
                let stamp = self.stamp_of(caller);
                let view = self.store.create_workspace(workspace, choice, caller.user, stamp).await?;
                annotate_subject(Subject::new(view.workspace.id, caller.user));
                self.telemetry.metrics().workspace_operation("create", view.workspace.id);
                Ok(view)
            })
            .await
    }

    /// The workspaces the caller is a member of and that are in use; with `inactive`, also the others that the caller may use
    /// again.
    pub async fn workspaces(&self, caller: &Caller, inactive: bool) -> Result<Vec<WorkspaceView>, Error> {
        self.telemetry
            .observe(Operation::WorkspaceList, Subject::user(caller.user), async {
                let mut views = self.store.workspaces_of(caller.user).await?;
                views.retain(|view| view.workspace.is_active || (inactive && view.role >= Role::Admin));
                Ok(views)
            })
            .await
    }

    /// A workspace the caller is a member of.
    pub async fn workspace(&self, caller: &Caller, tenant: TenantId) -> Result<WorkspaceView, Error> {
        self.telemetry
            .observe(Operation::WorkspaceGet, Subject::new(tenant, caller.user), async {
                let view = self.store.workspace(tenant, caller.user).await?.ok_or(Error::WorkspaceNotFound)?;
                if view.workspace.terms.is_suspended {
                    return Err(Error::WorkspaceSuspended);
                }
                telemetry::authorised_in(tenant);
                Ok(view)
            })
            .await
    }

    /// Changes what a workspace says of itself: the fields that an update names.
    pub async fn update_workspace(
        &self,
        caller: &Caller,
        tenant: TenantId,
        raw: RawWorkspacePatch,
    ) -> Result<WorkspaceView, Error> {
        self.in_workspace(Operation::WorkspaceUpdate, caller, tenant, async {
            let patch = WorkspacePatch::parse(self.without_stored_name(caller, tenant, raw).await?)?;
            let stamp = self.stamp_of(caller);
            let view = self.store.update_workspace(tenant, patch, caller.user, stamp).await?;
            self.telemetry.metrics().workspace_operation("update", tenant);
            Ok(view)
        })
        .await
    }

    /// The update without a name that the workspace has already, though nobody may choose it today.
    async fn without_stored_name(
        &self,
        caller: &Caller,
        tenant: TenantId,
        raw: RawWorkspacePatch,
    ) -> Result<RawWorkspacePatch, Error> {
        if !raw.has_refused_text() {
            return Ok(raw);
        }
        let stored = self.store.workspace(tenant, caller.user).await?.ok_or(Error::WorkspaceNotFound)?;
        Ok(raw.without_unchanged(&stored.workspace))
    }

    /// Deletes a workspace. It is gone at once; what was in it is removed afterwards.
    pub async fn delete_workspace(&self, caller: &Caller, tenant: TenantId) -> Result<(), Error> {
        self.in_workspace(Operation::WorkspaceDelete, caller, tenant, async {
            self.store.delete_workspace(tenant, caller.user, self.stamp_of(caller)).await?;
            self.wake_housekeeping();
            self.telemetry.metrics().workspace_operation("delete", tenant);
            Ok(())
        })
        .await
    }
}
