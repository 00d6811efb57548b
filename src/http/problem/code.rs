//! The names that programs match errors on. They are part of the API: one that was released stays.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::types::schema;

macro_rules! codes {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(in crate::http) enum Code {
            $(#[serde(rename = $text)] $name),+
        }

        impl Code {
            const NAMES: &[&str] = &[$($text),+];

            /// Its name.
            pub(in crate::http) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),+
                }
            }
        }
    };
}

codes! {
    AccountDisabled = "account_disabled",
    AlreadyDone = "already_done",
    AlreadyMember = "already_member",
    ApiKeyNotAllowed = "api_key_not_allowed",
    ApiKeyNotFound = "api_key_not_found",
    ArtifactNotFound = "artifact_not_found",
    BulkFailed = "bulk_failed",
    ConfigurationRefused = "configuration_refused",
    CursorExpired = "cursor_expired",
    Damaged = "damaged",
    DeadlineExceeded = "deadline_exceeded",
    EmailTaken = "email_taken",
    Forbidden = "forbidden",
    ForeignOrigin = "foreign_origin",
    HttpsRequired = "https_required",
    IdempotencyAnswerLost = "idempotency_answer_lost",
    IdempotencyInFlight = "idempotency_in_flight",
    IdempotencyKeyReused = "idempotency_key_reused",
    InternalError = "internal_error",
    InvalidCredentials = "invalid_credentials",
    InvalidJson = "invalid_json",
    InvalidParameter = "invalid_parameter",
    InvalidRefreshToken = "invalid_refresh_token",
    InvalidRequest = "invalid_request",
    InvalidToken = "invalid_token",
    InvitationForAnother = "invitation_for_another",
    InvitationNotFound = "invitation_not_found",
    LastOwner = "last_owner",
    MailNotConfigured = "mail_not_configured",
    MemberNotFound = "member_not_found",
    MemoryShareSpent = "memory_share_spent",
    MethodNotAllowed = "method_not_allowed",
    MissingScope = "missing_scope",
    NotAuthenticated = "not_authenticated",
    NotFound = "not_found",
    Overloaded = "overloaded",
    OwnMembership = "own_membership",
    OutcomeUnknown = "outcome_unknown",
    PayloadTooLarge = "payload_too_large",
    PreconditionRequired = "precondition_required",
    QuotaExceeded = "quota_exceeded",
    RateLimited = "rate_limited",
    ReadOnly = "read_only",
    RegistrationClosed = "registration_closed",
    RequestTimeout = "request_timeout",
    SearchRebuilding = "search_rebuilding",
    SessionNotFound = "session_not_found",
    SigningKeyConfigured = "signing_key_configured",
    SlugTaken = "slug_taken",
    SoleOwner = "sole_owner",
    StorageFull = "storage_full",
    TraceNotFound = "trace_not_found",
    Unavailable = "unavailable",
    UnknownField = "unknown_field",
    UnsupportedMediaType = "unsupported_media_type",
    UserNotFound = "user_not_found",
    ValidationFailed = "validation_failed",
    VersionMismatch = "version_mismatch",
    WorkspaceNotFound = "workspace_not_found",
    WorkspaceSuspended = "workspace_suspended",
}

impl Code {
    /// What kind of failure it is in telemetry.
    pub(super) fn error_type(self) -> &'static str {
        match self {
            Self::ValidationFailed => "validation",
            Self::InternalError => "internal",
            other => other.as_str(),
        }
    }

    /// What clients of the older service know it as.
    pub(super) fn older(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limit_exceeded",
            Self::PayloadTooLarge => "request_too_large",
            other => other.as_str(),
        }
    }
}

schema!(Code, "ProblemCode", MetaSchemaRef::Reference(Code::name().into_owned()), |registry| {
    registry.create_schema::<Code, _>(Code::name().into_owned(), |_| MetaSchema {
        description: Some("A stable name for programs to match on. More may come."),
        enum_items: Code::NAMES.iter().map(|name| Value::from(*name)).collect(),
        ..MetaSchema::new("string")
    });
});
