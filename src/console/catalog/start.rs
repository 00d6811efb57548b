//! A catalog with nothing in it: how to put something in.

use maud::{Markup, html};

use crate::console::links;
use crate::domain::TenantId;
use crate::http::pages::PageRequest;

/// Three ways.
pub(super) fn page(request: &PageRequest, tenant: TenantId) -> Markup {
    let (base, path) = (request.base_url(), links::in_api(tenant, None));
    html! {
        h1 { "Put something in" }
        p { "This workspace has no artifacts yet. An artifact is anything that your team names, tags, describes and looks up." }
        section class="panel" {
            h2 { "By hand" }
            p { a class="button primary" href=(links::new_artifact(tenant)) { "New artifact" } }
        }
        section class="panel" {
            h2 { "From a program" }
            p { "With an access token, or an API key of this workspace:" }
            pre class="copy" { code {
                "curl " (base) (path) " \\\n  -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n"
                "  -d '{\"name\": \"billing-api\", \"artifact_type\": \"service\", \"tags\": [\"payments\"]}'"
            } }
        }
        section class="panel" {
            h2 { "From a file" }
            p { a class="button" href=(links::import(tenant)) { "Choose a file" } }
            p { "Large ones on the command line: one artifact a line, as JSON; the same import, repeated, goes on where it ended:" }
            pre class="copy" { code {
                "ghostworks import " (tenant) " artifacts.ndjson --server " (base)
            } }
        }
    }
}
