//! Whole numbers in query strings.

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult};
use serde::{Deserialize, Serialize};

use super::schema;

/// A whole number as clients of the older service write it: with space around it, a sign, or `.0` behind it. One that
/// does not fit is the nearest that does, which no bound lets through.
fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (is_negative, digits) = match whole.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, whole.strip_prefix('+').unwrap_or(whole)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || fraction.bytes().any(|b| b != b'0') {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(i64::MAX);
    Some(if is_negative { -magnitude } else { magnitude })
}

/// A whole number in a query string, with its bounds in the document. They are checked by the handler, which answers
/// 422 and names the parameter.
macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $bounds:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(in crate::http) struct $name(pub i64);

        schema!($name, "integer_uint64", $bounds);

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                parse(text).map(Self).ok_or_else(|| ParseError::custom("must be a whole number"))
            }
        }
    };
}

bounded!(
    /// How many items a page holds at most.
    Limit,
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(Limit::MAX as f64),
        default: Some(Limit::DEFAULT.0.into()),
        ..MetaSchema::new_with_format("integer", "int64")
    }
);
bounded!(
    /// How many items are passed over.
    Offset,
    MetaSchema {
        minimum: Some(0.0),
        maximum: Some(Offset::MAX as f64),
        default: Some(0.into()),
        ..MetaSchema::new_with_format("integer", "int64")
    }
);

impl Limit {
    /// The most.
    pub(in crate::http) const MAX: i64 = 100;
    /// When none is given.
    pub(in crate::http) const DEFAULT: Self = Self(20);
}

impl Offset {
    /// The most. Each passed over costs time.
    pub(in crate::http) const MAX: i64 = 1_000_000;
}

/// A number from a query string, if it is within its bounds.
pub(in crate::http) fn within(number: i64, least: i64, most: i64) -> Result<usize, String> {
    let wrong = || format!("must be between {least} and {most}");
    if (least..=most).contains(&number) { usize::try_from(number).map_err(|_| wrong()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_clients_write_them() {
        for (text, number) in [("20", 20), (" 20 ", 20), ("+20", 20), ("20.0", 20), ("-1", -1), ("020", 20)] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        assert_eq!(parse("18446744073709551616"), Some(i64::MAX));
        assert_eq!(parse("-99999999999999999999"), Some(-i64::MAX));
        for text in ["", "ten", "1.5", "1e3", "--1", "0x10", "1 2", ".0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
