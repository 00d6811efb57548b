//! The page that says what went wrong.

use maud::html;
use poem::Response;

use super::layout::Shell;
use super::links;
use super::words::hex;
use crate::http::pages::ProblemFacts;

/// What happened, what to do, and what to name to somebody who can help.
pub(super) fn page(problem: &ProblemFacts) -> Response {
    let title = title(problem);
    let content = html! {
        div class="entry" {
            h1 { (title) }
            p role="alert" { (problem.detail) }
            @if problem.errors.len() > 1 { ul { @for error in &problem.errors { li { (error) } } } }
            @if let Some(seconds) = problem.retry_after { p { "Try again in " (seconds) " s." } }
            p { a href=(links::HOME) { "To the first page" } }
            p class="muted small" {
                "Request " code { (problem.request_id) }
                @if let Some(trace) = &problem.trace { br; "Trace " code { (hex(trace)) } }
            }
        }
    };
    Shell::new(title).page(problem.status, &content)
}

fn title(problem: &ProblemFacts) -> &'static str {
    match problem.status.as_u16() {
        403 => "You can’t do this",
        404 => "Not found",
        409 | 412 => "This conflicts with something",
        413 => "Too large",
        429 => "Too many requests",
        400..=499 => "This request can’t be carried out",
        503 | 507 => "Not possible at the moment",
        _ => "Something went wrong",
    }
}
