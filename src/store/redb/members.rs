//! Membership, both ways: who is in a workspace, and which workspaces someone is in.

use async_trait::async_trait;

use super::RedbStore;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put};
use crate::domain::{Membership, TenantId, UserId};
use crate::store::{Members, StoreResult};

#[async_trait]
impl Members for RedbStore {
    async fn membership(&self, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
        self.published
            .remembered
            .members
            .get_or_read(&key(tenant, user), || self.read("get", "members", |snapshot| find(snapshot, tenant, user)))
    }
}

/// Writes a membership, over the one that was there.
pub(super) fn write(tables: &mut Tables<'_>, membership: &Membership) -> StoreResult<()> {
    let key = key(membership.tenant, membership.user);
    put(tables.members()?, &key, membership)?;
    tables.memberships_by_user()?.insert(&pair(membership.user.to_bytes(), membership.tenant.to_bytes()), ())?;
    tables.rewritten.members.push(key);
    Ok(())
}

/// See [`Members::membership`]. A workspace that was deleted has no members, though their rows may still be there.
pub(super) fn find(snapshot: &Snapshot, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
    if snapshot.workspaces_deleted.get(&tenant.to_bytes())?.is_some() {
        return Ok(None);
    }
    get(&snapshot.members, &key(tenant, user))
}

/// The key of a membership.
pub(super) fn key(tenant: TenantId, user: UserId) -> [u8; 32] {
    pair(tenant.to_bytes(), user.to_bytes())
}
