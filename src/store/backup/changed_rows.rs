//! Which rows an entry of the change log is about.

use std::io::Write;

use super::BackupError;
use super::change_set_writer::ChangeSet;
use crate::domain::{ApiKeyId, ArtifactId, Change, ChangeKind, InvitationId, SessionId, TenantId, UserId, Workspace};
use crate::store::engine::{Span, Table, pair, second_of};
use crate::store::reading::{Reading as _, readable};
use crate::store::records::Account;

type Written = Result<(), BackupError>;

/// Writes what an entry is about. Every kind has its place here; the compiler asks for that of a new one.
pub(super) fn write<W: Write>(set: &mut ChangeSet<'_, W>, change: &Change) -> Written {
    if let ChangeKind::WorkspaceCreated(tenant) = change.kind {
        // One that is gone for good may come again with its id; the copy may have what is left of the former one.
        set.clear(tenant)?;
    }
    // Of a workspace that is deleted, nothing but that is worth telling: what is left of it in the copy is swept away
    // there.
    let tenant = match change.tenant {
        Some(tenant) if set.is_there(tenant)? => Some(tenant),
        Some(_) | None => None,
    };
    // Its newest entry is counted.
    if let Some(about) = change.about {
        set.is_there(about)?;
    }
    match change.kind {
        ChangeKind::UserRegistered(user)
        | ChangeKind::PasswordRehashed(user)
        | ChangeKind::VerificationRequested(user)
        | ChangeKind::EmailVerified(user)
        | ChangeKind::ProfileChanged(user)
        | ChangeKind::EmailChangeRequested(user)
        | ChangeKind::EmailChanged(user)
        | ChangeKind::UserBroughtBack(user)
        | ChangeKind::PasswordResetRequested(user)
        | ChangeKind::UserEnabled(user)
        | ChangeKind::OperatorGranted(user)
        | ChangeKind::OperatorRevoked(user) => account(set, user),
        ChangeKind::PasswordReset(user)
        | ChangeKind::PasswordChanged(user)
        | ChangeKind::PasswordSet(user)
        | ChangeKind::SessionsEnded(user)
        | ChangeKind::UserDeleted(user)
        | ChangeKind::UserDisabled(user) => {
            account(set, user)?;
            sessions(set, &user.to_bytes())
        }
        ChangeKind::LoginFailed(_) | ChangeKind::WorkspaceExported(_) => Ok(()),
        ChangeKind::SessionOpened(id) => {
            known_networks(set, change.actor.user)?;
            session(set, change.actor.user, id)
        }
        ChangeKind::SessionRefreshed(id)
        | ChangeKind::SessionRevokedForReuse(id)
        | ChangeKind::SessionClosed(id)
        | ChangeKind::SessionExpired(id)
        | ChangeKind::SessionRefreshRepeated(id)
        | ChangeKind::SessionDisplaced(id)
        | ChangeKind::SessionRevoked(id) => session(set, change.actor.user, id),
        ChangeKind::SessionSwitched(id) => {
            chosen(set, change.about, change.actor.user)?;
            session(set, change.actor.user, id)
        }
        ChangeKind::WorkspaceCreated(tenant) => {
            workspace(set, tenant)?;
            members_of(set, tenant)
        }
        ChangeKind::WorkspaceUpdated(tenant)
        | ChangeKind::WorkspaceSuspended(tenant)
        | ChangeKind::WorkspaceResumed(tenant)
        | ChangeKind::WorkspaceQuotasSet(tenant) => workspace(set, tenant),
        ChangeKind::WorkspaceDeleted(tenant) => {
            workspace(set, tenant)?;
            // It may be gone, because everything else is; but that is so here, and not in the copy. One that came again
            // follows.
            set.key(Table::WorkspacesDeleted, &tenant.to_bytes())
        }
        ChangeKind::MemberAdded(user, _) | ChangeKind::MemberRoleChanged(user, _, _) => member(set, tenant, user),
        ChangeKind::MemberRemoved(user) => {
            member(set, tenant, user)?;
            // The one that had brought the member, whichever that was, goes as well.
            invitations(set, tenant, &[])
        }
        ChangeKind::InvitationMade(id, _)
        | ChangeKind::InvitationRoleChanged(id, _, _)
        | ChangeKind::InvitationRevoked(id)
        | ChangeKind::InvitationAccepted(id) => invitation(set, tenant, id),
        ChangeKind::ApiKeyCreated(id) | ChangeKind::ApiKeyRevoked(id) => api_key(set, tenant, id),
        ChangeKind::ArtifactCreated(id) => artifact(set, tenant, id),
        ChangeKind::ArtifactUpdated(id, version)
        | ChangeKind::ArtifactDeleted(id, version)
        | ChangeKind::ArtifactRestored(id, version) => {
            artifact(set, tenant, id)?;
            versions(set, tenant, id, &version.saturating_sub(1).to_be_bytes())
        }
        ChangeKind::ArtifactPurged(id) => {
            artifact(set, tenant, id)?;
            versions(set, tenant, id, &[])
        }
    }
}

/// An account, its address and its one-time tokens. A row that can't be read is copied as it is.
fn account<W: Write>(set: &mut ChangeSet<'_, W>, user: UserId) -> Written {
    let key = user.to_bytes();
    set.rows(Table::Users, &key)?;
    if let Some(Account { user, .. }) = readable(set.whole.row(Table::Users, &key))? {
        set.rows(Table::UsersByEmail, user.email.as_str().as_bytes())?;
    }
    set.rows(Table::OneTimeTokens, &key)
}

/// The account that was signed in to, which may know another network since then; if whose it is is not known, all.
fn known_networks<W: Write>(set: &mut ChangeSet<'_, W>, user: Option<UserId>) -> Written {
    match user {
        Some(user) => set.rows(Table::Users, &user.to_bytes()),
        None => set.rows(Table::Users, &[]),
    }
}

/// A session. Whose it is, is who made the change; if that is not known, it may be anyone's.
fn session<W: Write>(set: &mut ChangeSet<'_, W>, user: Option<UserId>, id: SessionId) -> Written {
    match user {
        Some(user) => sessions(set, &pair(user.to_bytes(), id.to_bytes())),
        None => sessions(set, &[]),
    }
}

fn sessions<W: Write>(set: &mut ChangeSet<'_, W>, prefix: &[u8]) -> Written {
    set.rows(Table::Sessions, prefix)?;
    set.rows(Table::SpentTokens, prefix)
}

/// A workspace and its slug. Who restores it lets go of the slug of the one before, so both are written.
fn workspace<W: Write>(set: &mut ChangeSet<'_, W>, tenant: TenantId) -> Written {
    let key = tenant.to_bytes();
    set.rows(Table::Workspaces, &key)?;
    let workspace: Option<Workspace> = readable(set.whole.row(Table::Workspaces, &key))?;
    match workspace {
        Some(workspace) => set.rows(Table::WorkspacesBySlug, workspace.slug.as_str().as_bytes()),
        None => Ok(()),
    }
}

/// All members of a workspace that was there.
fn members_of<W: Write>(set: &mut ChangeSet<'_, W>, tenant: TenantId) -> Written {
    if !set.is_there(tenant)? {
        return Ok(());
    }
    let span = Span::under(Table::Members, &tenant.to_bytes());
    for (key, _) in set.whole.keys(Table::Members, &span, usize::MAX)? {
        let Ok(key) = <&[u8; 32]>::try_from(key.as_slice()) else { continue };
        member(set, Some(tenant), UserId::from_bytes(second_of(key)))?;
    }
    Ok(())
}

/// A membership, both ways.
fn member<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, user: UserId) -> Written {
    let Some(tenant) = tenant else { return Ok(()) };
    set.rows(Table::Members, &pair(tenant.to_bytes(), user.to_bytes()))?;
    set.rows(Table::MembershipsByUser, &pair(user.to_bytes(), tenant.to_bytes()))
}

/// The membership of somebody who has chosen a workspace; if it is not known who did, all.
fn chosen<W: Write>(set: &mut ChangeSet<'_, W>, about: Option<TenantId>, user: Option<UserId>) -> Written {
    match (about, user) {
        (Some(tenant), None) => members_of(set, tenant),
        (Some(tenant), Some(user)) if set.is_there(tenant)? => member(set, Some(tenant), user),
        (Some(_) | None, _) => Ok(()),
    }
}

fn invitation<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: InvitationId) -> Written {
    invitations(set, tenant, &id.to_bytes())
}

/// The invitations to a workspace whose ids begin with `id`.
fn invitations<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: &[u8]) -> Written {
    let Some(tenant) = tenant else { return Ok(()) };
    set.rows(Table::Invitations, &[&tenant.to_bytes(), id].concat())
}

fn api_key<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: ApiKeyId) -> Written {
    let Some(tenant) = tenant else { return Ok(()) };
    let key = pair(tenant.to_bytes(), id.to_bytes());
    set.rows(Table::ApiKeys, &key)?;
    set.rows(Table::ApiKeyUses, &key)
}

/// An artifact, in the trash or not.
fn artifact<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: ArtifactId) -> Written {
    let Some(tenant) = tenant else { return Ok(()) };
    let key = pair(tenant.to_bytes(), id.to_bytes());
    set.rows(Table::Artifacts, &key)?;
    set.rows(Table::ArtifactsTrash, &key)
}

/// What was before, at a version or (without one) at all.
fn versions<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: ArtifactId, version: &[u8]) -> Written {
    let Some(tenant) = tenant else { return Ok(()) };
    let prefix = [&pair(tenant.to_bytes(), id.to_bytes())[..], version].concat();
    set.rows(Table::ArtifactVersions, &prefix)
}
