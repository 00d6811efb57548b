//! Entries of the change log in JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::num::NonZero;

use poem_openapi::Object;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::action::ActionName;
use crate::domain::{Actor, ApiKeyId, AuditDetail, Audited, Change, UserId};
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
        let Audited { kind, id } = change.kind.audited();
        Self {
            id: change.position.to_string(),
            at: Time(change.at),
            action: ActionName(change.kind.action().into()),
            actor: change.actor.into(),
            target: TargetBody { kind: kind.to_owned(), id },
            details: details(change.kind.audit_detail()),
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

/// What else there is to say, by name.
fn details(detail: AuditDetail) -> BTreeMap<String, Value> {
    let pairs = match detail {
        AuditDetail::None => Vec::new(),
        AuditDetail::Version(version) => vec![("version", json!(version))],
        AuditDetail::Role(role) => vec![("role", json!(role))],
        AuditDetail::Roles(from, to) => vec![("old_role", json!(from)), ("new_role", json!(to))],
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
