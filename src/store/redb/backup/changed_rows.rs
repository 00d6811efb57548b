//! Which rows an entry of the change log is about.

use std::io::Write;

use super::BackupError;
use super::change_set_writer::ChangeSet;
use crate::domain::{ApiKeyId, ArtifactId, Change, ChangeKind, SessionId, TenantId, UserId, Workspace};
use crate::store::redb::records::Account;
use crate::store::redb::snapshot::Snapshot;
use crate::store::redb::tables::{
    API_KEY_USES, API_KEYS, ARTIFACT_VERSIONS, ARTIFACTS, ARTIFACTS_TRASH, MEMBERS, MEMBERSHIPS_BY_USER,
    ONE_TIME_TOKENS, SESSIONS, SPENT_TOKENS, USERS, USERS_BY_EMAIL, WORKSPACES, WORKSPACES_BY_SLUG, WORKSPACES_DELETED,
    get, pair, rows_under, second_of,
};
use crate::store::{StoreError, StoreResult};

type Written = Result<(), BackupError>;

/// Writes what an entry is about. Every kind has its place here; the compiler asks for that of a new one.
pub(super) fn write<W: Write>(set: &mut ChangeSet<'_, W>, change: &Change) -> Written {
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
        | ChangeKind::PasswordResetRequested(user)
        | ChangeKind::UserEnabled(user)
        | ChangeKind::OperatorGranted(user)
        | ChangeKind::OperatorRevoked(user) => account(set, user),
        ChangeKind::PasswordReset(user) | ChangeKind::PasswordChanged(user) | ChangeKind::UserDisabled(user) => {
            account(set, user)?;
            sessions(set, &user.to_bytes())
        }
        ChangeKind::LoginFailed(_) => Ok(()),
        ChangeKind::SessionOpened(id) => {
            known_networks(set, change.actor.user)?;
            session(set, change.actor.user, id)
        }
        ChangeKind::SessionRefreshed(id)
        | ChangeKind::SessionRevokedForReuse(id)
        | ChangeKind::SessionClosed(id)
        | ChangeKind::SessionExpired(id)
        | ChangeKind::SessionSwitched(id)
        | ChangeKind::SessionRefreshRepeated(id)
        | ChangeKind::SessionDisplaced(id)
        | ChangeKind::SessionRevoked(id) => session(set, change.actor.user, id),
        ChangeKind::WorkspaceCreated(tenant) => {
            workspace(set, tenant)?;
            members_of(set, tenant)
        }
        ChangeKind::WorkspaceUpdated(tenant) => workspace(set, tenant),
        ChangeKind::WorkspaceDeleted(tenant) => {
            workspace(set, tenant)?;
            // It may be gone, because everything else is; but that is so here, and not in the copy.
            set.key(&WORKSPACES_DELETED, &tenant.to_bytes())
        }
        ChangeKind::MemberAdded(user, _)
        | ChangeKind::MemberRoleChanged(user, _, _)
        | ChangeKind::MemberRemoved(user) => member(set, tenant, user),
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

/// What a row says, if it is there and can be read. One that can't be is copied as it is.
fn known<R>(snapshot: &Snapshot, row: StoreResult<Option<R>>) -> StoreResult<Option<R>> {
    match row {
        Err(StoreError::Damaged(damage)) => {
            snapshot.met_damage(&damage);
            Ok(None)
        }
        row => row,
    }
}

/// An account, its address and its one-time tokens.
fn account<W: Write>(set: &mut ChangeSet<'_, W>, user: UserId) -> Written {
    let snapshot = set.snapshot;
    set.rows(USERS, snapshot.users()?, &user.to_bytes())?;
    if let Some(Account { user, .. }) = known(snapshot, get(snapshot.users()?, &user.to_bytes()))? {
        set.rows(USERS_BY_EMAIL, snapshot.users_by_email()?, user.email.as_str().as_bytes())?;
    }
    set.rows(ONE_TIME_TOKENS, snapshot.one_time_tokens()?, &user.to_bytes())
}

/// The account that was signed in to, which may know another network since then; if whose it is is not known, all.
fn known_networks<W: Write>(set: &mut ChangeSet<'_, W>, user: Option<UserId>) -> Written {
    let snapshot = set.snapshot;
    match user {
        Some(user) => set.rows(USERS, snapshot.users()?, &user.to_bytes()),
        None => set.rows(USERS, snapshot.users()?, &[]),
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
    let snapshot = set.snapshot;
    set.rows(SESSIONS, snapshot.sessions()?, prefix)?;
    set.rows(SPENT_TOKENS, snapshot.spent_tokens()?, prefix)
}

/// A workspace and its slug. Who restores it lets go of the slug of the one before, so both are written.
fn workspace<W: Write>(set: &mut ChangeSet<'_, W>, tenant: TenantId) -> Written {
    let snapshot = set.snapshot;
    set.rows(WORKSPACES, snapshot.workspaces()?, &tenant.to_bytes())?;
    match known::<Workspace>(snapshot, get(snapshot.workspaces()?, &tenant.to_bytes()))? {
        Some(workspace) => {
            set.rows(WORKSPACES_BY_SLUG, snapshot.workspaces_by_slug()?, workspace.slug.as_str().as_bytes())
        }
        None => Ok(()),
    }
}

/// All members of a workspace that was there.
fn members_of<W: Write>(set: &mut ChangeSet<'_, W>, tenant: TenantId) -> Written {
    if !set.is_there(tenant)? {
        return Ok(());
    }
    let snapshot = set.snapshot;
    for row in rows_under(snapshot.members()?, tenant.to_bytes())? {
        let (key, _) = row.map_err(StoreError::from)?;
        member(set, Some(tenant), UserId::from_bytes(second_of(key.value())))?;
    }
    Ok(())
}

/// A membership, both ways.
fn member<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, user: UserId) -> Written {
    let (snapshot, Some(tenant)) = (set.snapshot, tenant) else { return Ok(()) };
    set.rows(MEMBERS, snapshot.members()?, &pair(tenant.to_bytes(), user.to_bytes()))?;
    set.rows(MEMBERSHIPS_BY_USER, snapshot.memberships_by_user()?, &pair(user.to_bytes(), tenant.to_bytes()))
}

fn api_key<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: ApiKeyId) -> Written {
    let (snapshot, Some(tenant)) = (set.snapshot, tenant) else { return Ok(()) };
    set.rows(API_KEYS, snapshot.api_keys()?, &pair(tenant.to_bytes(), id.to_bytes()))?;
    set.rows(API_KEY_USES, snapshot.api_key_uses()?, &pair(tenant.to_bytes(), id.to_bytes()))
}

/// An artifact, in the trash or not.
fn artifact<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: ArtifactId) -> Written {
    let (snapshot, Some(tenant)) = (set.snapshot, tenant) else { return Ok(()) };
    let key = pair(tenant.to_bytes(), id.to_bytes());
    set.rows(ARTIFACTS, snapshot.artifacts()?, &key)?;
    set.rows(ARTIFACTS_TRASH, snapshot.artifacts_trash()?, &key)
}

/// What was before, at a version or (without one) at all.
fn versions<W: Write>(set: &mut ChangeSet<'_, W>, tenant: Option<TenantId>, id: ArtifactId, version: &[u8]) -> Written {
    let (snapshot, Some(tenant)) = (set.snapshot, tenant) else { return Ok(()) };
    let prefix = [&pair(tenant.to_bytes(), id.to_bytes())[..], version].concat();
    set.rows(ARTIFACT_VERSIONS, snapshot.artifact_versions()?, &prefix)
}
