//! The rows of workspaces.

use crate::domain::{TenantId, Workspace};
use crate::store::engine::{Source, Table};
use crate::store::reading::{Reading as _, readable};
use crate::store::{Missing, StoreError, StoreResult};

/// Refuses when there is no such workspace.
pub(in crate::store::rules) fn require(source: &impl Source, tenant: TenantId) -> StoreResult<()> {
    match source.has(Table::Workspaces, &tenant.to_bytes())? {
        true => Ok(()),
        false => Err(StoreError::NotFound(Missing::Workspace)),
    }
}

/// Whether a workspace is in use. One that can't be read is taken for one.
pub(in crate::store::rules) fn is_in_use(source: &(impl Source + ?Sized), tenant: TenantId) -> StoreResult<bool> {
    let workspace: Option<Workspace> = readable(source.row(Table::Workspaces, &tenant.to_bytes()))?;
    Ok(workspace.is_none_or(|workspace| workspace.is_active))
}

/// Whether a workspace was deleted, and what was in it is not all removed yet.
pub(in crate::store::rules) fn is_deleted(source: &(impl Source + ?Sized), tenant: TenantId) -> StoreResult<bool> {
    source.has(Table::WorkspacesDeleted, &tenant.to_bytes())
}

/// The tenant that a key begins with.
pub(in crate::store::rules) fn tenant_in(key: &[u8]) -> Option<TenantId> {
    key.first_chunk().map(|bytes| TenantId::from_bytes(*bytes))
}
