//! What a workspace says of itself, and its end.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::faults::faults;
use super::form::Form;
use super::layout::{Shell, Tab, form_fields};
use super::links;
use super::outcome::{Outcome, see};
use super::submission;
use super::visitor::Visitor;
use super::workspaces::naming_fields;
use crate::domain::{Action, Field, RawWorkspacePatch, TenantId, Violations, WorkspaceView};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// Shows them.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let view = allowed(&visitor, tenant)?;
    Ok(show(&request, &visitor, view, &said(view), None))
}

/// What it says now.
fn said(view: &WorkspaceView) -> Form {
    let workspace = &view.workspace;
    let text = workspace.description.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default();
    let pairs = [("name", workspace.name.as_str().to_owned()), ("description", text)];
    Form(pairs.map(|(name, value)| (name.to_owned(), value)).into())
}

/// Changes them.
pub(super) async fn change(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let text = form.text("description");
    let raw = RawWorkspacePatch {
        name: Field::Set(form.text("name")),
        description: if text.is_empty() { Field::Clear } else { Field::Set(text) },
        ..RawWorkspacePatch::default()
    };
    match request.service().update_workspace(&visitor.caller, tenant, raw).await {
        Err(Error::Invalid(violations)) => {
            Ok(show(&request, &visitor, allowed(&visitor, tenant)?, &form, Some(&violations)))
        }
        changed => {
            changed?;
            Ok(see(&links::home(tenant)))
        }
    }
}

/// Deletes the workspace, if its name was typed.
pub(super) async fn delete(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let view = visitor.workspace(tenant)?;
    if view.role.may(Action::DeleteWorkspace) && form.text("confirmed").trim() != view.workspace.name.as_str().trim() {
        let violations = Violations::one("/confirmed", "Type the name of the workspace as it is written above.");
        return Ok(show(&request, &visitor, view, &said(view), Some(&violations)));
    }
    request.service().delete_workspace(&visitor.caller, tenant).await?;
    Ok(see(links::WORKSPACES))
}

/// The workspace, for those who may change it.
fn allowed(visitor: &Visitor, tenant: TenantId) -> Result<&WorkspaceView, Error> {
    let view = visitor.workspace(tenant)?;
    let action = Action::UpdateWorkspace;
    if view.role.may(action) { Ok(view) } else { Err(Error::Forbidden { needs: action.least_role() }) }
}

fn show(
    request: &PageRequest,
    visitor: &Visitor,
    view: &WorkspaceView,
    typed: &Form,
    wrong: Option<&Violations>,
) -> Response {
    let id = view.workspace.id;
    let content = html! {
        h1 { "Settings" }
        form method="post" action=(links::settings(id)) class="sheet" {
            (form_fields(request, visitor))
            (naming_fields(typed, wrong))
            button class="primary" { "Save" }
        }
        @if view.role.may(Action::DeleteWorkspace) { (end(request, visitor, view, wrong)) }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Shell::new("Settings").of(visitor).within(view, Tab::Settings).page(status, &content)
}

fn end(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView, wrong: Option<&Violations>) -> Markup {
    let is_wrong = wrong.is_some_and(|wrong| wrong.iter().any(|violation| violation.pointer == "/confirmed"));
    html! {
        details class="panel" open[is_wrong] {
            summary { "Delete this workspace" }
            p { "Everybody loses it at once, with all artifacts, their history and its API keys. Only a backup brings it back." }
            form method="post" action=(links::delete_workspace(view.workspace.id)) class="sheet" {
                (form_fields(request, visitor))
                label { "Type its name, " bdi { (view.workspace.name.as_str()) }
                    input name="confirmed" required autocomplete="off" dir="auto";
                }
                (faults(wrong, "/confirmed"))
                p { button class="danger" { "Delete for good" } }
            }
        }
    }
}
