//! Workspaces, their slugs, and membership in them.

use async_trait::async_trait;

use super::rows::workspaces::{current, tenant_in};
use super::rows::{accounts, members};
use super::{quotas, write};
use crate::domain::{
    ChangeKind, Membership, Quota, Quotas, Role, Slug, Stamp, TenantId, Usage, UserId, Workspace, WorkspaceName,
    WorkspacePatch, WorkspaceView,
};
use crate::store::engine::{Counter, End, Engine, Name, Scope, Source, Span, Table, Tx};
use crate::store::reading::{Reading as _, readable};
use crate::store::{SlugChoice, StoreError, StoreResult, Workspaces};

const GET: Name = Name::new("get", "workspaces");
const LIST: Name = Name::new("list", "workspaces");

#[async_trait]
impl<E: Engine> Workspaces for E {
    async fn create_workspace(
        &self,
        workspace: Workspace,
        choice: SlugChoice,
        owner: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView> {
        let quotas = self.quotas();
        let rule = move |tx: &mut Tx<'_>| create(tx, &quotas, &workspace, choice, owner);
        write(self, Name::new("insert", "workspaces"), stamp, rule).await
    }

    async fn workspaces_of(&self, user: UserId) -> StoreResult<Vec<WorkspaceView>> {
        self.list(LIST, move |source| is_long(source, user), move |source| list(source, user)).await
    }

    async fn tenants_after(&self, after: Option<TenantId>, limit: usize) -> StoreResult<Vec<TenantId>> {
        self.read(LIST, |source| {
            let after = after.map(TenantId::to_bytes);
            let span = Span::all().after(after.as_ref().map(<[u8; 16]>::as_slice));
            let keys = source.keys(Table::Workspaces, &span, limit)?;
            Ok(keys.iter().filter_map(|(key, _)| tenant_in(key)).collect::<Vec<_>>())
        })
        .await
    }

    async fn usage(&self, tenant: TenantId) -> StoreResult<(Usage, Quotas)> {
        let all = self.quotas();
        self.read(Name::new("get", "counters"), move |source| {
            Ok((quotas::usage(source, tenant)?, quotas::of(source, &all, tenant)?))
        })
        .await
    }

    async fn first_workspace_of(&self, user: UserId) -> StoreResult<Option<WorkspaceView>> {
        self.list(GET, move |source| is_long(source, user), move |source| first(source, user)).await
    }

    async fn workspace(&self, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>> {
        self.read(GET, |source| Ok(view(source, tenant, viewer)?.filter(is_visible))).await
    }

    async fn workspace_name(&self, tenant: TenantId) -> StoreResult<Option<WorkspaceName>> {
        self.read(GET, |source| {
            let workspace: Option<Workspace> = source.row(Table::Workspaces, &tenant.to_bytes())?;
            Ok(workspace.map(|workspace| workspace.name))
        })
        .await
    }

    async fn update_workspace(
        &self,
        tenant: TenantId,
        patch: WorkspacePatch,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView> {
        write(self, Name::new("update", "workspaces"), stamp, move |tx| update(tx, tenant, &patch, by)).await
    }

    async fn delete_workspace(&self, tenant: TenantId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        write(self, Name::new("delete", "workspaces"), stamp, move |tx| delete(tx, tenant, by)).await
    }
}

/// A user's workspaces that are read at once. Each takes several look-ups.
const INLINE_VIEWS: usize = 100;

/// See [`Workspaces::create_workspace`].
fn create(
    tx: &mut Tx<'_>,
    quotas: &Quotas,
    workspace: &Workspace,
    choice: SlugChoice,
    owner: UserId,
) -> StoreResult<WorkspaceView> {
    accounts::require(tx, owner)?;
    require_fewer_owned(tx, quotas, owner)?;
    let workspace = Workspace { slug: choose_slug(tx, &workspace.slug, choice)?, ..workspace.clone() };
    let tenant = workspace.id;
    let membership = Membership { tenant, user: owner, role: Role::Owner, joined_at: tx.stamp().at, is_chosen: true };

    tx.put_bytes(Table::WorkspacesBySlug, workspace.slug.as_str().as_bytes(), &tenant.to_bytes())?;
    tx.put(Table::Workspaces, &tenant.to_bytes(), &workspace)?;
    members::join(tx, &membership)?;
    tx.add(tenant.to_bytes(), Counter::Workspaces, 1);
    tx.log(Scope::Tenant(tenant), ChangeKind::WorkspaceCreated(tenant));
    Ok(WorkspaceView { workspace, member_count: 1, role: membership.role })
}

/// Refuses another workspace to an account that owns as many as it may. Those that were handed to it count too, but nobody is
/// kept from taking one over.
fn require_fewer_owned(source: &dyn Source, quotas: &Quotas, owner: UserId) -> StoreResult<()> {
    let quota = Quota::Workspaces;
    let Some(limit) = quotas.of(quota) else { return Ok(()) };
    let mut left = limit;
    for tenant in tenants_of(source, owner)? {
        let membership = readable(members::find(source, tenant, owner))?;
        if membership.is_some_and(|membership| membership.role == Role::Owner) {
            left = left.saturating_sub(1);
        }
        if left == 0 {
            return Err(StoreError::QuotaExceeded { quota, limit });
        }
    }
    Ok(())
}

/// See [`Workspaces::update_workspace`].
fn update(tx: &mut Tx<'_>, tenant: TenantId, patch: &WorkspacePatch, by: UserId) -> StoreResult<WorkspaceView> {
    let role = members::require_role(tx, tenant, by, Role::Admin)?.role;
    let before = current(tx, tenant)?;
    let workspace = before.clone().patched(patch.clone(), tx.stamp().at);
    let member_count = tx.count(tenant.to_bytes(), Counter::Members)?;
    if workspace != before {
        tx.put(Table::Workspaces, &tenant.to_bytes(), &workspace)?;
        tx.log(Scope::Tenant(tenant), ChangeKind::WorkspaceUpdated(tenant));
    }
    Ok(WorkspaceView { workspace, member_count, role })
}

/// See [`Workspaces::delete_workspace`].
fn delete(tx: &mut Tx<'_>, tenant: TenantId, by: UserId) -> StoreResult<()> {
    members::require_role(tx, tenant, by, Role::Owner)?;
    end(tx, tenant)
}

/// Ends a workspace. Takes as long for a large one as for a small one.
pub(super) fn end(tx: &mut Tx<'_>, tenant: TenantId) -> StoreResult<()> {
    let slug = current(tx, tenant)?.slug;
    tx.remove(Table::Workspaces, &tenant.to_bytes());
    tx.remove(Table::WorkspacesBySlug, slug.as_str().as_bytes());
    tx.put_bytes(Table::WorkspacesDeleted, &tenant.to_bytes(), &[])?;
    tx.end(tenant, End::Retired);
    tx.add(tenant.to_bytes(), Counter::Workspaces, -1);
    tx.log(Scope::Tenant(tenant), ChangeKind::WorkspaceDeleted(tenant));
    Ok(())
}

/// The slug that a workspace gets.
pub(super) fn choose_slug(source: &impl Source, wanted: &Slug, choice: SlugChoice) -> StoreResult<Slug> {
    let is_free =
        |slug: &Slug| -> StoreResult<bool> { Ok(source.claimed(Table::WorkspacesBySlug, slug.as_str())?.is_none()) };
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

/// Whether a member sees a workspace by itself: one that is not in use, only its admins do.
fn is_visible(view: &WorkspaceView) -> bool {
    view.workspace.is_active || view.role >= Role::Admin
}

/// The tenants that a user is a member of, in no order that means anything.
fn tenants_of(source: &dyn Source, user: UserId) -> StoreResult<Vec<TenantId>> {
    let span = Span::under(Table::MembershipsByUser, &user.to_bytes());
    let keys = source.keys(Table::MembershipsByUser, &span, usize::MAX)?;
    Ok(keys.iter().filter_map(|(key, _)| tenant_in(&key[16..])).collect())
}

/// See [`Workspaces::workspaces_of`].
fn list(source: &dyn Source, user: UserId) -> StoreResult<Vec<WorkspaceView>> {
    let tenants = tenants_of(source, user)?;
    let rows = tenants.iter().flat_map(|tenant| {
        let (own, place) = (tenant.to_bytes().to_vec(), members::key(*tenant, user).to_vec());
        [(Table::WorkspacesDeleted, own.clone()), (Table::Members, place), (Table::Workspaces, own)]
    });
    source.expect(&mut { rows })?;
    let views = tenants.into_iter().filter_map(|tenant| readable(view(source, tenant, user)).transpose());
    let mut views = views.collect::<StoreResult<Vec<_>>>()?;
    views.sort_by_key(|WorkspaceView { workspace, .. }| (workspace.created_at, workspace.id));
    Ok(views)
}

/// See [`Workspaces::first_workspace_of`]. Reads one row of each, and all of the first alone: it is part of each sign-in.
fn first(source: &dyn Source, user: UserId) -> StoreResult<Option<WorkspaceView>> {
    let tenants = tenants_of(source, user)?;
    source.expect(&mut tenants.iter().map(|tenant| (Table::Workspaces, tenant.to_bytes().to_vec())))?;
    let row = |tenant: &TenantId| readable(source.row::<Workspace>(Table::Workspaces, &tenant.to_bytes())).transpose();
    let mut workspaces = tenants.iter().filter_map(row).collect::<StoreResult<Vec<_>>>()?;
    workspaces.retain(|workspace| workspace.is_active && !workspace.terms.is_suspended);
    workspaces.sort_by_key(|workspace| (workspace.created_at, workspace.id));
    let chosen = |workspace: &Workspace| match members::find_chosen(source, workspace.id, user)? {
        Some(membership) => seen_by(source, &membership),
        None => Ok(None),
    };
    workspaces.iter().map(|workspace| readable(chosen(workspace))).filter_map(Result::transpose).next().transpose()
}

/// Whether a user is a member of so many workspaces that it takes long to list them.
fn is_long(source: &dyn Source, user: UserId) -> StoreResult<bool> {
    let span = Span::under(Table::MembershipsByUser, &user.to_bytes());
    source.has_more_than(Table::MembershipsByUser, &span, INLINE_VIEWS)
}

/// A workspace as its member sees it, in use or not.
pub(super) fn view(source: &dyn Source, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>> {
    match members::find(source, tenant, viewer)? {
        Some(membership) => seen_by(source, &membership),
        None => Ok(None),
    }
}

fn seen_by(source: &dyn Source, membership: &Membership) -> StoreResult<Option<WorkspaceView>> {
    let tenant = membership.tenant.to_bytes();
    let Some(workspace) = source.row(Table::Workspaces, &tenant)? else { return Ok(None) };
    let member_count = source.count(tenant, Counter::Members)?;
    Ok(Some(WorkspaceView { workspace, member_count, role: membership.role }))
}
