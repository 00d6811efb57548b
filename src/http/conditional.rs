//! Entity tags as they come back (RFC 9110, section 13): proxies that compress an answer on the way make its tag weak, as
//! nginx does, or put the encoding behind it, as Apache and Caddy do.

/// What compressing proxies put at the end of a tag.
const ENCODINGS: [&str; 4] = ["-gzip", "-br", "-zstd", "-deflate"];

/// What is within the quotes of a tag as we gave it out, however it was changed on the way. `None` if it is no tag.
pub(super) fn opaque(tag: &[u8]) -> Option<&str> {
    let tag = std::str::from_utf8(tag).ok()?.trim();
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let bare = ENCODINGS.into_iter().find_map(|encoding| opaque.strip_suffix(encoding));
    Some(bare.map_or(opaque, |bare| bare.trim_end_matches('-'))).filter(|bare| !bare.contains('"'))
}

/// Whether an `If-None-Match` names `current`, or anything at all.
pub(super) fn none_match_names(if_none_match: &str, current: &str) -> bool {
    let current = opaque(current.as_bytes());
    let is_current = |tag: &str| tag.trim() == "*" || (current.is_some() && opaque(tag.as_bytes()) == current);
    if_none_match.split(',').any(is_current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_if_none_match_is_compared_weakly() {
        for (header, expected) in [
            ("\"1\"", true),
            ("W/\"1\"", true),
            ("\"1-gzip\"", true),
            ("W/\"1-br\"", true),
            ("\"2\", \"1\"", true),
            ("*", true),
            ("\"2\"", false),
            ("1", false),
            ("", false),
        ] {
            assert_eq!(none_match_names(header, "\"1\""), expected, "{header}");
        }
    }
}
