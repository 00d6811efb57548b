//! The page of one's own account.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::forms;
use super::part::Said;
use super::program;
use crate::console::layout::{Shell, form_fields};
use crate::console::links;
use crate::console::outcome::Outcome;
use crate::console::visitor::Visitor;
use crate::console::words::{ago, until};
use crate::domain::Session;
use crate::http::pages::PageRequest;

/// The page.
pub(super) async fn show(request: &PageRequest, visitor: &Visitor, said: Said<'_>) -> Result<Response, Outcome> {
    let sessions = request.service().sessions(&visitor.caller).await?;
    let own = visitor.caller.session()?;
    let (name, email) = (visitor.user.full_name(), visitor.user.email.as_str());
    let content = html! {
        h1 { "Your account" }
        p {
            @if name != email { bdi { (name) } " · " }
            (email)
            @if !visitor.user.is_verified { span class="muted" { " (not verified)" } }
        }
        h2 { "Where you are signed in" }
        ul class="list" { @for session in &sessions { (row(request, visitor, session, session.id == own)) } }
        @if sessions.len() > 1 {
            form method="post" action=(links::END_OTHERS) {
                (form_fields(request, visitor))
                button { "Sign out everywhere else" }
            }
        }
        (forms::all(request, visitor, said))
    };
    let status = if said.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(Shell::new("Your account").of(visitor).page(status, &content))
}

fn row(request: &PageRequest, visitor: &Visitor, session: &Session, is_own: bool) -> Markup {
    let now = request.service().now();
    html! {
        li {
            div class="head" {
                div {
                    span class="title clip" title=[session.user_agent.as_deref()] {
                        (session.user_agent.as_deref().map_or_else(|| "An unknown program".to_owned(), program::named))
                    }
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
