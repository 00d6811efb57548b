//! A trace as a waterfall: its spans below one another, each with a bar from its beginning to its end.

use clap::builder::styling::{AnsiColor, Style};
use serde_json::Value;

use crate::domain::Timestamp;

/// How wide all of the time is, in characters.
const WIDTH: u64 = 40;
/// The longest name that is shown whole.
const NAME: usize = 60;

const USUAL: Style = AnsiColor::Cyan.on_default();
const FAILED: Style = AnsiColor::Red.on_default();

struct Span<'a> {
    id: &'a str,
    parent: &'a str,
    name: &'a str,
    start: u64,
    end: u64,
    failed: bool,
    attributes: &'a [Value],
}

/// The spans of an OTLP message in JSON.
pub(super) fn drawn(message: &Value) -> String {
    let all = |value: &'_ Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let scopes: Vec<Value> = all(message, "resourceSpans").iter().flat_map(|it| all(it, "scopeSpans")).collect();
    let found: Vec<Value> = scopes.iter().flat_map(|it| all(it, "spans")).collect();
    let mut spans: Vec<Span<'_>> = found.iter().map(Span::read).collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let (Some(start), Some(end)) = (spans.iter().map(|it| it.start).min(), spans.iter().map(|it| it.end).max()) else {
        return "The trace has no spans.".to_owned();
    };
    let mut rows = Vec::new();
    let is_root = |span: &&Span<'_>| !spans.iter().any(|it| it.id == span.parent);
    for root in spans.iter().filter(is_root) {
        below(root, &spans, 0, &mut rows);
    }
    let width = rows.iter().map(|(depth, span)| 2 * depth + cut(span.name).chars().count()).max().unwrap_or_default();
    let mut text = format!(
        "trace {}, {}, {}\n\n",
        found[0]["traceId"].as_str().unwrap_or_default(),
        Timestamp::from_nanosecond(start.into()).map(|it| it.to_string()).unwrap_or_default(),
        milliseconds(end - start),
    );
    for (depth, span) in rows {
        let name = format!("{}{}", "  ".repeat(depth), cut(span.name));
        let style = if span.failed { FAILED } else { USUAL };
        let (before, bar) = bar(span, start, end);
        let after = " ".repeat((WIDTH as usize).saturating_sub(before.len() + bar.chars().count()));
        let line = format!(
            "{name:<width$}  {before}{style}{bar}{style:#}{after} {:>11}  {}",
            milliseconds(span.end - span.start),
            span.summary()
        );
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// A span and what is below it, each with its depth. What is its own parent ends there.
fn below<'s>(span: &'s Span<'s>, spans: &'s [Span<'s>], depth: usize, rows: &mut Vec<(usize, &'s Span<'s>)>) {
    if rows.iter().any(|(_, known)| known.id == span.id) {
        return;
    }
    rows.push((depth, span));
    for child in spans.iter().filter(|it| it.parent == span.id) {
        below(child, spans, depth + 1, rows);
    }
}

/// The space before a bar, and the bar, which is never empty.
fn bar(span: &Span<'_>, start: u64, end: u64) -> (String, String) {
    let place = |time: u64| {
        let part = u128::from(time - start) * u128::from(WIDTH) / u128::from((end - start).max(1));
        usize::try_from(part).unwrap_or_default()
    };
    let from = place(span.start).min(WIDTH as usize - 1);
    let to = place(span.end).max(from + 1);
    (" ".repeat(from), "█".repeat(to - from))
}

impl<'a> Span<'a> {
    fn read(span: &'a Value) -> Self {
        let text = |key: &str| span[key].as_str().unwrap_or_default();
        let time = |key: &str| text(key).parse().unwrap_or_default();
        let start = time("startTimeUnixNano");
        Self {
            id: text("spanId"),
            parent: text("parentSpanId"),
            name: text("name"),
            start,
            end: time("endTimeUnixNano").max(start),
            failed: span["status"]["code"] == 2,
            attributes: span["attributes"].as_array().map(Vec::as_slice).unwrap_or_default(),
        }
    }

    fn attribute(&self, name: &str) -> Option<&'a Value> {
        let found = self.attributes.iter().find(|it| it["key"] == name)?;
        found["value"].as_object()?.values().next()
    }

    /// What there is to say besides how long it took.
    fn summary(&self) -> String {
        let seconds = |name: &str, what: &str| {
            let seconds = self.attribute(name)?.as_f64()?;
            Some(format!("{what} {:.2} ms", seconds * 1e3))
        };
        let number = |name: &str, before: &str| {
            let value = self.attribute(name)?;
            Some(format!("{before}{}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        };
        let parts = [
            number("http.response.status_code", "status "),
            number("error.type", ""),
            seconds("ghostworks.storage.queue_seconds", "queue wait"),
            seconds("ghostworks.storage.commit_seconds", "commit"),
            number("ghostworks.storage.group_size", "group of "),
            seconds("ghostworks.search.wait_seconds", "index wait"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME { name.to_owned() } else { name.chars().take(NAME - 1).chain(['…']).collect() }
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.2} ms", nanoseconds as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn span(id: &str, parent: &str, name: &str, start: u64, end: u64, attributes: &Value) -> Value {
        json!({
            "traceId": "0a", "spanId": id, "parentSpanId": parent, "name": name, "attributes": attributes,
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": end.to_string(),
        })
    }

    fn message(spans: &[Value]) -> Value {
        json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    }

    #[test]
    fn spans_are_drawn_below_their_parents_where_they_were() {
        let queued = json!([{"key": "ghostworks.storage.queue_seconds", "value": {"doubleValue": 0.001}},
            {"key": "ghostworks.storage.group_size", "value": {"intValue": "3"}}]);
        let text = drawn(&message(&[
            span("3", "2", "insert artifacts", 5_000_000, 10_000_000, &queued),
            span("2", "1", "artifact.create", 0, 10_000_000, &json!([])),
            span("1", "", "POST", 0, 20_000_000, &json!([])),
        ]));
        let bars = |from: usize, to: usize| format!("{}\u{1b}[36m{}", " ".repeat(from), "█".repeat(to));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("trace 0a, 1970-01-01T00:00:00Z, 20.00 ms"), "{text}");
        assert!(lines[2].starts_with(&format!("POST                  {}", bars(0, 40))), "{text}");
        assert!(lines[3].starts_with(&format!("  artifact.create     {}", bars(0, 20))), "{text}");
        assert!(lines[4].starts_with(&format!("    insert artifacts  {}", bars(10, 10))), "{text}");
        assert!(lines[4].ends_with("5.00 ms  queue wait 1.00 ms, group of 3"), "{text}");
    }

    #[test]
    fn nothing_that_a_server_says_makes_it_fail() {
        assert!(drawn(&json!({})).contains("no spans"));
        let odd = [span("1", "1", "self", 5, 1, &json!({})), span("2", "9", "alone", 0, 0, &json!(null)), json!({})];
        assert!(drawn(&message(&odd)).contains("alone"));
    }
}
