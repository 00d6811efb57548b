//! What a client prefers (RFC 7240): `handling=strict` makes what is otherwise ignored an error.

use poem::http::{HeaderMap, HeaderName, HeaderValue};

const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Which preference was honoured.
pub(super) const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The one that is.
pub(super) const STRICT: HeaderValue = HeaderValue::from_static("handling=strict");

/// Whether what is not known is to be refused. Of several preferences of one name, the first counts.
pub(super) fn is_strict(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(PREFER).iter().filter_map(|line| line.to_str().ok());
    let preferences = lines.flat_map(|line| line.split(',')).map(|preference| preference.split(';').next());
    let mut pairs = preferences.flatten().filter_map(|preference| preference.split_once('='));
    let handling = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("handling"));
    handling.is_some_and(|(_, value)| value.trim().trim_matches('"').eq_ignore_ascii_case("strict"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_handling_is_found_among_other_preferences() {
        let is_strict = |lines: &[&str]| {
            let lines = lines.iter().map(|line| (PREFER, line.parse().expect("a value")));
            is_strict(&lines.collect())
        };
        assert!(!is_strict(&[]));
        assert!(is_strict(&["handling=strict"]));
        assert!(is_strict(&["respond-async, Handling = \"strict\"; x=y"]));
        assert!(is_strict(&["return=minimal", "handling=strict"]));
        assert!(!is_strict(&["handling=lenient, handling=strict"]));
        assert!(!is_strict(&["return=minimal", "strict"]));
    }
}
