//! The rows of invitations.

use crate::domain::{ChangeKind, Email, Invitation, InvitationId, Role, TenantId, UserId};
use crate::store::StoreResult;
use crate::store::engine::{Scope, Source, Span, Table, Tx, pair};
use crate::store::reading::Reading as _;

/// The key of an invitation.
pub(in crate::store::rules) fn key(tenant: TenantId, id: InvitationId) -> [u8; 32] {
    pair(tenant.to_bytes(), id.to_bytes())
}

/// An invitation, whatever became of it.
pub(in crate::store::rules) fn find(
    source: &(impl Source + ?Sized),
    tenant: TenantId,
    id: InvitationId,
) -> StoreResult<Option<Invitation>> {
    source.row(Table::Invitations, &key(tenant, id))
}

/// All invitations of a workspace, whatever became of them.
pub(in crate::store::rules) fn of(source: &(impl Source + ?Sized), tenant: TenantId) -> StoreResult<Vec<Invitation>> {
    source.rows(Table::Invitations, &Span::under(Table::Invitations, &tenant.to_bytes()), usize::MAX)
}

/// Writes an invitation, over the one that was there.
pub(in crate::store::rules) fn put(tx: &mut Tx<'_>, invitation: &Invitation) -> StoreResult<()> {
    tx.put(Table::Invitations, &key(invitation.tenant, invitation.id), invitation).map(drop)
}

/// Ends an invitation that nobody has accepted.
pub(in crate::store::rules) fn revoke(tx: &mut Tx<'_>, invitation: &Invitation) {
    tx.remove(Table::Invitations, &key(invitation.tenant, invitation.id));
    tx.log(Scope::Tenant(invitation.tenant), ChangeKind::InvitationRevoked(invitation.id));
}

/// Ends the pending invitations that their maker could not make with this role. So nobody returns by a link of their own, and
/// no invitation outlives the rights of its maker.
pub(super) fn withdraw(tx: &mut Tx<'_>, tenant: TenantId, inviter: UserId, role: Role) -> StoreResult<()> {
    let is_void =
        |it: &Invitation| it.accepted_by.is_none() && it.invited_by == inviter && role < it.role.max(Role::Admin);
    revoke_those(tx, tenant, is_void)
}

/// Ends the pending invitations of an address, which has become a member.
pub(in crate::store::rules) fn revoke_of(tx: &mut Tx<'_>, tenant: TenantId, email: &Email) -> StoreResult<()> {
    revoke_those(tx, tenant, |it| it.email.as_ref() == Some(email))
}

fn revoke_those(tx: &mut Tx<'_>, tenant: TenantId, which: impl Fn(&Invitation) -> bool) -> StoreResult<()> {
    let those: Vec<Invitation> = of(tx, tenant)?.into_iter().filter(which).collect();
    those.iter().for_each(|invitation| revoke(tx, invitation));
    Ok(())
}

/// Removes the accepted invitation of a former member.
pub(super) fn forget_accepted(tx: &mut Tx<'_>, tenant: TenantId, user: UserId) -> StoreResult<()> {
    for invitation in of(tx, tenant)?.iter().filter(|it| it.accepted_by == Some(user)) {
        tx.remove(Table::Invitations, &key(tenant, invitation.id));
    }
    Ok(())
}
