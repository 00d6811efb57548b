//! The rows of workspaces.

use crate::domain::{TenantId, Terms, Workspace};
use crate::store::engine::{Source, Table};
use crate::store::reading::{Reading as _, readable};
use crate::store::records::terms_in;
use crate::store::{Missing, StoreError, StoreResult};

/// Refuses when there is no such workspace.
pub(in crate::store::rules) fn require(source: &impl Source, tenant: TenantId) -> StoreResult<()> {
    match source.has(Table::Workspaces, &tenant.to_bytes())? {
        true => Ok(()),
        false => Err(StoreError::NotFound(Missing::Workspace)),
    }
}

/// A workspace that is there.
pub(in crate::store::rules) fn current(source: &(impl Source + ?Sized), tenant: TenantId) -> StoreResult<Workspace> {
    source.row(Table::Workspaces, &tenant.to_bytes())?.ok_or(StoreError::NotFound(Missing::Workspace))
}

/// What the operator says of a workspace: nothing, of one that is not there or can't be read.
pub(in crate::store::rules) fn terms(source: &(impl Source + ?Sized), tenant: TenantId) -> StoreResult<Terms> {
    let mut terms = Terms::default();
    source.get(Table::Workspaces, &tenant.to_bytes(), &mut |row| terms = terms_in(row).unwrap_or_default())?;
    Ok(terms)
}

/// Refuses when the operator keeps everybody from a workspace.
pub(in crate::store::rules) fn require_not_suspended(
    source: &(impl Source + ?Sized),
    tenant: TenantId,
) -> StoreResult<()> {
    if terms(source, tenant)?.is_suspended { Err(StoreError::WorkspaceSuspended) } else { Ok(()) }
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
