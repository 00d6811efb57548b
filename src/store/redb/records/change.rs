//! Entries of the change log as they are stored.

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{Actor, ArtifactId, Change, ChangeKind, SessionId, Stamp, TenantId, UserId};

#[derive(Serialize, Deserialize)]
pub(in crate::store::redb) struct ChangeV1 {
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
}

impl Record for Change {
    const NAME: &'static str = "a change";
    const VERSION: u8 = 1;
    type Latest = ChangeV1;

    fn to_latest(&self) -> ChangeV1 {
        let Stamp { at, actor } = &self.stamp;
        ChangeV1 {
            seq: self.seq,
            tenant: self.tenant.map(TenantId::to_bytes),
            at: at.as_microsecond(),
            user: actor.user.map(UserId::to_bytes),
            ip: actor.ip.clone(),
            user_agent: actor.user_agent.clone(),
            trace_id: actor.trace_id,
            kind: self.kind.into(),
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<ChangeV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<ChangeV1> for Change {
    type Error = Unreadable;

    fn try_from(record: ChangeV1) -> Result<Self, Unreadable> {
        let actor = Actor {
            user: record.user.map(UserId::from_bytes),
            ip: record.ip,
            user_agent: record.user_agent,
            trace_id: record.trace_id,
        };
        Ok(Self {
            seq: record.seq,
            tenant: record.tenant.map(TenantId::from_bytes),
            stamp: Stamp { at: time(record.at)?, actor },
            kind: record.kind.into(),
        })
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
        }
    }
}
