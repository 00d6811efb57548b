//! One's own account: where it is signed in, and its password.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::faults::faults;
use super::layout::{Shell, form_fields};
use super::links;
use super::outcome::{Outcome, see};
use super::submission;
use super::visitor::Visitor;
use super::words::{ago, until};
use crate::domain::{Password, Session, SessionId, Violations};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let visitor = Visitor::of(&request).await?;
    show(&request, &visitor, None, false).await
}

/// Chooses another password; all other sessions end.
pub(super) async fn change_password(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let [current, new] = ["current_password", "new_password"].map(|field| Password::from(form.text(field)));
    match request.service().change_password(&visitor.caller, current, new).await {
        Ok(()) => show(&request, &visitor, None, true).await,
        Err(Error::Invalid(violations)) => show(&request, &visitor, Some(&violations), false).await,
        Err(error) => Err(error.into()),
    }
}

/// Ends one session.
pub(super) async fn end_session(mut request: PageRequest) -> Result<Response, Outcome> {
    let id: SessionId = request.id_in_path("session_id")?.into();
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    match request.service().revoke_session(&visitor.caller, id).await {
        Ok(()) | Err(Error::SessionNotFound) => Ok(see(links::ACCOUNT)),
        Err(error) => Err(error.into()),
    }
}

/// Ends all sessions but this one.
pub(super) async fn end_others(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    request.service().revoke_other_sessions(&visitor.caller).await?;
    Ok(see(links::ACCOUNT))
}

async fn show(
    request: &PageRequest,
    visitor: &Visitor,
    wrong: Option<&Violations>,
    has_changed: bool,
) -> Result<Response, Outcome> {
    let sessions = request.service().sessions(&visitor.caller).await?;
    let own = visitor.caller.session()?;
    let content = html! {
        h1 { "Your account" }
        p { bdi { (visitor.user.full_name()) } " · " (visitor.user.email.as_str())
            @if !visitor.user.is_verified { span class="muted" { " (not verified)" } } }
        h2 { "Where you are signed in" }
        ul class="list" { @for session in &sessions { (row(request, visitor, session, session.id == own)) } }
        @if sessions.len() > 1 {
            form method="post" action=(links::END_OTHERS) {
                (form_fields(request, visitor))
                button { "Sign out everywhere else" }
            }
        }
        h2 { "Password" }
        @if has_changed { p class="note" role="status" { "Your password is changed, and all other sessions have ended." } }
        (password_form(request, visitor, wrong))
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(Shell::new("Your account").of(visitor).page(status, &content))
}

fn row(request: &PageRequest, visitor: &Visitor, session: &Session, is_own: bool) -> Markup {
    let now = request.service().now();
    html! {
        li {
            div class="head" {
                div {
                    span class="title clip" { (session.user_agent.as_deref().unwrap_or("An unknown program")) }
                    p class="muted small" {
                        @if session.console.is_some() { "console" } @else { "API" }
                        " · from " (session.ip.as_deref().unwrap_or("an unknown address"))
                        " · since " (ago(now, session.created_at)) " · used " (ago(now, session.refreshed_at))
                        " · ends " (until(now, session.ends_at()))
                    }
                }
                @if is_own { span class="kind" { "this one" } } @else {
                    form method="post" action=(links::end_session(session.id)) {
                        (form_fields(request, visitor))
                        button { "Sign out" }
                    }
                }
            }
        }
    }
}

fn password_form(request: &PageRequest, visitor: &Visitor, wrong: Option<&Violations>) -> Markup {
    html! {
        form method="post" action=(links::PASSWORD) class="sheet" {
            (form_fields(request, visitor))
            label { "Current password"
                input type="password" name="current_password" autocomplete="current-password" required maxlength="128";
            }
            (faults(wrong, "/current_password"))
            label { "New password"
                input type="password" name="new_password" autocomplete="new-password" required minlength="8" maxlength="128";
            }
            (faults(wrong, "/new_password"))
            button class="primary" { "Change password" }
        }
    }
}
