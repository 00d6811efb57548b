//! What is done in a workspace by those with a role there, and by operators.

use super::{Player, pick, user};
use crate::domain::{
    ApiKey, ApiKeyId, ApiKeyName, ApiKeyUse, OwnQuotas, Role, Stamp, TenantId, UserId, WorkspaceName, WorkspacePatch,
};
use crate::store::{ApiKeys as _, Members as _, StoreError, Tenants as _, Workspaces as _};

impl Player<'_> {
    /// What is for those with a role in a workspace, by its owner as a rule.
    pub(super) async fn govern(&mut self, what: u8, which: u8, other: u8, stamp: Stamp) -> Result<(), StoreError> {
        let (store, at, tenant, member) = (self.store, stamp.at, self.tenant(other), user(which >> 2));
        let by = if which.is_multiple_of(4) { member } else { self.owner(tenant) };
        match what {
            12 if other % 8 < 3 => {
                let first = Stamp { reservation: None, ..stamp.clone() };
                store.suspend_workspace(tenant, true, first).await?;
                // As a rule not for long, or little else could be done there.
                let stays = which.is_multiple_of(8);
                if stays { Ok(()) } else { store.suspend_workspace(tenant, false, stamp).await.map(drop) }
            }
            12 if other % 8 == 3 => {
                let quotas = OwnQuotas { members: Some(1 + u64::from(which % 4)), ..OwnQuotas::default() };
                store.set_workspace_quotas(tenant, quotas, stamp).await.map(drop)
            }
            12 if other % 8 == 4 => store.note_export(tenant, stamp).await,
            12 if other % 8 == 5 => store.end_workspace(tenant, stamp).await,
            12 => {
                let patch = WorkspacePatch { name: WorkspaceName::parse("Another name").ok(), ..Default::default() };
                store.update_workspace(tenant, patch, by, stamp).await.map(drop)
            }
            13 if other.is_multiple_of(2) => store.delete_workspace(tenant, by, stamp).await,
            14 | 15 => {
                let role = [Role::Member, Role::Admin, Role::Owner][usize::from(other >> 2) % 3];
                store.add_member(tenant, member, role, by, stamp).await.map(drop)
            }
            13 | 16 => {
                let role = [Role::Member, Role::Admin, Role::Owner][usize::from(other >> 2) % 3];
                let member = self.member(tenant, which).await?;
                store.change_role(tenant, member, role, by, stamp).await.map(drop)
            }
            17 => store.remove_member(tenant, self.member(tenant, which).await?, by, stamp).await,
            18 => {
                let id = ApiKeyId::from_bytes(self.id());
                let name = ApiKeyName::parse("CI").unwrap();
                let (scopes, digest, expires_at, last_used_at) = (Vec::new(), [0; 32], None, None);
                let created_by = by;
                let key =
                    ApiKey { id, tenant, name, scopes, digest, created_by, created_at: at, expires_at, last_used_at };
                store.create_api_key(tenant, key, stamp).await?;
                self.api_keys.push((tenant, id));
                Ok(())
            }
            _ => {
                let (tenant, key) = pick(&self.api_keys, other, (tenant, ApiKeyId::from_bytes([0; 16])));
                let by = self.owner(tenant);
                store.note_api_key_uses(vec![ApiKeyUse { tenant, key, at }]).await?;
                if which.is_multiple_of(4) { Ok(()) } else { store.revoke_api_key(tenant, key, by, stamp).await }
            }
        }
    }

    /// One of those who are in a workspace.
    async fn member(&self, tenant: TenantId, throw: u8) -> Result<UserId, StoreError> {
        let members: Vec<UserId> = self.store.members_of(tenant).await?.iter().map(|it| it.user.id).collect();
        Ok(pick(&members, throw, user(throw)))
    }
}
