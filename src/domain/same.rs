//! When values are the same as JSON has them: `1` is `1.0`.

use serde_json::{Number, Value};

/// 2^63: no whole number of 64 bits is as large.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Whether a whole number and another are the same.
pub(in crate::domain) fn is_whole(float: f64, whole: i64) -> bool {
    float.fract() == 0.0 && float.abs() < TOO_LARGE && float as i64 == whole
}

/// Whether two values are the same, at any depth.
pub(in crate::domain) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => is_same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_there = |name: &str, value: &Value| other.get(name).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(|(name, value)| is_there(name, value))
        }
        _ => one == other,
    }
}

fn is_same_number(one: &Number, other: &Number) -> bool {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one == other,
        (Some(whole), None) => other.as_f64().is_some_and(|float| is_whole(float, whole)),
        (None, Some(whole)) => one.as_f64().is_some_and(|float| is_whole(float, whole)),
        (None, None) => one.as_f64() == other.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        for (one, other) in [
            (json!(1), json!(1.0)),
            (json!(-0.0), json!(0)),
            (json!({"a": [1, {"b": 2.0}], "c": null}), json!({"c": null, "a": [1.0, {"b": 2}]})),
            (json!(1e300), json!(1e300)),
        ] {
            assert!(is_same(&one, &other) && is_same(&other, &one), "{one} {other}");
        }
        for (one, other) in [
            (json!(1), json!(1.5)),
            (json!(1), json!("1")),
            (json!(1), json!(true)),
            (json!(i64::MAX), json!(9_223_372_036_854_775_808.0)),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0)),
            (json!([1]), json!([1, 1])),
            (json!({"a": 1}), json!({"b": 1})),
            (json!({"a": null}), json!({})),
        ] {
            assert!(!is_same(&one, &other) && !is_same(&other, &one), "{one} {other}");
        }
    }
}
