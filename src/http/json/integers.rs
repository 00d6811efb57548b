//! Whole numbers that are too large for 64 bits. serde_json takes them for floating point numbers, and they lose digits
//! without anyone noticing; here they are found.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::escape;
use crate::domain::Violation;

/// As many digits as the smallest that may not fit.
const SUSPICIOUS_DIGITS: usize = 19;

/// Every whole number in a JSON text that does not fit in 64 bits, and every other number that is out of range, with its
/// place, and the text with null for each. None in what is not JSON.
pub(super) fn too_large(text: &[u8]) -> Option<(Vec<Violation>, Value)> {
    // Nearly every text is done with here.
    let has_long = text.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() >= SUSPICIOUS_DIGITS);
    if !has_long && !has_exponent(text) {
        return None;
    }
    let mut found = Vec::new();
    let value = visit(serde_json::from_slice(text).ok()?, String::new(), &mut found);
    (!found.is_empty()).then_some((found, value))
}

fn has_exponent(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E'))
}

fn visit(value: &RawValue, pointer: String, found: &mut Vec<Violation>) -> Value {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).unwrap_or_default();
            let visited = fields.into_iter().map(|(key, value)| {
                let value = visit(value, format!("{pointer}/{}", escape(&key)), found);
                (key.into_owned(), value)
            });
            Value::Object(visited.collect())
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            let visited =
                items.iter().enumerate().map(|(index, value)| visit(value, format!("{pointer}/{index}"), found));
            Value::Array(visited.collect())
        }
        Some(b'-' | b'0'..=b'9') => {
            found.extend(fault(text).map(|detail| Violation { pointer, detail }));
            serde_json::from_str(text).unwrap_or_default()
        }
        _ => serde_json::from_str(text).unwrap_or_default(),
    }
}

fn fault(number: &str) -> Option<String> {
    let is_whole = !number.contains(['.', 'e', 'E']);
    if is_whole && number.parse::<i64>().is_err() {
        let (least, most) = (i64::MIN, i64::MAX);
        return Some(format!("must be a whole number from {least} to {most}; send a larger one as a string"));
    }
    let is_finite = number.parse::<f64>().is_ok_and(f64::is_finite);
    (!is_finite).then(|| "must be a number that fits in 64 bits; send a larger one as a string".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_found_whatever_its_size() {
        let places = |text: &str| {
            let found = too_large(text.as_bytes()).map(|(found, _)| found).unwrap_or_default();
            found.into_iter().map(|it| it.pointer).collect::<Vec<_>>()
        };
        assert!(places("9223372036854775807").is_empty());
        assert!(places("-9223372036854775808").is_empty());
        assert!(places(r#"{"a": [1e20, 0.1234567890123456789012, "99999999999999999999"]}"#).is_empty());
        for number in ["9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e999", "-1E+999"] {
            assert_eq!(
                places(&format!("{{\"a\": [0, {number}], \"b/c\": {{\"~\": {number}}}}}")),
                ["/a/1", "/b~1c/~0"]
            );
        }
        assert_eq!(places(&"9".repeat(1000)), [""]);
        assert!(places("99999999999999999999 nonsense").is_empty());
    }
}
