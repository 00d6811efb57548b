//! The change record: what the change log says of each write.

use serde::{Deserialize, Serialize};

use super::{
    ApiKeyId, ArtifactId, InvitationId, LogPosition, Network, Reservation, Role, SessionId, TenantId, Timestamp, UserId,
};

/// Who makes a change, from where, in which trace.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Actor {
    /// The account, once it is known.
    pub user: Option<UserId>,
    /// The API key that the account acts through, if through one.
    pub api_key: Option<ApiKeyId>,
    /// The client's address.
    pub ip: Option<String>,
    /// The `User-Agent` sent.
    pub user_agent: Option<String>,
    /// The W3C trace id, so that an audit entry leads to its trace.
    pub trace_id: Option<[u8; 16]>,
}

impl Actor {
    /// Whose share of what there is for all a change takes, if anybody's.
    pub fn party(&self) -> Option<Party> {
        let network = || Some(Party::Network(Network::of(self.ip.as_deref()?.parse().ok()?)));
        self.user.map(Party::Account).or_else(network)
    }

    /// Leaves out from where it is, and with what program.
    pub fn forget_place(&mut self) {
        self.ip = None;
        self.user_agent = None;
    }
}

/// One of those who share what there is for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// An account.
    Account(UserId),
    /// Those in a network who are not signed in.
    Network(Network),
}

/// Who makes a change and when: what every write carries for the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When, by the clock of the request.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The idempotency key that the write happens under.
    pub reservation: Option<Reservation>,
}

impl Stamp {
    /// A stamp of a write that happens as often as it is asked for.
    pub fn new(at: Timestamp, actor: Actor) -> Self {
        Self { at, actor, reservation: None }
    }
}

/// One entry of the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where in the log it is.
    pub position: LogPosition,
    /// The workspace it happened in, if in one.
    pub tenant: Option<TenantId>,
    /// The workspace that something is about which happened elsewhere: someone signed in who is a member of it.
    pub about: Option<TenantId>,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub kind: ChangeKind,
}

impl Change {
    /// Whether one of these people did it from somewhere that is known, or somebody tried to sign in as one of them.
    pub fn is_personal_to(&self, people: &[UserId]) -> bool {
        let tried = match self.kind {
            ChangeKind::LoginFailed(user) => user,
            _ => None,
        };
        let is_of_them = [self.actor.user, tried].into_iter().flatten().any(|user| people.contains(&user));
        is_of_them && (self.actor.ip.is_some() || self.actor.user_agent.is_some())
    }
}

/// What comes next in the change log, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeBatch {
    /// The entries that can be read.
    pub changes: Vec<Change>,
    /// Where the next batch begins: the position of the last entry, whether it can be read or not.
    pub end: LogPosition,
    /// Whether more follow.
    pub has_more: bool,
    /// Whether entries are missing in it that were there once: the log does not go back so far any more, or some can't be
    /// read.
    pub has_gaps: bool,
}

/// Where a reader of a workspace's changes goes on. What is in it is the store's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace(pub Vec<u8>);

/// A page of a workspace's changes, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The changes of this page.
    pub items: Vec<Change>,
    /// How many were passed over because they can't be read.
    pub damaged: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<LogPlace>,
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
    /// An artifact was taken out of the trash; the number is its new version.
    ArtifactRestored(ArtifactId, u64),
    /// An artifact was removed for good, with its history.
    ArtifactPurged(ArtifactId),
    /// Someone failed to sign in to an account; to none, when the address is unknown.
    LoginFailed(Option<UserId>),
    /// A session was pointed at a workspace.
    SessionSwitched(SessionId),
    /// A session was ended from another one of the same account.
    SessionRevoked(SessionId),
    /// Someone was sent what proves that an address is theirs.
    VerificationRequested(UserId),
    /// An address was proved to be theirs.
    EmailVerified(UserId),
    /// Someone was sent what lets them choose another password.
    PasswordResetRequested(UserId),
    /// A password was reset by a link; all sessions ended.
    PasswordReset(UserId),
    /// A password was changed with the old one; other sessions ended.
    PasswordChanged(UserId),
    /// An account was kept from signing in; its sessions ended.
    UserDisabled(UserId),
    /// An account may sign in again.
    UserEnabled(UserId),
    /// A workspace's description of itself changed.
    WorkspaceUpdated(TenantId),
    /// A workspace was deleted, with everything in it.
    WorkspaceDeleted(TenantId),
    /// Someone became a member.
    MemberAdded(UserId, Role),
    /// A member's role changed: from, to.
    MemberRoleChanged(UserId, Role, Role),
    /// Someone is no longer a member.
    MemberRemoved(UserId),
    /// An API key was made.
    ApiKeyCreated(ApiKeyId),
    /// An API key was revoked.
    ApiKeyRevoked(ApiKeyId),
    /// A refresh token that was spent a moment ago was presented again by another client than the one that spent it.
    SessionRefreshRepeated(SessionId),
    /// A session made place for a newer one of the same account: of too many, it was the one unused longest.
    SessionDisplaced(SessionId),
    /// An account may operate the server.
    OperatorGranted(UserId),
    /// An account may operate the server no longer.
    OperatorRevoked(UserId),
    /// An operator set another password; all sessions ended.
    PasswordSet(UserId),
    /// An operator ended all sessions of an account.
    SessionsEnded(UserId),
    /// Someone changed what they are called.
    ProfileChanged(UserId),
    /// Someone asked for another address, and was sent what proves that it is theirs.
    EmailChangeRequested(UserId),
    /// Another address was proved to be theirs, and took the place of the one before.
    EmailChanged(UserId),
    /// An account was deleted, with everything about the person.
    UserDeleted(UserId),
    /// An account that was deleted is to be there again, because a restore was told so.
    UserBroughtBack(UserId),
    /// The operator keeps members and API keys from a workspace.
    WorkspaceSuspended(TenantId),
    /// Members and API keys may use a workspace again.
    WorkspaceResumed(TenantId),
    /// A workspace has other quotas of its own.
    WorkspaceQuotasSet(TenantId),
    /// An operator took the artifacts of a workspace out.
    WorkspaceExported(TenantId),
    /// Somebody was invited, or invited again.
    InvitationMade(InvitationId, Role),
    /// What an invitation gives changed: from, to.
    InvitationRoleChanged(InvitationId, Role, Role),
    /// An invitation is good no longer.
    InvitationRevoked(InvitationId),
    /// Somebody accepted an invitation.
    InvitationAccepted(InvitationId),
}

impl ChangeKind {
    /// The account that it was done to, if to one.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::UserRegistered(id)
            | Self::PasswordRehashed(id)
            | Self::LoginFailed(Some(id))
            | Self::VerificationRequested(id)
            | Self::EmailVerified(id)
            | Self::PasswordResetRequested(id)
            | Self::PasswordReset(id)
            | Self::PasswordChanged(id)
            | Self::PasswordSet(id)
            | Self::SessionsEnded(id)
            | Self::ProfileChanged(id)
            | Self::EmailChangeRequested(id)
            | Self::EmailChanged(id)
            | Self::UserDeleted(id)
            | Self::UserBroughtBack(id)
            | Self::UserDisabled(id)
            | Self::UserEnabled(id)
            | Self::OperatorGranted(id)
            | Self::OperatorRevoked(id)
            | Self::MemberAdded(id, _)
            | Self::MemberRoleChanged(id, _, _)
            | Self::MemberRemoved(id) => Some(*id),
            _ => None,
        }
    }

    /// The artifact it was done to, if to one.
    pub fn artifact(&self) -> Option<ArtifactId> {
        match self {
            Self::ArtifactCreated(id)
            | Self::ArtifactUpdated(id, _)
            | Self::ArtifactDeleted(id, _)
            | Self::ArtifactRestored(id, _)
            | Self::ArtifactPurged(id) => Some(*id),
            _ => None,
        }
    }
}
