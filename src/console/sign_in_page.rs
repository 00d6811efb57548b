//! The page to sign in on.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::form::Form;
use super::layout::Shell;
use super::{carried, cookie, links};
use crate::http::pages::PageRequest;

/// Someone who tries to sign in.
#[derive(Default)]
pub(super) struct Attempt {
    /// The address that was typed.
    pub email: String,
    /// Where to go then; empty for the first page.
    pub next: String,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// Whether a session ended, with something typed that waits.
    pub has_ended: bool,
}

/// The page to sign in on. `waiting` is what was typed before, and is sent along.
pub(super) fn page(request: &PageRequest, attempt: &Attempt, waiting: &Form) -> Response {
    let has_docs = request.state().server.docs;
    let (can_sign_in, failed) = (cookie::can_be_set(request), attempt.failure.is_some());
    let content = html! {
        div class="entry" {
            h1 { "Sign in" }
            @if attempt.has_ended {
                p class="note" { "Your session has ended. Nothing that you typed is lost: sign in, and send it then." }
            }
            @if can_sign_in { (sign_in_form(attempt, waiting)) } @else { (needs_tls()) }
            @if can_sign_in && !attempt.has_ended { (other_ways(request)) }
            p class="muted" {
                "Ghostworks is a catalog of your team’s services, documents, datasets, builds and models: anything that is \
                 named, tagged, described and looked up."
            }
            @if has_docs {
                p { a href="/docs" { "API reference" } " · " a href="/openapi.json" { "OpenAPI document" } }
            }
        }
    };
    let status = match (can_sign_in, failed, attempt.has_ended) {
        (false, ..) => StatusCode::OK,
        (_, true, _) | (.., true) => StatusCode::UNAUTHORIZED,
        _ => StatusCode::OK,
    };
    Shell::new("Sign in").page(status, &content)
}

fn sign_in_form(attempt: &Attempt, waiting: &Form) -> Markup {
    html! {
        form method="post" action=(links::SIGN_IN) {
            @if let Some(failure) = &attempt.failure { p class="error" role="alert" { (failure) } }
            @if !attempt.next.is_empty() { input type="hidden" name="next" value=(attempt.next); }
            (carried::carried(waiting))
            label { "E-mail address"
                input type="email" name="email" value=(attempt.email) autocomplete="username" required
                    autofocus[attempt.email.is_empty()];
            }
            label { "Password"
                input type="password" name="password" autocomplete="current-password" required maxlength="128"
                    autofocus[!attempt.email.is_empty()];
            }
            button class="primary" { "Sign in" }
        }
    }
}

/// For people without an account, or without its password.
fn other_ways(request: &PageRequest) -> Markup {
    let (is_open, can_mail) = (request.service().admits_somebody(), request.service().can_send_mail());
    html! {
        @if is_open || can_mail {
            p {
                @if is_open { a href=(links::REGISTER) { "Register" } }
                @if is_open && can_mail { " · " }
                @if can_mail { a href=(links::FORGOT) { "Forgotten your password?" } }
            }
        }
    }
}

fn needs_tls() -> Markup {
    html! {
        div class="error" role="alert" {
            p { strong { "Signing in can’t work here: this page came over plain HTTP." } }
            p { "Outside development, the cookie that keeps you signed in is sent over an encrypted connection alone." }
            p {
                "If you run this server: give it its domain (" code { "ghostworks serve --domain" } "), or a certificate ("
                code { "server.tls_certificate" } " and " code { "server.tls_key" } "), or put a proxy that speaks TLS in front of it, name that in "
                code { "server.trusted_proxies" } " and have it set " code { "X-Forwarded-Proto" } "."
            }
        }
    }
}
