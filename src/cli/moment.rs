//! Moments as people write them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _, Zoned};

use crate::domain::{Clock as _, SystemClock, Timestamp};

/// The moment that a text stands for, which is not in the future: with an offset, or by the clock and the time zone of
/// this machine.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    let now = SystemClock.now();
    let moment = read(text.trim(), &now.to_zoned(TimeZone::system())).ok_or_else(|| {
        "expected a moment such as 2026-11-26T01:30:00Z, \"2026-11-26 01:30\", \"yesterday 18:00\", 18:00 or \"2h ago\""
            .to_owned()
    })?;
    if moment > now {
        return Err(format!("it is in the future, at {moment:.0}; now is {now:.0}"));
    }
    Ok(moment)
}

fn read(text: &str, now: &Zoned) -> Option<Timestamp> {
    if text == "now" {
        return Some(now.timestamp());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    if text.ends_with("ago") {
        return Some(now.checked_add(text.parse::<Span>().ok()?).ok()?.timestamp());
    }
    let local = text.parse::<DateTime>().ok().or_else(|| on_a_day(text, now));
    Some(now.time_zone().to_zoned(local?).ok()?.timestamp())
}

/// A time of today or yesterday; a day without a time is its beginning.
fn on_a_day(text: &str, now: &Zoned) -> Option<DateTime> {
    let (day, time): (Date, &str) = match text.split_once(' ').unwrap_or((text, "")) {
        ("today", time) => (now.date(), time),
        ("yesterday", time) => (now.date().checked_sub(1.day()).ok()?, time),
        _ => return Some(now.date().to_datetime(time_of_day(text)?)),
    };
    let time = if time.is_empty() { Time::midnight() } else { time_of_day(time.trim())? };
    Some(day.to_datetime(time))
}

/// `18:00`, `9:00` or `18:00:30`.
fn time_of_day(text: &str) -> Option<Time> {
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    padded.parse().ok().filter(|_| padded.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let now = "2026-11-28T20:15:30Z".parse::<Timestamp>().unwrap().to_zoned(zone);
        for (text, expected) in [
            ("2026-11-26T01:30:00Z", "2026-11-26T01:30:00Z"),
            ("2026-11-26T01:30:00.5+01:00", "2026-11-26T00:30:00.5Z"),
            ("2026-11-26 01:30", "2026-11-25T23:30:00Z"),
            ("2026-11-26T01:30:07", "2026-11-25T23:30:07Z"),
            ("2026-11-26", "2026-11-25T22:00:00Z"),
            ("yesterday 18:00", "2026-11-27T16:00:00Z"),
            ("yesterday", "2026-11-26T22:00:00Z"),
            ("today 9:05", "2026-11-28T07:05:00Z"),
            ("18:00", "2026-11-28T16:00:00Z"),
            ("23:00", "2026-11-28T21:00:00Z"),
            ("2h ago", "2026-11-28T18:15:30Z"),
            ("1 hour 30 minutes ago", "2026-11-28T18:45:30Z"),
            ("3 days ago", "2026-11-25T20:15:30Z"),
            ("now", "2026-11-28T20:15:30Z"),
        ] {
            assert_eq!(read(text, &now), Some(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "soon", "yesterday noon", "25:00", "2026-13-01", "ago", "1200", "tomorrow"] {
            assert_eq!(read(text, &now), None, "{text}");
        }
    }

    #[test]
    fn the_future_is_refused() {
        assert!(parse("9000-01-01").unwrap_err().contains("in the future"));
        assert!(parse("2h").unwrap_err().contains("2h ago"));
    }
}
