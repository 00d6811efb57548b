//! Workspaces as operators have them.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::rows::workspaces::{current, tenant_in};
use super::{quotas, workspaces, write};
use crate::domain::{ChangeKind, OwnQuotas, Slug, Stamp, Tenant, TenantId, Terms};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Span, Table, Tx};
use crate::store::reading::{Reading as _, readable};
use crate::store::{StoreResult, Tenants};

const GET: Name = Name::new("get", "workspaces");
const UPDATE: Name = Name::new("update", "workspaces");

#[async_trait]
impl<E: Engine> Tenants for E {
    async fn tenant(&self, id: TenantId) -> StoreResult<Option<Tenant>> {
        self.read(GET, |source| find(source, id)).await
    }

    async fn tenant_by_slug(&self, slug: &Slug) -> StoreResult<Option<Tenant>> {
        self.read(GET, |source| match source.claimed(Table::WorkspacesBySlug, slug.as_str())? {
            Some(id) => find(source, TenantId::from_bytes(id)),
            None => Ok(None),
        })
        .await
    }

    async fn tenants_by_size(&self, after: Option<(u64, TenantId)>, limit: usize) -> StoreResult<Vec<Tenant>> {
        self.scan(Name::new("list", "workspaces"), move |source| by_size(source, after, limit)).await
    }

    async fn suspend_workspace(&self, id: TenantId, is_suspended: bool, stamp: Stamp) -> StoreResult<bool> {
        write(self, UPDATE, stamp, move |tx| suspend(tx, id, is_suspended)).await
    }

    async fn set_workspace_quotas(&self, id: TenantId, quotas: OwnQuotas, stamp: Stamp) -> StoreResult<bool> {
        write(self, UPDATE, stamp, move |tx| {
            let terms = current(tx, id)?.terms;
            set_terms(tx, id, Terms { quotas, ..terms }, ChangeKind::WorkspaceQuotasSet(id))
        })
        .await
    }

    async fn end_workspace(&self, id: TenantId, stamp: Stamp) -> StoreResult<()> {
        write(self, Name::new("delete", "workspaces"), stamp, move |tx| workspaces::end(tx, id)).await
    }

    async fn note_export(&self, id: TenantId, stamp: Stamp) -> StoreResult<()> {
        write(self, Name::new("insert", "changes"), stamp, move |tx| {
            current(tx, id)?;
            tx.log(Scope::Tenant(id), ChangeKind::WorkspaceExported(id));
            Ok(())
        })
        .await
    }
}

/// See [`Tenants::tenant`].
fn find(source: &dyn Source, id: TenantId) -> StoreResult<Option<Tenant>> {
    let Some(workspace) = source.row(Table::Workspaces, &id.to_bytes())? else { return Ok(None) };
    let usage = quotas::usage(source, id)?;
    let in_trash = usage.artifacts.saturating_sub(source.count(id.to_bytes(), Counter::ActiveArtifacts)?);
    Ok(Some(Tenant { workspace, usage, in_trash }))
}

/// See [`Tenants::tenants_by_size`].
fn by_size(source: &dyn Source, after: Option<(u64, TenantId)>, limit: usize) -> StoreResult<Vec<Tenant>> {
    let keys = source.keys(Table::Workspaces, &Span::all(), usize::MAX)?;
    source.expect(&mut keys.iter().map(|(key, _)| (Table::Workspaces, key.clone())))?;
    let place = |(bytes, id): (u64, TenantId)| (Reverse(bytes), id);
    let size = |id: TenantId| source.count(id.to_bytes(), Counter::Bytes).map(|bytes| (bytes, id));
    let mut sizes = keys.iter().filter_map(|(key, _)| tenant_in(key)).map(size).collect::<StoreResult<Vec<_>>>()?;
    sizes.retain(|size| after.is_none_or(|after| place(*size) > place(after)));
    sizes.sort_unstable_by_key(|size| place(*size));
    sizes.into_iter().filter_map(|(_, id)| readable(find(source, id)).transpose()).take(limit).collect()
}

fn suspend(tx: &mut Tx<'_>, id: TenantId, is_suspended: bool) -> StoreResult<bool> {
    let terms = current(tx, id)?.terms;
    let kind = if is_suspended { ChangeKind::WorkspaceSuspended(id) } else { ChangeKind::WorkspaceResumed(id) };
    set_terms(tx, id, Terms { is_suspended, ..terms }, kind)
}

/// Writes what the operator says of a workspace, if that is new.
fn set_terms(tx: &mut Tx<'_>, id: TenantId, terms: Terms, kind: ChangeKind) -> StoreResult<bool> {
    let mut workspace = current(tx, id)?;
    if workspace.terms == terms {
        return Ok(false);
    }
    workspace.terms = terms;
    tx.put(Table::Workspaces, &id.to_bytes(), &workspace)?;
    tx.log(Scope::Tenant(id), kind);
    Ok(true)
}
