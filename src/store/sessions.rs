//! Sessions at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{RefreshDigest, Role, Session, SessionId, Stamp, TenantId, Timestamp, UserId};

/// Sessions and the refresh tokens that descend from them.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a session whose first refresh token is `session.refresh_digest`, and removes a few of the same user's that
    /// have expired. The account must be active. Returns false, and does nothing, when its password hash is no longer
    /// `verified`: whoever proved the password was too slow.
    async fn open_session(&self, session: Session, verified: String, stamp: Stamp) -> StoreResult<bool>;

    /// Notes that someone failed to sign in, to this account or to none.
    async fn note_failed_login(&self, user: Option<UserId>, stamp: Stamp) -> StoreResult<()>;

    /// A user's session. Ended sessions are gone; expired ones may still be there.
    async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<Session>>;

    /// Spends a refresh token for its successor. A token that was spent before ends the session; of those, it knows at
    /// least the newest hundred, and older ones are [`Rotation::Unknown`]. A session that has expired is removed.
    async fn rotate_refresh_token(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshDigest,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Rotation>;

    /// A user's sessions, oldest first. Expired ones may still be there.
    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Session>>;

    /// Points a session at a workspace that its user is a member of, and exchanges its refresh token for its successor.
    async fn switch_session(
        &self,
        user: UserId,
        id: SessionId,
        tenant: TenantId,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Switched>;

    /// Ends a session with all its tokens. Ending one that is not there is no error.
    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()>;

    /// Ends a session from another one of the same user's. One that has expired is not there.
    async fn revoke_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()>;

    /// Ends all sessions of a user but `keep`. Returns how many lived.
    async fn revoke_other_sessions(&self, user: UserId, keep: SessionId, stamp: Stamp) -> StoreResult<usize>;
}

/// The refresh token that follows a spent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The new token's digest.
    pub digest: RefreshDigest,
    /// When the session now ends unless it is refreshed again; the store keeps it within the session's absolute end.
    pub idle_until: Timestamp,
}

/// A session that was pointed at a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switched {
    /// The session as it is now.
    pub session: Session,
    /// The role of its user in the workspace.
    pub role: Role,
}

/// What became of a refresh token that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was the good one; the session as it is now.
    Rotated(Session),
    /// It was spent before: someone has a copy. The session is ended.
    Reused,
    /// It is not, or no longer, a token of any live session.
    Unknown,
}
