//! Artifacts from a file, and all of them into one.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;
use sha2::{Digest as _, Sha256};

use crate::console::layout::{Shell, Tab, form_fields, sentence};
use crate::console::once::once;
use crate::console::outcome::{Outcome, see};
use crate::console::visitor::Visitor;
use crate::console::words::{bytes, counted, parameter};
use crate::console::{links, submission};
use crate::domain::TenantId;
use crate::http::pages::{PageRequest, exported, import_lines};
use crate::service::Error;

/// Shows the form, and what came of the last file.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let imported = parameter(&request, "imported").and_then(|count| count.parse::<u64>().ok());
    let told = html! {
        @if let Some(count) = imported {
            p class="note" role="status" {
                (counted(count, "artifact was", "artifacts were")) " imported. "
                a href=(links::catalog(tenant)) { "To the catalog" }
            }
        }
    };
    Ok(show(&request, &visitor, tenant, StatusCode::OK, &told)?)
}

/// Takes a file in: all of it, or nothing.
pub(in crate::console) async fn take(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, mut form, file) = submission::file_of_visitor(&mut request, "file").await?;
    let Some(file) = file.filter(|file| !file.is_empty()) else {
        let told = html! { p class="error" role="alert" { "Choose a file with something in it." } };
        return Ok(show(&request, &visitor, tenant, StatusCode::UNPROCESSABLE_ENTITY, &told)?);
    };
    // What is in the file makes the form another one.
    form.0.push(("digest".to_owned(), format!("{:?}", Sha256::digest(&file))));
    let (lines, damaged) = import_lines(file).await?;
    let import = move |service: std::sync::Arc<crate::service::Service>, caller| async move {
        let imported = service.import_artifacts(&caller, tenant, lines).await?;
        Ok(links::with_query(&links::import(tenant), &[("imported", &imported.to_string())]))
    };
    let refused = match once(&request, (&visitor, &form), Some(tenant), links::import(tenant), import).await? {
        Ok(place) if damaged == 0 => return Ok(see(&place)),
        Ok(place) => {
            let told = html! {
                p class="note" role="status" {
                    "It was imported, but for " (counted(damaged as u64, "line that stands", "lines that stand"))
                    " for what was damaged where it was exported. " a href=(place) { "How many there were" }
                }
            };
            return Ok(show(&request, &visitor, tenant, StatusCode::OK, &told)?);
        }
        Err(error) => error,
    };
    let (status, told) = match refused {
        Error::Invalid(violations) => {
            let told = html! {
                div class="error" role="alert" {
                    p { strong { "Nothing was imported. Mend these lines, and send the file again:" } }
                    ul { @for violation in violations.iter() { li { (violation.detail) " " code { (violation.pointer) } } } }
                }
            };
            (StatusCode::UNPROCESSABLE_ENTITY, told)
        }
        error @ Error::QuotaExceeded { .. } => {
            let told = html! { p class="error" role="alert" { "Nothing was imported. " (sentence(&error)) } };
            (StatusCode::CONFLICT, told)
        }
        error => return Err(error.into()),
    };
    Ok(show(&request, &visitor, tenant, status, &told)?)
}

/// All artifacts as a file.
pub(in crate::console) async fn export(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let export = request.service().export_artifacts(&visitor.caller, tenant, false).await?;
    Ok(exported(export))
}

fn show(
    request: &PageRequest,
    visitor: &Visitor,
    tenant: TenantId,
    status: StatusCode,
    told: &Markup,
) -> Result<Response, Error> {
    let most = bytes(request.state().server.max_import_bytes as u64);
    let content = html! {
        h1 { "Import" }
        (told)
        form method="post" action=(links::import(tenant)) enctype="multipart/form-data" class="sheet" {
            (form_fields(request, visitor))
            label { "A file with one artifact a line, as JSON (NDJSON)"
                input type="file" name="file" required accept=".ndjson,.jsonl,.json,application/x-ndjson";
            }
            p class="muted small" { "At most " (most) " and 10 000 lines: all of them are imported, or none." }
            button class="primary" { "Import" }
        }
        details class="help" {
            summary { "What a line looks like" }
            pre class="copy" { code {
                "{\"name\": \"billing-api\", \"artifact_type\": \"service\", \"tags\": [\"payments\"], \"artifact_metadata\": {\"owner\": \"ann\"}}"
            } }
            p { "What an export has can be imported as it is." }
        }
        h2 { "Export" }
        p { a class="button" href=(links::export(tenant)) download="artifacts.ndjson" { "Export all artifacts" } }
        p class="muted small" { "More at once: " code { "ghostworks import" } " and " code { "ghostworks export" } ", on the command line." }
    };
    Ok(Shell::new("Import").of(visitor).within(visitor.workspace(tenant)?, Tab::Catalog).page(status, &content))
}
