//! What the link of an invitation leads to: who is signed in accepts it, others sign in or register first. A link is only
//! looked at until a person has sent its form.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::layout::{self, Shell, form_fields};
use super::outcome::{Outcome, see};
use super::visitor::Visitor;
use super::words::{parameter, until};
use super::{links, submission};
use crate::domain::Invited;
use crate::http::pages::PageRequest;
use crate::service::Error;

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let token = parameter(&request, "token").unwrap_or_default();
    let Some(invited) = request.service().invited(&token).await? else { return Ok(over()) };
    let visitor = Visitor::find(&request).await?;
    let content = html! {
        div class="entry" {
            h1 { "You are invited" }
            p {
                "To the workspace " strong { bdi { (invited.workspace.name.as_str()) } } ", as " (invited.invitation.role.as_str())
                ". The invitation ends " (until(request.service().now(), invited.invitation.expires_at)) "."
            }
            @match &visitor {
                Some(visitor) => (accept_form(&request, visitor, &invited, &token)),
                None => (ways_in(&request, &token)),
            }
        }
    };
    let shell = Shell::new("Invitation");
    let shell = match &visitor {
        Some(visitor) => shell.of(visitor),
        None => shell,
    };
    Ok(shell.page(StatusCode::OK, &content))
}

/// Accepts it.
pub(super) async fn accept(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let token = form.text("token");
    match request.service().accept_invitation(&visitor.caller, &token).await {
        Ok(view) => Ok(see(&links::catalog(view.workspace.id))),
        // Sent twice, or there already.
        Err(Error::AlreadyMember) => Ok(see(links::WORKSPACES)),
        Err(Error::InvalidOneTimeToken) => Ok(over()),
        Err(error @ (Error::InvitationForAnother(_) | Error::QuotaExceeded { .. })) => {
            let told = html! { p role="alert" { (layout::sentence(&error)) } };
            Ok(entry(StatusCode::FORBIDDEN, "You can’t accept this", &told))
        }
        Err(error) => Err(error.into()),
    }
}

fn accept_form(request: &PageRequest, visitor: &Visitor, invited: &Invited, token: &str) -> Markup {
    let is_member = visitor.workspaces.iter().any(|view| view.workspace.id == invited.workspace.id);
    html! {
        @if is_member {
            p { "You are a member already. " a href=(links::catalog(invited.workspace.id)) { "Go there" } }
        } @else if !invited.invitation.is_for(&visitor.user) {
            p class="error" role="alert" {
                "It is for another address than yours, " bdi { (visitor.user.email.as_str()) }
                ": sign in with the account of the address that it was made for."
            }
        } @else {
            form method="post" action=(links::INVITATION) {
                (form_fields(request, visitor))
                input type="hidden" name="token" value=(token);
                p { "You are signed in as " bdi { (visitor.user.email.as_str()) } ". Its members see your name and your address." }
                button class="primary" { "Accept" }
            }
        }
    }
}

fn ways_in(request: &PageRequest, token: &str) -> Markup {
    let here = links::with_query(links::INVITATION, &[("token", token)]);
    html! {
        p { a class="button primary" href=(links::with_query(links::HOME, &[("next", &here)])) { "Sign in to accept" } }
        @if request.service().admits_invited() {
            p { "You have no account yet? " a href=(links::with_query(links::REGISTER, &[("invitation", token)])) { "Register" } }
        }
    }
}

fn over() -> Response {
    let told = html! {
        p role="alert" { "It was used before, was revoked, or has expired. Ask the person who invited you for another one." }
        p { a href=(links::HOME) { "Sign in" } }
    };
    entry(StatusCode::BAD_REQUEST, "This invitation is not good", &told)
}

fn entry(status: StatusCode, title: &str, content: &Markup) -> Response {
    Shell::new(title).page(status, &html! { div class="entry" { h1 { (title) } (content) } })
}
