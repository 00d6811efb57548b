//! Workspaces, their slugs, and membership in them.

use redb::ReadableTable;

use super::counters::{self, Counter};
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put, rows_under};
use super::users;
use crate::domain::{ChangeKind, Membership, Role, Slug, Stamp, TenantId, UserId, Workspace, WorkspaceView};
use crate::store::{Missing, SlugChoice, StoreError, StoreResult};

/// A user's workspaces that are read at once.
const INLINE_VIEWS: usize = 100;

/// See [`crate::store::Store::create_workspace`].
pub(super) fn create(
    tables: &mut Tables<'_>,
    workspace: Workspace,
    choice: SlugChoice,
    owner: UserId,
    stamp: Stamp,
) -> StoreResult<WorkspaceView> {
    users::require(tables, owner)?;
    let workspace = Workspace { slug: choose_slug(tables, &workspace.slug, choice)?, ..workspace };
    let tenant = workspace.id;
    let membership = Membership { tenant, user: owner, role: Role::Owner, joined_at: stamp.at };

    tables.workspaces_by_slug.insert(workspace.slug.as_str(), &tenant.to_bytes())?;
    put(&mut tables.workspaces, &tenant.to_bytes(), &workspace)?;
    put(&mut tables.members, &pair(tenant.to_bytes(), owner.to_bytes()), &membership)?;
    tables.memberships_by_user.insert(&pair(owner.to_bytes(), tenant.to_bytes()), ())?;
    tables.counters.add(Counter::Workspaces, 1)?;
    tables.counters.add_in(tenant, Counter::Members, 1)?;
    tables.changes.append(Some(tenant), stamp, ChangeKind::WorkspaceCreated(tenant))?;
    Ok(WorkspaceView { workspace, member_count: 1, role: membership.role })
}

fn choose_slug(tables: &Tables<'_>, wanted: &Slug, choice: SlugChoice) -> StoreResult<Slug> {
    let is_free = |slug: &Slug| -> StoreResult<bool> { Ok(tables.workspaces_by_slug.get(slug.as_str())?.is_none()) };
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
pub(super) fn require(tables: &Tables<'_>, tenant: TenantId) -> StoreResult<()> {
    match tables.workspaces.get(&tenant.to_bytes())? {
        Some(_) => Ok(()),
        None => Err(StoreError::NotFound(Missing::Workspace)),
    }
}

/// See [`crate::store::Store::workspaces_of`].
pub(super) fn list(snapshot: &Snapshot, budget: &Budget, user: UserId) -> StoreResult<Vec<WorkspaceView>> {
    views(snapshot, budget, user)?.collect()
}

/// Whether a user's list is too long for the runtime's threads. Each entry of it takes several look-ups.
pub(super) fn is_long(snapshot: &Snapshot, user: UserId) -> StoreResult<bool> {
    Ok(rows_under(&snapshot.memberships_by_user, user.to_bytes())?.nth(INLINE_VIEWS).is_some())
}

/// See [`crate::store::Store::first_workspace_of`].
pub(super) fn first(snapshot: &Snapshot, user: UserId) -> StoreResult<Option<WorkspaceView>> {
    views(snapshot, &Budget::UNLIMITED, user)?.next().transpose()
}

fn views(
    snapshot: &Snapshot,
    budget: &Budget,
    user: UserId,
) -> StoreResult<impl Iterator<Item = StoreResult<WorkspaceView>>> {
    let memberships = budget.over(rows_under(&snapshot.memberships_by_user, user.to_bytes())?);
    let view_of = move |key: &[u8; 32]| {
        let mut tenant = [0; 16];
        tenant.copy_from_slice(&key[16..]);
        view(snapshot, TenantId::from_bytes(tenant), user)
    };
    Ok(memberships.filter_map(move |row| row.and_then(|(key, _)| view_of(key.value())).transpose()))
}

/// See [`crate::store::Store::workspace`].
pub(super) fn view(snapshot: &Snapshot, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>> {
    let Some(membership) = membership(snapshot, tenant, viewer)? else { return Ok(None) };
    let Some(workspace) = get(&snapshot.workspaces, &tenant.to_bytes())? else { return Ok(None) };
    let member_count = counters::value_in(&snapshot.counters, tenant, Counter::Members)?;
    Ok(Some(WorkspaceView { workspace, member_count, role: membership.role }))
}

/// See [`crate::store::Store::membership`].
pub(super) fn membership(snapshot: &Snapshot, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
    get(&snapshot.members, &pair(tenant.to_bytes(), user.to_bytes()))
}
