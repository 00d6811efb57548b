//! Errors of the service: which status and code each is answered with.

use poem::http::StatusCode;

use super::{Code, Problem, ROOM_RETRY_AFTER_SECONDS, WRITES_RETRY_AFTER_SECONDS, field_errors};
use crate::service;

/// For a token that is not valid; as clients of the older service know it, as are the sentences about conflicts.
const UNKNOWN_CALLER: &str = "Could not validate credentials";

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        use service::Error;
        let sentence = |error: &Error| {
            let text = error.to_string();
            let mut chars = text.chars();
            chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
        };
        let plain = |status, code| Self::new(status, code, format!("{}.", sentence(&error)));
        match &error {
            Error::Invalid(violations) => Self::validation(violations),
            Error::NotAuthenticated => Self::new(StatusCode::UNAUTHORIZED, Code::NotAuthenticated, UNKNOWN_CALLER),
            Error::InvalidCredentials(_) => {
                Self::new(StatusCode::UNAUTHORIZED, Code::InvalidCredentials, "Invalid email or password")
            }
            Error::InvalidRefreshToken(_) => {
                Self::new(StatusCode::UNAUTHORIZED, Code::InvalidRefreshToken, UNKNOWN_CALLER)
            }
            Error::Forbidden { .. } | Error::NotOperator | Error::NotOnSite => {
                plain(StatusCode::FORBIDDEN, Code::Forbidden)
            }
            Error::WorkspaceNotFound => plain(StatusCode::NOT_FOUND, Code::WorkspaceNotFound),
            Error::WorkspaceSuspended => plain(StatusCode::FORBIDDEN, Code::WorkspaceSuspended),
            Error::ArtifactNotFound => plain(StatusCode::NOT_FOUND, Code::ArtifactNotFound),
            Error::UserNotFound => plain(StatusCode::NOT_FOUND, Code::UserNotFound),
            Error::MemberNotFound => plain(StatusCode::NOT_FOUND, Code::MemberNotFound),
            Error::ApiKeyNotFound => plain(StatusCode::NOT_FOUND, Code::ApiKeyNotFound),
            Error::InvitationNotFound => plain(StatusCode::NOT_FOUND, Code::InvitationNotFound),
            Error::InvitationForAnother(_) => plain(StatusCode::FORBIDDEN, Code::InvitationForAnother),
            Error::AccountDisabled => plain(StatusCode::CONFLICT, Code::AccountDisabled),
            Error::SessionNotFound => plain(StatusCode::NOT_FOUND, Code::SessionNotFound),
            Error::TraceNotFound => plain(StatusCode::NOT_FOUND, Code::TraceNotFound),
            Error::ApiKeyNotAllowed => plain(StatusCode::FORBIDDEN, Code::ApiKeyNotAllowed),
            Error::MissingScope { .. } => plain(StatusCode::FORBIDDEN, Code::MissingScope),
            Error::InvalidOneTimeToken => plain(StatusCode::BAD_REQUEST, Code::InvalidToken),
            Error::MailNotConfigured => plain(StatusCode::SERVICE_UNAVAILABLE, Code::MailNotConfigured),
            Error::AlreadyMember => Self::new(
                StatusCode::CONFLICT,
                Code::AlreadyMember,
                "User is already a member of this workspace; the membership already exists",
            ),
            Error::OwnMembership => plain(StatusCode::BAD_REQUEST, Code::OwnMembership),
            Error::SoleOwner(_) => plain(StatusCode::CONFLICT, Code::SoleOwner),
            Error::LastOwner => plain(StatusCode::CONFLICT, Code::LastOwner),
            Error::QuotaExceeded { .. } | Error::IdempotencyKeysSpent => {
                plain(StatusCode::CONFLICT, Code::QuotaExceeded)
            }
            Error::PreconditionRequired => plain(StatusCode::PRECONDITION_REQUIRED, Code::PreconditionRequired),
            Error::RateLimited(exhausted) => {
                let problem = plain(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited);
                let retry_after = Some(exhausted.retry_after_seconds);
                Self { retry_after, allowance: Some(exhausted.allowance.into()), ..problem }
            }
            Error::ConfigRefused(_) => plain(StatusCode::CONFLICT, Code::ConfigurationRefused),
            Error::SigningKeyConfigured => plain(StatusCode::CONFLICT, Code::SigningKeyConfigured),
            Error::RegistrationClosed(_) => plain(StatusCode::FORBIDDEN, Code::RegistrationClosed),
            Error::EmailTaken => {
                Self::new(StatusCode::CONFLICT, Code::EmailTaken, "User with this email already exists")
            }
            Error::SlugTaken => {
                Self::new(StatusCode::CONFLICT, Code::SlugTaken, "Workspace with this slug already exists")
            }
            Error::VersionMismatch { .. } => plain(StatusCode::PRECONDITION_FAILED, Code::VersionMismatch),
            Error::BulkFailed(violations) => {
                let detail = "Nothing was written, because some operations can't be carried out.";
                let problem = Self::new(StatusCode::CONFLICT, Code::BulkFailed, detail);
                Self { errors: field_errors(violations), ..problem }
            }
            Error::SearchRebuilding => plain(StatusCode::SERVICE_UNAVAILABLE, Code::SearchRebuilding),
            Error::ReadOnly => Self {
                retry_after: Some(WRITES_RETRY_AFTER_SECONDS),
                ..plain(StatusCode::SERVICE_UNAVAILABLE, Code::ReadOnly)
            },
            Error::Overloaded => plain(StatusCode::SERVICE_UNAVAILABLE, Code::Overloaded),
            Error::IdempotencyKeyInUse => Self::idempotency_in_flight(),
            Error::OutcomeUnknown => plain(StatusCode::SERVICE_UNAVAILABLE, Code::OutcomeUnknown),
            // The cause is in the log since the disk was found full.
            Error::StorageFull(_) => {
                let detail =
                    "The storage is full: nothing can be written until its operator makes room. Reading works.";
                let problem = Self::new(StatusCode::INSUFFICIENT_STORAGE, Code::StorageFull, detail);
                Self { retry_after: Some(ROOM_RETRY_AFTER_SECONDS), ..problem }
            }
            Error::Unavailable(cause) => {
                let detail = "The storage is not available; try again shortly.";
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, detail);
                Self { cause: Some(cause.to_string().into()), ..problem }
            }
            Error::Damaged(damage) => {
                let detail = "What was asked for is damaged in the database; its operator finds where in the log.";
                let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Damaged, detail);
                Self { cause: Some(damage.to_string().into()), ..problem }
            }
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}
