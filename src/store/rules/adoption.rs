//! Rows that come from another database.

use async_trait::async_trait;

use super::rows::{accounts, invitations, members, sessions, workspaces as rows};
use super::{artifacts, one_time_tokens, users, workspaces, write};
use crate::domain::{Artifact, ChangeKind, KnownNetworks, Membership, Stamp, TenantId, User, UserId, Workspace};
use crate::store::engine::{Counter, Engine, Name, Scope, Table, Tx};
use crate::store::reading::Reading as _;
use crate::store::records::Account;
use crate::store::{Adoption, Missing, SlugChoice, StoreError, StoreResult};

#[async_trait]
impl<E: Engine> Adoption for E {
    async fn adopt_user(&self, user: User, hash: Option<String>, stamp: Stamp) -> StoreResult<()> {
        write(self, Name::new("update", "users"), stamp, move |tx| adopt_user(tx, &user, hash.as_deref())).await
    }

    async fn adopt_workspace(
        &self,
        workspace: Workspace,
        members: Vec<Membership>,
        gone: Vec<UserId>,
        stamp: Stamp,
    ) -> StoreResult<Workspace> {
        let rule = move |tx: &mut Tx<'_>| {
            let adopted = adopt_workspace(tx, &workspace)?;
            members.iter().try_for_each(|member| adopt_member(tx, member))?;
            gone.iter().try_for_each(|user| end_membership(tx, workspace.id, *user))?;
            Ok(adopted)
        };
        write(self, Name::new("update", "workspaces"), stamp, rule).await
    }

    async fn adopt_artifacts(&self, tenant: TenantId, adopted: Vec<Artifact>, stamp: Stamp) -> StoreResult<()> {
        let rule = move |tx: &mut Tx<'_>| artifacts::adoption::adopt(tx, tenant, &adopted);
        write(self, Name::new("update", "artifacts"), stamp, rule).await
    }
}

/// See [`Adoption::adopt_user`].
fn adopt_user(tx: &mut Tx<'_>, user: &User, hash: Option<&str>) -> StoreResult<()> {
    let before: Option<Account> = tx.row(Table::Users, &user.id.to_bytes())?;
    let Some(before) = before else {
        let hash = hash.ok_or(StoreError::NotFound(Missing::User))?;
        let account =
            Account { user: user.clone(), password_hash: hash.to_owned(), networks: KnownNetworks::default() };
        return users::create(tx, &account);
    };
    let user = User { is_operator: before.user.is_operator, ..user.clone() };
    let has_another_hash = hash.is_some_and(|hash| hash != before.password_hash);
    if user == before.user && !has_another_hash {
        return Ok(());
    }
    move_address(tx, &before.user, &user)?;
    log_user(tx, &before.user, &user, has_another_hash);
    if has_another_hash || (before.user.is_active && !user.is_active) {
        sessions::end_all(tx, user.id, None)?;
        one_time_tokens::forget_all(tx, user.id);
    }
    let password_hash = hash.map_or(before.password_hash, str::to_owned);
    accounts::put(tx, &Account { user, password_hash, networks: before.networks })
}

/// Lets another address lead to an account.
fn move_address(tx: &mut Tx<'_>, before: &User, after: &User) -> StoreResult<()> {
    if before.email == after.email {
        return Ok(());
    }
    if tx.claimed(Table::UsersByEmail, after.email.as_str())?.is_some() {
        return Err(StoreError::EmailTaken);
    }
    tx.remove(Table::UsersByEmail, before.email.as_str().as_bytes());
    tx.put_bytes(Table::UsersByEmail, after.email.as_str().as_bytes(), &after.id.to_bytes())
}

/// Says in the log what is different about an account.
fn log_user(tx: &mut Tx<'_>, before: &User, after: &User, has_another_hash: bool) {
    let id = after.id;
    let (activity, was_switched) = match after.is_active {
        true => (ChangeKind::UserEnabled(id), !before.is_active),
        false => (ChangeKind::UserDisabled(id), before.is_active),
    };
    let differences = [
        (ChangeKind::EmailChanged(id), before.email != after.email),
        (ChangeKind::EmailVerified(id), after.is_verified && !before.is_verified),
        (ChangeKind::PasswordSet(id), has_another_hash),
        (activity, was_switched),
    ];
    differences.iter().filter(|(_, differs)| *differs).for_each(|(kind, _)| tx.log(Scope::User(id), *kind));
    if differences.iter().all(|(_, differs)| !differs) {
        tx.log(Scope::User(id), ChangeKind::ProfileChanged(id));
    }
}

/// Takes over what a workspace says of itself.
fn adopt_workspace(tx: &mut Tx<'_>, workspace: &Workspace) -> StoreResult<Workspace> {
    let (tenant, key) = (workspace.id, workspace.id.to_bytes());
    if rows::is_deleted(tx, tenant)? {
        return Err(StoreError::NotFound(Missing::Workspace));
    }
    let before: Option<Workspace> = tx.row(Table::Workspaces, &key)?;
    let slug = match &before {
        Some(before) if before.slug == workspace.slug => before.slug.clone(),
        // With its own tag, which is hardly ever taken.
        Some(_) | None => workspaces::choose_slug(tx, &workspace.slug, SlugChoice::Near { tag: tag_of(tenant) })?,
    };
    let terms = before.as_ref().map_or(workspace.terms, |before| before.terms);
    let after = Workspace { slug, terms, ..workspace.clone() };
    match &before {
        Some(before) if *before == after => return Ok(after),
        Some(before) => {
            tx.remove(Table::WorkspacesBySlug, before.slug.as_str().as_bytes());
            tx.log(Scope::Tenant(tenant), ChangeKind::WorkspaceUpdated(tenant));
        }
        None => {
            tx.add(key, Counter::Workspaces, 1);
            tx.log(Scope::Tenant(tenant), ChangeKind::WorkspaceCreated(tenant));
        }
    }
    tx.put_bytes(Table::WorkspacesBySlug, after.slug.as_str().as_bytes(), &key)?;
    tx.put(Table::Workspaces, &key, &after)?;
    Ok(after)
}

/// The last digits of an id, which are its own.
fn tag_of(tenant: TenantId) -> u32 {
    tenant.to_bytes().last_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Makes somebody a member, or gives a member another role.
fn adopt_member(tx: &mut Tx<'_>, membership: &Membership) -> StoreResult<()> {
    let Membership { tenant, user, role, .. } = *membership;
    let email = accounts::account(tx, user)?.user.email;
    match tx.row::<Membership>(Table::Members, &members::key(tenant, user))? {
        Some(before) if before.role == role => Ok(()),
        Some(before) => members::give_role(tx, &before, role),
        None => {
            members::join(tx, membership)?;
            invitations::revoke_of(tx, tenant, &email)?;
            tx.log(Scope::Tenant(tenant), ChangeKind::MemberAdded(user, role));
            Ok(())
        }
    }
}

fn end_membership(tx: &mut Tx<'_>, tenant: TenantId, user: UserId) -> StoreResult<()> {
    match tx.row::<Membership>(Table::Members, &members::key(tenant, user))? {
        Some(membership) => members::leave(tx, &membership),
        None => Ok(()),
    }
}
