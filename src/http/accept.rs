//! What a client likes of several forms that an answer may have (RFC 9110, section 12).

use poem::http::{HeaderMap, HeaderName, header};

/// How much the best of the entries of a list that `fit` is liked, from 0 (not at all) to 1; none when no entry does. An
/// entry whose weight can't be read is not liked.
pub(super) fn quality(headers: &HeaderMap, list: &HeaderName, fit: impl Fn(&str) -> bool) -> Option<f32> {
    let lines = headers.get_all(list).iter().filter_map(|line| line.to_str().ok());
    let entries = lines.flat_map(|line| line.split(',')).map(|entry| entry.trim().to_ascii_lowercase());
    entries.filter(|entry| fit(entry)).map(|entry| weight(&entry)).reduce(f32::max)
}

/// An entry without its parameters.
pub(super) fn essence(entry: &str) -> &str {
    entry.split(';').next().unwrap_or_default().trim()
}

fn weight(entry: &str) -> f32 {
    let mut parameters = entry.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let weight = parameters.find(|(name, _)| name.trim() == "q");
    weight.map_or(1.0, |(_, weight)| weight.trim().parse().unwrap_or(0.0))
}

/// How much a client likes a content coding. What it does not name, it may like by `*`.
pub(super) fn coding(headers: &HeaderMap, names: &[&str]) -> f32 {
    let of = |wanted: &[&str]| quality(headers, &header::ACCEPT_ENCODING, |entry| wanted.contains(&essence(entry)));
    of(names).or_else(|| of(&["*"])).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::HeaderValue;

    #[test]
    fn a_coding_is_liked_as_the_list_says() {
        for (accepted, expected) in [
            ("gzip", 1.0),
            ("br, GZip ; Q = 0.5", 0.5),
            ("gzip;q=0.000, *", 0.0),
            ("br, *;q=0.2", 0.2),
            ("br", 0.0),
            ("gzip;q=much", 0.0),
            ("gzip;q=0.1, x-gzip;q=0.4", 0.4),
            ("", 0.0),
        ] {
            let list = (header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(coding(&HeaderMap::from_iter([list]), &["gzip", "x-gzip"]), expected, "{accepted}");
        }
        assert_eq!(coding(&HeaderMap::new(), &["gzip"]), 0.0);
    }
}
