//! Entries of the change log as they are stored.

use serde::{Deserialize, Serialize};

use super::workspace::RoleV1;
use super::{Id, Record, Unreadable, decode, encode, parse, time, unknown};
use crate::domain::{
    Actor, ApiKeyId, ArtifactId, Change, ChangeKind, InvitationId, LogPosition, SessionId, TenantId, UserId,
};
use crate::store::{StoreError, StoreResult};

/// An entry of the change log with what only the store sees of it.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub struct Entry {
    /// What was changed.
    pub change: Change,
    /// The position of the entry before of the same chain, or 0: so a workspace's entries can be read without the rest. A
    /// workspace has a chain of what happened in it, and one of what is about it.
    pub previous: u64,
}

impl Entry {
    /// The bytes that it is stored as.
    pub fn to_bytes(&self) -> StoreResult<Vec<u8>> {
        encode(self)
    }

    /// The entry that is stored as these bytes at a position.
    pub fn at(position: u64, bytes: &[u8]) -> StoreResult<Self> {
        decode(bytes).map_err(|cause| StoreError::damaged(LOG, &position.to_be_bytes(), cause))
    }
}

/// The name of the change log, for operators.
const LOG: &str = "changes";

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ChangeV1 {
    seq: u64,
    tenant: Option<Id>,
    at: i64,
    user: Option<Id>,
    ip: Option<String>,
    user_agent: Option<String>,
    trace_id: Option<[u8; 16]>,
    kind: ChangeKindV1,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ChangeV2 {
    before: ChangeV1,
    api_key: Option<Id>,
    previous: u64,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ChangeV3 {
    before: ChangeV2,
    about: Option<Id>,
}

#[derive(Serialize, Deserialize)]
enum ChangeKindV1 {
    UserRegistered(Id),
    PasswordRehashed(Id),
    SessionOpened(Id),
    SessionRefreshed(Id),
    SessionRevokedForReuse(Id),
    SessionClosed(Id),
    SessionExpired(Id),
    WorkspaceCreated(Id),
    ArtifactCreated(Id),
    ArtifactUpdated(Id, u64),
    ArtifactDeleted(Id, u64),
    ArtifactRestored(Id, u64),
    ArtifactPurged(Id),
    LoginFailed(Option<Id>),
    SessionSwitched(Id),
    SessionRevoked(Id),
    VerificationRequested(Id),
    EmailVerified(Id),
    PasswordResetRequested(Id),
    PasswordReset(Id),
    PasswordChanged(Id),
    UserDisabled(Id),
    UserEnabled(Id),
    WorkspaceUpdated(Id),
    WorkspaceDeleted(Id),
    MemberAdded(Id, RoleV1),
    MemberRoleChanged(Id, RoleV1, RoleV1),
    MemberRemoved(Id),
    ApiKeyCreated(Id),
    ApiKeyRevoked(Id),
    SessionRefreshRepeated(Id),
    SessionDisplaced(Id),
    OperatorGranted(Id),
    OperatorRevoked(Id),
    PasswordSet(Id),
    SessionsEnded(Id),
    ProfileChanged(Id),
    EmailChangeRequested(Id),
    EmailChanged(Id),
    UserDeleted(Id),
    UserBroughtBack(Id),
    WorkspaceSuspended(Id),
    WorkspaceResumed(Id),
    WorkspaceQuotasSet(Id),
    WorkspaceExported(Id),
    InvitationMade(Id, RoleV1),
    InvitationRoleChanged(Id, RoleV1, RoleV1),
    InvitationRevoked(Id),
    InvitationAccepted(Id),
}

impl Record for Entry {
    const NAME: &'static str = "a change";
    const VERSION: u8 = 3;
    type Latest = ChangeV3;

    fn to_latest(&self) -> ChangeV3 {
        let Change { position, tenant, about, at, actor, kind } = &self.change;
        let before = ChangeV1 {
            seq: position.entry(),
            tenant: tenant.map(TenantId::to_bytes),
            at: at.as_microsecond(),
            user: actor.user.map(UserId::to_bytes),
            ip: actor.ip.clone(),
            user_agent: actor.user_agent.clone(),
            trace_id: actor.trace_id,
            kind: (*kind).into(),
        };
        let before = ChangeV2 { before, api_key: actor.api_key.map(ApiKeyId::to_bytes), previous: self.previous };
        ChangeV3 { before, about: about.map(TenantId::to_bytes) }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<ChangeV1>(body)?.try_into(),
            2 => parse::<ChangeV2>(body)?.try_into(),
            3 => parse::<ChangeV3>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<ChangeV1> for Entry {
    type Error = Unreadable;

    fn try_from(record: ChangeV1) -> Result<Self, Unreadable> {
        let actor = Actor {
            user: record.user.map(UserId::from_bytes),
            api_key: None,
            ip: record.ip,
            user_agent: record.user_agent,
            trace_id: record.trace_id,
        };
        let change = Change {
            position: LogPosition::of_entry(record.seq),
            tenant: record.tenant.map(TenantId::from_bytes),
            about: None,
            at: time(record.at)?,
            actor,
            kind: record.kind.into(),
        };
        Ok(Self { change, previous: 0 })
    }
}

impl TryFrom<ChangeV2> for Entry {
    type Error = Unreadable;

    fn try_from(record: ChangeV2) -> Result<Self, Unreadable> {
        let mut entry = Self { previous: record.previous, ..record.before.try_into()? };
        entry.change.actor.api_key = record.api_key.map(ApiKeyId::from_bytes);
        Ok(entry)
    }
}

impl TryFrom<ChangeV3> for Entry {
    type Error = Unreadable;

    fn try_from(record: ChangeV3) -> Result<Self, Unreadable> {
        let mut entry: Self = record.before.try_into()?;
        entry.change.about = record.about.map(TenantId::from_bytes);
        Ok(entry)
    }
}

impl From<ChangeKind> for ChangeKindV1 {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::UserRegistered(id) => Self::UserRegistered(id.to_bytes()),
            ChangeKind::PasswordRehashed(id) => Self::PasswordRehashed(id.to_bytes()),
            ChangeKind::SessionOpened(id) => Self::SessionOpened(id.to_bytes()),
            ChangeKind::SessionRefreshed(id) => Self::SessionRefreshed(id.to_bytes()),
            ChangeKind::SessionRevokedForReuse(id) => Self::SessionRevokedForReuse(id.to_bytes()),
            ChangeKind::SessionClosed(id) => Self::SessionClosed(id.to_bytes()),
            ChangeKind::SessionExpired(id) => Self::SessionExpired(id.to_bytes()),
            ChangeKind::WorkspaceCreated(id) => Self::WorkspaceCreated(id.to_bytes()),
            ChangeKind::ArtifactCreated(id) => Self::ArtifactCreated(id.to_bytes()),
            ChangeKind::ArtifactUpdated(id, version) => Self::ArtifactUpdated(id.to_bytes(), version),
            ChangeKind::ArtifactDeleted(id, version) => Self::ArtifactDeleted(id.to_bytes(), version),
            ChangeKind::ArtifactRestored(id, version) => Self::ArtifactRestored(id.to_bytes(), version),
            ChangeKind::ArtifactPurged(id) => Self::ArtifactPurged(id.to_bytes()),
            ChangeKind::LoginFailed(user) => Self::LoginFailed(user.map(UserId::to_bytes)),
            ChangeKind::SessionSwitched(id) => Self::SessionSwitched(id.to_bytes()),
            ChangeKind::SessionRevoked(id) => Self::SessionRevoked(id.to_bytes()),
            ChangeKind::VerificationRequested(id) => Self::VerificationRequested(id.to_bytes()),
            ChangeKind::EmailVerified(id) => Self::EmailVerified(id.to_bytes()),
            ChangeKind::PasswordResetRequested(id) => Self::PasswordResetRequested(id.to_bytes()),
            ChangeKind::PasswordReset(id) => Self::PasswordReset(id.to_bytes()),
            ChangeKind::PasswordChanged(id) => Self::PasswordChanged(id.to_bytes()),
            ChangeKind::UserDisabled(id) => Self::UserDisabled(id.to_bytes()),
            ChangeKind::UserEnabled(id) => Self::UserEnabled(id.to_bytes()),
            ChangeKind::WorkspaceUpdated(id) => Self::WorkspaceUpdated(id.to_bytes()),
            ChangeKind::WorkspaceDeleted(id) => Self::WorkspaceDeleted(id.to_bytes()),
            ChangeKind::MemberAdded(id, role) => Self::MemberAdded(id.to_bytes(), role.into()),
            ChangeKind::MemberRoleChanged(id, from, to) => {
                Self::MemberRoleChanged(id.to_bytes(), from.into(), to.into())
            }
            ChangeKind::MemberRemoved(id) => Self::MemberRemoved(id.to_bytes()),
            ChangeKind::ApiKeyCreated(id) => Self::ApiKeyCreated(id.to_bytes()),
            ChangeKind::ApiKeyRevoked(id) => Self::ApiKeyRevoked(id.to_bytes()),
            ChangeKind::SessionRefreshRepeated(id) => Self::SessionRefreshRepeated(id.to_bytes()),
            ChangeKind::SessionDisplaced(id) => Self::SessionDisplaced(id.to_bytes()),
            ChangeKind::OperatorGranted(id) => Self::OperatorGranted(id.to_bytes()),
            ChangeKind::OperatorRevoked(id) => Self::OperatorRevoked(id.to_bytes()),
            ChangeKind::PasswordSet(id) => Self::PasswordSet(id.to_bytes()),
            ChangeKind::SessionsEnded(id) => Self::SessionsEnded(id.to_bytes()),
            ChangeKind::ProfileChanged(id) => Self::ProfileChanged(id.to_bytes()),
            ChangeKind::EmailChangeRequested(id) => Self::EmailChangeRequested(id.to_bytes()),
            ChangeKind::EmailChanged(id) => Self::EmailChanged(id.to_bytes()),
            ChangeKind::UserDeleted(id) => Self::UserDeleted(id.to_bytes()),
            ChangeKind::UserBroughtBack(id) => Self::UserBroughtBack(id.to_bytes()),
            ChangeKind::WorkspaceSuspended(id) => Self::WorkspaceSuspended(id.to_bytes()),
            ChangeKind::WorkspaceResumed(id) => Self::WorkspaceResumed(id.to_bytes()),
            ChangeKind::WorkspaceQuotasSet(id) => Self::WorkspaceQuotasSet(id.to_bytes()),
            ChangeKind::WorkspaceExported(id) => Self::WorkspaceExported(id.to_bytes()),
            ChangeKind::InvitationMade(id, role) => Self::InvitationMade(id.to_bytes(), role.into()),
            ChangeKind::InvitationRoleChanged(id, from, to) => {
                Self::InvitationRoleChanged(id.to_bytes(), from.into(), to.into())
            }
            ChangeKind::InvitationRevoked(id) => Self::InvitationRevoked(id.to_bytes()),
            ChangeKind::InvitationAccepted(id) => Self::InvitationAccepted(id.to_bytes()),
        }
    }
}

impl From<ChangeKindV1> for ChangeKind {
    fn from(kind: ChangeKindV1) -> Self {
        match kind {
            ChangeKindV1::UserRegistered(id) => Self::UserRegistered(UserId::from_bytes(id)),
            ChangeKindV1::PasswordRehashed(id) => Self::PasswordRehashed(UserId::from_bytes(id)),
            ChangeKindV1::SessionOpened(id) => Self::SessionOpened(SessionId::from_bytes(id)),
            ChangeKindV1::SessionRefreshed(id) => Self::SessionRefreshed(SessionId::from_bytes(id)),
            ChangeKindV1::SessionRevokedForReuse(id) => Self::SessionRevokedForReuse(SessionId::from_bytes(id)),
            ChangeKindV1::SessionClosed(id) => Self::SessionClosed(SessionId::from_bytes(id)),
            ChangeKindV1::SessionExpired(id) => Self::SessionExpired(SessionId::from_bytes(id)),
            ChangeKindV1::WorkspaceCreated(id) => Self::WorkspaceCreated(TenantId::from_bytes(id)),
            ChangeKindV1::ArtifactCreated(id) => Self::ArtifactCreated(ArtifactId::from_bytes(id)),
            ChangeKindV1::ArtifactUpdated(id, version) => Self::ArtifactUpdated(ArtifactId::from_bytes(id), version),
            ChangeKindV1::ArtifactDeleted(id, version) => Self::ArtifactDeleted(ArtifactId::from_bytes(id), version),
            ChangeKindV1::ArtifactRestored(id, version) => Self::ArtifactRestored(ArtifactId::from_bytes(id), version),
            ChangeKindV1::ArtifactPurged(id) => Self::ArtifactPurged(ArtifactId::from_bytes(id)),
            ChangeKindV1::LoginFailed(user) => Self::LoginFailed(user.map(UserId::from_bytes)),
            ChangeKindV1::SessionSwitched(id) => Self::SessionSwitched(SessionId::from_bytes(id)),
            ChangeKindV1::SessionRevoked(id) => Self::SessionRevoked(SessionId::from_bytes(id)),
            ChangeKindV1::VerificationRequested(id) => Self::VerificationRequested(UserId::from_bytes(id)),
            ChangeKindV1::EmailVerified(id) => Self::EmailVerified(UserId::from_bytes(id)),
            ChangeKindV1::PasswordResetRequested(id) => Self::PasswordResetRequested(UserId::from_bytes(id)),
            ChangeKindV1::PasswordReset(id) => Self::PasswordReset(UserId::from_bytes(id)),
            ChangeKindV1::PasswordChanged(id) => Self::PasswordChanged(UserId::from_bytes(id)),
            ChangeKindV1::UserDisabled(id) => Self::UserDisabled(UserId::from_bytes(id)),
            ChangeKindV1::UserEnabled(id) => Self::UserEnabled(UserId::from_bytes(id)),
            ChangeKindV1::WorkspaceUpdated(id) => Self::WorkspaceUpdated(TenantId::from_bytes(id)),
            ChangeKindV1::WorkspaceDeleted(id) => Self::WorkspaceDeleted(TenantId::from_bytes(id)),
            ChangeKindV1::MemberAdded(id, role) => Self::MemberAdded(UserId::from_bytes(id), role.into()),
            ChangeKindV1::MemberRoleChanged(id, from, to) => {
                Self::MemberRoleChanged(UserId::from_bytes(id), from.into(), to.into())
            }
            ChangeKindV1::MemberRemoved(id) => Self::MemberRemoved(UserId::from_bytes(id)),
            ChangeKindV1::ApiKeyCreated(id) => Self::ApiKeyCreated(ApiKeyId::from_bytes(id)),
            ChangeKindV1::ApiKeyRevoked(id) => Self::ApiKeyRevoked(ApiKeyId::from_bytes(id)),
            ChangeKindV1::SessionRefreshRepeated(id) => Self::SessionRefreshRepeated(SessionId::from_bytes(id)),
            ChangeKindV1::SessionDisplaced(id) => Self::SessionDisplaced(SessionId::from_bytes(id)),
            ChangeKindV1::OperatorGranted(id) => Self::OperatorGranted(UserId::from_bytes(id)),
            ChangeKindV1::OperatorRevoked(id) => Self::OperatorRevoked(UserId::from_bytes(id)),
            ChangeKindV1::PasswordSet(id) => Self::PasswordSet(UserId::from_bytes(id)),
            ChangeKindV1::SessionsEnded(id) => Self::SessionsEnded(UserId::from_bytes(id)),
            ChangeKindV1::ProfileChanged(id) => Self::ProfileChanged(UserId::from_bytes(id)),
            ChangeKindV1::EmailChangeRequested(id) => Self::EmailChangeRequested(UserId::from_bytes(id)),
            ChangeKindV1::EmailChanged(id) => Self::EmailChanged(UserId::from_bytes(id)),
            ChangeKindV1::UserDeleted(id) => Self::UserDeleted(UserId::from_bytes(id)),
            ChangeKindV1::UserBroughtBack(id) => Self::UserBroughtBack(UserId::from_bytes(id)),
            ChangeKindV1::WorkspaceSuspended(id) => Self::WorkspaceSuspended(TenantId::from_bytes(id)),
            ChangeKindV1::WorkspaceResumed(id) => Self::WorkspaceResumed(TenantId::from_bytes(id)),
            ChangeKindV1::WorkspaceQuotasSet(id) => Self::WorkspaceQuotasSet(TenantId::from_bytes(id)),
            ChangeKindV1::WorkspaceExported(id) => Self::WorkspaceExported(TenantId::from_bytes(id)),
            ChangeKindV1::InvitationMade(id, role) => Self::InvitationMade(InvitationId::from_bytes(id), role.into()),
            ChangeKindV1::InvitationRoleChanged(id, from, to) => {
                Self::InvitationRoleChanged(InvitationId::from_bytes(id), from.into(), to.into())
            }
            ChangeKindV1::InvitationRevoked(id) => Self::InvitationRevoked(InvitationId::from_bytes(id)),
            ChangeKindV1::InvitationAccepted(id) => Self::InvitationAccepted(InvitationId::from_bytes(id)),
        }
    }
}
