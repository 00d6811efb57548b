//! The trash of a workspace: what was deleted, until when, and the way back.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;
use uuid::Uuid;

use super::artifact::named;
use super::layout::{Shell, Tab, form_fields};
use super::once::once;
use super::outcome::{Outcome, see};
use super::visitor::Visitor;
use super::words::{ago, parameter, until};
use super::{links, submission};
use crate::domain::{Action, Artifact, Precondition, TenantId, Timestamp};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// How many artifacts a page shows.
const ON_PAGE: usize = 50;
/// What the page of an artifact is told that was to be deleted, and is not.
const NOT_DELETED: &str = "not-deleted";
/// What it is told when it was to be restored, and was already.
const WAS_RESTORED: &str = "restored";

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let after = parameter(&request, "after").and_then(|text| Uuid::parse_str(&text).ok()).map(Into::into);
    let mut trash = request.service().trash(&visitor.caller, tenant, after, ON_PAGE + 1).await?;
    let has_more = trash.len() > ON_PAGE;
    trash.truncate(ON_PAGE);
    let last = trash.last().map(|artifact| artifact.id.to_string()).filter(|_| has_more);
    trash.sort_by_key(|artifact| std::cmp::Reverse(artifact.deleted_at));
    let content = html! {
        h1 { "Trash" }
        @if trash.is_empty() { p class="empty" { "Nothing here." } } @else { p class="muted" { (kept(&request)) } }
        ul class="list" { @for artifact in &trash { (row(&request, &visitor, artifact)) } }
        @if let Some(last) = last {
            a class="button" rel="next" href=(links::with_query(&links::trash(tenant), &[("after", &last)])) { "Next page" }
        }
    };
    let shell = Shell::new("Trash").of(&visitor).within(visitor.workspace(tenant)?, Tab::Trash);
    Ok(shell.page(StatusCode::OK, &content))
}

/// Moves an artifact into it, if it is still what was seen.
pub(super) async fn delete(mut request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let seen = Precondition::Versions(form.number("version").into_iter().collect());
    match request.service().delete_artifact(&visitor.caller, tenant, id, seen).await {
        // Sent twice, or deleted by somebody else: it is where it should be.
        Ok(()) | Err(Error::ArtifactNotFound) => Ok(see(&links::trash(tenant))),
        // Changed since the page was made: the page of now has the same button.
        Err(Error::VersionMismatch { .. }) => Ok(see(&links::noted_artifact(tenant, id, NOT_DELETED))),
        Err(error) => Err(error.into()),
    }
}

/// Takes an artifact out of it.
pub(super) async fn restore(mut request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let place = links::artifact(tenant, id);
    let restored = once(&request, (&visitor, &form), Some(tenant), place.clone(), move |service, caller| async move {
        service.restore_artifact(&caller, tenant, id).await?;
        Ok(place)
    });
    match restored.await? {
        // Somebody else was faster, or it was purged: its page says which.
        Err(Error::ArtifactNotFound) => Ok(see(&links::noted_artifact(tenant, id, WAS_RESTORED))),
        restored => Ok(see(&restored?)),
    }
}

/// Removes an artifact for good.
pub(super) async fn purge(mut request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let seen = Precondition::Versions(form.number("version").into_iter().collect());
    match request.service().purge_artifact(&visitor.caller, tenant, id, seen).await {
        Ok(()) | Err(Error::ArtifactNotFound) => Ok(see(&links::trash(tenant))),
        Err(Error::VersionMismatch { .. }) => Ok(see(&links::noted_artifact(tenant, id, NOT_DELETED))),
        Err(error) => Err(error.into()),
    }
}

/// Above an artifact whose page is shown in the place of what was asked for: why that is so.
pub(super) fn why(note: &str) -> Markup {
    let words = match note {
        NOT_DELETED => {
            "Somebody changed this artifact after the page was made on which you deleted it, so nothing was deleted. \
             This is what it is now: delete it again if you still want to."
        }
        WAS_RESTORED => "Somebody else took it out of the trash before you did.",
        _ => return html! {},
    };
    html! { p class="note" role="status" { (words) } }
}

/// Above an artifact that is in the trash.
pub(super) fn note(request: &PageRequest, visitor: &Visitor, artifact: &Artifact) -> Markup {
    html! {
        section class="panel warning" {
            p { "This artifact is in the trash. " (left(request, artifact)) }
            (buttons(request, visitor, artifact))
        }
    }
}

fn row(request: &PageRequest, visitor: &Visitor, artifact: &Artifact) -> Markup {
    let deleted = artifact.deleted_at.unwrap_or(artifact.updated_at);
    html! {
        li {
            div class="head" {
                a class="title" href=(links::artifact(artifact.tenant, artifact.id)) dir="auto" { (artifact.name.as_str()) }
                (buttons(request, visitor, artifact))
            }
            p class="muted small" { "Deleted " (ago(request.service().now(), deleted)) ". " (left(request, artifact)) }
        }
    }
}

fn buttons(request: &PageRequest, visitor: &Visitor, artifact: &Artifact) -> Markup {
    let of = |what| links::of_artifact(artifact.tenant, artifact.id, what);
    let may_purge = visitor.workspace(artifact.tenant).is_ok_and(|view| view.role.may(Action::PurgeArtifacts));
    html! {
        div class="actions" {
            form method="post" action=(of("restore")) {
                (form_fields(request, visitor))
                button { "Restore" }
            }
            @if may_purge {
                details class="menu confirm" {
                    summary { "Remove for good" }
                    form method="post" action=(of("purge")) {
                        (form_fields(request, visitor))
                        input type="hidden" name="version" value=(artifact.version);
                        p { "It is gone with its whole history. This can’t be undone." }
                        button class="danger" { "Remove for good" }
                    }
                }
            }
        }
    }
}

/// How long things stay here.
fn kept(request: &PageRequest) -> &'static str {
    match request.service().retention.trash_seconds {
        Some(_) => "What is here is removed for good when its time is over.",
        None => "What is here stays until somebody removes it for good.",
    }
}

/// How long an artifact stays here.
fn left(request: &PageRequest, artifact: &Artifact) -> Markup {
    let end = request.service().retention.trash_seconds.zip(artifact.deleted_at).and_then(|(seconds, deleted)| {
        let seconds = i64::try_from(seconds).ok()?;
        Timestamp::from_second(deleted.as_second().checked_add(seconds)?).ok()
    });
    html! { @if let Some(end) = end { "Removed for good " (until(request.service().now(), end)) "." } }
}
