//! One's workspaces, and a new one.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::faults::faults;
use super::form::Form;
use super::layout::{Shell, form_fields};
use super::links;
use super::once::once;
use super::outcome::{Outcome, see};
use super::submission;
use super::visitor::Visitor;
use super::words::{ago, counted};
use crate::domain::{RawWorkspace, Violations, WorkspaceName, WorkspaceView};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// Shows them.
pub(super) async fn list(request: PageRequest) -> Result<Response, Outcome> {
    let visitor = Visitor::of(&request).await?;
    Ok(page(&request, &visitor, &Form::default(), None))
}

/// Makes one.
pub(super) async fn create(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let raw = RawWorkspace {
        name: form.text("name"),
        description: Some(form.text("description")),
        ..RawWorkspace::default()
    };
    let made = once(&request, (&visitor, &form), None, links::WORKSPACES.to_owned(), |service, caller| async move {
        let view = service.create_workspace(&caller, raw).await?;
        Ok(links::catalog(view.workspace.id))
    });
    match made.await? {
        Err(Error::Invalid(violations)) => Ok(page(&request, &visitor, &form, Some(&violations))),
        made => Ok(see(&made?)),
    }
}

fn page(request: &PageRequest, visitor: &Visitor, typed: &Form, wrong: Option<&Violations>) -> Response {
    let has_none = visitor.workspaces.is_empty();
    let content = html! {
        h1 { "Workspaces" }
        @if has_none {
            p { "You are in no workspace yet. A workspace holds a catalog, and the people who work with it." }
        } @else {
            ul class="list" { @for view in &visitor.workspaces { (item(request, view)) } }
        }
        details class="panel" open[has_none || wrong.is_some()] {
            summary { "New workspace" }
            (new_form(request, visitor, typed, wrong))
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Shell::new("Workspaces").of(visitor).page(status, &content)
}

fn item(request: &PageRequest, view: &WorkspaceView) -> Markup {
    let workspace = &view.workspace;
    html! {
        li {
            a class="title" href=(links::catalog(workspace.id)) dir="auto" { (workspace.name.as_str()) }
            @if let Some(text) = &workspace.description { p class="clip" dir="auto" { (text.as_str()) } }
            p class="muted small" {
                @if workspace.terms.is_suspended { "suspended by the operator of this server · " }
                (view.role.as_str()) " · " (counted(view.member_count, "member", "members")) " · changed "
                (ago(request.service().now(), workspace.updated_at))
            }
        }
    }
}

/// What a workspace is called, and what it is for.
pub(super) fn naming_fields(typed: &Form, wrong: Option<&Violations>) -> Markup {
    html! {
        label { "Name"
            input name="name" value=(typed.text("name")) required maxlength=(WorkspaceName::MAX_CHARS) dir="auto";
        }
        (faults(wrong, "/name"))
        label { "What it is for " span class="muted" { "(optional)" }
            textarea name="description" rows="3" maxlength="1000" dir="auto" { (typed.text("description")) }
        }
        (faults(wrong, "/description"))
    }
}

fn new_form(request: &PageRequest, visitor: &Visitor, typed: &Form, wrong: Option<&Violations>) -> Markup {
    html! {
        form method="post" action=(links::WORKSPACES) {
            (form_fields(request, visitor))
            (naming_fields(typed, wrong))
            button class="primary" { "Create workspace" }
        }
    }
}
