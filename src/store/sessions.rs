//! Sessions at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{
    Network, RefreshDigest, RefreshSalt, RefreshSecret, Role, Session, SessionId, Stamp, TenantId, Timestamp, UserId,
};

/// Sessions and their refresh tokens.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a session, and removes a few of the same user's that have expired, and those unused longest if there are too
    /// many. The account must be active. Returns false, and does nothing, when its password hash is no longer the one
    /// that was verified: the password was changed meanwhile.
    async fn open_session(&self, session: Session, opening: Opening, stamp: Stamp) -> StoreResult<bool>;

    /// Notes that someone failed to sign in to this account. To none: notes nothing, so that strangers can't fill the change
    /// log, and takes as long, so that nobody learns by the time which addresses have an account.
    async fn note_failed_login(&self, user: Option<UserId>, stamp: Stamp) -> StoreResult<()>;

    /// A user's session. Ended sessions are gone; expired ones may still be there.
    async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<Session>>;

    /// What a refresh token is to a session at this moment.
    async fn refresh_standing(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshSecret,
        now: Timestamp,
    ) -> StoreResult<Standing>;

    /// Spends a refresh token for its successor. One that was spent may be presented again for a while, and leads to the
    /// current token of its line; after that it ends the session. Of the spent ones, a session knows at least the newest
    /// hundred, and older ones are [`Rotation::Unknown`]. A session that has expired is removed.
    async fn rotate_refresh_token(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshSecret,
        renewal: Renewal,
        stamp: Stamp,
    ) -> StoreResult<Rotation>;

    /// Looks at the next `limit` sessions after a place that have salts of refresh tokens, and removes the salts by which
    /// no token may be presented again. Returns the place to go on from; none at the end. The change log has nothing of
    /// it.
    async fn remove_old_salts(
        &self,
        now: Timestamp,
        after: Option<SessionPlace>,
        limit: usize,
    ) -> StoreResult<Option<SessionPlace>>;

    /// A user's sessions, oldest first. Expired ones may still be there.
    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Session>>;

    /// Moves the end of a session of the console that is in use. One that has ended is not there.
    async fn prolong_session(
        &self,
        user: UserId,
        id: SessionId,
        idle_until: Timestamp,
        stamp: Stamp,
    ) -> StoreResult<()>;

    /// Points a session at a workspace that its user is a member of, and begins another line of refresh tokens with the
    /// one of this digest. The others are as good as before.
    async fn switch_session(
        &self,
        user: UserId,
        id: SessionId,
        tenant: TenantId,
        token: RefreshDigest,
        idle_until: Timestamp,
        stamp: Stamp,
    ) -> StoreResult<Switched>;

    /// Ends a session with all its tokens. Ending one that is not there is no error.
    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()>;

    /// Ends a session from another one of the same user's. One that has expired is not there.
    async fn revoke_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()>;

    /// Ends all sessions of a user but `keep`. Returns how many lived.
    async fn revoke_other_sessions(&self, user: UserId, keep: SessionId, stamp: Stamp) -> StoreResult<usize>;
}

/// A session among those of all users.
pub type SessionPlace = (UserId, SessionId);

/// On what terms a session is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The password hash that was verified.
    pub verified: String,
    /// How many sessions the account may have, this one included.
    pub most: usize,
    /// Where the client is, which the account then knows.
    pub from: Option<Network>,
}

/// How a refresh token is followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// What the successor is derived with.
    pub salt: RefreshSalt,
    /// Until when the spent token may be presented again.
    pub repeatable_until: Timestamp,
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

/// What a refresh token is to a session; the better, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is not, or no longer, a token of any live session.
    Unknown,
    /// It was spent, and must not be presented again.
    Spent,
    /// It was spent a moment ago, and leads to the current token of its line.
    Repeatable,
    /// It is the current token of a line.
    Current,
}

/// What became of a refresh token that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was spent for this one; the session as it is now.
    Rotated(Session, RefreshSecret),
    /// It was spent a moment ago; this is the current token of its line.
    Repeated(Session, RefreshSecret),
    /// It was spent before: someone has a copy. The session is ended.
    Reused,
    /// It is not, or no longer, a token of any live session.
    Unknown,
}
