//! Entries of the change log in JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::num::NonZero;

use poem_openapi::Object;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::action::ActionName;
use crate::domain::{Actor, ApiKeyId, ArtifactId, Change, ChangeKind, UserId};
use crate::http::types::Time;

/// A page of what was changed.
#[derive(Serialize, Object)]
#[oai(rename = "AuditPage")]
pub(super) struct AuditPageBody {
    /// The entries, newest first.
    items: Vec<AuditEntryBody>,
    /// How many entries were passed over because they are damaged in the database. Absent when none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    damaged: Option<u64>,
    /// The cursor of the next page, if there is one.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

impl AuditPageBody {
    pub(super) fn new(changes: Vec<Change>, damaged: u64, next_cursor: Option<String>) -> Self {
        let damaged = NonZero::new(damaged).map(NonZero::get);
        Self { items: changes.into_iter().map(AuditEntryBody::from).collect(), damaged, next_cursor }
    }
}

/// Something that was changed.
#[derive(Serialize, Object)]
#[oai(rename = "AuditEntry")]
pub(in crate::http::api) struct AuditEntryBody {
    /// Which entry it is: no other has the same.
    id: String,
    /// When.
    at: Time,
    /// What was done.
    action: ActionName,
    /// Who did it.
    actor: ActorBody,
    /// What it was done to.
    target: TargetBody,
    /// What else there is to say: the new version, the roles.
    details: BTreeMap<String, Value>,
    /// The W3C trace id of the request, if it had one.
    #[oai(nullable)]
    trace_id: Option<String>,
}

/// Who changed something, and from where.
#[derive(Serialize, Object)]
#[oai(rename = "AuditActor")]
struct ActorBody {
    /// The account.
    #[oai(nullable)]
    user_id: Option<Uuid>,
    /// The API key that the account acted through, if through one.
    #[oai(nullable)]
    api_key_id: Option<Uuid>,
    /// The client's address.
    #[oai(nullable)]
    ip: Option<String>,
    /// What the client called itself.
    #[oai(nullable)]
    user_agent: Option<String>,
}

/// What was changed.
#[derive(Serialize, Object)]
#[oai(rename = "AuditTarget")]
struct TargetBody {
    /// What kind of thing it is: `artifact`, `member`, …
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Its id.
    #[oai(nullable)]
    id: Option<Uuid>,
}

impl From<Change> for AuditEntryBody {
    fn from(change: Change) -> Self {
        let trace_id = change.actor.trace_id.map(|id| {
            id.iter().fold(String::new(), |mut text, byte| {
                // Writing to a string can't fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
        });
        let (action, target, details) = describe(change.kind);
        Self {
            id: change.position.to_string(),
            at: Time(change.at),
            action,
            actor: change.actor.into(),
            target,
            details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            trace_id,
        }
    }
}

impl From<Actor> for ActorBody {
    fn from(actor: Actor) -> Self {
        Self {
            user_id: actor.user.map(UserId::as_uuid),
            api_key_id: actor.api_key.map(ApiKeyId::as_uuid),
            ip: actor.ip,
            user_agent: actor.user_agent,
        }
    }
}

/// The name of what was done, what it was done to, and the rest.
fn describe(kind: ChangeKind) -> (ActionName, TargetBody, Vec<(&'static str, Value)>) {
    let plain = |action, kind: &str, id: Uuid| (action, TargetBody { kind: kind.to_owned(), id: Some(id) }, Vec::new());
    let user = |action, id: UserId| plain(action, "user", id.as_uuid());
    let with = |(action, target, _), details| (action, target, details);
    let artifact = |action, id: ArtifactId, version: u64| {
        with(plain(action, "artifact", id.as_uuid()), vec![("version", json!(version))])
    };
    match kind {
        ChangeKind::UserRegistered(id) => user(ActionName::UserRegistered, id),
        ChangeKind::PasswordRehashed(id) => user(ActionName::UserPasswordRehashed, id),
        ChangeKind::VerificationRequested(id) => user(ActionName::UserVerificationRequested, id),
        ChangeKind::EmailVerified(id) => user(ActionName::UserEmailVerified, id),
        ChangeKind::PasswordResetRequested(id) => user(ActionName::UserPasswordResetRequested, id),
        ChangeKind::PasswordReset(id) => user(ActionName::UserPasswordReset, id),
        ChangeKind::PasswordChanged(id) => user(ActionName::UserPasswordChanged, id),
        ChangeKind::UserDisabled(id) => user(ActionName::UserDisabled, id),
        ChangeKind::UserEnabled(id) => user(ActionName::UserEnabled, id),
        ChangeKind::OperatorGranted(id) => user(ActionName::UserOperatorGranted, id),
        ChangeKind::OperatorRevoked(id) => user(ActionName::UserOperatorRevoked, id),
        ChangeKind::PasswordSet(id) => user(ActionName::UserPasswordSet, id),
        ChangeKind::SessionsEnded(id) => user(ActionName::UserSessionsEnded, id),
        ChangeKind::ProfileChanged(id) => user(ActionName::UserProfileChanged, id),
        ChangeKind::EmailChangeRequested(id) => user(ActionName::UserEmailChangeRequested, id),
        ChangeKind::EmailChanged(id) => user(ActionName::UserEmailChanged, id),
        ChangeKind::UserDeleted(id) => user(ActionName::UserDeleted, id),
        ChangeKind::UserBroughtBack(id) => user(ActionName::UserBroughtBack, id),
        ChangeKind::LoginFailed(id) => (
            ActionName::UserLoginFailed,
            TargetBody { kind: "user".to_owned(), id: id.map(UserId::as_uuid) },
            Vec::new(),
        ),
        ChangeKind::SessionOpened(id) => plain(ActionName::SessionOpened, "session", id.as_uuid()),
        ChangeKind::SessionRefreshed(id) => plain(ActionName::SessionRefreshed, "session", id.as_uuid()),
        ChangeKind::SessionRevokedForReuse(id) => plain(ActionName::SessionRevokedForReuse, "session", id.as_uuid()),
        ChangeKind::SessionClosed(id) => plain(ActionName::SessionClosed, "session", id.as_uuid()),
        ChangeKind::SessionExpired(id) => plain(ActionName::SessionExpired, "session", id.as_uuid()),
        ChangeKind::SessionRefreshRepeated(id) => plain(ActionName::SessionRefreshRepeated, "session", id.as_uuid()),
        ChangeKind::SessionDisplaced(id) => plain(ActionName::SessionDisplaced, "session", id.as_uuid()),
        ChangeKind::SessionSwitched(id) => plain(ActionName::SessionSwitched, "session", id.as_uuid()),
        ChangeKind::SessionRevoked(id) => plain(ActionName::SessionRevoked, "session", id.as_uuid()),
        ChangeKind::WorkspaceCreated(id) => plain(ActionName::WorkspaceCreated, "workspace", id.as_uuid()),
        ChangeKind::WorkspaceUpdated(id) => plain(ActionName::WorkspaceUpdated, "workspace", id.as_uuid()),
        ChangeKind::WorkspaceDeleted(id) => plain(ActionName::WorkspaceDeleted, "workspace", id.as_uuid()),
        ChangeKind::WorkspaceSuspended(id) => plain(ActionName::WorkspaceSuspended, "workspace", id.as_uuid()),
        ChangeKind::WorkspaceResumed(id) => plain(ActionName::WorkspaceResumed, "workspace", id.as_uuid()),
        ChangeKind::WorkspaceQuotasSet(id) => plain(ActionName::WorkspaceQuotasSet, "workspace", id.as_uuid()),
        ChangeKind::WorkspaceExported(id) => plain(ActionName::WorkspaceExported, "workspace", id.as_uuid()),
        ChangeKind::ArtifactCreated(id) => artifact(ActionName::ArtifactCreated, id, 1),
        ChangeKind::ArtifactUpdated(id, version) => artifact(ActionName::ArtifactUpdated, id, version),
        ChangeKind::ArtifactDeleted(id, version) => artifact(ActionName::ArtifactDeleted, id, version),
        ChangeKind::ArtifactRestored(id, version) => artifact(ActionName::ArtifactRestored, id, version),
        ChangeKind::ArtifactPurged(id) => plain(ActionName::ArtifactPurged, "artifact", id.as_uuid()),
        ChangeKind::MemberAdded(id, role) => {
            with(plain(ActionName::MemberAdded, "member", id.as_uuid()), vec![("role", json!(role))])
        }
        ChangeKind::MemberRoleChanged(id, from, to) => with(
            plain(ActionName::MemberRoleChanged, "member", id.as_uuid()),
            vec![("old_role", json!(from)), ("new_role", json!(to))],
        ),
        ChangeKind::MemberRemoved(id) => plain(ActionName::MemberRemoved, "member", id.as_uuid()),
        ChangeKind::InvitationMade(id, role) => {
            with(plain(ActionName::InvitationMade, "invitation", id.as_uuid()), vec![("role", json!(role))])
        }
        ChangeKind::InvitationRoleChanged(id, from, to) => with(
            plain(ActionName::InvitationRoleChanged, "invitation", id.as_uuid()),
            vec![("old_role", json!(from)), ("new_role", json!(to))],
        ),
        ChangeKind::InvitationRevoked(id) => plain(ActionName::InvitationRevoked, "invitation", id.as_uuid()),
        ChangeKind::InvitationAccepted(id) => plain(ActionName::InvitationAccepted, "invitation", id.as_uuid()),
        ChangeKind::ApiKeyCreated(id) => plain(ActionName::ApiKeyCreated, "api_key", id.as_uuid()),
        ChangeKind::ApiKeyRevoked(id) => plain(ActionName::ApiKeyRevoked, "api_key", id.as_uuid()),
    }
}
