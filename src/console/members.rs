//! The people of a workspace, and what machines use in their place.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::faults::faults;
use super::form::Form;
use super::layout::{self, Shell, Tab, form_fields};
use super::outcome::{Outcome, see};
use super::role_choice::{choice, role};
use super::visitor::Visitor;
use super::words::ago;
use super::{invitations, leaving, links, submission};
use crate::domain::{Action, Member, TenantId, UserId, Violations, WorkspaceView};
use crate::http::pages::PageRequest;
use crate::service::{Error, Roster};

/// Shows them.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    show(&request, &visitor, tenant, &Form::default(), None).await
}

/// Invites somebody, or makes them a member.
pub(super) async fn add(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let (email, role) = (form.text("email"), role(&form.text("role")));
    match request.service().add_member(&visitor.caller, tenant, &email, role).await {
        // Sent twice, or there already: it is as it should be.
        Ok(_) => Ok(see(&links::members(tenant))),
        Err(Error::Invalid(violations)) => show(&request, &visitor, tenant, &form, Some(&violations)).await,
        Err(
            error @ (Error::UserNotFound
            | Error::AlreadyMember
            | Error::QuotaExceeded { .. }
            | Error::MailNotConfigured
            | Error::RateLimited(_)),
        ) => {
            let violations = Violations::one("/email", layout::sentence(&error));
            show(&request, &visitor, tenant, &form, Some(&violations)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes somebody's role.
pub(super) async fn change(mut request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, user) = named(&request)?;
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    request.service().change_role(&visitor.caller, tenant, user, role(&form.text("role"))).await?;
    Ok(see(&links::members(tenant)))
}

/// Ends somebody's membership.
pub(super) async fn remove(mut request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, user) = named(&request)?;
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    match request.service().remove_member(&visitor.caller, tenant, user).await {
        Ok(()) | Err(Error::MemberNotFound) => Ok(see(&links::members(tenant))),
        Err(error) => Err(error.into()),
    }
}

fn named(request: &PageRequest) -> Result<(TenantId, UserId), Outcome> {
    Ok((request.id_in_path("workspace_id")?.into(), request.id_in_path("user_id")?.into()))
}

async fn show(
    request: &PageRequest,
    visitor: &Visitor,
    tenant: TenantId,
    typed: &Form,
    wrong: Option<&Violations>,
) -> Result<Response, Outcome> {
    let Roster { members, invited } = request.service().members(&visitor.caller, tenant).await?;
    let view = visitor.workspace(tenant)?;
    let may = |action| view.role.may(action);
    let content = html! {
        h1 { "Members" }
        ul class="list" { @for member in &members { (row(request, visitor, view, member)) } }
        @if !invited.is_empty() { (invitations::list(request, visitor, view, &members, &invited)) }
        @if may(Action::AddMembers) {
            (add_form(request, visitor, view, typed, wrong))
            (invitations::link_form(request, visitor, view))
        }
        p class="muted small" {
            "Members read and write artifacts; admins also manage the workspace, its keys and who is in it; owners also decide on roles, \
             and on the end of the workspace."
        }
        (leaving::forms(request, visitor, view, &members))
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(Shell::new("Members").of(visitor).within(view, Tab::Members).page(status, &content))
}

fn add_form(
    request: &PageRequest,
    visitor: &Visitor,
    view: &WorkspaceView,
    typed: &Form,
    wrong: Option<&Violations>,
) -> Markup {
    let is_asked = !request.service().adds_directly();
    html! {
        details class="panel" open[wrong.is_some()] {
            summary { @if is_asked { "Invite somebody by e-mail" } @else { "Add a member" } }
            form method="post" action=(links::members(view.workspace.id)) class="sheet" {
                (form_fields(request, visitor))
                label { @if is_asked { "E-mail address" } @else { "E-mail address of their account" }
                    input type="email" name="email" value=(typed.text("email")) required autocomplete="off";
                }
                (faults(wrong, "/email"))
                label { "Role" (choice(view, &typed.text("role"), None)) }
                button class="primary" { @if is_asked { "Invite" } @else { "Add" } }
            }
        }
    }
}

fn row(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView, member: &Member) -> Markup {
    let is_oneself = member.user.id == visitor.caller.user;
    let may = |action| view.role.may(action) && !is_oneself;
    html! {
        li {
            div class="head" {
                div {
                    span class="title" dir="auto" { (member.user.full_name()) }
                    @if is_oneself { " " span class="muted" { "(you)" } }
                    p class="muted small" {
                        (member.user.email.as_str()) " · joined " (ago(request.service().now(), member.membership.joined_at))
                    }
                }
                div class="actions" {
                    @if may(Action::ChangeRoles) { (role_form(request, visitor, view, member)) }
                    @else { span class="kind" { (member.membership.role.as_str()) } }
                    @if may(Action::RemoveMembers) { (remove_form(request, visitor, member)) }
                }
            }
        }
    }
}

fn role_form(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView, member: &Member) -> Markup {
    let id = format!("role-{}", member.user.id);
    html! {
        form method="post" action=(links::of_member(member.membership.tenant, member.user.id, "role")) class="inline" {
            (form_fields(request, visitor))
            label class="hidden" for=(id) { "Role of " (member.user.full_name()) }
            (choice(view, member.membership.role.as_str(), Some(&id)))
            button { "Change" }
        }
    }
}

fn remove_form(request: &PageRequest, visitor: &Visitor, member: &Member) -> Markup {
    html! {
        details class="menu confirm" {
            summary { "Remove" }
            form method="post" action=(links::of_member(member.membership.tenant, member.user.id, "remove")) {
                (form_fields(request, visitor))
                p { "They lose access at once; so do API keys that they made. What they wrote stays." }
                button class="danger" { "Remove " bdi { (member.user.full_name()) } }
            }
        }
    }
}
