//! How a page of the catalog looks.

use std::collections::HashMap;

use maud::{Markup, PreEscaped, html};

use super::help::help;
use super::query::Query;
use super::selection;
use crate::console::links;
use crate::console::markdown::{plain, plain_marked};
use crate::console::visitor::Visitor;
use crate::console::words::{ago, counted, number};
use crate::domain::{Artifact, Facets, FoundArtifact, FoundArtifacts, Highlights, TenantId, Timestamp, Violations};
use crate::http::pages::PageRequest;

/// Of more values of a facet, the rest is left out.
const FACET: usize = 15;
/// How much of a description is shown, in characters.
const SNIPPET: usize = 240;
/// The orders that can be chosen, with their names.
const SORTS: [(&str, &str); 5] = [
    ("relevance", "Best match"),
    ("-created_at", "Newest"),
    ("-updated_at", "Last changed"),
    ("name", "Name"),
    ("created_at", "Oldest"),
];

/// A page of what was found.
pub(super) fn page(
    request: &PageRequest,
    visitor: &Visitor,
    tenant: TenantId,
    query: &Query,
    found: &FoundArtifacts,
    next: Option<&str>,
) -> Markup {
    let now = request.service().now();
    html! {
        (head(tenant, query, found.total))
        div class="catalog" {
            section class="results" aria-label="Artifacts" {
                @if found.items.is_empty() { (nothing(tenant, query)) }
                @if !found.items.is_empty() { (selection::bar(request, visitor, tenant, &query.link(tenant))) }
                ul class="list" { @for item in &found.items { (row(tenant, query, item, now)) } }
                @if found.damaged > 0 {
                    p class="error" { (counted(found.damaged, "artifact is", "artifacts are")) " damaged in the database, and not shown." }
                }
                (paging(tenant, query, next))
            }
            aside id="filters" aria-label="Filters" {
                @if let Some(facets) = &found.facets { (facet_lists(tenant, query, facets)) }
                (help())
            }
        }
    }
}

/// The page where what was asked can't be.
pub(super) fn refused(tenant: TenantId, query: &Query, violations: &Violations) -> Markup {
    html! {
        h1 { "Catalog" }
        (chips(tenant, query))
        div class="error" role="alert" {
            @for violation in violations.iter() {
                p { strong { (violation.pointer.trim_start_matches('/')) } " " (violation.detail) }
            }
        }
        p { a href=(links::catalog(tenant)) { "Show the whole catalog" } }
        (help())
    }
}

fn head(tenant: TenantId, query: &Query, total: u64) -> Markup {
    html! {
        div class="head" {
            h1 { "Catalog" }
            div class="actions" {
                a class="button" href=(links::import(tenant)) { "Import" }
                a class="button primary" href=(links::new_artifact(tenant)) { "New artifact" }
            }
        }
        (chips(tenant, query))
        div class="head tools" {
            p role="status" { (counted(total, "artifact", "artifacts")) }
            (sorts(tenant, query))
            a class="to-filters" href="#filters" { "Filters" }
        }
    }
}

/// What it is narrowed to, each to be taken away.
fn chips(tenant: TenantId, query: &Query) -> Markup {
    let chip = |label: &str, value: &str, without: Query| {
        html! {
            a class="chip" href=(without.link(tenant)) aria-label=(format!("Remove the filter {label} {value}")) {
                span class="muted" { (label) } " " bdi { (value) } span aria-hidden="true" { " ×" }
            }
        }
    };
    html! {
        @if query.is_narrowed() {
            div class="chips" {
                @if !query.q.is_empty() { (chip("search", &query.q, query.with(|it| it.q = String::new()))) }
                @if !query.kind.is_empty() { (chip("type", &query.kind, query.with(|it| it.kind = String::new()))) }
                @for tag in &query.tags { (chip("tag", tag, query.with(|it| it.tags.retain(|other| other != tag)))) }
                a href=(links::catalog(tenant)) { "Clear all" }
            }
        }
    }
}

fn sorts(tenant: TenantId, query: &Query) -> Markup {
    let usual = if query.q.is_empty() { "-created_at" } else { "relevance" };
    let current = if query.sort.is_empty() { usual } else { &query.sort };
    html! {
        nav class="sorts" aria-label="Order" {
            @for (sort, name) in SORTS.into_iter().filter(|(sort, _)| *sort != "relevance" || !query.q.is_empty()) {
                a href=(query.with(|it| it.sort = sort.to_owned()).link(tenant))
                    aria-current=[(current == sort).then_some("true")] { (name) }
            }
        }
    }
}

fn row(tenant: TenantId, query: &Query, found: &FoundArtifact, now: Timestamp) -> Markup {
    let FoundArtifact { artifact, highlights } = found;
    let marked = highlights.clone().unwrap_or_default();
    html! {
        li {
            div class="head" {
                span class="ticked" {
                    (selection::tick(artifact))
                    a class="title" href=(links::artifact(tenant, artifact.id)) dir="auto" { (name(artifact, &marked)) }
                }
                a class="kind" href=(query.with(|it| it.kind = artifact.artifact_type.as_str().to_owned()).link(tenant)) {
                    (artifact.artifact_type.as_str())
                }
            }
            @if let Some(text) = snippet(artifact, &marked) { p class="clip" dir="auto" { (text) } }
            p class="tags" {
                @for tag in artifact.tags.iter() {
                    a class="tag" href=(with_tag(query, tag).link(tenant)) dir="auto" { (tag) }
                }
                span class="muted small" { "changed " (ago(now, artifact.updated_at)) }
            }
        }
    }
}

/// The name, with what was found in it.
fn name(artifact: &Artifact, marked: &Highlights) -> Markup {
    match &marked.name {
        // Escaped where it was marked.
        Some(html) => PreEscaped(html.clone()),
        None => html! { (artifact.name.as_str()) },
    }
}

/// The part of the description where something was found, or its beginning.
fn snippet(artifact: &Artifact, marked: &Highlights) -> Option<Markup> {
    if let Some(html) = &marked.description {
        return Some(plain_marked(html));
    }
    // As much as is needed of a long text, for signs are left out.
    let text: String = artifact.description.as_ref()?.as_str().chars().take(2 * SNIPPET).collect();
    let text = plain(&text);
    let beginning: String = text.chars().take(SNIPPET).collect();
    let end = if beginning.len() < text.len() { "…" } else { "" };
    Some(html! { (beginning) (end) })
}

fn with_tag(query: &Query, tag: &str) -> Query {
    query.with(|it| {
        if !it.tags.iter().any(|known| known == tag) {
            it.tags.push(tag.to_owned());
        }
    })
}

fn facet_lists(tenant: TenantId, query: &Query, facets: &Facets) -> Markup {
    let kinds = values(&facets.types, |kind| query.kind == kind);
    let tags = values(&facets.tags, |tag| query.tags.iter().any(|known| known == tag));
    html! {
        @if !kinds.is_empty() {
            h2 { "Type" }
            (facet(&kinds, |kind| query.with(|it| it.kind = kind.to_owned()).link(tenant)))
        }
        @if !tags.is_empty() {
            h2 { "Tags" }
            (facet(&tags, |tag| with_tag(query, tag).link(tenant)))
        }
    }
}

/// The values that most have, without those that everything is narrowed to already.
fn values(counts: &HashMap<String, u64>, is_chosen: impl Fn(&str) -> bool) -> Vec<(String, u64)> {
    let open = counts.iter().filter(|(value, _)| !is_chosen(value)).map(|(value, count)| (value.clone(), *count));
    Facets::most(open.collect(), FACET)
}

fn facet(values: &[(String, u64)], link: impl Fn(&str) -> String) -> Markup {
    html! {
        ul class="facet" {
            @for (value, count) in values {
                li { a href=(link(value)) { bdi { (value) } } span class="muted" { (number(*count)) } }
            }
        }
    }
}

fn nothing(tenant: TenantId, query: &Query) -> Markup {
    html! {
        div class="empty" {
            p { strong { "Nothing fits." } }
            @if query.cursor.is_empty() {
                p { "Take a filter away, or " a href=(links::catalog(tenant)) { "show the whole catalog" } "." }
            }
        }
    }
}

fn paging(tenant: TenantId, query: &Query, next: Option<&str>) -> Markup {
    let following = next.map(|cursor| Query { cursor: cursor.to_owned(), ..query.clone() });
    html! {
        @if following.is_some() || !query.cursor.is_empty() {
            nav class="actions" aria-label="Pages" {
                @if !query.cursor.is_empty() { a class="button" href=(query.with(|_| {}).link(tenant)) { "First page" } }
                @if let Some(following) = following { a class="button" rel="next" href=(following.link(tenant)) { "Next page" } }
            }
        }
    }
}
