//! Sessions and refresh tokens as they are stored.

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{Session, SessionId, Timestamp, UserId};

#[derive(Serialize, Deserialize)]
pub(in crate::store::redb) struct SessionV1 {
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

impl Record for Session {
    const NAME: &'static str = "a session";
    const VERSION: u8 = 1;
    type Latest = SessionV1;

    fn to_latest(&self) -> SessionV1 {
        SessionV1 {
            id: self.id.to_bytes(),
            user: self.user.to_bytes(),
            created_at: self.created_at.as_microsecond(),
            refreshed_at: self.refreshed_at.as_microsecond(),
            idle_until: self.idle_until.as_microsecond(),
            expires_at: self.expires_at.as_microsecond(),
            ip: self.ip.clone(),
            user_agent: self.user_agent.clone(),
            refresh_digest: self.refresh_digest,
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<SessionV1>(body)?.try_into(),
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
            refresh_digest: record.refresh_digest,
        })
    }
}

/// A refresh token; its session and digest are its key.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(in crate::store::redb) struct RefreshToken {
    /// When it was exchanged for its successor, if it was.
    pub spent_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store::redb) struct RefreshTokenV1 {
    spent_at: Option<i64>,
}

impl Record for RefreshToken {
    const NAME: &'static str = "a refresh token";
    const VERSION: u8 = 1;
    type Latest = RefreshTokenV1;

    fn to_latest(&self) -> RefreshTokenV1 {
        RefreshTokenV1 { spent_at: self.spent_at.map(Timestamp::as_microsecond) }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<RefreshTokenV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<RefreshTokenV1> for RefreshToken {
    type Error = Unreadable;

    fn try_from(record: RefreshTokenV1) -> Result<Self, Unreadable> {
        Ok(Self { spent_at: record.spent_at.map(time).transpose()? })
    }
}
