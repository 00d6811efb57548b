//! Workspaces, as operators have them. What is in one is its members'.

use super::{Error, Operator, Service};
use crate::domain::{Member, OwnQuotas, Role, Slug, Tenant, TenantId, User, Violations};
use crate::store::StoreResult;
use crate::telemetry::{Operation, Subject};

/// A workspace, and who owns it.
pub struct TenantDetails {
    /// The workspace, with what it takes up.
    pub tenant: Tenant,
    /// The accounts that own it.
    pub owners: Vec<User>,
}

impl Service {
    /// The first `limit` workspaces after one, the largest first; with a slug, the workspace that has it.
    pub async fn tenants(
        &self,
        slug: Option<Slug>,
        after: Option<(u64, TenantId)>,
        limit: usize,
    ) -> Result<Vec<Tenant>, Error> {
        self.telemetry
            .observe(Operation::TenantList, Subject::default(), async {
                Ok(match slug {
                    Some(slug) => self.store.tenant_by_slug(&slug).await?.into_iter().collect(),
                    None => self.store.tenants_by_size(after, limit).await?,
                })
            })
            .await
    }

    /// A workspace, and who owns it.
    pub async fn tenant(&self, id: TenantId) -> Result<TenantDetails, Error> {
        self.telemetry.observe(Operation::TenantGet, Subject::tenant(id), self.tenant_details(id)).await
    }

    /// Keeps members and API keys from a workspace, or no longer.
    pub async fn suspend_tenant(
        &self,
        id: TenantId,
        is_suspended: bool,
        operator: &Operator,
    ) -> Result<TenantDetails, Error> {
        let done = self.store.suspend_workspace(id, is_suspended, self.stamp_by(operator));
        self.changed_tenant(id, if is_suspended { "suspend" } else { "resume" }, done).await
    }

    /// Gives a workspace quotas of its own, in the place of those that it had.
    pub async fn set_tenant_quotas(
        &self,
        id: TenantId,
        quotas: OwnQuotas,
        operator: &Operator,
    ) -> Result<TenantDetails, Error> {
        check(quotas)?;
        let done = self.store.set_workspace_quotas(id, quotas, self.stamp_by(operator));
        self.changed_tenant(id, "set_quotas", done).await
    }

    /// Deletes a workspace, and returns what it was. It is gone at once; what was in it is removed afterwards.
    pub async fn delete_tenant(&self, id: TenantId, operator: &Operator) -> Result<TenantDetails, Error> {
        self.telemetry
            .observe(Operation::TenantDelete, Subject::tenant(id), async {
                let details = self.tenant_details(id).await?;
                self.store.end_workspace(id, self.stamp_by(operator)).await?;
                self.wake_housekeeping();
                self.telemetry.metrics().workspace_operation("delete", id);
                Ok(details)
            })
            .await
    }

    /// A workspace after a change of it.
    async fn changed_tenant(
        &self,
        id: TenantId,
        name: &'static str,
        change: impl Future<Output = StoreResult<bool>>,
    ) -> Result<TenantDetails, Error> {
        self.telemetry
            .observe(Operation::TenantUpdate, Subject::tenant(id), async {
                if change.await? {
                    self.telemetry.metrics().workspace_operation(name, id);
                }
                self.tenant_details(id).await
            })
            .await
    }

    async fn tenant_details(&self, id: TenantId) -> Result<TenantDetails, Error> {
        let tenant = self.store.tenant(id).await?.ok_or(Error::WorkspaceNotFound)?;
        let members = self.store.members_of(id).await?.into_iter();
        let owners = members.filter(|it| it.membership.role == Role::Owner).map(|Member { user, .. }| user).collect();
        Ok(TenantDetails { tenant, owners })
    }
}

fn check(quotas: OwnQuotas) -> Result<(), Violations> {
    Violations::check(|check| {
        let all = [
            ("artifacts", quotas.artifacts),
            ("bytes", quotas.bytes),
            ("members", quotas.members),
            ("api_keys", quotas.api_keys),
        ];
        for (name, quota) in all {
            let is_good = quota.is_none_or(|quota| (1..=OwnQuotas::MAX).contains(&quota));
            let within = || format!("must be 1 to {}, or null for what holds for all", OwnQuotas::MAX);
            check.field(&format!("/{name}"), if is_good { Ok(()) } else { Err(within()) });
        }
        Some(())
    })
}
