//! Entity tags (RFC 9110): the history of the database, and an artifact's version in it.
//!
//! After a restore, the same version may stand for another content. So a tag from before it matches nothing, and neither
//! does a bare version, which was the tag in earlier releases.

use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::domain::{Artifact, HistoryId, Precondition, ShortId};
use crate::http::conditional;

/// An artifact's entity tag in a database with this history.
pub(super) fn entity_tag(history: HistoryId, artifact: &Artifact) -> String {
    ["\"", &history.short().to_string(), "-", &artifact.version.to_string(), "\""].concat()
}

/// What an `If-Match` lets through. RFC 9110 wants it compared strongly; but a proxy that compresses makes our tags weak
/// on the way to the client, who can only send back what it got. A tag that is none of ours lets nothing through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// Everything: there was none.
    Nothing,
    /// What is there: it was `*`.
    Any,
    /// These versions of these histories.
    Tags(Vec<(ShortId, u64)>),
}

impl IfMatch {
    fn parse<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let Some(first) = lines.next() else { return Self::Nothing };
        let tags: Vec<&[u8]> = std::iter::once(first)
            .chain(lines)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .collect();
        if tags.contains(&b"*".as_slice()) {
            return Self::Any;
        }
        Self::Tags(tags.into_iter().filter_map(version).collect())
    }

    /// What it asks of an artifact in a database with this history.
    pub fn precondition(self, history: HistoryId) -> Precondition {
        match self {
            Self::Nothing => Precondition::None,
            Self::Any => Precondition::Exists,
            Self::Tags(tags) => {
                let current = tags.into_iter().filter(|(of, _)| *of == history.short());
                Precondition::Versions(current.map(|(_, version)| version).collect())
            }
        }
    }
}

/// The version that a tag of ours stands for, and in which history.
fn version(tag: &[u8]) -> Option<(ShortId, u64)> {
    let (history, digits) = conditional::opaque(tag)?.split_once('-')?;
    let version: u64 = digits.parse().ok()?;
    (version.to_string() == digits).then_some((history.parse().ok()?, version))
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
        let history = HistoryId::from_bytes([0xab; 16]);
        let seen = |lines: &[&str]| IfMatch::parse(lines.iter().map(|line| line.as_bytes())).precondition(history);
        assert_eq!(seen(&[]), Precondition::None);
        assert_eq!(seen(&["*"]), Precondition::Exists);
        assert_eq!(seen(&["\"abababab-3\""]), Precondition::Versions(vec![3]));
        let by_proxies = ["W/\"abababab-3\"", "\"abababab-4-gzip\", W/\"abababab-5-br\""];
        assert_eq!(seen(&by_proxies), Precondition::Versions(vec![3, 4, 5]));
        let several = ["\"abababab-3\" , \"abababab-5\"", "\"cdcdcdcd-6\", \"abababab-7\""];
        assert_eq!(seen(&several), Precondition::Versions(vec![3, 5, 7]));
        for foreign in [
            "",
            "3",
            "\"3\"",
            "abababab-3",
            "W/abababab-3",
            "\"cdcdcdcd-3\"",
            "\"ABABABAB-3\"",
            "\"abababab-\"",
            "\"abababab-03\"",
            "\"abababab-+3\"",
            "\"abababab--1\"",
            "\"abababab-99999999999999999999\"",
            "\"ÿ-3\"",
        ] {
            assert_eq!(seen(&[foreign]), Precondition::Versions(vec![]), "{foreign}");
        }
    }
}
