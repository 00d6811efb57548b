//! The newest log lines.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::Operating;
use crate::console::layout::{Part, Shell, form_fields};
use crate::console::links;
use crate::console::outcome::{Outcome, see};
use crate::console::visitor::Visitor;
use crate::console::words::{ago, hex, moment, number, parameter, time};
use crate::domain::Timestamp;
use crate::http::pages::{PageRequest, log_cursor};
use crate::telemetry::logs::{FoundLines, Line, LogLevel, WantedLines};

/// How many lines a page shows.
const ON_PAGE: usize = 35;
/// What can be chosen: lines at least so important.
const LEVELS: [(&str, &str, Option<LogLevel>); 4] = [
    ("", "All", None),
    ("info", "Without details", Some(LogLevel::Info)),
    ("warn", "Warnings and errors", Some(LogLevel::Warn)),
    ("error", "Errors", Some(LogLevel::Error)),
];

/// What the level of the log can be set to, until the configuration is read again.
const SETTABLE: [LogLevel; 5] = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];

/// What the lines are narrowed to.
#[derive(Default)]
struct Filter {
    level: String,
    text: String,
}

impl Filter {
    fn of(request: &PageRequest) -> Self {
        let level = parameter(request, "level").filter(|level| LEVELS.iter().any(|(name, ..)| name == level));
        let text = parameter(request, "q").unwrap_or_default().trim().to_owned();
        Self { level: level.unwrap_or_default(), text }
    }

    fn link(&self, level: &str, cursor: &str) -> String {
        let pairs = [("level", level), ("q", &self.text), ("cursor", cursor)];
        let pairs: Vec<(&str, &str)> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        links::with_query(links::OPERATE_LOG, &pairs)
    }

    fn wanted(&self) -> WantedLines {
        let level = LEVELS.iter().find(|(name, ..)| *name == self.level).and_then(|(_, _, level)| *level);
        let text = Some(self.text.clone()).filter(|text| !text.is_empty());
        WantedLines { level, text, ..WantedLines::default() }
    }
}

/// Shows them.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let operating = Operating::of(&request).await?;
    let visitor = &operating.visitor;
    let (service, filter) = (request.service(), Filter::of(&request));
    // One that is not good leads to the beginning.
    let cursor = parameter(&request, "cursor");
    let after = cursor.and_then(|text| log_cursor::place(&service.signatures.cursor_key, &text).ok());
    let found = service.log_lines(filter.wanted(), after, ON_PAGE).await?;
    let level = service.log_level(&operating.operator).await?;
    let now = service.now();
    let content = html! {
        div class="head" { h1 { "Log" } (level_form(&request, visitor, level)) }
        (tools(&filter))
        @match &found {
            None => p class="note" { "No lines are kept: telemetry.recorder_bytes is 0, or telemetry is turned off." },
            Some(found) => {
                @if found.lines.is_empty() { p class="empty" { "No line of this kind is remembered." } }
                @else { (table(&found.lines, now)) }
                @if let Some(next) = found.next.and_then(|place| log_cursor::encode(&service.signatures.cursor_key, place)) {
                    a class="button" rel="next" href=(filter.link(&filter.level, &next)) { "Older lines" }
                }
                (kept(found, now))
            },
        }
    };
    Ok(Shell::new("Log").of(visitor).operating(Part::Log).page(StatusCode::OK, &content))
}

/// Has lines logged from another level on.
pub(in crate::console) async fn set_level(mut request: PageRequest) -> Result<Response, Outcome> {
    let (Operating { operator, .. }, form) = Operating::sending(&mut request).await?;
    let name = form.text("level");
    if let Some(level) = SETTABLE.into_iter().find(|level| level.as_str() == name) {
        request.service().set_log_level(level, &operator).await?;
    }
    Ok(see(links::OPERATE_LOG))
}

fn level_form(request: &PageRequest, visitor: &Visitor, now: LogLevel) -> Markup {
    html! {
        form method="post" action=(links::OPERATE_LOG_LEVEL) class="inline" {
            (form_fields(request, visitor))
            label class="hidden" for="level" { "Lines are logged from this level on" }
            select name="level" id="level" {
                @for level in SETTABLE { option value=(level.as_str()) selected[level == now] { "from " (level.as_str()) " on" } }
            }
            button { "Set" }
        }
    }
}

fn tools(filter: &Filter) -> Markup {
    html! {
        div class="head tools" {
            nav class="sorts first" aria-label="Which lines" {
                @for (level, name, _) in LEVELS {
                    a href=(filter.link(level, "")) aria-current=[(filter.level == level).then_some("true")] { (name) }
                }
            }
            search {
                form action=(links::OPERATE_LOG) class="inline" {
                    @if !filter.level.is_empty() { input type="hidden" name="level" value=(filter.level); }
                    input type="search" name="q" value=(filter.text) maxlength="200" placeholder="In a line" aria-label="Text in a line";
                    button { "Find" }
                }
            }
        }
    }
}

fn table(lines: &[Line], now: Timestamp) -> Markup {
    html! {
        div class="wide" {
            table class="requests log" {
                thead { tr { th scope="col" { "When" } th scope="col" { "Level" } th scope="col" { "What" } } }
                tbody { @for line in lines { (row(line, now)) } }
            }
        }
    }
}

fn row(line: &Line, now: Timestamp) -> Markup {
    let at = moment(line.at);
    let is_today = now.duration_since(at).as_hours() < 12;
    let fields = line.fields();
    html! {
        tr {
            td class="muted small number" {
                @if is_today { (time(at, &at.strftime("%H:%M:%S%.3f").to_string())) } @else { (ago(now, at)) }
            }
            td { span class={ "status" @if line.level <= LogLevel::Warn { " " @if line.level == LogLevel::Error { "bad" } @else { "odd" } } } {
                (line.level.as_str())
            } }
            td {
                span dir="auto" { (line.message) }
                p class="muted small" {
                    (line.target)
                    @for (name, value) in &fields { " · " (name) " " bdi { (text(value)) } }
                    @if let Some((trace, _)) = &line.span {
                        " · " a href=(format!("{}/{}", links::OPERATE_TRACES, hex(trace))) { "trace" }
                    }
                }
            }
        }
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn kept(found: &FoundLines, now: Timestamp) -> Markup {
    let part = |kept: u64, dropped: u64| html! { (number(kept)) " kept, " (number(dropped)) " no longer" };
    html! {
        details class="help" {
            summary { "What is remembered" }
            dl class="facts" {
                dt { "warnings and errors" } dd { (part(found.important.kept, found.important.dropped)) }
                dt { "the rest" } dd { (part(found.others.kept, found.others.dropped)) }
                dt { "since" } dd { (ago(now, moment(found.since))) }
            }
            p class="muted small" { "All of it is on standard error, and with a collector wherever that keeps it." }
        }
    }
}
