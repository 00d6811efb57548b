//! A new artifact, and changes to one.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::fields::Fields;
use super::{conflict, named};
use crate::console::layout::{Shell, Tab, form_fields};
use crate::console::links;
use crate::console::once::once;
use crate::console::outcome::{Outcome, see};
use crate::console::submission;
use crate::console::visitor::Visitor;
use crate::domain::{Artifact, ArtifactId, Precondition, TenantId, Violations};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// The form for a new artifact.
pub(in crate::console) async fn blank(request: PageRequest) -> Result<Response, Outcome> {
    let tenant = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    request.service().workspace(&visitor.caller, tenant).await?;
    Ok(new_page(&request, &visitor, tenant, &Fields::default(), None)?)
}

/// Makes it.
pub(in crate::console) async fn create(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let fields = Fields::typed(&form);
    let raw = match fields.artifact() {
        Ok(raw) => raw,
        Err(violations) => return Ok(new_page(&request, &visitor, tenant, &fields, Some(&violations))?),
    };
    let otherwise = links::catalog(tenant);
    let made = once(&request, (&visitor, &form), Some(tenant), otherwise, move |service, caller| async move {
        let artifact = service.create_artifact(&caller, tenant, raw).await?;
        Ok(links::artifact(tenant, artifact.id))
    });
    match made.await? {
        Err(Error::Invalid(violations)) => Ok(new_page(&request, &visitor, tenant, &fields, Some(&violations))?),
        made => Ok(see(&made?)),
    }
}

/// The form with an artifact as it is.
pub(in crate::console) async fn filled(request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let visitor = Visitor::of(&request).await?;
    let artifact = request.service().artifact(&visitor.caller, tenant, id).await?;
    Ok(edit_page(&request, &visitor, &artifact, &Fields::of(&artifact), &Trouble::None)?)
}

/// Changes it, if it is still what was seen.
pub(in crate::console) async fn update(mut request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let fields = Fields::typed(&form);
    let seen = Precondition::Versions(form.number("version").into_iter().collect());
    let changed = match fields.patch() {
        Ok(patch) => request.service().update_artifact(&visitor.caller, tenant, id, seen, patch).await,
        Err(violations) => Err(Error::Invalid(violations)),
    };
    let trouble = match &changed {
        Err(Error::Invalid(violations)) => Trouble::Invalid(violations),
        Err(Error::VersionMismatch { .. } | Error::ArtifactNotFound) => Trouble::Changed,
        _ => {
            let artifact = changed?;
            return Ok(see(&links::artifact(tenant, artifact.id)));
        }
    };
    let current = match request.service().artifact(&visitor.caller, tenant, id).await {
        Err(Error::ArtifactNotFound) => return Ok(deleted_page(&request, &visitor, (tenant, id), &fields)?),
        current => current?,
    };
    if matches!(trouble, Trouble::Changed) && fields.are_of(&current) {
        // The same was sent before, or by somebody else: it is as it should be.
        return Ok(see(&links::artifact(tenant, id)));
    }
    // What is wrong with the input is said of the version that was seen.
    let version = form.number("version").filter(|_| matches!(trouble, Trouble::Invalid(_)));
    let current = Artifact { version: version.unwrap_or(current.version), ..current };
    Ok(edit_page(&request, &visitor, &current, &fields, &trouble)?)
}

/// Why a change was not made.
enum Trouble<'a> {
    /// None was tried.
    None,
    /// It breaks rules.
    Invalid(&'a Violations),
    /// Somebody else was faster.
    Changed,
}

fn new_page(
    request: &PageRequest,
    visitor: &Visitor,
    tenant: TenantId,
    fields: &Fields,
    wrong: Option<&Violations>,
) -> Result<Response, Error> {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let inputs = fields.inputs(tenant, wrong);
    Ok(Shell::new("New artifact")
        .of(visitor)
        .within(visitor.workspace(tenant)?, Tab::Catalog)
        .page(status, &new_sheet(request, visitor, tenant, &html! {}, &inputs)))
}

/// Somebody deleted what was written about; what was written can be a new artifact.
fn deleted_page(
    request: &PageRequest,
    visitor: &Visitor,
    (tenant, id): (TenantId, ArtifactId),
    fields: &Fields,
) -> Result<Response, Error> {
    let told = html! {
        section class="panel warning" role="alert" {
            h2 { "Somebody deleted this while you were writing" }
            p {
                "Nothing of yours is lost: it is in the form below, and makes a new artifact. Or "
                a href=(links::artifact(tenant, id)) { "look at what was deleted" } ", and restore it if it is in the trash."
            }
        }
    };
    let content = new_sheet(request, visitor, tenant, &told, &fields.inputs(tenant, None));
    let shell = Shell::new("Deleted meanwhile").of(visitor).within(visitor.workspace(tenant)?, Tab::Catalog);
    Ok(shell.page(StatusCode::CONFLICT, &content))
}

fn new_sheet(request: &PageRequest, visitor: &Visitor, tenant: TenantId, told: &Markup, inputs: &Markup) -> Markup {
    html! {
        h1 { "New artifact" }
        (told)
        (sheet(request, visitor, &links::new_artifact(tenant), inputs, "Create artifact", &links::catalog(tenant)))
    }
}

fn edit_page(
    request: &PageRequest,
    visitor: &Visitor,
    current: &Artifact,
    fields: &Fields,
    trouble: &Trouble<'_>,
) -> Result<Response, Error> {
    let (tenant, id) = (current.tenant, current.id);
    let (wrong, save, status) = match *trouble {
        Trouble::None => (None, "Save", StatusCode::OK),
        Trouble::Invalid(violations) => (Some(violations), "Save", StatusCode::UNPROCESSABLE_ENTITY),
        Trouble::Changed => (None, "Save yours over it", StatusCode::CONFLICT),
    };
    let inputs = html! {
        input type="hidden" name="version" value=(current.version);
        (fields.inputs(tenant, wrong))
    };
    let (edit, back) = (links::of_artifact(tenant, id, "edit"), links::artifact(tenant, id));
    let content = html! {
        h1 class="clip" { "Edit " bdi { (current.name.as_str()) } }
        @if matches!(trouble, Trouble::Changed) { (conflict::both(current, fields, &back)) }
        (sheet(request, visitor, &edit, &inputs, save, &back))
    };
    Ok(Shell::new("Edit").of(visitor).within(visitor.workspace(tenant)?, Tab::Catalog).page(status, &content))
}

/// A form with its buttons.
fn sheet(request: &PageRequest, visitor: &Visitor, action: &str, inputs: &Markup, send: &str, back: &str) -> Markup {
    html! {
        form method="post" action=(action) class="sheet" {
            (form_fields(request, visitor))
            (inputs)
            div class="actions" {
                button class="primary" { (send) }
                a class="button" href=(back) { "Cancel" }
            }
        }
    }
}
