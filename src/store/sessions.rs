//! Sessions at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{RefreshDigest, Session, SessionId, Stamp, Timestamp, UserId};

/// Sessions and the refresh tokens that descend from them.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a session whose first refresh token is `session.refresh_digest`, and removes a few of the same user's that
    /// have expired.
    async fn open_session(&self, session: Session, stamp: Stamp) -> StoreResult<()>;

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

    /// Ends a session with all its tokens. Ending one that is not there is no error.
    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()>;
}

/// The refresh token that follows a spent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The new token's digest.
    pub digest: RefreshDigest,
    /// When the session now ends unless it is refreshed again; the store keeps it within the session's absolute end.
    pub idle_until: Timestamp,
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
