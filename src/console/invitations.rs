//! Invitations to a workspace, for its admins: who waits, links that are shown once, and their end.

use std::sync::{Arc, Mutex, PoisonError};

use maud::{Markup, html};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::form::Form;
use super::layout::{self, Shell, Tab, form_fields};
use super::once::once;
use super::outcome::{Outcome, see};
use super::role_choice::{choice, role};
use super::visitor::Visitor;
use super::words::until;
use super::{links, submission};
use crate::domain::{Action, Email, Invitation, InvitationId, Member, TenantId, WorkspaceView};
use crate::http::pages::PageRequest;
use crate::service::{Error, MadeInvitation};

/// Makes a link, and shows it: the only time that anybody sees it. What is sent twice makes one.
pub(super) async fn create(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let made: Arc<Mutex<Option<MadeInvitation>>> = Arc::default();
    let (keep, place) = (made.clone(), links::members(tenant));
    let (email, role) = (Some(form.text("email")).filter(|email| !email.is_empty()), role(&form.text("role")));
    let done = once(&request, (&visitor, &form), Some(tenant), place.clone(), move |service, caller| async move {
        let made = service.create_invitation(&caller, tenant, email.as_deref(), role).await?;
        *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(place)
    });
    let view = visitor.workspace(tenant)?;
    let place = match done.await? {
        Err(error @ (Error::Invalid(_) | Error::AlreadyMember | Error::QuotaExceeded { .. })) => {
            return Ok(refused(&request, &visitor, view, &form, &error));
        }
        done => done?,
    };
    let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(made) = made else { return Ok(see(&place)) };
    let content = html! {
        h1 { "An invitation" }
        (once_only(&request, &made))
        p { a class="button" href=(links::members(tenant)) { "Back to the members" } }
    };
    let mut response = page(&visitor, view, StatusCode::OK, &content);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Revokes one.
pub(super) async fn revoke(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let id: InvitationId = request.id_in_path("invitation_id")?.into();
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    match request.service().revoke_invitation(&visitor.caller, tenant, id).await {
        Ok(()) | Err(Error::InvitationNotFound) => Ok(see(&links::members(tenant))),
        Err(error) => Err(error.into()),
    }
}

/// The form again, with what is wrong.
fn refused(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView, typed: &Form, error: &Error) -> Response {
    let told = match error {
        Error::Invalid(violations) => violations.iter().map(|it| it.detail.clone()).collect::<Vec<_>>().join("; "),
        other => layout::sentence(other),
    };
    let content = html! {
        h1 { "Invite with a link" }
        p class="error" role="alert" { (told) }
        (fields(request, visitor, view, typed))
    };
    page(visitor, view, StatusCode::UNPROCESSABLE_ENTITY, &content)
}

fn page(visitor: &Visitor, view: &WorkspaceView, status: StatusCode, content: &Markup) -> Response {
    Shell::new("Invitation").of(visitor).within(view, Tab::Members).page(status, content)
}

fn once_only(request: &PageRequest, made: &MadeInvitation) -> Markup {
    let invitation = &made.invitation;
    html! {
        section class="panel warning" role="status" {
            p { "Copy this link now, and hand it on: it is shown this once, and kept nowhere." }
            pre class="copy" { code { (made.link) } }
            p class="muted small" {
                "It makes " @if let Some(email) = &invitation.email { bdi { (email.as_str()) } } @else { "the first person who follows it" }
                " " (invitation.role.as_str()) ", and ends " (until(request.service().now(), invitation.expires_at)) "."
            }
        }
    }
}

/// The form for a link.
pub(super) fn link_form(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView) -> Markup {
    html! {
        details class="panel" {
            summary { "Invite with a link" }
            (fields(request, visitor, view, &Form::default()))
        }
    }
}

fn fields(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView, typed: &Form) -> Markup {
    html! {
        form method="post" action=(links::invitations(view.workspace.id)) class="sheet" {
            (form_fields(request, visitor))
            p class="muted" { "A link that you hand on yourself. It works once. Without an address, the first person who follows it becomes a member." }
            label { "E-mail address " span class="muted" { "(optional)" }
                input type="email" name="email" value=(typed.text("email")) autocomplete="off";
            }
            label { "Role" (choice(view, &typed.text("role"), None)) }
            button class="primary" { "Make a link" }
        }
    }
}

/// Those that wait to be accepted.
pub(super) fn list(
    request: &PageRequest,
    visitor: &Visitor,
    view: &WorkspaceView,
    members: &[Member],
    invited: &[Invitation],
) -> Markup {
    html! {
        h2 { "Invited" }
        ul class="list" { @for invitation in invited { (row(request, visitor, view, members, invitation)) } }
    }
}

fn row(
    request: &PageRequest,
    visitor: &Visitor,
    view: &WorkspaceView,
    members: &[Member],
    invitation: &Invitation,
) -> Markup {
    let by =
        members.iter().find(|member| member.user.id == invitation.invited_by).map(|member| member.user.full_name());
    let changes = view.role.may(Action::ChangeRoles) && invitation.email.is_some();
    html! {
        li {
            div class="head" {
                div {
                    span class="title" dir="auto" { (whom(invitation)) }
                    p class="muted small" {
                        "invited by " bdi { (by.as_deref().unwrap_or("somebody")) }
                        " · ends " (until(request.service().now(), invitation.expires_at))
                    }
                }
                div class="actions" {
                    @if changes { (role_form(request, visitor, view, invitation)) }
                    @else { span class="kind" { (invitation.role.as_str()) } }
                    @if view.role >= invitation.role { (revoke_form(request, visitor, invitation)) }
                }
            }
        }
    }
}

fn whom(invitation: &Invitation) -> &str {
    invitation.email.as_ref().map_or("Anyone with the link", Email::as_str)
}

fn role_form(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView, invitation: &Invitation) -> Markup {
    let id = format!("role-{}", invitation.id);
    html! {
        form method="post" action=(links::of_member(invitation.tenant, invitation.as_member(), "role")) class="inline" {
            (form_fields(request, visitor))
            label class="hidden" for=(id) { "Role of " (whom(invitation)) }
            (choice(view, invitation.role.as_str(), Some(&id)))
            button { "Change" }
        }
    }
}

fn revoke_form(request: &PageRequest, visitor: &Visitor, invitation: &Invitation) -> Markup {
    html! {
        details class="menu confirm" {
            summary { "Revoke" }
            form method="post" action=(links::revoke_invitation(invitation.tenant, invitation.id)) {
                (form_fields(request, visitor))
                p { "Nobody can accept it from then on." }
                button class="danger" { "Revoke the invitation" }
            }
        }
    }
}
