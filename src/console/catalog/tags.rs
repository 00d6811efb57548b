//! The tags of a workspace, those that most artifacts have first. The script completes tags from this page.

use maud::html;
use poem::Response;
use poem::http::StatusCode;

use crate::console::layout::{Shell, Tab};
use crate::console::links;
use crate::console::outcome::Outcome;
use crate::console::visitor::Visitor;
use crate::console::words::{number, parameter};
use crate::domain::{TagPrefix, TenantId};
use crate::http::pages::PageRequest;

/// Of more tags, the rest is found by how it begins.
const SHOWN: usize = 200;

/// Lists them.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let typed = parameter(&request, "prefix").unwrap_or_default();
    // No tag begins with what can't be one.
    let tags = match TagPrefix::parse(&typed) {
        Ok(prefix) => request.service().artifact_tags(&visitor.caller, tenant, prefix, SHOWN).await?,
        Err(_) => Vec::new(),
    };
    let catalog = links::catalog(tenant);
    let content = html! {
        h1 { "Tags" }
        search {
            form action=(links::tags(tenant)) class="inline finder" {
                input type="search" name="prefix" value=(typed) aria-label="How a tag begins" autocapitalize="none" dir="auto";
                button { "Find" }
            }
        }
        @if tags.is_empty() { p class="empty" { "No tag begins so." } }
        ul class="facet columns" id="tags" {
            @for (tag, count) in &tags {
                li {
                    a href=(links::with_query(&catalog, &[("tag", tag)])) { bdi { (tag) } }
                    span class="muted" { (number(*count)) }
                }
            }
        }
        @if tags.len() == SHOWN { p class="muted" { "Others are found by how they begin." } }
    };
    let shell = Shell::new("Tags").of(&visitor).within(visitor.workspace(tenant)?, Tab::Catalog);
    Ok(shell.page(StatusCode::OK, &content))
}
