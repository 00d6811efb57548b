//! Sessions and their refresh tokens as they are stored.

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{RefreshDigest, RefreshLine, Session, SessionId, TenantId, UserId};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct SessionV1 {
    id: Id,
    user: Id,
    created_at: i64,
    refreshed_at: i64,
    idle_until: i64,
    expires_at: i64,
    ip: Option<String>,
    user_agent: Option<String>,
    refresh_digest: [u8; 32],
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct SessionV2 {
    before: SessionV1,
    workspace: Option<Id>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct SessionV3 {
    id: Id,
    user: Id,
    created_at: i64,
    refreshed_at: i64,
    idle_until: i64,
    expires_at: i64,
    ip: Option<String>,
    user_agent: Option<String>,
    workspace: Option<Id>,
    lines: Vec<RefreshLineV1>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct SessionV4 {
    before: SessionV3,
    console: Option<[u8; 32]>,
}

#[derive(Serialize, Deserialize)]
struct RefreshLineV1 {
    digest: [u8; 32],
    number: u64,
    used_at: i64,
}

impl Record for Session {
    const NAME: &'static str = "a session";
    const VERSION: u8 = 4;
    type Latest = SessionV4;

    fn to_latest(&self) -> SessionV4 {
        let line = |line: &RefreshLine| RefreshLineV1 {
            digest: line.digest,
            number: line.number,
            used_at: line.used_at.as_microsecond(),
        };
        let before = SessionV3 {
            id: self.id.to_bytes(),
            user: self.user.to_bytes(),
            created_at: self.created_at.as_microsecond(),
            refreshed_at: self.refreshed_at.as_microsecond(),
            idle_until: self.idle_until.as_microsecond(),
            expires_at: self.expires_at.as_microsecond(),
            ip: self.ip.clone(),
            user_agent: self.user_agent.clone(),
            workspace: self.workspace.map(TenantId::to_bytes),
            lines: self.lines.iter().map(line).collect(),
        };
        SessionV4 { before, console: self.console }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<SessionV1>(body)?.try_into(),
            2 => parse::<SessionV2>(body)?.try_into(),
            3 => parse::<SessionV3>(body)?.try_into(),
            4 => parse::<SessionV4>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<SessionV1> for Session {
    type Error = Unreadable;

    fn try_from(record: SessionV1) -> Result<Self, Unreadable> {
        Ok(Self {
            id: SessionId::from_bytes(record.id),
            user: UserId::from_bytes(record.user),
            created_at: time(record.created_at)?,
            refreshed_at: time(record.refreshed_at)?,
            idle_until: time(record.idle_until)?,
            expires_at: time(record.expires_at)?,
            ip: record.ip,
            user_agent: record.user_agent,
            workspace: None,
            lines: vec![RefreshLine::new(record.refresh_digest, time(record.refreshed_at)?)],
            console: None,
        })
    }
}

impl TryFrom<SessionV2> for Session {
    type Error = Unreadable;

    fn try_from(record: SessionV2) -> Result<Self, Unreadable> {
        Ok(Self { workspace: record.workspace.map(TenantId::from_bytes), ..record.before.try_into()? })
    }
}

impl TryFrom<SessionV3> for Session {
    type Error = Unreadable;

    fn try_from(record: SessionV3) -> Result<Self, Unreadable> {
        let line = |line: &RefreshLineV1| {
            Ok(RefreshLine { digest: line.digest, number: line.number, used_at: time(line.used_at)? })
        };
        Ok(Self {
            id: SessionId::from_bytes(record.id),
            user: UserId::from_bytes(record.user),
            created_at: time(record.created_at)?,
            refreshed_at: time(record.refreshed_at)?,
            idle_until: time(record.idle_until)?,
            expires_at: time(record.expires_at)?,
            ip: record.ip,
            user_agent: record.user_agent,
            workspace: record.workspace.map(TenantId::from_bytes),
            lines: record.lines.iter().map(line).collect::<Result<_, Unreadable>>()?,
            console: None,
        })
    }
}

impl TryFrom<SessionV4> for Session {
    type Error = Unreadable;

    fn try_from(record: SessionV4) -> Result<Self, Unreadable> {
        Ok(Self { console: record.console, ..record.before.try_into()? })
    }
}

/// The digests of a session's newest spent refresh tokens, oldest first.
#[derive(Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(in crate::store) struct SpentTokens(pub Vec<RefreshDigest>);

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct SpentTokensV1 {
    digests: Vec<[u8; 32]>,
}

impl Record for SpentTokens {
    const NAME: &'static str = "a session's spent refresh tokens";
    const VERSION: u8 = 1;
    type Latest = SpentTokensV1;

    fn to_latest(&self) -> SpentTokensV1 {
        SpentTokensV1 { digests: self.0.clone() }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => Ok(Self(parse::<SpentTokensV1>(body)?.digests)),
            other => Err(unknown(other)),
        }
    }
}
