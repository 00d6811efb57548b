//! Times, sizes and numbers as people read them.

use maud::{Markup, html};

use crate::domain::{Timestamp, push_hex};
use crate::http::pages::PageRequest;

/// The value of a parameter of the query string; the first one counts.
pub(super) fn parameter(request: &PageRequest, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The digits of a trace's id.
pub(super) fn hex(id: &[u8; 16]) -> String {
    let mut text = String::with_capacity(32);
    push_hex(&mut text, id);
    text
}

/// How long ago something was, with the time itself when pointed at.
pub(super) fn ago(now: Timestamp, at: Timestamp) -> Markup {
    let seconds = now.duration_since(at).as_secs();
    let words = if seconds < 45 { "just now".to_owned() } else { format!("{} ago", span(seconds)) };
    time(at, &words)
}

/// How long it is until something, with the time itself.
pub(super) fn until(now: Timestamp, at: Timestamp) -> Markup {
    let seconds = at.duration_since(now).as_secs();
    let words = if seconds < 45 { "any moment".to_owned() } else { format!("in {}", span(seconds)) };
    time(at, &words)
}

/// A time that is written so.
pub(super) fn time(at: Timestamp, words: &str) -> Markup {
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) title=(date(at)) { (words) } }
}

/// A time in full.
pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A length of time, in its largest unit.
fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..90 => (1, "minute"),
        90..5_400 => ((seconds + 30) / 60, "minute"),
        5_400..129_600 => ((seconds + 1_800) / 3_600, "hour"),
        129_600..5_184_000 => ((seconds + 43_200) / 86_400, "day"),
        5_184_000..63_072_000 => (seconds / 2_629_800, "month"),
        _ => (seconds / 31_557_600, "year"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// A time in nanoseconds since 1970.
pub(super) fn moment(nanoseconds: u64) -> Timestamp {
    let micros = i64::try_from(nanoseconds / 1000).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// A length of time, as precise as is of use.
pub(super) fn lasting(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds as f64 / 1e6;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.2} ms"),
        ..1000.0 => format!("{milliseconds:.1} ms"),
        _ => format!("{:.2} s", milliseconds / 1e3),
    }
}

/// A number with its thousands apart.
pub(super) fn number(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if number < 0 { format!("−{text}") } else { text }
}

/// A number of bytes.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut value, mut unit) = (count as f64, "bytes");
    for larger in UNITS {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    if unit == "bytes" { format!("{count} bytes") } else { format!("{value:.1} {unit}") }
}

/// One of something, or several.
pub(super) fn counted(count: u64, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {several}", number(count)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_their_largest_unit() {
        for (seconds, words) in [
            (60, "1 minute"),
            (600, "10 minutes"),
            (7_200, "2 hours"),
            (86_400 * 2, "2 days"),
            (86_400 * 90, "2 months"),
            (86_400 * 800, "2 years"),
        ] {
            assert_eq!(span(seconds), words);
        }
        let at = |second| Timestamp::from_second(second).unwrap();
        let markup = ago(at(3_600), at(0)).into_string();
        assert!(markup.contains("1970-01-01T00:00:00Z") && markup.contains("60 minutes ago"), "{markup}");
    }

    #[test]
    fn numbers_and_sizes_are_read_easily() {
        assert_eq!([number(7), number(1_234), number(-1_234_567)], ["7", "1\u{202f}234", "−1\u{202f}234\u{202f}567"]);
        assert_eq!([bytes(17), bytes(2_048), bytes(5 << 30)], ["17 bytes", "2.0 KiB", "5.0 GiB"]);
        assert_eq!([counted(1, "tag", "tags"), counted(0, "tag", "tags")], ["1 tag", "0 tags"]);
    }
}
