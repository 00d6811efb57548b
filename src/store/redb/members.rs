//! Membership, both ways: who is in a workspace, and which workspaces someone is in.

use async_trait::async_trait;
use redb::ReadableTable;

use super::RedbStore;
use super::counters::{self, Counter};
use super::quotas::require_room;
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put, read, rows_under};
use super::users;
use super::workspaces;
use crate::domain::{ChangeKind, Member, Membership, Quota, Role, Stamp, TenantId, UserId};
use crate::store::{Members, Missing, StoreError, StoreResult};

#[async_trait]
impl Members for RedbStore {
    async fn membership(&self, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
        self.published
            .remembered
            .members
            .get_or_read(&key(tenant, user), || self.read("get", "members", |snapshot| find(snapshot, tenant, user)))
    }

    async fn members_of(&self, tenant: TenantId) -> StoreResult<Vec<Member>> {
        let list = move |snapshot: &Snapshot, budget: &Budget| list(snapshot, budget, tenant);
        self.list("members", |snapshot| is_long(snapshot, tenant), list).await
    }

    async fn add_member(
        &self,
        tenant: TenantId,
        user: UserId,
        role: Role,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<Membership> {
        let membership = Membership { tenant, user, role, joined_at: stamp.at };
        self.write("insert", "members", move |tables| add(tables, membership, by, &stamp)).await
    }

    async fn change_role(
        &self,
        tenant: TenantId,
        user: UserId,
        role: Role,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<Role> {
        self.write("update", "members", move |tables| change_role(tables, tenant, user, role, by, &stamp)).await
    }

    async fn remove_member(&self, tenant: TenantId, user: UserId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        self.write("delete", "members", move |tables| remove(tables, tenant, user, by, &stamp)).await
    }
}

/// Members of a workspace that are read at once. Each takes two look-ups.
const INLINE_MEMBERS: u64 = 100;

/// See [`Members::add_member`].
pub(super) fn add(
    tables: &mut Tables<'_>,
    membership: Membership,
    by: UserId,
    stamp: &Stamp,
) -> StoreResult<Membership> {
    let Membership { tenant, user, role, .. } = membership;
    require_role(tables, tenant, by, role.max(Role::Admin))?;
    users::require(tables, user)?;
    if tables.members()?.get(&key(tenant, user))?.is_some() {
        return Err(StoreError::AlreadyMember);
    }
    require_room(tables, tenant, Quota::Members, 1)?;
    join(tables, &membership)?;
    tables.log(Some(tenant), stamp, ChangeKind::MemberAdded(user, role))?;
    Ok(membership)
}

/// See [`Members::change_role`].
pub(super) fn change_role(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    user: UserId,
    role: Role,
    by: UserId,
    stamp: &Stamp,
) -> StoreResult<Role> {
    require_role(tables, tenant, by, Role::Owner)?;
    let before = require(tables, tenant, user)?;
    if role == before.role {
        return Ok(role);
    }
    if before.role == Role::Owner {
        require_another_owner(tables, tenant)?;
    }
    write(tables, &Membership { role, ..before })?;
    count_owner(tables, tenant, before.role, -1)?;
    count_owner(tables, tenant, role, 1)?;
    tables.log(Some(tenant), stamp, ChangeKind::MemberRoleChanged(user, before.role, role))?;
    Ok(before.role)
}

/// See [`Members::remove_member`].
pub(super) fn remove(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    user: UserId,
    by: UserId,
    stamp: &Stamp,
) -> StoreResult<()> {
    require_role(tables, tenant, by, Role::Owner)?;
    let before = require(tables, tenant, user)?;
    if before.role == Role::Owner {
        require_another_owner(tables, tenant)?;
    }
    let key = key(tenant, user);
    tables.members()?.remove(&key)?;
    tables.memberships_by_user()?.remove(&by_user(tenant, user))?;
    tables.rewritten.members.push(key);
    tables.counters()?.add_in(tenant, Counter::Members, -1)?;
    count_owner(tables, tenant, before.role, -1)?;
    tables.log(Some(tenant), stamp, ChangeKind::MemberRemoved(user))
}

/// Makes someone who is no member one, without an entry in the change log.
pub(super) fn join(tables: &mut Tables<'_>, membership: &Membership) -> StoreResult<()> {
    write(tables, membership)?;
    tables.counters()?.add_in(membership.tenant, Counter::Members, 1)?;
    count_owner(tables, membership.tenant, membership.role, 1)
}

/// The membership of who makes a change, if its role is at least `needs`. To who is no member, the workspace does not
/// exist.
pub(super) fn require_role(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    by: UserId,
    needs: Role,
) -> StoreResult<Membership> {
    workspaces::require(tables, tenant)?;
    let membership: Option<Membership> = get(tables.members()?, &key(tenant, by))?;
    match membership {
        Some(membership) if membership.role >= needs => Ok(membership),
        Some(_) => Err(StoreError::Forbidden { needs }),
        None => Err(StoreError::NotFound(Missing::Workspace)),
    }
}

fn require(tables: &mut Tables<'_>, tenant: TenantId, user: UserId) -> StoreResult<Membership> {
    get(tables.members()?, &key(tenant, user))?.ok_or(StoreError::NotFound(Missing::Member))
}

fn require_another_owner(tables: &mut Tables<'_>, tenant: TenantId) -> StoreResult<()> {
    match tables.counters()?.count_in(tenant, Counter::Owners)? {
        0 | 1 => Err(StoreError::LastOwner),
        _ => Ok(()),
    }
}

fn count_owner(tables: &mut Tables<'_>, tenant: TenantId, role: Role, step: i64) -> StoreResult<()> {
    match role {
        Role::Owner => tables.counters()?.add_only_in(tenant, Counter::Owners, step),
        Role::Admin | Role::Member => Ok(()),
    }
}

/// Writes a membership, over the one that was there.
fn write(tables: &mut Tables<'_>, membership: &Membership) -> StoreResult<()> {
    let key = key(membership.tenant, membership.user);
    put(tables.members()?, &key, membership)?;
    tables.memberships_by_user()?.insert(&by_user(membership.tenant, membership.user), ())?;
    tables.rewritten.members.push(key);
    Ok(())
}

/// See [`Members::membership`]. A workspace that was deleted has no members, though their rows may still be there.
pub(super) fn find(snapshot: &Snapshot, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
    if workspaces::is_deleted(snapshot, tenant)? {
        return Ok(None);
    }
    get(snapshot.members()?, &key(tenant, user))
}

/// See [`Members::members_of`].
pub(super) fn list(snapshot: &Snapshot, budget: &Budget, tenant: TenantId) -> StoreResult<Vec<Member>> {
    if workspaces::is_deleted(snapshot, tenant)? {
        return Ok(Vec::new());
    }
    let rows = budget.over(rows_under(snapshot.members()?, tenant.to_bytes())?);
    let member = |membership: Membership| {
        let user = users::find(snapshot, membership.user)?;
        Ok(user.map(|user| Member { membership, user }))
    };
    rows.filter_map(|row| row.and_then(|(key, row)| member(read("members", key.value(), row.value())?)).transpose())
        .collect()
}

/// Whether a workspace has too many members for the runtime's threads.
fn is_long(snapshot: &Snapshot, tenant: TenantId) -> StoreResult<bool> {
    Ok(counters::value_in(snapshot.counters()?, tenant, Counter::Members)? > INLINE_MEMBERS)
}

/// The key of a membership.
pub(super) fn key(tenant: TenantId, user: UserId) -> [u8; 32] {
    pair(tenant.to_bytes(), user.to_bytes())
}

/// The key of a membership, the other way round.
pub(super) fn by_user(tenant: TenantId, user: UserId) -> [u8; 32] {
    pair(user.to_bytes(), tenant.to_bytes())
}
