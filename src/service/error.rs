//! Everything a use case can end with but success.

use std::borrow::Cow;

use thiserror::Error;

use crate::auth::{Exhausted, HashingError};
use crate::domain::{Quota, Role, Scope, Violations};
use crate::store::{Cause, Damage, Missing, StoreError};
use crate::telemetry::Failure;

/// Why a use case did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The input breaks rules.
    #[error("the input is not valid: {0}")]
    Invalid(Violations),
    /// No, or no good, access token.
    #[error("sign in first")]
    NotAuthenticated,
    /// The login failed. Callers never learn why.
    #[error("invalid email or password")]
    InvalidCredentials(LoginFailure),
    /// The refresh token is no good. Callers never learn why.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken(RefreshFailure),
    /// The caller is a member, but needs a higher role.
    #[error("this needs the role {}", needs.as_str())]
    Forbidden {
        /// The least role that may do it.
        needs: Role,
    },
    /// The caller's account may not operate the server.
    #[error("this is for operators of this server; `ghostworks user grant-operator` makes an account one")]
    NotOperator,
    /// The operator does not come over the operator socket.
    #[error(
        "what is in a workspace is its members'; an operator takes it out or puts it in over the operator socket in the data \
         directory alone: `ghostworks workspace export`, or `import`, on the machine of the server"
    )]
    NotOnSite,
    /// There is no such workspace that the caller may see.
    #[error("workspace not found")]
    WorkspaceNotFound,
    /// The operator keeps members and API keys from the workspace.
    #[error(
        "the operator of this server has suspended the workspace: nothing in it can be read or changed, and nothing is lost; \
         ask them"
    )]
    WorkspaceSuspended,
    /// There is no such artifact in the workspace.
    #[error("artifact not found")]
    ArtifactNotFound,
    /// No account has the address that was given.
    #[error("no account has this e-mail address")]
    UserNotFound,
    /// The account is no member of the workspace.
    #[error("member not found")]
    MemberNotFound,
    /// There is no such key in the workspace.
    #[error("API key not found")]
    ApiKeyNotFound,
    /// There is no such invitation to the workspace, or no longer.
    #[error("invitation not found")]
    InvitationNotFound,
    /// The invitation is bound to another address than the caller's.
    #[error(
        "the invitation is for another address than {0}: sign in with the account of the address that it was made for"
    )]
    InvitationForAnother(Box<str>),
    /// The account may not sign in, so a link would lead nowhere.
    #[error("the account is disabled; enable it first")]
    AccountDisabled,
    /// The caller has no such session.
    #[error("session not found")]
    SessionNotFound,
    /// No trace with this id is recorded, or no longer.
    #[error("no trace with this id is recorded here, or no longer")]
    TraceNotFound,
    /// The caller holds an API key, and this is for people.
    #[error("an API key can't do this; sign in")]
    ApiKeyNotAllowed,
    /// The caller's API key was not made for this.
    #[error("the API key needs the scope {}", needs.as_str())]
    MissingScope {
        /// The scope that may do it.
        needs: Scope,
    },
    /// The token of a link is not good, or no longer.
    #[error("the token is not valid; it may have been used, or have expired")]
    InvalidOneTimeToken,
    /// There is no way to send mail.
    #[error("this server can't send mail: its operator has to set mail.smtp_url")]
    MailNotConfigured,
    /// The account is a member already.
    #[error("the account is a member already")]
    AlreadyMember,
    /// Nobody changes or ends their own membership.
    #[error("you can't do this to yourself; ask another owner")]
    OwnMembership,
    /// Workspaces would be left without an owner: these.
    #[error("nobody else owns {}: hand over or delete what is to go elsewhere first, or say who gets it (transfer_to)", .0.join(", "))]
    SoleOwner(Vec<String>),
    /// The workspace would be left without an owner.
    #[error("a workspace keeps at least one owner")]
    LastOwner,
    /// The workspace, or the account, may have no more of this.
    #[error("{} may have at most {limit} {}: {}, or ask the operator for more", quota.whose(), quota.as_str(), quota.remedy())]
    QuotaExceeded {
        /// What there would be too much of.
        quota: Quota,
        /// How much of it there may be.
        limit: u64,
    },
    /// The account stores as much under idempotency keys as it may.
    #[error("your idempotency keys take as much space as they may; send this without one, or wait until some expire")]
    IdempotencyKeysSpent,
    /// Writes must say which version they are about.
    #[error("send If-Match with the artifact's entity tag")]
    PreconditionRequired,
    /// The caller has asked too often.
    #[error("too many requests; try again in {} s", .0.retry_after_seconds)]
    RateLimited(Exhausted),
    /// The configuration is not one that can hold: each thing that is wrong with it.
    #[error("nothing was changed, because the configuration is refused: {}", .0.join("; "))]
    ConfigRefused(Vec<String>),
    /// The signing key is not one that was made here.
    #[error(
        "the signing key is the one of auth.signing_key (or auth.signing_key_file): change it there and reload; the former one is \
         believed for auth.access_token_seconds more"
    )]
    SigningKeyConfigured,
    /// The address may not register; what to say instead.
    #[error("{0}")]
    RegistrationClosed(String),
    /// The address has an account.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The slug has a workspace.
    #[error("the slug is taken")]
    SlugTaken,
    /// The caller names another version of the artifact than the current one.
    #[error("the version that was named is not the current one, which is {current}")]
    VersionMismatch {
        /// Its version now.
        current: u64,
    },
    /// Some of many writes were refused, and with them all.
    #[error("nothing was written, because some operations can't be carried out: {0}")]
    BulkFailed(Violations),
    /// The search index is being rebuilt; everything else works meanwhile.
    #[error("the search index is being rebuilt; try again in a while")]
    SearchRebuilding,
    /// An operator has writes refused.
    #[error("this server is read-only for now: nothing can be written until its operator ends that; reading works")]
    ReadOnly,
    /// More is asked than can be done; trying again shortly helps.
    #[error("too much is going on; try again shortly")]
    Overloaded,
    /// The disk has no room for writes; the cause is for the log.
    #[error("there is no room on the storage: {0}")]
    StorageFull(#[source] Cause),
    /// The storage can't be used; the cause is for the log.
    #[error("the storage is not available: {0}")]
    Unavailable(#[source] Cause),
    /// The same idempotency key is used by another request at the same moment, at another server.
    #[error("a request with this Idempotency-Key is being served")]
    IdempotencyKeyInUse,
    /// The database was lost while it was written, and it can't be found out what became of that.
    #[error(
        "the connection to the database was lost, and it may have been done or not: send it again under the same \
         Idempotency-Key, or look first"
    )]
    OutcomeUnknown,
    /// What was asked for is there, but can't be read; where it is, is for the log.
    #[error("what was asked for is damaged in the database: {0}")]
    Damaged(Box<Damage>),
    /// A bug; the cause is for the log.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Why a login failed: for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFailure {
    /// No account has this address.
    UnknownUser,
    /// Not its password.
    WrongPassword,
    /// The account may not sign in.
    Inactive,
    /// The account's address has to be verified first.
    Unverified,
}

/// Why a refresh token is no good: for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshFailure {
    /// Not a token of any live session.
    Unknown,
    /// It was used before: the session has been ended.
    Reused,
    /// The account may not sign in.
    Inactive,
}

impl Error {
    /// What came of a write about an account that an operator named: one that is not there is that one, and not the
    /// caller's.
    pub(super) fn of_somebody_else(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(Missing::User) => Self::UserNotFound,
            other => other.into(),
        }
    }
}

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "validation",
            Self::NotAuthenticated => "not_authenticated",
            Self::InvalidCredentials(LoginFailure::UnknownUser) => "unknown_user",
            Self::InvalidCredentials(LoginFailure::WrongPassword) => "wrong_password",
            Self::InvalidCredentials(LoginFailure::Inactive) | Self::InvalidRefreshToken(RefreshFailure::Inactive) => {
                "inactive"
            }
            Self::InvalidCredentials(LoginFailure::Unverified) => "unverified",
            Self::InvalidRefreshToken(RefreshFailure::Unknown) => "unknown_token",
            Self::InvalidRefreshToken(RefreshFailure::Reused) => "reused_token",
            Self::Forbidden { .. } | Self::NotOperator | Self::NotOnSite => "forbidden",
            Self::WorkspaceNotFound => "workspace_not_found",
            Self::WorkspaceSuspended => "workspace_suspended",
            Self::ArtifactNotFound => "artifact_not_found",
            Self::UserNotFound => "user_not_found",
            Self::MemberNotFound => "member_not_found",
            Self::ApiKeyNotFound => "api_key_not_found",
            Self::InvitationNotFound => "invitation_not_found",
            Self::InvitationForAnother(_) => "invitation_for_another",
            Self::AccountDisabled => "account_disabled",
            Self::SessionNotFound => "session_not_found",
            Self::TraceNotFound => "trace_not_found",
            Self::ApiKeyNotAllowed => "api_key_not_allowed",
            Self::MissingScope { .. } => "missing_scope",
            Self::InvalidOneTimeToken => "invalid_token",
            Self::MailNotConfigured => "mail_not_configured",
            Self::AlreadyMember => "already_member",
            Self::OwnMembership => "own_membership",
            Self::SoleOwner(_) => "sole_owner",
            Self::LastOwner => "last_owner",
            Self::QuotaExceeded { .. } | Self::IdempotencyKeysSpent => "quota_exceeded",
            Self::PreconditionRequired => "precondition_required",
            Self::RateLimited(_) => "rate_limited",
            Self::ConfigRefused(_) => "configuration_refused",
            Self::SigningKeyConfigured => "signing_key_configured",
            Self::RegistrationClosed(_) => "registration_closed",
            Self::EmailTaken => "email_taken",
            Self::SlugTaken => "slug_taken",
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::BulkFailed(_) => "bulk_failed",
            Self::SearchRebuilding => "search_rebuilding",
            Self::ReadOnly => "read_only",
            Self::Overloaded => "overloaded",
            Self::StorageFull(_) => "storage_full",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::IdempotencyKeyInUse => "idempotency_key_in_use",
            Self::Unavailable(_) => "unavailable",
            Self::Damaged(_) => "damaged",
            Self::Internal(_) => "internal",
        }
    }

    fn safe_message(&self) -> Cow<'static, str> {
        match self {
            // A violation's pointer may hold a key the user chose.
            Self::Invalid(_) => "the input is not valid".into(),
            Self::BulkFailed(_) => "some operations can't be carried out".into(),
            Self::ConfigRefused(_) => "the configuration is refused".into(),
            Self::InvitationForAnother(_) => "the invitation is for another address".into(),
            Self::SoleOwner(_) => "workspaces would be left without an owner".into(),
            // Keys may be addresses.
            Self::Damaged(_) => "a row of the database is damaged".into(),
            other => other.to_string().into(),
        }
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::SlugTaken => Self::SlugTaken,
            StoreError::NotFound(Missing::Workspace) => Self::WorkspaceNotFound,
            StoreError::NotFound(Missing::Artifact) => Self::ArtifactNotFound,
            // The caller's own account went away while it was being served.
            StoreError::NotFound(Missing::User) => Self::NotAuthenticated,
            StoreError::NotFound(Missing::Member) => Self::MemberNotFound,
            StoreError::NotFound(Missing::ApiKey) => Self::ApiKeyNotFound,
            StoreError::NotFound(Missing::Invitation) => Self::InvitationNotFound,
            StoreError::NotFound(Missing::Session) => Self::SessionNotFound,
            StoreError::WorkspaceSuspended => Self::WorkspaceSuspended,
            StoreError::AlreadyMember => Self::AlreadyMember,
            StoreError::Forbidden { needs } => Self::Forbidden { needs },
            StoreError::OwnMembership => Self::OwnMembership,
            // Those who accept one name the address.
            StoreError::InvitationForAnother => Self::InvitationForAnother("your account's".into()),
            StoreError::LastOwner => Self::LastOwner,
            // Those who delete people name them.
            StoreError::SoleOwner(_) => Self::SoleOwner(Vec::new()),
            StoreError::QuotaExceeded { quota, limit } => Self::QuotaExceeded { quota, limit },
            StoreError::InvalidOneTimeToken => Self::InvalidOneTimeToken,
            StoreError::VersionMismatch { current } => Self::VersionMismatch { current },
            StoreError::ReadOnly => Self::ReadOnly,
            // Nobody waits for the answer of what is done beside the requests.
            StoreError::LeaseLost | StoreError::Overloaded => Self::Overloaded,
            StoreError::StorageFull(cause) => Self::StorageFull(cause),
            StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::OutcomeUnknown => Self::OutcomeUnknown,
            StoreError::KeyInUse => Self::IdempotencyKeyInUse,
            StoreError::Damaged(damage) => Self::Damaged(damage),
            StoreError::Internal(cause) => Self::Internal(cause.to_string()),
        }
    }
}

impl From<HashingError> for Error {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Overloaded => Self::Overloaded,
            HashingError::Failed(cause) => Self::Internal(cause),
        }
    }
}
