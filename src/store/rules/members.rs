//! Membership, both ways: who is in a workspace, and which workspaces someone is in.

use async_trait::async_trait;

use super::rows::members::{find_in_use, give_role, join, key, leave, require_another_owner, require_role};
use super::rows::{accounts, invitations, workspaces};
use super::{quotas, write};
use crate::domain::{
    ChangeKind, Invitation, InvitationId, Member, Membership, Quota, Quotas, Role, Stamp, TenantId, UserId,
};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Span, Table, Tx};
use crate::store::reading::{Reading as _, readable};
use crate::store::{Members, Missing, StoreError, StoreResult};

const UPDATE: Name = Name::new("update", "members");
const DELETE: Name = Name::new("delete", "members");

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
        let membership = Membership { tenant, user, role, joined_at: stamp.at, is_chosen: false };
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
        write(self, UPDATE, stamp, move |tx| change_role(tx, tenant, user, role, by)).await
    }

    async fn remove_member(&self, tenant: TenantId, user: UserId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        write(self, DELETE, stamp, move |tx| remove(tx, tenant, user, by)).await
    }

    async fn leave_workspace(&self, tenant: TenantId, user: UserId, stamp: Stamp) -> StoreResult<()> {
        write(self, DELETE, stamp, move |tx| leave_oneself(tx, tenant, user)).await
    }

    async fn transfer_workspace(&self, tenant: TenantId, to: UserId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        write(self, UPDATE, stamp, move |tx| transfer(tx, tenant, to, by)).await
    }
}

/// Members of a workspace that are read at once. Each takes two look-ups.
const INLINE_MEMBERS: u64 = 100;

/// Who is meant by an id in a workspace.
enum Place {
    /// A member, by the account or by the invitation that was accepted.
    Member(Membership),
    /// Somebody who was invited.
    Invited(Invitation),
}

/// Who an id stands for: an account, or an invitation, before and after it was accepted.
fn place(tx: &Tx<'_>, tenant: TenantId, id: UserId, by: UserId) -> StoreResult<Place> {
    if let Some(membership) = tx.row(Table::Members, &key(tenant, id))? {
        return Ok(Place::Member(membership));
    }
    let missing = StoreError::NotFound(Missing::Member);
    let invitation = invitations::find(tx, tenant, InvitationId::from(id.as_uuid()))?;
    match invitation {
        Some(Invitation { accepted_by: Some(user), .. }) if user == by => Err(StoreError::OwnMembership),
        Some(Invitation { accepted_by: Some(user), .. }) => require(tx, tenant, user).map(Place::Member),
        Some(invitation) if invitation.is_pending(tx.stamp().at) => Ok(Place::Invited(invitation)),
        Some(_) | None => Err(missing),
    }
}

/// See [`Members::add_member`].
fn add(tx: &mut Tx<'_>, all: &Quotas, membership: &Membership, by: UserId) -> StoreResult<Membership> {
    let Membership { tenant, user, role, .. } = *membership;
    require_role(tx, tenant, by, role.max(Role::Admin))?;
    let email = accounts::account(tx, user)?.user.email;
    if tx.has(Table::Members, &key(tenant, user))? {
        return Err(StoreError::AlreadyMember);
    }
    join(tx, membership)?;
    quotas::require_within(tx, &quotas::of(tx, all, tenant)?, tenant, Quota::Members)?;
    invitations::revoke_of(tx, tenant, &email)?;
    tx.log(Scope::Tenant(tenant), ChangeKind::MemberAdded(user, role));
    Ok(*membership)
}

/// See [`Members::change_role`].
fn change_role(tx: &mut Tx<'_>, tenant: TenantId, id: UserId, role: Role, by: UserId) -> StoreResult<Role> {
    require_role(tx, tenant, by, Role::Owner)?;
    let before = match place(tx, tenant, id, by)? {
        Place::Member(membership) => membership,
        Place::Invited(invitation) => return change_invited(tx, invitation, role),
    };
    if role == before.role {
        return Ok(role);
    }
    if before.role == Role::Owner {
        require_another_owner(tx, tenant)?;
    }
    give_role(tx, &before, role)?;
    Ok(before.role)
}

/// Changes what somebody gets who was invited by their address.
fn change_invited(tx: &mut Tx<'_>, invitation: Invitation, role: Role) -> StoreResult<Role> {
    let (tenant, id, before) = (invitation.tenant, invitation.id, invitation.role);
    if invitation.email.is_none() {
        // A link makes members only.
        return Err(StoreError::NotFound(Missing::Member));
    }
    if role != before {
        invitations::put(tx, &Invitation { role, ..invitation })?;
        tx.log(Scope::Tenant(tenant), ChangeKind::InvitationRoleChanged(id, before, role));
    }
    Ok(before)
}

/// See [`Members::remove_member`].
fn remove(tx: &mut Tx<'_>, tenant: TenantId, id: UserId, by: UserId) -> StoreResult<()> {
    require_role(tx, tenant, by, Role::Owner)?;
    match place(tx, tenant, id, by)? {
        Place::Member(membership) => leave_others(tx, &membership),
        Place::Invited(invitation) => {
            invitations::revoke(tx, &invitation);
            Ok(())
        }
    }
}

/// See [`Members::leave_workspace`].
fn leave_oneself(tx: &mut Tx<'_>, tenant: TenantId, user: UserId) -> StoreResult<()> {
    let membership = require_role(tx, tenant, user, Role::Member)?;
    leave_others(tx, &membership)
}

/// Ends a membership, unless the workspace would be left without an owner.
fn leave_others(tx: &mut Tx<'_>, membership: &Membership) -> StoreResult<()> {
    if membership.role == Role::Owner {
        require_another_owner(tx, membership.tenant)?;
    }
    leave(tx, membership)
}

/// See [`Members::transfer_workspace`].
fn transfer(tx: &mut Tx<'_>, tenant: TenantId, to: UserId, by: UserId) -> StoreResult<()> {
    let own = require_role(tx, tenant, by, Role::Owner)?;
    let Place::Member(heir) = place(tx, tenant, to, by)? else {
        return Err(StoreError::NotFound(Missing::Member));
    };
    if heir.user == by {
        return Err(StoreError::OwnMembership);
    }
    if heir.role != Role::Owner {
        give_role(tx, &heir, Role::Owner)?;
    }
    give_role(tx, &own, Role::Admin)
}

/// Makes an account an owner of a workspace, whether it is a member yet or not. No quota keeps it from it.
pub(super) fn make_owner(tx: &mut Tx<'_>, tenant: TenantId, user: UserId) -> StoreResult<()> {
    let known: Option<Membership> = tx.row(Table::Members, &key(tenant, user))?;
    match known {
        Some(before) if before.role == Role::Owner => Ok(()),
        Some(before) => give_role(tx, &before, Role::Owner),
        None => {
            let (role, joined_at) = (Role::Owner, tx.stamp().at);
            join(tx, &Membership { tenant, user, role, joined_at, is_chosen: false })?;
            tx.log(Scope::Tenant(tenant), ChangeKind::MemberAdded(user, Role::Owner));
            Ok(())
        }
    }
}

fn require(source: &impl Source, tenant: TenantId, user: UserId) -> StoreResult<Membership> {
    source.row(Table::Members, &key(tenant, user))?.ok_or(StoreError::NotFound(Missing::Member))
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
