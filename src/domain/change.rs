//! The change record: what the change log says of each write.

use super::{ArtifactId, SessionId, TenantId, Timestamp, UserId};

/// Who makes a change, from where, in which trace.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Actor {
    /// The account, once it is known.
    pub user: Option<UserId>,
    /// The client's address.
    pub ip: Option<String>,
    /// The `User-Agent` sent.
    pub user_agent: Option<String>,
    /// The W3C trace id, so that an audit entry leads to its trace.
    pub trace_id: Option<[u8; 16]>,
}

/// Who makes a change and when: what every write carries for the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When, by the clock of the request.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
}

/// One entry of the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its position: 1 for the first, without gaps.
    pub seq: u64,
    /// The workspace it happened in, if in one.
    pub tenant: Option<TenantId>,
    /// Who did it, and when.
    pub stamp: Stamp,
    /// What was done.
    pub kind: ChangeKind,
}

/// What was done, to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// An account was registered.
    UserRegistered(UserId),
    /// A password's stored hash was renewed with current parameters; the password is the same.
    PasswordRehashed(UserId),
    /// Someone signed in.
    SessionOpened(SessionId),
    /// A refresh token was exchanged for its successor.
    SessionRefreshed(SessionId),
    /// A spent refresh token was presented again, so the whole family was ended.
    SessionRevokedForReuse(SessionId),
    /// Someone signed out.
    SessionClosed(SessionId),
    /// A session whose time was over was removed.
    SessionExpired(SessionId),
    /// A workspace was created.
    WorkspaceCreated(TenantId),
    /// An artifact was created.
    ArtifactCreated(ArtifactId),
    /// An artifact was changed; the number is its new version.
    ArtifactUpdated(ArtifactId, u64),
    /// An artifact was moved to the trash; the number is its new version.
    ArtifactDeleted(ArtifactId, u64),
}
