//! The rows of memberships, both ways.

use super::{invitations, workspaces};
use crate::domain::{ChangeKind, Membership, Role, TenantId, UserId};
use crate::store::engine::{Counter, Scope, Source, Table, Tx, pair};
use crate::store::reading::Reading as _;
use crate::store::{Missing, StoreError, StoreResult};

/// The key of a membership.
pub(in crate::store::rules) fn key(tenant: TenantId, user: UserId) -> [u8; 32] {
    pair(tenant.to_bytes(), user.to_bytes())
}

/// The key of a membership, the other way round.
pub(in crate::store::rules) fn by_user(tenant: TenantId, user: UserId) -> [u8; 32] {
    pair(user.to_bytes(), tenant.to_bytes())
}

/// The place of a user in a workspace, in use or not. One that was deleted has no members, though their rows may still be
/// there.
pub(in crate::store::rules) fn find(
    source: &(impl Source + ?Sized),
    tenant: TenantId,
    user: UserId,
) -> StoreResult<Option<Membership>> {
    if workspaces::is_deleted(source, tenant)? {
        return Ok(None);
    }
    source.row(Table::Members, &key(tenant, user))
}

/// The same, if the member has chosen to be one: others may have added them.
pub(in crate::store::rules) fn find_chosen(
    source: &(impl Source + ?Sized),
    tenant: TenantId,
    user: UserId,
) -> StoreResult<Option<Membership>> {
    Ok(find(source, tenant, user)?.filter(|membership| membership.is_chosen))
}

/// See [`crate::store::Members::membership`]. A workspace that is not in use is there for its admins alone, who may use it
/// again; one that is suspended, for none of its members.
pub(in crate::store::rules) fn find_in_use(
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

/// The membership of the user who makes a change, if its role is at least `needs`. For non-members the workspace is not
/// found.
pub(in crate::store::rules) fn require_role(
    source: &impl Source,
    tenant: TenantId,
    by: UserId,
    needs: Role,
) -> StoreResult<Membership> {
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

/// Refuses when the workspace would be left without an owner.
pub(in crate::store::rules) fn require_another_owner(source: &impl Source, tenant: TenantId) -> StoreResult<()> {
    match source.count(tenant.to_bytes(), Counter::Owners)? {
        0 | 1 => Err(StoreError::LastOwner),
        _ => Ok(()),
    }
}

/// Makes a non-member a member, without an entry in the change log.
pub(in crate::store::rules) fn join(tx: &mut Tx<'_>, membership: &Membership) -> StoreResult<()> {
    put(tx, membership)?;
    tx.add(membership.tenant.to_bytes(), Counter::Members, 1);
    count_owner(tx, membership.tenant, membership.role, 1);
    Ok(())
}

/// Gives a member another role, even the last owner.
pub(in crate::store::rules) fn give_role(tx: &mut Tx<'_>, before: &Membership, role: Role) -> StoreResult<()> {
    let Membership { tenant, user, .. } = *before;
    put(tx, &Membership { role, ..*before })?;
    count_owner(tx, tenant, before.role, -1);
    count_owner(tx, tenant, role, 1);
    invitations::withdraw(tx, tenant, user, role)?;
    tx.log(Scope::Tenant(tenant), ChangeKind::MemberRoleChanged(user, before.role, role));
    Ok(())
}

/// Ends a membership, even the last owner's.
pub(in crate::store::rules) fn leave(tx: &mut Tx<'_>, membership: &Membership) -> StoreResult<()> {
    let Membership { tenant, user, role, .. } = *membership;
    tx.remove(Table::Members, &key(tenant, user));
    tx.remove(Table::MembershipsByUser, &by_user(tenant, user));
    tx.add(tenant.to_bytes(), Counter::Members, -1);
    count_owner(tx, tenant, role, -1);
    invitations::withdraw(tx, tenant, user, Role::Member)?;
    invitations::forget_accepted(tx, tenant, user)?;
    tx.log(Scope::Tenant(tenant), ChangeKind::MemberRemoved(user));
    Ok(())
}

/// Writes a membership, over the one that was there.
pub(in crate::store::rules) fn put(tx: &mut Tx<'_>, membership: &Membership) -> StoreResult<()> {
    tx.put(Table::Members, &key(membership.tenant, membership.user), membership)?;
    tx.put_bytes(Table::MembershipsByUser, &by_user(membership.tenant, membership.user), &[])
}

fn count_owner(tx: &mut Tx<'_>, tenant: TenantId, role: Role, step: i64) {
    match role {
        Role::Owner => tx.add(tenant.to_bytes(), Counter::Owners, step),
        Role::Admin | Role::Member => {}
    }
}
