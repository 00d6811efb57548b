//! API keys.

use async_trait::async_trait;

use super::RedbStore;
use super::counters::Counter;
use super::members;
use super::quotas::require_room;
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put, read, rows_under};
use super::workspaces;
use crate::domain::{ApiKey, ApiKeyId, ApiKeyUse, ChangeKind, Quota, Role, Stamp, TenantId, UserId};
use crate::store::{ApiKeys, Missing, StoreError, StoreResult};

#[async_trait]
impl ApiKeys for RedbStore {
    async fn create_api_key(&self, tenant: TenantId, key: ApiKey, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "api_keys", move |tables| create(tables, tenant, key, &stamp)).await
    }

    async fn api_key(&self, tenant: TenantId, id: ApiKeyId) -> StoreResult<Option<ApiKey>> {
        self.read("get", "api_keys", |snapshot| find(snapshot, tenant, id))
    }

    async fn api_keys_of(&self, tenant: TenantId) -> StoreResult<Vec<ApiKey>> {
        // There is no counter that says how many they are.
        self.scan("api_keys", move |snapshot, budget| list(snapshot, budget, tenant)).await
    }

    async fn revoke_api_key(&self, tenant: TenantId, id: ApiKeyId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        self.write("delete", "api_keys", move |tables| revoke(tables, tenant, id, by, &stamp)).await
    }

    async fn note_api_key_uses(&self, uses: Vec<ApiKeyUse>) -> StoreResult<()> {
        self.write("update", "api_keys", move |tables| uses.iter().try_for_each(|it| note_use(tables, it))).await
    }
}

/// See [`ApiKeys::create_api_key`].
pub(super) fn create(tables: &mut Tables<'_>, tenant: TenantId, key: ApiKey, stamp: &Stamp) -> StoreResult<()> {
    members::require_role(tables, tenant, key.created_by, Role::Admin)?;
    require_room(tables, tenant, Quota::ApiKeys, 1)?;
    let key = ApiKey { tenant, ..key };
    tables.counters()?.add_only_in(tenant, Counter::ApiKeys, 1)?;
    put(tables.api_keys()?, &row_key(tenant, key.id), &key)?;
    tables.log(Some(tenant), stamp, ChangeKind::ApiKeyCreated(key.id))
}

/// See [`ApiKeys::revoke_api_key`].
pub(super) fn revoke(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ApiKeyId,
    by: UserId,
    stamp: &Stamp,
) -> StoreResult<()> {
    members::require_role(tables, tenant, by, Role::Admin)?;
    if tables.api_keys()?.remove(&row_key(tenant, id))?.is_none() {
        return Err(StoreError::NotFound(Missing::ApiKey));
    }
    tables.counters()?.add_only_in(tenant, Counter::ApiKeys, -1)?;
    tables.log(Some(tenant), stamp, ChangeKind::ApiKeyRevoked(id))
}

fn note_use(tables: &mut Tables<'_>, it: &ApiKeyUse) -> StoreResult<()> {
    let key = row_key(it.tenant, it.key);
    let Some(stored) = get::<_, ApiKey>(tables.api_keys()?, &key)? else { return Ok(()) };
    if stored.last_used_at.is_some_and(|known| known >= it.at) {
        return Ok(());
    }
    put(tables.api_keys()?, &key, &ApiKey { last_used_at: Some(it.at), ..stored })?;
    tables.wrote_unlogged();
    Ok(())
}

/// See [`ApiKeys::api_key`].
pub(super) fn find(snapshot: &Snapshot, tenant: TenantId, id: ApiKeyId) -> StoreResult<Option<ApiKey>> {
    if workspaces::is_deleted(snapshot, tenant)? {
        return Ok(None);
    }
    get(snapshot.api_keys()?, &row_key(tenant, id))
}

/// See [`ApiKeys::api_keys_of`].
pub(super) fn list(snapshot: &Snapshot, budget: &Budget, tenant: TenantId) -> StoreResult<Vec<ApiKey>> {
    if workspaces::is_deleted(snapshot, tenant)? {
        return Ok(Vec::new());
    }
    let rows = budget.over(rows_under(snapshot.api_keys()?, tenant.to_bytes())?.rev());
    rows.map(|row| row.and_then(|(key, row)| read("api_keys", key.value(), row.value()))).collect()
}

fn row_key(tenant: TenantId, id: ApiKeyId) -> [u8; 32] {
    pair(tenant.to_bytes(), id.to_bytes())
}
