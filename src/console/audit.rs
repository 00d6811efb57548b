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
use crate::domain::{ArtifactId, Change, ChangeKind, LogPlace, TenantId, UserId};
use crate::http::pages::{PageRequest, audit_cursor};
use crate::service::Error;

/// How many entries a page shows, about.
const ON_PAGE: usize = 50;
/// The most entries that are searched for one page.
const LOOKED_THROUGH: usize = 1000;
/// What entries can be about, by its name in the URL.
const SUBJECTS: [(&str, &str); 6] = [
    ("", "Everything"),
    ("artifacts", "Artifacts"),
    ("members", "Members"),
    ("keys", "API keys"),
    ("workspace", "The workspace"),
    ("accounts", "Sessions and accounts"),
];

/// Which entries are wanted, as the URL says.
#[derive(Default)]
struct Filter {
    about: String,
    who: Option<UserId>,
    ip: String,
    artifact: Option<ArtifactId>,
}

impl Filter {
    fn of(request: &PageRequest) -> Self {
        let about = parameter(request, "about").filter(|about| SUBJECTS.iter().any(|(name, _)| name == about));
        let who = parameter(request, "who").and_then(|who| uuid::Uuid::parse_str(&who).ok());
        let ip = parameter(request, "ip").unwrap_or_default().trim().to_owned();
        let artifact = parameter(request, "artifact").and_then(|id| uuid::Uuid::parse_str(&id).ok());
        Self { about: about.unwrap_or_default(), who: who.map(Into::into), ip, artifact: artifact.map(Into::into) }
    }

    fn fits(&self, change: &Change) -> bool {
        (self.about.is_empty() || subject(change.kind) == self.about)
            && self.who.is_none_or(|who| change.actor.user == Some(who))
            && self.artifact.is_none_or(|wanted| change.kind.artifact() == Some(wanted))
            && (self.ip.is_empty() || change.actor.ip.as_deref() == Some(self.ip.as_str()))
    }

    fn is_empty(&self) -> bool {
        self.about.is_empty() && self.who.is_none() && self.ip.is_empty() && self.artifact.is_none()
    }

    fn link(&self, place: &str, cursor: &str) -> String {
        let who = self.who.map(|who| who.to_string()).unwrap_or_default();
        let artifact = self.artifact.map(|id| id.to_string()).unwrap_or_default();
        let about = self.about.as_str();
        let pairs = [("about", about), ("who", &who), ("ip", &self.ip), ("artifact", &artifact), ("cursor", cursor)];
        let pairs: Vec<(&str, &str)> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        links::with_query(place, &pairs)
    }

    fn form(&self, place: &str, people: &People, visitor: &Visitor) -> Markup {
        html! {
            search {
                form action=(place) class="filters" {
                    label { "About" select name="about" {
                        @for (name, told) in SUBJECTS { option value=(name) selected[self.about == name] { (told) } }
                    } }
                    label { "By" select name="who" {
                        option value="" { "Anybody" }
                        @for id in people.ids() { option value=(id) selected[self.who == Some(id)] { (people.name(visitor, id)) } }
                    } }
                    @if let Some(artifact) = self.artifact {
                        label { "Artifact" input name="artifact" value=(artifact) maxlength="36" autocomplete="off"; }
                    }
                    label { "From" input name="ip" value=(self.ip) placeholder="192.0.2.7" maxlength="45" autocomplete="off"; }
                    div class="actions" {
                        button { "Show" }
                        @if !self.is_empty() { a href=(place) { "Show all" } }
                    }
                }
            }
        }
    }
}

/// What an entry is about.
fn subject(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::ArtifactCreated(..)
        | ChangeKind::ArtifactUpdated(..)
        | ChangeKind::ArtifactDeleted(..)
        | ChangeKind::ArtifactRestored(..)
        | ChangeKind::ArtifactPurged(..) => "artifacts",
        ChangeKind::MemberAdded(..)
        | ChangeKind::MemberRoleChanged(..)
        | ChangeKind::MemberRemoved(..)
        | ChangeKind::InvitationMade(..)
        | ChangeKind::InvitationRoleChanged(..)
        | ChangeKind::InvitationRevoked(..)
        | ChangeKind::InvitationAccepted(..) => "members",
        ChangeKind::ApiKeyCreated(..) | ChangeKind::ApiKeyRevoked(..) => "keys",
        ChangeKind::WorkspaceCreated(..)
        | ChangeKind::WorkspaceUpdated(..)
        | ChangeKind::WorkspaceSuspended(..)
        | ChangeKind::WorkspaceResumed(..)
        | ChangeKind::WorkspaceQuotasSet(..)
        | ChangeKind::WorkspaceExported(..)
        | ChangeKind::WorkspaceDeleted(..) => "workspace",
        _ => "accounts",
    }
}

/// A page of the entries that are wanted, and where the next one begins.
async fn find(
    request: &PageRequest,
    visitor: &Visitor,
    tenant: TenantId,
    filter: &Filter,
) -> Result<(Vec<Change>, u64, Option<LogPlace>), Error> {
    let service = request.service();
    // One that is not good leads to the beginning.
    let cursor = parameter(request, "cursor");
    let mut from = cursor.and_then(|text| audit_cursor::place(&service.signatures.cursor_key, &text, tenant).ok());
    let (mut entries, mut damaged, mut looked_through) = (Vec::new(), 0, 0);
    loop {
        let log = service.audit(&visitor.caller, tenant, from, ON_PAGE).await?;
        looked_through += log.items.len();
        damaged += log.damaged;
        entries.extend(log.items.into_iter().filter(|change| filter.fits(change)));
        if log.next.is_none() || entries.len() >= ON_PAGE || looked_through >= LOOKED_THROUGH {
            return Ok((entries, damaged, log.next));
        }
        from = log.next;
    }
}

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let (service, place) = (request.service(), links::audit(tenant));
    let people = People::of(&request, &visitor, tenant).await?;
    let filter = Filter::of(&request);
    let (entries, damaged, next) = find(&request, &visitor, tenant, &filter).await?;
    let next = next.and_then(|place| audit_cursor::encode(&service.signatures.cursor_key, &place, tenant));
    let content = html! {
        h1 { "Audit" }
        (filter.form(&place, &people, &visitor))
        @if entries.is_empty() {
            p class="empty" { @if next.is_some() { "No such entry among the newest that were looked through." } @else { "No such entry." } }
        }
        ul class="list" { @for change in &entries { (entry(&request, &visitor, &people, tenant, change)) } }
        @if damaged > 0 {
            p class="error" { (counted(damaged, "entry is", "entries are")) " damaged in the database, and not shown." }
        }
        @if let Some(next) = next { a class="button" rel="next" href=(filter.link(&place, &next)) { "Older entries" } }
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
    let version = |id, words: &str, version: u64| {
        let before = version.saturating_add(1).to_string();
        let place = links::with_query(&links::of_artifact(tenant, id, "history"), &[("before", &before)]);
        html! { (artifact(id, words)) ", now " a href=(place) { "version " (version) } }
    };
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
        ChangeKind::InvitationMade(_, role) => html! { "invited somebody as " (role.as_str()) },
        ChangeKind::InvitationRoleChanged(_, from, to) => {
            html! { "changed an invitation from " (from.as_str()) " to " (to.as_str()) }
        }
        ChangeKind::InvitationRevoked(_) => plain("revoked an invitation"),
        ChangeKind::InvitationAccepted(_) => plain("accepted an invitation"),
        ChangeKind::WorkspaceCreated(_) => plain("created the workspace"),
        ChangeKind::WorkspaceUpdated(_) => plain("changed what the workspace says of itself"),
        ChangeKind::WorkspaceDeleted(_) => plain("deleted the workspace"),
        ChangeKind::WorkspaceSuspended(_) => plain("suspended the workspace, as an operator"),
        ChangeKind::WorkspaceResumed(_) => plain("ended that the workspace is suspended, as an operator"),
        ChangeKind::WorkspaceQuotasSet(_) => plain("gave the workspace other quotas, as an operator"),
        ChangeKind::WorkspaceExported(_) => plain("took the artifacts out, as an operator"),
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
        ChangeKind::PasswordSet(_) => plain("set another password for an account"),
        ChangeKind::SessionsEnded(_) => plain("ended all sessions of an account"),
        ChangeKind::ProfileChanged(_) => plain("changed what they are called"),
        ChangeKind::EmailChangeRequested(_) => plain("asked for another address"),
        ChangeKind::EmailChanged(_) => plain("changed their address"),
        ChangeKind::UserDeleted(_) => plain("deleted an account"),
        ChangeKind::UserBroughtBack(_) => plain("was brought back by a restore"),
        ChangeKind::OperatorRevoked(_) => plain("may no longer operate the server"),
        ChangeKind::PasswordResetRequested(_) => plain("asked for an e-mail to reset their password"),
    }
}
