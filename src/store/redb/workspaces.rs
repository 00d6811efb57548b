//! Workspaces, their slugs, and membership in them.

use std::ops::Bound;

use async_trait::async_trait;
use redb::ReadableTable;

use super::RedbStore;
use super::counters::{self, Counter};
use super::members;
use super::quotas;
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, put, rows_under, second_of};
use super::users;
use crate::domain::{
    ChangeKind, Membership, Role, Slug, Stamp, TenantId, Usage, UserId, Workspace, WorkspacePatch, WorkspaceView,
};
use crate::store::{Missing, SlugChoice, StoreError, StoreResult, Workspaces};

#[async_trait]
impl Workspaces for RedbStore {
    async fn create_workspace(
        &self,
        workspace: Workspace,
        choice: SlugChoice,
        owner: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView> {
        let intent = move |tables: &mut Tables<'_>| create(tables, workspace, choice, owner, &stamp);
        self.write("insert", "workspaces", intent).await
    }

    async fn workspaces_of(&self, user: UserId) -> StoreResult<Vec<WorkspaceView>> {
        let list = move |snapshot: &Snapshot, budget: &Budget| list(snapshot, budget, user);
        self.list("workspaces", |snapshot| is_long(snapshot, user), list).await
    }

    async fn tenants_after(&self, after: Option<TenantId>, limit: usize) -> StoreResult<Vec<TenantId>> {
        self.read("list", "workspaces", |snapshot| {
            let after = after.map(TenantId::to_bytes);
            let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let rows = snapshot.workspaces()?.range::<&[u8; 16]>((start, Bound::Unbounded))?;
            rows.take(limit).map(|row| Ok(TenantId::from_bytes(*row?.0.value()))).collect::<StoreResult<Vec<_>>>()
        })
    }

    async fn usage(&self, tenant: TenantId) -> StoreResult<Usage> {
        self.read("get", "counters", |snapshot| quotas::usage(snapshot, tenant))
    }

    async fn first_workspace_of(&self, user: UserId) -> StoreResult<Option<WorkspaceView>> {
        self.read("get", "workspaces", |snapshot| first(snapshot, user))
    }

    async fn workspace(&self, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>> {
        self.read("get", "workspaces", |snapshot| view(snapshot, tenant, viewer))
    }

    async fn update_workspace(
        &self,
        tenant: TenantId,
        patch: WorkspacePatch,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView> {
        self.write("update", "workspaces", move |tables| update(tables, tenant, patch, by, &stamp)).await
    }

    async fn delete_workspace(&self, tenant: TenantId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        self.write("delete", "workspaces", move |tables| delete(tables, tenant, by, &stamp)).await
    }
}

/// A user's workspaces that are read at once.
const INLINE_VIEWS: usize = 100;

/// See [`crate::store::Workspaces::create_workspace`].
pub(super) fn create(
    tables: &mut Tables<'_>,
    workspace: Workspace,
    choice: SlugChoice,
    owner: UserId,
    stamp: &Stamp,
) -> StoreResult<WorkspaceView> {
    users::require(tables, owner)?;
    let workspace = Workspace { slug: choose_slug(tables, &workspace.slug, choice)?, ..workspace };
    let tenant = workspace.id;
    let membership = Membership { tenant, user: owner, role: Role::Owner, joined_at: stamp.at };

    tables.workspaces_by_slug()?.insert(workspace.slug.as_str(), &tenant.to_bytes())?;
    put(tables.workspaces()?, &tenant.to_bytes(), &workspace)?;
    members::join(tables, &membership)?;
    tables.counters()?.add(Counter::Workspaces, 1)?;
    tables.log(Some(tenant), stamp, ChangeKind::WorkspaceCreated(tenant))?;
    Ok(WorkspaceView { workspace, member_count: 1, role: membership.role })
}

/// See [`crate::store::Workspaces::update_workspace`].
pub(super) fn update(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    patch: WorkspacePatch,
    by: UserId,
    stamp: &Stamp,
) -> StoreResult<WorkspaceView> {
    let role = members::require_role(tables, tenant, by, Role::Admin)?.role;
    let workspace = current(tables, tenant)?.patched(patch, stamp.at);
    let member_count = tables.counters()?.count_in(tenant, Counter::Members)?;
    put(tables.workspaces()?, &tenant.to_bytes(), &workspace)?;
    tables.log(Some(tenant), stamp, ChangeKind::WorkspaceUpdated(tenant))?;
    Ok(WorkspaceView { workspace, member_count, role })
}

/// See [`crate::store::Workspaces::delete_workspace`]. Takes as long for a large workspace as for a small one.
pub(super) fn delete(tables: &mut Tables<'_>, tenant: TenantId, by: UserId, stamp: &Stamp) -> StoreResult<()> {
    members::require_role(tables, tenant, by, Role::Owner)?;
    let slug = current(tables, tenant)?.slug;
    tables.workspaces()?.remove(&tenant.to_bytes())?;
    tables.workspaces_by_slug()?.remove(slug.as_str())?;
    tables.workspaces_deleted()?.insert(&tenant.to_bytes(), ())?;
    tables.counters()?.leave_totals(tenant)?;
    tables.counters()?.add(Counter::Workspaces, -1)?;
    tables.rewritten.all_members = true;
    tables.log(Some(tenant), stamp, ChangeKind::WorkspaceDeleted(tenant))
}

fn current(tables: &mut Tables<'_>, tenant: TenantId) -> StoreResult<Workspace> {
    get(tables.workspaces()?, &tenant.to_bytes())?.ok_or(StoreError::NotFound(Missing::Workspace))
}

fn choose_slug(tables: &mut Tables<'_>, wanted: &Slug, choice: SlugChoice) -> StoreResult<Slug> {
    let by_slug = tables.workspaces_by_slug()?;
    let is_free = |slug: &Slug| -> StoreResult<bool> { Ok(by_slug.get(slug.as_str())?.is_none()) };
    if is_free(wanted)? {
        return Ok(wanted.clone());
    }
    if let SlugChoice::Near { tag } = choice {
        for slug in (2..=9).map(|number| wanted.numbered(number)).chain([wanted.tagged(tag)]) {
            if is_free(&slug)? {
                return Ok(slug);
            }
        }
    }
    Err(StoreError::SlugTaken)
}

/// Refuses when there is no such workspace.
pub(super) fn require(tables: &mut Tables<'_>, tenant: TenantId) -> StoreResult<()> {
    match tables.workspaces()?.get(&tenant.to_bytes())? {
        Some(_) => Ok(()),
        None => Err(StoreError::NotFound(Missing::Workspace)),
    }
}

/// Whether a workspace was deleted, and what was in it is not all removed yet.
pub(super) fn is_deleted(snapshot: &Snapshot, tenant: TenantId) -> StoreResult<bool> {
    Ok(snapshot.workspaces_deleted()?.get(&tenant.to_bytes())?.is_some())
}

/// See [`crate::store::Workspaces::workspaces_of`].
pub(super) fn list(snapshot: &Snapshot, budget: &Budget, user: UserId) -> StoreResult<Vec<WorkspaceView>> {
    views(snapshot, budget, user)?.collect()
}

/// Whether a user's list is too long for the runtime's threads. Each entry of it takes several look-ups.
pub(super) fn is_long(snapshot: &Snapshot, user: UserId) -> StoreResult<bool> {
    Ok(rows_under(snapshot.memberships_by_user()?, user.to_bytes())?.nth(INLINE_VIEWS).is_some())
}

/// See [`crate::store::Workspaces::first_workspace_of`].
pub(super) fn first(snapshot: &Snapshot, user: UserId) -> StoreResult<Option<WorkspaceView>> {
    views(snapshot, &Budget::UNLIMITED, user)?.next().transpose()
}

fn views(
    snapshot: &Snapshot,
    budget: &Budget,
    user: UserId,
) -> StoreResult<impl Iterator<Item = StoreResult<WorkspaceView>>> {
    let memberships = budget.over(rows_under(snapshot.memberships_by_user()?, user.to_bytes())?);
    let view_of = move |key: &[u8; 32]| view(snapshot, TenantId::from_bytes(second_of(key)), user);
    Ok(memberships.filter_map(move |row| row.and_then(|(key, _)| view_of(key.value())).transpose()))
}

/// See [`crate::store::Workspaces::workspace`].
pub(super) fn view(snapshot: &Snapshot, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>> {
    let Some(membership) = members::find(snapshot, tenant, viewer)? else { return Ok(None) };
    let Some(workspace) = get(snapshot.workspaces()?, &tenant.to_bytes())? else { return Ok(None) };
    let member_count = counters::value_in(snapshot.counters()?, tenant, Counter::Members)?;
    Ok(Some(WorkspaceView { workspace, member_count, role: membership.role }))
}
