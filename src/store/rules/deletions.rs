//! Deleting people.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::rows::members::{find, leave};
use super::rows::{accounts, invitations as invitation_rows, sessions, workspaces};
use super::{api_keys, invitations, members, one_time_tokens, write};
use crate::domain::{ChangeKind, Invitation, LogPosition, Membership, Role, Stamp, TenantId, User, UserId};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Span, Table, Tx};
use crate::store::reading::{Reading as _, readable};
use crate::store::{Deleted, Deletions, Heir, Missing, StoreError, StoreResult};

#[async_trait]
impl<E: Engine> Deletions for E {
    async fn delete_user(&self, user: UserId, heir: Heir, stamp: Stamp) -> StoreResult<Deleted> {
        // They may be in any workspace, and are few: found before, so that other writes need not wait for it.
        let find = move |source: &dyn Source| invitations::to_account(source, user);
        let invited = self.scan(Name::new("list", "invitations"), find).await?;
        write(self, Name::new("delete", "users"), stamp, move |tx| delete(tx, user, heir, &invited)).await
    }

    async fn note_brought_back(&self, user: UserId, stamp: Stamp) -> StoreResult<()> {
        let rule = move |tx: &mut Tx<'_>| {
            accounts::require(tx, user)?;
            tx.log(Scope::User(user), ChangeKind::UserBroughtBack(user));
            Ok(())
        };
        write(self, Name::new("insert", "changes"), stamp, rule).await
    }

    async fn scrub_changes(
        &self,
        people: Vec<UserId>,
        after: LogPosition,
        limit: usize,
    ) -> StoreResult<Option<LogPosition>> {
        Engine::scrub_changes(self, people, after, limit).await
    }
}

/// See [`Deletions::delete_user`].
fn delete(tx: &mut Tx<'_>, user: UserId, heir: Heir, invited: &[Invitation]) -> StoreResult<Deleted> {
    let account = accounts::account(tx, user)?;
    let memberships = memberships(tx, user)?;
    let mut deleted = Deleted { api_keys: api_keys::made_by(tx, user)?, deserted: 0 };
    hand_over(tx, user, &memberships, heir)?;
    for key in &deleted.api_keys {
        api_keys::remove(tx, key.tenant, key.id);
    }
    for membership in &memberships {
        leave(tx, membership)?;
        deleted.deserted += usize::from(tx.count(membership.tenant.to_bytes(), Counter::Members)? == 0);
    }
    forget_address(tx, invited)?;
    sessions::end_all(tx, user, None)?;
    one_time_tokens::forget_all(tx, user);
    tx.remove(Table::UsersByEmail, account.user.email.as_str().as_bytes());
    accounts::remove(tx, &account);
    tx.add(user.to_bytes(), Counter::Users, -1);
    tx.log(Scope::User(user), ChangeKind::UserDeleted(user));
    Ok(deleted)
}

/// Ends the invitations that name an address, which would be known by them still.
fn forget_address(tx: &mut Tx<'_>, invited: &[Invitation]) -> StoreResult<()> {
    for invitation in invited {
        // Those to workspaces that were deleted are being removed with them.
        let is_there = tx.has(Table::Workspaces, &invitation.tenant.to_bytes())?;
        let known = invitation_rows::find(tx, invitation.tenant, invitation.id)?.filter(|_| is_there);
        if known.is_some_and(|known| known.email == invitation.email) {
            invitation_rows::revoke(tx, invitation);
        }
    }
    Ok(())
}

/// Someone's memberships of workspaces that are not deleted: as they are now, for others may have come by one.
fn memberships(tx: &Tx<'_>, user: UserId) -> StoreResult<Vec<Membership>> {
    let span = Span::under(Table::MembershipsByUser, &user.to_bytes());
    let mut memberships = Vec::new();
    for (key, _) in tx.keys(Table::MembershipsByUser, &span, usize::MAX)? {
        let Some(tenant) = key.last_chunk().map(|tenant| TenantId::from_bytes(*tenant)) else { continue };
        memberships.extend(find(tx, tenant, user)?);
    }
    Ok(memberships)
}

/// Gives the workspaces that `user` alone owns to the heir.
fn hand_over(tx: &mut Tx<'_>, user: UserId, memberships: &[Membership], heir: Heir) -> StoreResult<()> {
    let mut sole = Vec::new();
    for it in memberships.iter().filter(|it| it.role == Role::Owner) {
        if tx.count(it.tenant.to_bytes(), Counter::Owners)? <= 1 {
            sole.push(it.tenant);
        }
    }
    match heir {
        Heir::Nobody if !sole.is_empty() => return Err(StoreError::SoleOwner(sole)),
        Heir::Nobody => {}
        Heir::Account(account) | Heir::Member(account) => {
            if account == user || !accounts::account(tx, account)?.user.is_active {
                return Err(StoreError::NotFound(Missing::User));
            }
            for tenant in sole {
                if heir == Heir::Member(account) && find(tx, tenant, account)?.is_none() {
                    return Err(StoreError::NotFound(Missing::Member));
                }
                members::make_owner(tx, tenant, account)?;
            }
        }
        Heir::Anybody(wanted) => {
            let wanted = wanted.filter(|wanted| *wanted != user);
            for tenant in sole {
                if let Some(heir) = present(tx, wanted)?.or(next_in_line(tx, tenant, user)?) {
                    members::make_owner(tx, tenant, heir)?;
                }
            }
        }
    }
    Ok(())
}

/// The account that is wanted, if it is there.
fn present(tx: &Tx<'_>, wanted: Option<UserId>) -> StoreResult<Option<UserId>> {
    let Some(wanted) = wanted else { return Ok(None) };
    let user: Option<User> = readable(accounts::find(tx, wanted))?;
    Ok(user.map(|user| user.id))
}

/// Who is of the highest role in a workspace beside `user`, and has been a member for longest.
fn next_in_line(tx: &Tx<'_>, tenant: TenantId, user: UserId) -> StoreResult<Option<UserId>> {
    if workspaces::is_deleted(tx, tenant)? {
        return Ok(None);
    }
    let others: Vec<Membership> =
        tx.rows(Table::Members, &Span::under(Table::Members, &tenant.to_bytes()), usize::MAX)?;
    let others = others.into_iter().filter(|other| other.user != user);
    Ok(others.max_by_key(|other| (other.role, Reverse((other.joined_at, other.user)))).map(|other| other.user))
}
