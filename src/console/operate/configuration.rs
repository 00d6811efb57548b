//! The configuration that is in force, and reading it again.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::Operating;
use crate::console::layout::{Part, Shell, form_fields};
use crate::console::links;
use crate::console::outcome::Outcome;
use crate::http::pages::PageRequest;
use crate::service::{Error, Reloaded, Setting};

/// What the origin is called of what nobody has set.
const DEFAULT: &str = "default";

/// Shows it.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let operating = Operating::of(&request).await?;
    show(&request, &operating, StatusCode::OK, &html! {}).await
}

/// Reads it again, and says what came of that.
pub(in crate::console) async fn reload(mut request: PageRequest) -> Result<Response, Outcome> {
    let (operating, _) = Operating::sending(&mut request).await?;
    match request.service().reload(&operating.operator).await {
        Ok(reloaded) => show(&request, &operating, StatusCode::OK, &said(&reloaded)).await,
        Err(Error::ConfigRefused(errors)) => {
            let told = html! {
                div class="error" role="alert" {
                    p { strong { "The configuration is refused, and the one before stays in force:" } }
                    ul { @for error in &errors { li { (error) } } }
                }
            };
            show(&request, &operating, StatusCode::CONFLICT, &told).await
        }
        Err(error) => Err(error.into()),
    }
}

fn said(reloaded: &Reloaded) -> Markup {
    let Reloaded { changed, needs_restart, pinned } = reloaded;
    html! {
        div class="note" role="status" {
            @if changed.is_empty() { p { "It was read again, and nothing has changed." } }
            @else { p { "It was read again. Changed: " (changed.join(", ")) "." } }
            @if !needs_restart.is_empty() { p { "What takes a restart: " (needs_restart.join(", ")) "." } }
            @for (key, by) in pinned { p { "The file’s " code { (key) } " is without effect: " (by) " is stronger." } }
        }
    }
}

async fn show(
    request: &PageRequest,
    operating: &Operating,
    status: StatusCode,
    told: &Markup,
) -> Result<Response, Outcome> {
    let settings = request.service().configuration(&operating.operator).await?;
    let mut sections: Vec<(&str, Vec<&Setting>)> = Vec::new();
    for setting in settings.iter() {
        let section = setting.key.rsplit_once('.').map_or("", |(section, _)| section);
        match sections.last_mut() {
            Some((last, of)) if *last == section => of.push(setting),
            _ => sections.push((section, vec![setting])),
        }
    }
    let content = html! {
        div class="head" {
            h1 { "Configuration" }
            form method="post" action=(links::OPERATE_RELOAD) {
                (form_fields(request, &operating.visitor))
                button { "Read it again" }
            }
        }
        (told)
        p class="muted" { "What is in force. What somebody has set is strong, and says where; secrets are not shown." }
        @for (section, settings) in &sections { (section_table(section, settings)) }
    };
    Ok(Shell::new("Configuration").of(&operating.visitor).operating(Part::Configuration).page(status, &content))
}

fn section_table(section: &str, settings: &[&Setting]) -> Markup {
    let set = settings.iter().filter(|setting| setting.origin != DEFAULT).count();
    html! {
        details class="panel" open[set > 0] {
            summary { code { @if section.is_empty() { "all" } @else { (section) } } @if set > 0 { span class="muted small" { " " (set) " set" } } }
            table class="metadata" { tbody { @for setting in settings { (row(setting)) } } }
        }
    }
}

fn row(setting: &Setting) -> Markup {
    let name = setting.key.rsplit_once('.').map_or(setting.key.as_str(), |(_, name)| name);
    let is_set = setting.origin != DEFAULT;
    html! {
        tr {
            th scope="row" { code { (name) } }
            td {
                code { @if is_set { strong { (setting.value) } } @else { (setting.value) } }
                @if is_set { span class="muted small" { " " (setting.origin) } }
            }
        }
    }
}
