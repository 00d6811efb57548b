//! API keys.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;

use super::rows::{members, workspaces};
use super::{nobody, quotas, write};
use crate::domain::{ApiKey, ApiKeyId, ApiKeyUse, ChangeKind, Quota, Quotas, Role, Stamp, TenantId, UserId};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Span, Table, Tx, pair};
use crate::store::reading::{Reading as _, readable};
use crate::store::records::LastUse;
use crate::store::{ApiKeys, Missing, StoreError, StoreResult};

#[async_trait]
impl<E: Engine> ApiKeys for E {
    async fn create_api_key(&self, tenant: TenantId, key: ApiKey, stamp: Stamp) -> StoreResult<()> {
        let (key, quotas) = (ApiKey { tenant, ..key }, self.quotas());
        write(self, Name::new("insert", "api_keys"), stamp, move |tx| create(tx, &quotas, &key)).await
    }

    async fn api_key(&self, tenant: TenantId, id: ApiKeyId) -> StoreResult<Option<ApiKey>> {
        self.read(Name::new("get", "api_keys"), |source| find(source, tenant, id)).await
    }

    async fn api_keys_of(&self, tenant: TenantId) -> StoreResult<Vec<ApiKey>> {
        self.scan(Name::new("list", "api_keys"), move |source| list(source, tenant)).await
    }

    async fn api_keys_by(&self, user: UserId) -> StoreResult<Vec<ApiKey>> {
        self.scan(Name::new("list", "api_keys"), move |source| made_by(source, user)).await
    }

    async fn revoke_api_key(&self, tenant: TenantId, id: ApiKeyId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        write(self, Name::new("delete", "api_keys"), stamp, move |tx| revoke(tx, tenant, id, by)).await
    }

    async fn note_api_key_uses(&self, uses: Vec<ApiKeyUse>) -> StoreResult<()> {
        let mut by_tenant: BTreeMap<TenantId, Vec<ApiKeyUse>> = BTreeMap::new();
        uses.into_iter().for_each(|it| by_tenant.entry(it.tenant).or_default().push(it));
        for uses in by_tenant.into_values() {
            let rule = move |tx: &mut Tx<'_>| uses.iter().try_for_each(|it| note_use(tx, it));
            self.write(Name::new("update", "api_keys"), nobody(), rule).await?;
        }
        Ok(())
    }
}

/// See [`ApiKeys::create_api_key`].
fn create(tx: &mut Tx<'_>, all: &Quotas, key: &ApiKey) -> StoreResult<()> {
    let tenant = key.tenant;
    members::require_role(tx, tenant, key.created_by, Role::Admin)?;
    tx.add(tenant.to_bytes(), Counter::ApiKeys, 1);
    quotas::require_within(tx, &quotas::of(tx, all, tenant)?, tenant, Quota::ApiKeys)?;
    tx.put(Table::ApiKeys, &row_key(tenant, key.id), key)?;
    tx.log(Scope::Tenant(tenant), ChangeKind::ApiKeyCreated(key.id));
    Ok(())
}

/// See [`ApiKeys::revoke_api_key`].
fn revoke(tx: &mut Tx<'_>, tenant: TenantId, id: ApiKeyId, by: UserId) -> StoreResult<()> {
    members::require_role(tx, tenant, by, Role::Admin)?;
    if !tx.has(Table::ApiKeys, &row_key(tenant, id))? {
        return Err(StoreError::NotFound(Missing::ApiKey));
    }
    remove(tx, tenant, id);
    Ok(())
}

/// Removes a key that is there.
pub(super) fn remove(tx: &mut Tx<'_>, tenant: TenantId, id: ApiKeyId) {
    tx.remove(Table::ApiKeys, &row_key(tenant, id));
    tx.remove(Table::ApiKeyUses, &row_key(tenant, id));
    tx.add(tenant.to_bytes(), Counter::ApiKeys, -1);
    tx.log(Scope::Tenant(tenant), ChangeKind::ApiKeyRevoked(id));
}

/// The keys that someone made in the workspaces that they are a member of.
pub(super) fn made_by(source: &(impl Source + ?Sized), user: UserId) -> StoreResult<Vec<ApiKey>> {
    let span = Span::under(Table::MembershipsByUser, &user.to_bytes());
    let mut keys = Vec::new();
    for (key, _) in source.keys(Table::MembershipsByUser, &span, usize::MAX)? {
        let Some(tenant) = key.last_chunk().map(|tenant| TenantId::from_bytes(*tenant)) else { continue };
        let made: Vec<ApiKey> = list(source, tenant)?;
        keys.extend(made.into_iter().filter(|key| key.created_by == user));
    }
    Ok(keys)
}

fn note_use(tx: &mut Tx<'_>, it: &ApiKeyUse) -> StoreResult<()> {
    let key = row_key(it.tenant, it.key);
    let known: Option<LastUse> = readable(tx.row(Table::ApiKeyUses, &key))?;
    if known.is_some_and(|LastUse(at)| at >= it.at) || !tx.has(Table::ApiKeys, &key)? {
        return Ok(());
    }
    tx.put(Table::ApiKeyUses, &key, &LastUse(it.at)).map(drop)
}

/// See [`ApiKeys::api_key`].
fn find(source: &dyn Source, tenant: TenantId, id: ApiKeyId) -> StoreResult<Option<ApiKey>> {
    if workspaces::is_deleted(source, tenant)? || !workspaces::is_in_use(source, tenant)? {
        return Ok(None);
    }
    let key: Option<ApiKey> = source.row(Table::ApiKeys, &row_key(tenant, id))?;
    key.map(|key| with_last_use(source, key)).transpose()
}

/// See [`ApiKeys::api_keys_of`].
fn list(source: &(impl Source + ?Sized), tenant: TenantId) -> StoreResult<Vec<ApiKey>> {
    if workspaces::is_deleted(source, tenant)? {
        return Ok(Vec::new());
    }
    let span = Span::under(Table::ApiKeys, &tenant.to_bytes());
    let mut keys: Vec<ApiKey> = source.rows(Table::ApiKeys, &span, usize::MAX)?;
    keys.sort_by_key(|key| Reverse((key.created_at, key.id)));
    source.expect(&mut keys.iter().map(|key| (Table::ApiKeyUses, row_key(tenant, key.id).to_vec())))?;
    keys.into_iter().map(|key| with_last_use(source, key)).collect()
}

/// A key with its last use, which earlier versions kept in its own row.
fn with_last_use(source: &(impl Source + ?Sized), key: ApiKey) -> StoreResult<ApiKey> {
    let used: Option<LastUse> = readable(source.row(Table::ApiKeyUses, &row_key(key.tenant, key.id)))?;
    Ok(ApiKey { last_used_at: key.last_used_at.max(used.map(|LastUse(at)| at)), ..key })
}

fn row_key(tenant: TenantId, id: ApiKeyId) -> [u8; 32] {
    pair(tenant.to_bytes(), id.to_bytes())
}
