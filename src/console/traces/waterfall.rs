//! Where the time of a request went: its parts below one another, each with a bar from its beginning to its end. It is a table,
//! for those who can't see it.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use crate::console::words::lasting;
use crate::telemetry::logs::{Line, LogLevel};
use crate::telemetry::recorder::{Part, Record};

/// What the name of a log line begins with.
const LOGGED: &str = "log ";
/// How wide all of the time is, in the units of the picture.
const WIDTH: u64 = 1000;
/// What a record calls a write and a look into the search index.
const CALLS: [&str; 2] = ["write", "search"];
/// The classes of bars, and what each stands for.
const LEGEND: [(&str, &str); 4] = [
    ("queue", "waiting for the writer"),
    ("commit", "commit to disk"),
    ("wait", "waiting for the search index"),
    ("rest", "everything else"),
];
/// The deepest part that is drawn further in than the one above it.
const DEEPEST: usize = 8;

/// A part of a trace. Times are in nanoseconds after the trace began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Span {
    /// What was done.
    pub name: String,
    /// How many others it is within.
    pub depth: usize,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// Whether it failed.
    pub failed: bool,
    /// What there is to say of it.
    pub attributes: BTreeMap<String, String>,
}

/// The parts of a request: its record, and what was kept of its spans.
pub(super) fn of_request(record: &Record, parts: &[Part]) -> Vec<Span> {
    with_lines(record, parts, &[])
}

/// The same, with log lines in their places.
pub(super) fn with_lines(record: &Record, parts: &[Part], lines: &[&Line]) -> Vec<Span> {
    let whole =
        Span { name: record.name.to_owned(), end: record.elapsed, failed: record.status >= 500, ..Span::default() };
    let nanoseconds = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let span = |part: &Part| Span {
        name: part.name.clone(),
        start: nanoseconds(part.at),
        end: nanoseconds(part.at + part.took),
        attributes: part.attributes.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        ..Span::default()
    };
    // The calls that the record knows of are among the parts, where those were kept; and what they waited for, where that is told.
    let is_told = parts.iter().any(|part| part.attributes.iter().any(|(name, _)| name.starts_with("ghostworks.")));
    let is_missing = |span: &Span| parts.is_empty() || !(is_told || CALLS.contains(&span.name.as_str()));
    let noted = of_record(record).into_iter().filter(is_missing);
    let line = |line: &&Line| of_line(record, line);
    let lines = lines.iter().map(line);
    nested(std::iter::once(whole).chain(parts.iter().map(span)).chain(noted).chain(lines).collect())
}

/// A log line, at the moment that it was written.
fn of_line(record: &Record, line: &Line) -> Span {
    let at = line.at.saturating_sub(record.started).min(record.elapsed);
    let mut attributes: BTreeMap<String, String> =
        line.fields().iter().map(|(name, value)| (name.clone(), text(value))).collect();
    attributes.insert("target".to_owned(), line.target.to_owned());
    let failed = line.level <= LogLevel::Warn;
    let name = format!("{LOGGED}{}: {}", line.level.as_str(), line.message);
    Span { name, start: at, end: at, failed, attributes, ..Span::default() }
}

/// What a record alone says of where the time went.
fn of_record(record: &Record) -> Vec<Span> {
    let micros = |micros: u32| u64::from(micros) * 1000;
    let span = |name: &str, at: u32, took: u32| Span {
        name: name.to_owned(),
        start: micros(at),
        end: micros(at) + micros(took),
        ..Span::default()
    };
    let mut spans = Vec::new();
    if let Some(write) = record.stages.write {
        let commit_at = write.at.saturating_add(write.took.saturating_sub(write.commit));
        let shared = ("ghostworks.storage.group_size".to_owned(), write.group.to_string());
        spans.push(Span { attributes: BTreeMap::from([shared]), ..span("write", write.at, write.took) });
        spans.push(span("queue wait", write.at, write.queued));
        spans.push(span("commit", commit_at, write.commit));
    }
    if let Some(search) = record.stages.search {
        spans.push(span("search", search.at, search.took));
        spans.push(span("index wait", search.at, search.waited));
    }
    spans
}

/// Spans in the order of their beginning, each as deep as there are others around it.
fn nested(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut around: Vec<u64> = Vec::new();
    for span in &mut spans {
        while around.last().is_some_and(|end| *end <= span.start || *end < span.end) && around.len() > 1 {
            around.pop();
        }
        span.depth = around.len();
        around.push(span.end);
    }
    spans
}

/// The table with its bars.
pub(super) fn drawn(spans: &[Span]) -> Markup {
    let whole = spans.iter().map(|span| span.end).max().unwrap_or_default().max(1);
    html! {
        div class="wide" {
            table class="waterfall" {
                thead { tr {
                    th scope="col" { "What was done" } th scope="col" class="bars" { (scale(whole)) } th scope="col" { "Took" }
                } }
                tbody { @for span in spans { (row(span, whole)) } }
            }
        }
        p class="legend small muted" {
            @for (class, what) in LEGEND { span { span class={ "key " (class) } {} (what) } }
        }
    }
}

fn scale(whole: u64) -> Markup {
    html! { span { "0" } span { (lasting(whole / 2)) } span { (lasting(whole)) } }
}

fn row(span: &Span, whole: u64) -> Markup {
    let told = told(span);
    html! {
        tr data-depth=(span.depth) {
            th scope="row" class={ "d" (span.depth.min(DEEPEST)) } {
                @if span.attributes.is_empty() {
                    span class={ @if span.failed { "error" } } { (span.name) }
                } @else {
                    details {
                        summary class={ @if span.failed { "error" } } { (span.name) }
                        dl class="facts small" { @for (name, value) in &span.attributes { dt { (name) } dd { (value) } } }
                    }
                }
                @if !told.is_empty() { div class="muted small" { (told) } }
            }
            td class="bars" { (bars(span, whole)) }
            td class="number" { @if !span.name.starts_with(LOGGED) { (lasting(span.end - span.start)) } span class="hidden" { " after " (lasting(span.start)) } }
        }
    }
}

/// The bar of a span, and within it what it waited for.
fn bars(span: &Span, whole: u64) -> Markup {
    let place = |time: u64| u64::try_from(u128::from(time) * u128::from(WIDTH) / u128::from(whole)).unwrap_or(WIDTH);
    let (from, wide) = (place(span.start).min(WIDTH - 2), place(span.end - span.start).max(2));
    let seconds = |name: &str| span.attributes.get(name).and_then(|text| text.parse::<f64>().ok());
    let part = |seconds: f64| place((seconds * 1e9) as u64).min(wide);
    let queue = seconds("ghostworks.storage.queue_seconds").map(part);
    let commit = seconds("ghostworks.storage.commit_seconds").map(part);
    let wait = seconds("ghostworks.search.wait_seconds").map(part);
    let own = match span.name.as_str() {
        "queue wait" => "queue",
        "commit" => "commit",
        "index wait" => "wait",
        _ if span.failed => "failed",
        _ => "rest",
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 14")) preserveAspectRatio="none" aria-hidden="true" {
            rect class=(own) x=(from) y="1" width=(wide) height="12" {}
            @if let Some(queue) = queue { rect class="queue" x=(from) y="1" width=(queue) height="12" {} }
            @if let Some(commit) = commit { rect class="commit" x=(from + wide - commit) y="1" width=(commit) height="12" {} }
            @if let Some(wait) = wait { rect class="wait" x=(from) y="1" width=(wait) height="12" {} }
        }
    }
}

/// What there is to say of a span at first sight.
fn told(span: &Span) -> String {
    let of = |name: &str| span.attributes.get(name);
    let seconds = |name: &str, what: &str| {
        let seconds: f64 = of(name)?.parse().ok()?;
        Some(format!("{what} {}", lasting((seconds * 1e9) as u64)))
    };
    let parts = [
        of("error.type").cloned(),
        seconds("ghostworks.storage.queue_seconds", "queue wait"),
        seconds("ghostworks.storage.commit_seconds", "commit"),
        of("ghostworks.storage.group_size").map(|size| format!("group of {size}")),
        seconds("ghostworks.search.wait_seconds", "index wait"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &str, start: u64, end: u64) -> Span {
        Span { name: name.to_owned(), start, end, ..Span::default() }
    }

    #[test]
    fn what_is_within_another_is_deeper() {
        let spans = [
            span("write", 20, 90),
            span("whole", 0, 100),
            span("queue", 20, 30),
            span("commit", 40, 90),
            span("after", 92, 95),
        ];
        let depths: Vec<(String, usize)> = nested(spans.to_vec()).into_iter().map(|it| (it.name, it.depth)).collect();
        let expected = [("whole", 0), ("write", 1), ("queue", 2), ("commit", 2), ("after", 1)];
        assert_eq!(depths, expected.map(|(name, depth)| (name.to_owned(), depth)));
    }

    #[test]
    fn a_bar_is_where_its_span_was() {
        let html = bars(&span("x", 25, 75), 100).into_string();
        assert!(html.contains("x=\"250\"") && html.contains("width=\"500\""), "{html}");
        let html = bars(&span("x", 100, 100), 100).into_string();
        assert!(html.contains("x=\"998\"") && html.contains("width=\"2\""), "{html}");
    }
}
