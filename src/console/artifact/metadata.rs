//! Metadata: how it is shown, and how it is written in a form, one line for each key.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use crate::console::words::{ago, bytes, number};
use crate::domain::{Metadata, MetadataValue, Timestamp, Violations};

/// What the keys of sizes end with.
const SIZES: [&str; 3] = ["bytes", "size", "_b"];

/// A table of what is known of an artifact.
pub(super) fn table(metadata: &Metadata, now: Timestamp) -> Markup {
    html! {
        table class="metadata" {
            thead class="hidden" { tr { th scope="col" { "Key" } th scope="col" { "Value" } } }
            tbody {
                @for (key, value) in metadata.as_map() {
                    tr { th scope="row" { (key) } td dir="auto" { (shown(key, value, now)) } }
                }
            }
        }
    }
}

/// A value as a person reads it: links lead somewhere, times say how long ago, sizes have units.
pub(super) fn shown(key: &str, value: &MetadataValue, now: Timestamp) -> Markup {
    match value {
        MetadataValue::Null => html! { span class="muted" { "nothing" } },
        MetadataValue::Bool(true) => html! { "yes" },
        MetadataValue::Bool(false) => html! { "no" },
        MetadataValue::Integer(integer) => {
            let size = u64::try_from(*integer).ok().filter(|size| *size >= 1024 && is_size(key));
            html! {
                span class="number" title=(integer) { (number(*integer)) }
                @if let Some(size) = size { " " span class="muted" { "(" (bytes(size)) ")" } }
            }
        }
        MetadataValue::Float(float) => html! { span class="number" { (float) } },
        MetadataValue::Text(text) => words(text, now),
    }
}

fn words(text: &str, now: Timestamp) -> Markup {
    let is_link = (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_whitespace);
    let time = text.contains('T').then(|| text.parse::<Timestamp>().ok()).flatten();
    match time {
        _ if is_link => html! { a href=(text) rel="noopener noreferrer nofollow" { (text) } },
        Some(time) => html! { (text) " " span class="muted" { "(" (ago(now, time)) ")" } },
        None => html! { span class="text" { (text) } },
    }
}

fn is_size(key: &str) -> bool {
    SIZES.iter().any(|ending| key.to_ascii_lowercase().ends_with(ending))
}

/// The lines of a form.
pub(super) fn lines(metadata: &Metadata) -> String {
    let line = |(key, value): (&String, &MetadataValue)| format!("{key}: {}\n", written(value));
    metadata.as_map().iter().map(line).collect()
}

fn written(value: &MetadataValue) -> String {
    let json = || serde_json::to_string(value).unwrap_or_default();
    match value {
        MetadataValue::Text(text) if is_plain(text) => text.clone(),
        _ => json(),
    }
}

/// Whether a text is read back as the text that it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.contains(['\n', '\r'])
        && read(text) == Value::String(text.to_owned())
}

/// What the lines of a form say.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Value>, Violations> {
    let mut metadata = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fault = |detail: &str| Violations::one("/artifact_metadata", format!("line {}: {detail}", index + 1));
        let (key, value) = line.split_once(':').ok_or_else(|| fault("write it as key: value"))?;
        if metadata.insert(key.trim().to_owned(), read(value.trim())).is_some() {
            return Err(fault(&format!("the key {} is there already", key.trim())));
        }
    }
    Ok(metadata)
}

/// A number, true, false, null, or a text in quotes is what it looks like; anything else is text.
fn read(value: &str) -> Value {
    match serde_json::from_str(value) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => value,
        _ => Value::String(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_a_form_is_read_back() {
        let values = [
            MetadataValue::Null,
            MetadataValue::Bool(true),
            MetadataValue::Integer(-3),
            MetadataValue::Float(1.5),
            MetadataValue::Float(2.0),
            MetadataValue::Text("plain words: with a colon".to_owned()),
            MetadataValue::Text(String::new()),
            MetadataValue::Text("3".to_owned()),
            MetadataValue::Text("true".to_owned()),
            MetadataValue::Text("\"quoted\"".to_owned()),
            MetadataValue::Text(" spaces ".to_owned()),
            MetadataValue::Text("two\nlines\r\n".to_owned()),
            MetadataValue::Text("[1, 2]".to_owned()),
            MetadataValue::Text("שלום".to_owned()),
        ];
        let map: BTreeMap<String, MetadataValue> =
            values.into_iter().enumerate().map(|(index, value)| (format!("key-{index}"), value)).collect();
        let metadata = Metadata::from_stored(map);
        let read = parse(&lines(&metadata)).expect("lines");
        assert_eq!(Metadata::parse(read).expect("metadata"), metadata);
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        let fault = |text: &str| parse(text).unwrap_err().to_string();
        assert!(fault("a: 1\n\nno colon here").contains("line 3"));
        assert!(fault("a: 1\na: 2").contains("line 2"));
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn links_times_and_sizes_are_understood() {
        let now = Timestamp::from_second(100_000).unwrap();
        let shown = |key: &str, value: MetadataValue| shown(key, &value, now).into_string();
        let link = shown("docs", MetadataValue::Text("https://example.com/a?b=1&c=2".to_owned()));
        assert!(link.contains("<a href=\"https://example.com/a?b=1&amp;c=2\" rel=\"noopener"), "{link}");
        assert!(!shown("docs", MetadataValue::Text("javascript:alert(1)".to_owned())).contains("<a"));
        assert!(shown("at", MetadataValue::Text("1970-01-01T00:00:00Z".to_owned())).contains("ago"));
        assert!(shown("image_bytes", MetadataValue::Integer(1 << 20)).contains("1.0 MiB"));
        assert!(!shown("replicas", MetadataValue::Integer(1 << 20)).contains("MiB"));
    }
}
