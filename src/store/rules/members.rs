//! Membership, both ways: who is in a workspace, and which workspaces someone is in.

use async_trait::async_trait;

use super::quotas::require_within;
use super::rows::{accounts, workspaces};
use super::write;
use crate::domain::{ChangeKind, Member, Membership, Quota, Quotas, Role, Stamp, TenantId, UserId};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Span, Table, Tx, pair};
use crate::store::reading::{Reading as _, readable};
use crate::store::{Members, Missing, StoreError, StoreResult};

#[async_trait]
impl<E: Engine> Members for E {
    async fn membership(&self, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
        let name = Name::new("get", "members");
        Engine::membership(self, key(tenant, user), name, |source| find_in_use(source, tenant, user)).await
    }

    async fn members_of(&self, tenant: TenantId) -> StoreResult<Vec<Member>> {
        let is_long =
            move |source: &dyn Source| Ok(source.count(tenant.to_bytes(), Counter::Members)? > INLINE_MEMBERS);
        self.list(Name::new("list", "members"), is_long, move |source| list(source, tenant)).await
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
        let quotas = self.quotas();
        write(self, Name::new("insert", "members"), stamp, move |tx| add(tx, &quotas, &membership, by)).await
    }

    async fn change_role(
        &self,
        tenant: TenantId,
        user: UserId,
        role: Role,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<Role> {
        write(self, Name::new("update", "members"), stamp, move |tx| change_role(tx, tenant, user, role, by)).await
    }

    async fn remove_member(&self, tenant: TenantId, user: UserId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        write(self, Name::new("delete", "members"), stamp, move |tx| remove(tx, tenant, user, by)).await
    }
}

/// Members of a workspace that are read at once. Each takes two look-ups.
const INLINE_MEMBERS: u64 = 100;

/// See [`Members::add_member`].
fn add(tx: &mut Tx<'_>, quotas: &Quotas, membership: &Membership, by: UserId) -> StoreResult<Membership> {
    let Membership { tenant, user, role, .. } = *membership;
    require_role(tx, tenant, by, role.max(Role::Admin))?;
    accounts::require(tx, user)?;
    if tx.has(Table::Members, &key(tenant, user))? {
        return Err(StoreError::AlreadyMember);
    }
    join(tx, membership)?;
    require_within(tx, quotas, tenant, Quota::Members)?;
    tx.log(Scope::Tenant(tenant), ChangeKind::MemberAdded(user, role));
    Ok(*membership)
}

/// See [`Members::change_role`].
fn change_role(tx: &mut Tx<'_>, tenant: TenantId, user: UserId, role: Role, by: UserId) -> StoreResult<Role> {
    require_role(tx, tenant, by, Role::Owner)?;
    let before = require(tx, tenant, user)?;
    if role == before.role {
        return Ok(role);
    }
    if before.role == Role::Owner {
        require_another_owner(tx, tenant)?;
    }
    put(tx, &Membership { role, ..before })?;
    count_owner(tx, tenant, before.role, -1);
    count_owner(tx, tenant, role, 1);
    tx.log(Scope::Tenant(tenant), ChangeKind::MemberRoleChanged(user, before.role, role));
    Ok(before.role)
}

/// See [`Members::remove_member`].
fn remove(tx: &mut Tx<'_>, tenant: TenantId, user: UserId, by: UserId) -> StoreResult<()> {
    require_role(tx, tenant, by, Role::Owner)?;
    let before = require(tx, tenant, user)?;
    if before.role == Role::Owner {
        require_another_owner(tx, tenant)?;
    }
    leave(tx, &before);
    Ok(())
}

/// Ends a membership, even the last owner's.
pub(super) fn leave(tx: &mut Tx<'_>, membership: &Membership) {
    let Membership { tenant, user, role, .. } = *membership;
    tx.remove(Table::Members, &key(tenant, user));
    tx.remove(Table::MembershipsByUser, &by_user(tenant, user));
    tx.add(tenant.to_bytes(), Counter::Members, -1);
    count_owner(tx, tenant, role, -1);
    tx.log(Scope::Tenant(tenant), ChangeKind::MemberRemoved(user));
}

/// Makes an account an owner of a workspace, whether it is a member yet or not. No quota keeps it from it.
pub(super) fn make_owner(tx: &mut Tx<'_>, tenant: TenantId, user: UserId) -> StoreResult<()> {
    let known: Option<Membership> = tx.row(Table::Members, &key(tenant, user))?;
    let Some(before) = known else {
        join(tx, &Membership { tenant, user, role: Role::Owner, joined_at: tx.stamp().at })?;
        tx.log(Scope::Tenant(tenant), ChangeKind::MemberAdded(user, Role::Owner));
        return Ok(());
    };
    if before.role != Role::Owner {
        put(tx, &Membership { role: Role::Owner, ..before })?;
        count_owner(tx, tenant, Role::Owner, 1);
        tx.log(Scope::Tenant(tenant), ChangeKind::MemberRoleChanged(user, before.role, Role::Owner));
    }
    Ok(())
}

/// Makes a non-member a member, without an entry in the change log.
pub(super) fn join(tx: &mut Tx<'_>, membership: &Membership) -> StoreResult<()> {
    put(tx, membership)?;
    tx.add(membership.tenant.to_bytes(), Counter::Members, 1);
    count_owner(tx, membership.tenant, membership.role, 1);
    Ok(())
}

/// The membership of the user who makes a change, if its role is at least `needs`. For non-members the workspace is not
/// found.
pub(super) fn require_role(source: &impl Source, tenant: TenantId, by: UserId, needs: Role) -> StoreResult<Membership> {
    workspaces::require(source, tenant)?;
    let membership: Option<Membership> = source.row(Table::Members, &key(tenant, by))?;
    match membership {
        Some(membership) if membership.role >= needs => {
            workspaces::require_not_suspended(source, tenant)?;
            Ok(membership)
        }
        Some(_) => Err(StoreError::Forbidden { needs }),
        None => Err(StoreError::NotFound(Missing::Workspace)),
    }
}

fn require(source: &impl Source, tenant: TenantId, user: UserId) -> StoreResult<Membership> {
    source.row(Table::Members, &key(tenant, user))?.ok_or(StoreError::NotFound(Missing::Member))
}

fn require_another_owner(source: &impl Source, tenant: TenantId) -> StoreResult<()> {
    match source.count(tenant.to_bytes(), Counter::Owners)? {
        0 | 1 => Err(StoreError::LastOwner),
        _ => Ok(()),
    }
}

fn count_owner(tx: &mut Tx<'_>, tenant: TenantId, role: Role, step: i64) {
    match role {
        Role::Owner => tx.add(tenant.to_bytes(), Counter::Owners, step),
        Role::Admin | Role::Member => {}
    }
}

/// Writes a membership, over the one that was there.
fn put(tx: &mut Tx<'_>, membership: &Membership) -> StoreResult<()> {
    tx.put(Table::Members, &key(membership.tenant, membership.user), membership)?;
    tx.put_bytes(Table::MembershipsByUser, &by_user(membership.tenant, membership.user), &[])
}

/// See [`Members::membership`]. A workspace that is not in use is there for its admins alone, who may use it again; one that is
/// suspended, for none of its members.
pub(super) fn find_in_use(
    source: &(impl Source + ?Sized),
    tenant: TenantId,
    user: UserId,
) -> StoreResult<Option<Membership>> {
    let membership = find(source, tenant, user)?;
    let is_hidden = matches!(&membership, Some(it) if it.role < Role::Admin) && !workspaces::is_in_use(source, tenant)?;
    let membership = membership.filter(|_| !is_hidden);
    if membership.is_some() {
        workspaces::require_not_suspended(source, tenant)?;
    }
    Ok(membership)
}

/// The place of a user in a workspace, in use or not. One that was deleted has no members, though their rows may still be
/// there.
pub(super) fn find(source: &(impl Source + ?Sized), tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
    if workspaces::is_deleted(source, tenant)? {
        return Ok(None);
    }
    source.row(Table::Members, &key(tenant, user))
}

/// See [`Members::members_of`].
fn list(source: &dyn Source, tenant: TenantId) -> StoreResult<Vec<Member>> {
    if workspaces::is_deleted(source, tenant)? {
        return Ok(Vec::new());
    }
    let span = Span::under(Table::Members, &tenant.to_bytes());
    let memberships: Vec<Membership> = source.rows(Table::Members, &span, usize::MAX)?;
    source.expect(&mut memberships.iter().map(|it| (Table::Users, it.user.to_bytes().to_vec())))?;
    let member = |membership: Membership| {
        let user = readable(accounts::find(source, membership.user))?;
        Ok(user.map(|user| Member { membership, user }))
    };
    let members = memberships.into_iter().filter_map(|membership| member(membership).transpose());
    let mut members = members.collect::<StoreResult<Vec<_>>>()?;
    members.sort_by_key(|Member { user, .. }| (user.created_at, user.id));
    Ok(members)
}

/// The key of a membership.
pub(super) fn key(tenant: TenantId, user: UserId) -> [u8; 32] {
    pair(tenant.to_bytes(), user.to_bytes())
}

/// The key of a membership, the other way round.
pub(super) fn by_user(tenant: TenantId, user: UserId) -> [u8; 32] {
    pair(user.to_bytes(), tenant.to_bytes())
}
