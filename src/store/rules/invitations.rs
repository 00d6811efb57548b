//! Invitations: made, revoked, accepted, and forgotten when they have expired.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::expired::{AT_ONCE, ExpiredBatch};
use super::rows::{accounts, invitations, members, workspaces};
use super::{nobody, one_time_tokens, quotas, users, workspaces as whole_workspaces, write};
use crate::domain::{
    ChangeKind, Email, Invitation, InvitationId, Invited, KnownNetworks, Membership, Purpose, Quota, Quotas, Role,
    Stamp, TenantId, Timestamp, User, UserId, WorkspaceView,
};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Span, Table, Tx, second_of};
use crate::store::reading::{Reading as _, readable};
use crate::store::records::Account;
use crate::store::{InvitationPlace, Invitations, Missing, PresentedInvitation, StoreError, StoreResult};

const INSERT: Name = Name::new("insert", "invitations");
const LIST: Name = Name::new("list", "invitations");
const DELETE: Name = Name::new("delete", "invitations");

#[async_trait]
impl<E: Engine> Invitations for E {
    async fn invite(&self, invitation: Invitation, stamp: Stamp) -> StoreResult<Invitation> {
        let quotas = self.quotas();
        write(self, INSERT, stamp, move |tx| invite(tx, &quotas, &invitation)).await
    }

    async fn invitations_of(&self, tenant: TenantId, now: Timestamp) -> StoreResult<Vec<Invitation>> {
        self.scan(LIST, move |source| pending_in(source, tenant, now)).await
    }

    async fn invitations_to(&self, email: &Email, now: Timestamp) -> StoreResult<Vec<Invitation>> {
        let email = email.composed();
        self.scan(LIST, move |source| pending_to(source, &email, now)).await
    }

    async fn invited(&self, presented: PresentedInvitation, now: Timestamp) -> StoreResult<Option<Invited>> {
        self.read(Name::new("get", "invitations"), |source| invited(source, presented, now)).await
    }

    async fn revoke_invitation(&self, tenant: TenantId, id: InvitationId, by: UserId, stamp: Stamp) -> StoreResult<()> {
        write(self, DELETE, stamp, move |tx| revoke(tx, tenant, id, by)).await
    }

    async fn accept_invitation(
        &self,
        presented: PresentedInvitation,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView> {
        let quotas = self.quotas();
        write(self, Name::new("update", "invitations"), stamp, move |tx| accept(tx, &quotas, presented, user)).await
    }

    async fn register_invited(
        &self,
        user: User,
        password_hash: String,
        presented: PresentedInvitation,
        stamp: Stamp,
    ) -> StoreResult<()> {
        let (quotas, id) = (self.quotas(), user.id);
        let account = Account { user, password_hash, networks: KnownNetworks::default() };
        let rule = move |tx: &mut Tx<'_>| {
            users::create(tx, &account)?;
            accept(tx, &quotas, presented, id).map(drop)
        };
        write(self, Name::new("insert", "users"), stamp, rule).await
    }

    async fn remove_expired_invitations(
        &self,
        now: Timestamp,
        after: Option<InvitationPlace>,
        limit: usize,
    ) -> StoreResult<Option<InvitationPlace>> {
        let look = |source: &dyn Source| look(source, now, after, limit);
        let ExpiredBatch { old, next, .. } = self.read(LIST, look).await?;
        for some in old.chunk_by(|(one, _), (other, _)| one == other).collect::<Vec<_>>().chunks(AT_ONCE) {
            let remove = |old: &&[InvitationPlace]| {
                let old = old.to_vec();
                self.write(DELETE, nobody(), move |tx| remove_expired(tx, &old, now))
            };
            try_join_all(some.iter().map(remove)).await?;
        }
        Ok(next)
    }
}

/// See [`Invitations::invite`].
fn invite(tx: &mut Tx<'_>, quotas: &Quotas, new: &Invitation) -> StoreResult<Invitation> {
    let Invitation { tenant, invited_by, role, .. } = *new;
    members::require_role(tx, tenant, invited_by, role.max(Role::Admin))?;
    require_no_member(tx, new)?;
    let now = tx.stamp().at;
    let others: Vec<Invitation> =
        invitations::of(tx, tenant)?.into_iter().filter(|it| it.accepted_by.is_none()).collect();
    let before = others.iter().find(|it| it.email.is_some() && it.email == new.email);
    if let Some(before) = before.filter(|before| before.is_pending(now)) {
        members::require_role(tx, tenant, invited_by, before.role)?;
    }
    let pending = others.iter().filter(|it| it.is_pending(now) && before.is_none_or(|before| before.id != it.id));
    require_room(tx, quotas, tenant, pending.count() as u64 + 1)?;
    let invitation = Invitation { id: before.map_or(new.id, |before| before.id), ..new.clone() };
    invitations::put(tx, &invitation)?;
    tx.log(Scope::Tenant(tenant), ChangeKind::InvitationMade(invitation.id, role));
    Ok(invitation)
}

/// Refuses when the address is a member's. Reads as much for an address without an account as for another.
fn require_no_member(tx: &Tx<'_>, new: &Invitation) -> StoreResult<()> {
    let Some(email) = &new.email else { return Ok(()) };
    let account = tx.claimed(Table::UsersByEmail, email.as_str())?.map(UserId::from_bytes);
    match tx.has(Table::Members, &members::key(new.tenant, account.unwrap_or(new.as_member())))? {
        true => Err(StoreError::AlreadyMember),
        false => Ok(()),
    }
}

/// Refuses when too many would wait, or when those who were invited would be too many members.
fn require_room(tx: &Tx<'_>, all: &Quotas, tenant: TenantId, invited: u64) -> StoreResult<()> {
    quotas::require_at_most(Quotas::INVITATIONS, invited, Quota::Invitations)?;
    let Some(limit) = quotas::of(tx, all, tenant)?.of(Quota::Members) else { return Ok(()) };
    let members = tx.count(tenant.to_bytes(), Counter::Members)?;
    quotas::require_at_most(limit, members + invited, Quota::Members)
}

/// See [`Invitations::revoke_invitation`].
fn revoke(tx: &mut Tx<'_>, tenant: TenantId, id: InvitationId, by: UserId) -> StoreResult<()> {
    let own = members::require_role(tx, tenant, by, Role::Admin)?;
    let invitation = invitations::find(tx, tenant, id)?.filter(|it| it.is_pending(tx.stamp().at));
    let invitation = invitation.ok_or(StoreError::NotFound(Missing::Invitation))?;
    if own.role < invitation.role {
        return Err(StoreError::Forbidden { needs: invitation.role });
    }
    invitations::revoke(tx, &invitation);
    Ok(())
}

/// See [`Invitations::accept_invitation`].
fn accept(
    tx: &mut Tx<'_>,
    quotas: &Quotas,
    presented: PresentedInvitation,
    user: UserId,
) -> StoreResult<WorkspaceView> {
    let Invited { invitation, workspace } =
        invited(tx, presented, tx.stamp().at)?.ok_or(StoreError::InvalidOneTimeToken)?;
    let (tenant, role, joined_at) = (workspace.id, invitation.role, tx.stamp().at);
    workspaces::require_not_suspended(tx, tenant)?;
    if !workspace.is_active {
        return Err(StoreError::NotFound(Missing::Workspace));
    }
    let account = accounts::account(tx, user)?;
    if !invitation.is_for(&account.user) {
        return Err(StoreError::InvitationForAnother);
    }
    if tx.has(Table::Members, &members::key(tenant, user))? {
        return Err(StoreError::AlreadyMember);
    }
    let is_proof = invitation.proves_address();
    let email = account.user.email.composed();
    if is_proof && !account.user.is_verified {
        verify(tx, account)?;
    }
    invitations::put(tx, &Invitation { email: None, accepted_by: Some(user), ..invitation.clone() })?;
    invitations::revoke_of(tx, tenant, &email)?;
    members::join(tx, &Membership { tenant, user, role, joined_at, is_chosen: true })?;
    quotas::require_within(tx, &quotas::of(tx, quotas, tenant)?, tenant, Quota::Members)?;
    tx.log(Scope::Tenant(tenant), ChangeKind::InvitationAccepted(invitation.id));
    tx.log(Scope::Tenant(tenant), ChangeKind::MemberAdded(user, role));
    whole_workspaces::view(tx, tenant, user)?.ok_or(StoreError::NotFound(Missing::Workspace))
}

/// Marks the address of an account as verified.
fn verify(tx: &mut Tx<'_>, mut account: Account) -> StoreResult<()> {
    let user = account.user.id;
    account.user.is_verified = true;
    account.user.updated_at = tx.stamp().at;
    one_time_tokens::forget(tx, user, Purpose::VerifyEmail);
    accounts::put(tx, &account)?;
    tx.log(Scope::User(user), ChangeKind::EmailVerified(user));
    Ok(())
}

/// See [`Invitations::invited`].
fn invited(
    source: &(impl Source + ?Sized),
    PresentedInvitation { tenant, id, digest }: PresentedInvitation,
    now: Timestamp,
) -> StoreResult<Option<Invited>> {
    let invitation = invitations::find(source, tenant, id)?.filter(|it| it.is_proved_by(digest, now));
    let Some(invitation) = invitation else { return Ok(None) };
    let workspace = source.row(Table::Workspaces, &tenant.to_bytes())?;
    Ok(workspace.map(|workspace| Invited { invitation, workspace }))
}

/// See [`Invitations::invitations_of`].
fn pending_in(source: &dyn Source, tenant: TenantId, now: Timestamp) -> StoreResult<Vec<Invitation>> {
    if workspaces::is_deleted(source, tenant)? {
        return Ok(Vec::new());
    }
    Ok(newest_first(invitations::of(source, tenant)?, now))
}

/// See [`Invitations::invitations_to`].
fn pending_to(source: &dyn Source, email: &Email, now: Timestamp) -> StoreResult<Vec<Invitation>> {
    let mut all: Vec<Invitation> = source.rows(Table::Invitations, &Span::all(), usize::MAX)?;
    all.retain(|it| it.email.as_ref() == Some(email));
    Ok(newest_first(all, now))
}

fn newest_first(mut all: Vec<Invitation>, now: Timestamp) -> Vec<Invitation> {
    all.retain(|it| it.is_pending(now));
    all.sort_by_key(|it| std::cmp::Reverse((it.created_at, it.id)));
    all
}

/// The invitations of an account's address to all workspaces, which nobody has accepted, if there is such an account.
pub(super) fn to_account(source: &dyn Source, user: UserId) -> StoreResult<Vec<Invitation>> {
    let Some(user) = readable(accounts::find(source, user))? else { return Ok(Vec::new()) };
    pending_to(source, &user.email.composed(), Timestamp::MIN)
}

/// Looks at the next `limit` invitations after a place.
fn look(
    source: &dyn Source,
    now: Timestamp,
    after: Option<InvitationPlace>,
    limit: usize,
) -> StoreResult<ExpiredBatch<InvitationPlace>> {
    let after = after.map(|(tenant, id)| invitations::key(tenant, id));
    let span = Span::all().after(after.as_ref().map(<[u8; 32]>::as_slice));
    let keys = source.keys(Table::Invitations, &span, limit)?;
    let places: Vec<InvitationPlace> = keys.iter().filter_map(|(key, _)| place(key)).collect();
    let mut old = Vec::new();
    for (tenant, id) in &places {
        if readable(invitations::find(source, *tenant, *id))?.is_some_and(|it| has_expired(&it, now)) {
            old.push((*tenant, *id));
        }
    }
    let next = places.last().copied().filter(|_| keys.len() == limit);
    Ok(ExpiredBatch { rows: keys.len(), old, next })
}

fn place(key: &[u8]) -> Option<InvitationPlace> {
    let key: &[u8; 32] = key.try_into().ok()?;
    let tenant = workspaces::tenant_in(key)?;
    Some((tenant, InvitationId::from_bytes(second_of(key))))
}

fn has_expired(invitation: &Invitation, now: Timestamp) -> bool {
    invitation.accepted_by.is_none() && !invitation.is_pending(now)
}

/// Removes those that are still old. The change log has nothing of it.
fn remove_expired(tx: &mut Tx<'_>, old: &[InvitationPlace], now: Timestamp) -> StoreResult<()> {
    for (tenant, id) in old {
        if invitations::find(tx, *tenant, *id)?.is_some_and(|it| has_expired(&it, now)) {
            tx.remove(Table::Invitations, &invitations::key(*tenant, *id));
        }
    }
    Ok(())
}
