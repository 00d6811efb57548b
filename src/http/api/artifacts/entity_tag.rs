//! Entity tags (RFC 9110): an artifact's version, quoted.

use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::domain::{Artifact, Precondition};

/// An artifact's entity tag.
pub(super) fn entity_tag(artifact: &Artifact) -> String {
    format!("\"{}\"", artifact.version)
}

/// Whether an `If-None-Match` names `current`, compared weakly.
pub(super) fn none_match_names(if_none_match: &str, current: &str) -> bool {
    let is_current = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == current;
    if_none_match.split(',').any(|tag| is_current(tag.trim()))
}

/// What an `If-Match` lets through, compared strongly. A tag that is weak, or none of ours, lets nothing through.
pub(super) struct IfMatch(pub Precondition);

impl IfMatch {
    fn parse<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let Some(first) = lines.next() else { return Self(Precondition::None) };
        let tags: Vec<&[u8]> = std::iter::once(first)
            .chain(lines)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .collect();
        if tags.contains(&b"*".as_slice()) {
            return Self(Precondition::Exists);
        }
        Self(Precondition::Versions(tags.into_iter().filter_map(version).collect()))
    }
}

/// The version that a strong tag of ours stands for.
fn version(tag: &[u8]) -> Option<u64> {
    let digits = tag.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let version: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (version.to_string().as_bytes() == digits).then_some(version)
}

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = String;
    type ParamRawType = String;

    fn register(registry: &mut Registry) {
        <String as Type>::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
    }

    /// From every line of the header, readable or not: one that was passed over would let a change through.
    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        let lines = request.headers().get_all(header::IF_MATCH);
        Ok(Self::parse(lines.iter().map(poem::http::HeaderValue::as_bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_if_match_lets_through_the_versions_it_names() {
        let seen = |lines: &[&str]| IfMatch::parse(lines.iter().map(|line| line.as_bytes())).0;
        assert_eq!(seen(&[]), Precondition::None);
        assert_eq!(seen(&["*"]), Precondition::Exists);
        assert_eq!(seen(&["\"3\""]), Precondition::Versions(vec![3]));
        assert_eq!(seen(&["\"3\" , \"5\"", "\"7\""]), Precondition::Versions(vec![3, 5, 7]));
        for foreign in
            ["", "3", "W/\"3\"", "\"abc\"", "\"03\"", "\"+3\"", "\"-1\"", "\"99999999999999999999\"", "\"ÿ\""]
        {
            assert_eq!(seen(&[foreign]), Precondition::Versions(vec![]), "{foreign}");
        }
    }

    #[test]
    fn an_if_none_match_is_compared_weakly() {
        for (header, expected) in
            [("\"1\"", true), ("W/\"1\"", true), ("\"2\", \"1\"", true), ("*", true), ("\"2\"", false)]
        {
            assert_eq!(none_match_names(header, "\"1\""), expected, "{header}");
        }
    }
}
