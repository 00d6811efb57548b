//! Whole numbers that are too large for 64 bits. serde_json takes them for floating point numbers, and they lose digits
//! without anyone noticing; here they are found.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::escape;
use crate::domain::Violation;

/// As many digits as the smallest that may not fit.
const SUSPICIOUS_DIGITS: usize = 19;

/// Every whole number in a JSON text that does not fit in 64 bits, and every other number that is out of range, with its
/// place. None in what is not JSON.
pub(super) fn too_large(text: &[u8]) -> Vec<Violation> {
    let mut found = Vec::new();
    // Nearly every text is done with here.
    let has_long = text.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() >= SUSPICIOUS_DIGITS);
    if (has_long || has_exponent(text))
        && let Ok(value) = serde_json::from_slice::<&RawValue>(text)
    {
        visit(value, String::new(), &mut found);
    }
    found
}

fn has_exponent(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E'))
}

fn visit(value: &RawValue, pointer: String, found: &mut Vec<Violation>) {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            for (key, value) in serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(text).unwrap_or_default() {
                visit(value, format!("{pointer}/{}", escape(&key)), found);
            }
        }
        Some(b'[') => {
            for (index, value) in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default().iter().enumerate() {
                visit(value, format!("{pointer}/{index}"), found);
            }
        }
        Some(b'-' | b'0'..=b'9') => found.extend(fault(text).map(|detail| Violation { pointer, detail })),
        _ => {}
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
        let places = |text: &str| too_large(text.as_bytes()).into_iter().map(|it| it.pointer).collect::<Vec<_>>();
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
