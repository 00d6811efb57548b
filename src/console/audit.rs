//! Who did what in a workspace.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::artifact::People;
use super::layout::{Shell, Tab};
use super::links;
use super::outcome::Outcome;
use super::visitor::Visitor;
use super::words::{ago, counted, hex, parameter};
use crate::domain::{Change, ChangeKind, TenantId};
use crate::http::pages::{PageRequest, audit_cursor};

/// How many entries a page shows.
const ON_PAGE: usize = 50;

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let (service, place) = (request.service(), links::audit(tenant));
    let people = People::of(&request, &visitor, tenant).await?;
    // One that is not good leads to the beginning.
    let cursor = parameter(&request, "cursor");
    let from = cursor.and_then(|text| audit_cursor::place(&service.cursor_key, &text, tenant).ok());
    let log = service.audit(&visitor.caller, tenant, from, ON_PAGE).await?;
    let next = log.next.and_then(|place| audit_cursor::encode(&service.cursor_key, &place, tenant));
    let content = html! {
        h1 { "Audit" }
        ul class="list" { @for change in &log.items { (entry(&request, &visitor, &people, tenant, change)) } }
        @if log.damaged > 0 {
            p class="error" { (counted(log.damaged, "entry is", "entries are")) " damaged in the database, and not shown." }
        }
        @if let Some(next) = next { a class="button" rel="next" href=(links::with_query(&place, &[("cursor", &next)])) { "Older entries" } }
    };
    let shell = Shell::new("Audit").of(&visitor).within(visitor.workspace(tenant)?, Tab::Audit);
    Ok(shell.page(StatusCode::OK, &content))
}

fn entry(request: &PageRequest, visitor: &Visitor, people: &People, tenant: TenantId, change: &Change) -> Markup {
    let who = change.actor.user.map_or_else(|| "somebody".to_owned(), |user| people.name(visitor, user));
    html! {
        li {
            p { bdi { (who) } " " (what(visitor, people, tenant, change.kind)) @if change.actor.api_key.is_some() { ", with an API key" } }
            p class="muted small" {
                (ago(request.service().now(), change.at))
                @if let Some(ip) = &change.actor.ip { " · from " (ip) }
                @if let Some(trace) = &change.actor.trace_id {
                    " · " a href=(format!("{}/{}", links::traces(tenant), hex(trace))) { "trace" }
                }
            }
        }
    }
}

fn what(visitor: &Visitor, people: &People, tenant: TenantId, kind: ChangeKind) -> Markup {
    let artifact = |id, words: &str| html! { (words) " " a href=(links::artifact(tenant, id)) { "an artifact" } };
    let version = |id, words: &str, version: u64| html! { (artifact(id, words)) ", now version " (version) };
    let member = |words: &str, user| html! { (words) " " bdi { (people.name(visitor, user)) } };
    let plain = |words: &str| html! { (words) };
    match kind {
        ChangeKind::ArtifactCreated(id) => artifact(id, "created"),
        ChangeKind::ArtifactUpdated(id, number) => version(id, "changed", number),
        ChangeKind::ArtifactDeleted(id, number) => version(id, "moved to the trash", number),
        ChangeKind::ArtifactRestored(id, number) => version(id, "took out of the trash", number),
        ChangeKind::ArtifactPurged(_) => plain("removed an artifact for good"),
        ChangeKind::MemberAdded(user, role) => html! { (member("added", user)) " as " (role.as_str()) },
        ChangeKind::MemberRoleChanged(user, from, to) => {
            html! { (member("changed the role of", user)) " from " (from.as_str()) " to " (to.as_str()) }
        }
        ChangeKind::MemberRemoved(user) => member("removed", user),
        ChangeKind::WorkspaceCreated(_) => plain("created the workspace"),
        ChangeKind::WorkspaceUpdated(_) => plain("changed what the workspace says of itself"),
        ChangeKind::WorkspaceDeleted(_) => plain("deleted the workspace"),
        ChangeKind::ApiKeyCreated(_) => plain("made an API key"),
        ChangeKind::ApiKeyRevoked(_) => plain("revoked an API key"),
        ChangeKind::SessionOpened(_) => plain("signed in"),
        ChangeKind::SessionClosed(_) => plain("signed out"),
        ChangeKind::SessionSwitched(_) => plain("pointed a session at this workspace"),
        ChangeKind::SessionRevoked(_) => plain("ended another session of theirs"),
        ChangeKind::LoginFailed(_) => plain("failed to sign in"),
        ChangeKind::PasswordChanged(_) => plain("changed their password"),
        ChangeKind::PasswordReset(_) => plain("reset their password"),
        ChangeKind::UserDisabled(_) => plain("was kept from signing in"),
        ChangeKind::UserEnabled(_) => plain("may sign in again"),
        ChangeKind::EmailVerified(_) => plain("proved that their address is theirs"),
        ChangeKind::UserRegistered(_) => plain("registered"),
        ChangeKind::PasswordRehashed(_) => plain("had the hash of their password renewed"),
        ChangeKind::SessionRefreshed(_) => plain("stayed signed in"),
        ChangeKind::SessionRefreshRepeated(_) => plain("refreshed a session from two places"),
        ChangeKind::SessionRevokedForReuse(_) => plain("had a session ended, because a spent token was presented"),
        ChangeKind::SessionExpired(_) => plain("had a session that is over"),
        ChangeKind::SessionDisplaced(_) => plain("had a session ended by a newer one"),
        ChangeKind::VerificationRequested(_) => plain("asked for an e-mail to verify their address"),
        ChangeKind::OperatorGranted(_) => plain("may operate the server from now on"),
        ChangeKind::OperatorRevoked(_) => plain("may no longer operate the server"),
        ChangeKind::PasswordResetRequested(_) => plain("asked for an e-mail to reset their password"),
    }
}
