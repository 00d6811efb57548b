//! The home of a workspace: how much there is, what changed lately, which tags are in use.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::layout::{Shell, Tab};
use super::links;
use super::outcome::Outcome;
use super::visitor::Visitor;
use super::words::{ago, bytes, number};
use crate::domain::{Artifact, ArtifactFilter, ArtifactStats, ListArtifacts, Page, Sort, TenantId, Timestamp};
use crate::http::pages::PageRequest;

/// How many recently changed artifacts are shown.
const LATELY: usize = 10;

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let (service, view) = (request.service(), visitor.workspace(tenant)?);
    let stats = service.artifact_stats(&visitor.caller, tenant).await?;
    let sort = Sort::parse("-updated_at").unwrap_or(Sort::NEWEST_FIRST);
    let list = ListArtifacts { filter: ArtifactFilter::default(), sort, page: Page::at(LATELY, 0) };
    let lately = service.artifacts(&visitor.caller, tenant, list).await?;
    let content = html! {
        h1 dir="auto" { (view.workspace.name.as_str()) }
        @if let Some(text) = &view.workspace.description { p dir="auto" { (text.as_str()) } }
        (totals(tenant, view.member_count, &stats))
        div class="catalog" {
            section aria-label="Changed lately" {
                h2 { "Changed lately" }
                @if lately.items.is_empty() {
                    p class="empty" { "Nothing yet. " a href=(links::catalog(tenant)) { "Put something in" } }
                }
                ul class="list" { @for found in &lately.items { (row(&found.artifact, service.now())) } }
            }
            aside aria-label="Tags" {
                @if !stats.most_used_tags.is_empty() {
                    h2 { "Tags in use" }
                    ul class="facet" { @for (tag, count) in stats.most_used_tags.iter().take(20) {
                        li {
                            a href=(links::with_query(&links::catalog(tenant), &[("tag", tag)])) { bdi { (tag) } }
                            span class="muted" { (number(*count)) }
                        }
                    } }
                    p { a href=(links::tags(tenant)) { "All tags" } }
                }
            }
        }
    };
    Ok(Shell::new(view.workspace.name.as_str())
        .of(&visitor)
        .within(view, Tab::Home)
        .live()
        .page(StatusCode::OK, &content))
}

fn totals(tenant: TenantId, members: u64, stats: &ArtifactStats) -> Markup {
    let quotas = &stats.quotas;
    let of = |most: Option<u64>, words: fn(u64) -> String| {
        html! {
            @if let Some(most) = most { span class="muted" { " of " (words(most)) } }
        }
    };
    let whole = |count: u64| number(count);
    html! {
        dl class="figures" {
            div { dt { "Artifacts" } dd { a href=(links::catalog(tenant)) { (number(stats.active_artifacts)) } (of(quotas.artifacts, whole)) } }
            div { dt { "In the trash" } dd { a href=(links::trash(tenant)) { (number(stats.artifacts - stats.active_artifacts)) } } }
            div { dt { "Tags" } dd { (number(stats.tags)) } }
            div { dt { "Members" } dd { a href=(links::members(tenant)) { (number(members)) } (of(quotas.members, whole)) } }
            div { dt { "Size" } dd { (bytes(stats.usage.bytes)) (of(quotas.bytes, bytes)) } }
        }
    }
}

fn row(artifact: &Artifact, now: Timestamp) -> Markup {
    let what = if artifact.version == 1 { "created" } else { "changed" };
    html! {
        li {
            div class="head" {
                a class="title" href=(links::artifact(artifact.tenant, artifact.id)) dir="auto" { (artifact.name.as_str()) }
                span class="muted small" { (what) " " (ago(now, artifact.updated_at)) }
            }
        }
    }
}
