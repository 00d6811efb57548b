//! Whole numbers in query strings.

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult};
use serde::{Deserialize, Serialize};

use super::schema;

/// A whole number as the parser of the older service takes it: with space around it, a sign, single underscores between its
/// digits, or `.0` behind it. One that does not fit is the nearest that does, which no bound lets through.
fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (is_negative, digits) = match whole.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, whole.strip_prefix('+').unwrap_or(whole)),
    };
    let is_group = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    if !digits.split('_').all(is_group) || fraction.is_empty() || fraction.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let magnitude = digits.replace('_', "").parse().unwrap_or(i64::MAX);
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
        for (text, number) in [
            ("20", 20),
            (" 20 ", 20),
            ("\u{2009}20\u{a0}\n", 20),
            ("+20", 20),
            ("20.0", 20),
            ("+20.00", 20),
            ("-1", -1),
            ("-0.0", 0),
            ("020", 20),
            ("0_2_0", 20),
            ("2_0.0", 20),
            ("-1_0", -10),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        assert_eq!(parse("18446744073709551616"), Some(i64::MAX));
        assert_eq!(parse("-99999999999999999999"), Some(-i64::MAX));
        for text in [
            "",
            "ten",
            "1.5",
            "1.",
            "1e3",
            "--1",
            "+-1",
            "+ 1",
            "0x10",
            "1 2",
            ".0",
            "_1",
            "1_",
            "1__0",
            "+_1",
            "1.0_0",
            "1_.0",
            "\u{0661}",
            "\u{200b}1",
            "true",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
