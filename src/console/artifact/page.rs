//! The page of an artifact.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::{People, metadata, named, origin};
use crate::console::layout::{Shell, Tab, form_fields};
use crate::console::outcome::Outcome;
use crate::console::visitor::Visitor;
use crate::console::words::{ago, parameter};
use crate::console::{links, markdown, trash};
use crate::domain::Artifact;
use crate::http::pages::{PageRequest, artifact_json};
use crate::service::Error;

/// Shows it, in the trash or not.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let visitor = Visitor::of(&request).await?;
    let people = People::of(&request, &visitor, tenant).await?;
    let service = request.service();
    let artifact = match service.artifact(&visitor.caller, tenant, id).await {
        Err(Error::ArtifactNotFound) => service.artifact_or_trashed(&visitor.caller, tenant, id).await?,
        found => found?,
    };
    let is_live = artifact.deleted_at.is_none();
    let origin = origin::fact(&request, &visitor, &artifact).await?;
    let content = html! {
        div class="head" {
            h1 dir="auto" { (artifact.name.as_str()) }
            (actions(&request, &visitor, &artifact))
        }
        @if let Some(note) = parameter(&request, "note") { (trash::why(&note)) }
        (labels(&artifact))
        @if !is_live { (trash::note(&request, &visitor, &artifact)) }
        div class="artifact" {
            div {
                @if let Some(text) = &artifact.description {
                    h2 class="hidden" { "Description" }
                    section class="prose" aria-label="Description" dir="auto" { (markdown::rendered(text.as_str())) }
                } @else {
                    p class="muted" { "No description." }
                }
                @if !artifact.metadata.as_map().is_empty() {
                    h2 { "Metadata" }
                    (metadata::table(&artifact.metadata, service.now()))
                }
                (copies(&request, &artifact))
            }
            (facts(&request, &visitor, &people, &artifact, &origin))
        }
    };
    let tab = if is_live { Tab::Catalog } else { Tab::Trash };
    let shell = Shell::new(artifact.name.as_str()).of(&visitor).within(visitor.workspace(tenant)?, tab);
    Ok(shell.page(StatusCode::OK, &content))
}

fn actions(request: &PageRequest, visitor: &Visitor, artifact: &Artifact) -> Markup {
    let of = |what| links::of_artifact(artifact.tenant, artifact.id, what);
    html! {
        div class="actions" {
            a class="button" href=(of("history")) { "History" }
            @if artifact.deleted_at.is_none() {
                a class="button primary" href=(of("edit")) { "Edit" }
                details class="menu confirm" {
                    summary { "Delete" }
                    form method="post" action=(of("delete")) {
                        (form_fields(request, visitor))
                        input type="hidden" name="version" value=(artifact.version);
                        p { "It moves to the trash, from where it can be restored." }
                        button class="danger" { "Move to the trash" }
                    }
                }
            }
        }
    }
}

fn labels(artifact: &Artifact) -> Markup {
    let catalog = links::catalog(artifact.tenant);
    let kind = artifact.artifact_type.as_str();
    html! {
        p class="tags" {
            a class="kind" href=(links::with_query(&catalog, &[("type", kind)])) { (kind) }
            @for tag in artifact.tags.iter() {
                a class="tag" dir="auto" href=(links::with_query(&catalog, &[("tag", tag)])) { (tag) }
            }
        }
    }
}

fn facts(request: &PageRequest, visitor: &Visitor, people: &People, artifact: &Artifact, origin: &Markup) -> Markup {
    let now = request.service().now();
    let name = |id| people.name(visitor, id);
    html! {
        aside aria-label="Facts" {
            dl class="facts" {
                dt { "Changed" } dd { (ago(now, artifact.updated_at)) " by " bdi { (name(artifact.updated_by)) } }
                dt { "Created" } dd { (ago(now, artifact.created_at)) " by " bdi { (name(artifact.created_by)) } }
                dt { "Version" } dd { (artifact.version) }
                (origin)
                dt { "Id" } dd { code { (artifact.id) } }
            }
        }
    }
}

/// The same for programs.
fn copies(request: &PageRequest, artifact: &Artifact) -> Markup {
    let path = links::in_api(artifact.tenant, Some(artifact.id.as_uuid()));
    html! {
        details class="panel" {
            summary { "As JSON" }
            pre class="copy" dir="ltr" { code { (artifact_json(artifact)) } }
        }
        details class="panel" {
            summary { "With curl" }
            pre class="copy" dir="ltr" { code { "curl -H \"Authorization: Bearer $TOKEN\" " (request.base_url()) (path) } }
        }
    }
}
