//! Moments.

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use speedate::{Date, DateTime, DateTimeConfig, MicrosecondsPrecisionOverflowBehavior, TimeConfig};

use super::schema;
use crate::domain::Timestamp;

/// The message to a client that sends something else.
const EXPECTED: &str = "must be a time, such as 2030-01-31T12:00:00Z";

/// A moment, as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(in crate::http) struct Time(pub Timestamp);

schema!(Time, "string_date-time", MetaSchema::new_with_format("string", "date-time"));

impl ParseFromParameter for Time {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        parse(text).map(Self).ok_or_else(|| ParseError::custom(EXPECTED))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| de::Error::custom(EXPECTED))
    }
}

/// A time as the parser of the older service takes it: RFC 3339 with any separator, a date alone, seconds or milliseconds
/// since 1970; UTC without an offset. What lies before or after all times that can be kept is the first or last of them.
fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // A `+` that was not percent-encoded came as a space.
    read(text).or_else(|| text.rsplit_once(' ').and_then(|(start, end)| read(&format!("{start}+{end}"))))
}

fn read(text: &str) -> Option<Timestamp> {
    let finer = MicrosecondsPrecisionOverflowBehavior::Truncate;
    let time_config = TimeConfig { microseconds_precision_overflow_behavior: finer, ..TimeConfig::default() };
    let config = DateTimeConfig { time_config, ..DateTimeConfig::default() };
    let (seconds, microseconds) = match DateTime::parse_str_with_config(text, &config) {
        Ok(parsed) => (parsed.timestamp_tz(), parsed.time.microsecond),
        Err(_) => (Date::parse_str_rfc3339(text).ok()?.timestamp(), 0),
    };
    let nanoseconds = i32::try_from(microseconds).ok()?.checked_mul(1000)?;
    let edge = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Some(Timestamp::new(seconds, nanoseconds).unwrap_or(edge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_clients_write_them() {
        for text in [
            "2030-01-31T12:00:00Z",
            "2030-01-31T12:00:00z",
            "2030-01-31t12:00:00.000000Z",
            "2030-01-31 12:00:00Z",
            "2030-01-31_12:00:00",
            "2030-01-31T12:00",
            "2030-01-31T14:00:00+02:00",
            "2030-01-31T14:00:00+0200",
            "2030-01-31T14:00:00 02:00",
            "2030-01-31 14:00:00 02:00",
            "2030-01-31T12:00:00.000000000Z",
            " 2030-01-31T12:00:00Z ",
            "1896091200",
            "1896091200.0",
            "1896091200000",
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some("2030-01-31T12:00:00Z"), "{text}");
        }
        assert_eq!(parse("2030-01-31").map(|time| time.to_string()).as_deref(), Some("2030-01-31T00:00:00Z"));
        assert_eq!(parse("9999-12-31T23:59:59Z"), Some(Timestamp::MAX));
        assert_eq!(
            parse("1969-12-31T23:59:59.5Z").map(|time| time.to_string()).as_deref(),
            Some("1969-12-31T23:59:59.5Z")
        );
        for text in ["", "yesterday", "2030-13-01T00:00:00Z", "2030-01-31T25:00:00Z", "12:00:00", "2030-02-30"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
