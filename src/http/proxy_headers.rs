//! The headers that proxies write: lists, to which each adds at the end, and `Forwarded` (RFC 7239).

use poem::http::{HeaderMap, HeaderName, header};

/// What a proxy says of a request that it sends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Who asked it: an address, with or without a port, or a name.
    pub by_whom: Option<String>,
    /// The host that was asked for.
    pub host: Option<String>,
    /// The scheme that was used.
    pub proto: Option<String>,
    /// How many proxies sent it on since, to the nearest.
    pub hop: usize,
}

impl Element {
    fn parse(text: &str) -> Self {
        let mut element = Self::default();
        for (name, value) in split(text, ';').filter_map(|pair| pair.split_once('=')) {
            let field = match name.trim().to_ascii_lowercase().as_str() {
                "for" => &mut element.by_whom,
                "host" => &mut element.host,
                "proto" => &mut element.proto,
                _ => continue,
            };
            *field = unquoted(value.trim());
        }
        element
    }
}

/// The values of a header that is a list, the last first.
pub(super) fn values_from_right<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.rsplit(',')).map(str::trim)
}

/// What a proxy wrote into a header that is a list: the one that was `hop` before the nearest. Where fewer wrote, the first of
/// them says it for those before.
pub(super) fn value_at<'a>(headers: &'a HeaderMap, name: &HeaderName, hop: usize) -> Option<&'a str> {
    values_from_right(headers, name).take(hop + 1).last()
}

/// What proxies say in `Forwarded`, the nearest first.
pub(super) fn elements(headers: &HeaderMap) -> Vec<Element> {
    let lines = headers.get_all(header::FORWARDED).iter().map(|line| line.to_str().unwrap_or_default());
    let mut elements: Vec<Element> = lines.flat_map(|line| split(line, ',')).map(Element::parse).collect();
    elements.reverse();
    elements
}

/// The parts of a text between separators that are not in quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |c| {
        is_quoted ^= c == '"';
        c == separator && !is_quoted
    })
}

/// A value without its quotes. No address or host has anything to escape.
fn unquoted(value: &str) -> Option<String> {
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (!bare.is_empty() && !bare.contains(['"', '\\'])).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_from_the_nearest_on() {
        let mut headers = HeaderMap::new();
        for line in [r#"for="[2001:db8::1]:4711";Proto=https;host="a.example:8443", for=10.0.0.2"#, "FOR=_hidden;by=x"]
        {
            headers.append(header::FORWARDED, line.parse().unwrap());
        }
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            Element { by_whom: some("_hidden"), ..Element::default() },
            Element { by_whom: some("10.0.0.2"), ..Element::default() },
            Element { by_whom: some("[2001:db8::1]:4711"), host: some("a.example:8443"), proto: some("https"), hop: 0 },
        ];
        assert_eq!(elements(&headers), expected);
        assert_eq!(Element::parse(r#"for="a,b;c";host="\"";proto="#).by_whom, some("a,b;c"));
        assert_eq!(Element::parse(r#"host="\"";proto="#), Element::default());
    }
}
