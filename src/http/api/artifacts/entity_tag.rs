//! Entity tags (RFC 9110): the history of the database, and an artifact's version in it.
//!
//! After a restore, the same version may stand for another content. So a tag from before it matches nothing, and neither
//! does a bare version, which was the tag in earlier releases.

use poem::http::HeaderValue;
use poem::{Request, RequestBody};
use poem_openapi::error::ParseParamError;
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::domain::{Artifact, HistoryId, Precondition, ShortId};
use crate::http::conditional;

/// An artifact's entity tag in a database with this history.
pub(super) fn entity_tag(history: HistoryId, artifact: &Artifact) -> String {
    ["\"", &history.short().to_string(), "-", &artifact.version.to_string(), "\""].concat()
}

/// The entity tags of an `If-Match` or `If-None-Match`, from every line of it, readable or not: one that was passed over would
/// let a change through.
#[derive(Debug)]
pub(in crate::http) struct EntityTags(Vec<HeaderValue>);

impl EntityTags {
    /// How long they are at most together, in bytes.
    pub const MAX_LEN: usize = 4096;

    /// What they ask for as an `If-Match`. RFC 9110 wants it compared strongly; but a proxy that compresses makes our tags weak
    /// on the way to the client, who can only send back what it got. A tag that is none of ours lets nothing through.
    pub fn precondition(&self, history: HistoryId) -> Precondition {
        if self.0.is_empty() {
            return Precondition::None;
        }
        let tags: Vec<&[u8]> = self
            .0
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .collect();
        if tags.contains(&b"*".as_slice()) {
            return Precondition::Exists;
        }
        let named = tags.into_iter().filter_map(version).filter(|(of, _)| *of == history.short());
        Precondition::Versions(named.map(|(_, version)| version).collect())
    }

    /// Whether they name `current` as an `If-None-Match`.
    pub fn name(&self, current: &str) -> bool {
        self.0.iter().filter_map(|line| line.to_str().ok()).any(|line| conditional::none_match_names(line, current))
    }
}

/// The version that a tag of ours stands for, and in which history.
fn version(tag: &[u8]) -> Option<(ShortId, u64)> {
    let (history, digits) = conditional::opaque(tag)?.split_once('-')?;
    let version: u64 = digits.parse().ok()?;
    (version.to_string() == digits).then_some((history.parse().ok()?, version))
}

impl<'a> ApiExtractor<'a> for EntityTags {
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

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        let lines: Vec<HeaderValue> = request.headers().get_all(options.name).iter().cloned().collect();
        if lines.iter().map(HeaderValue::len).sum::<usize>() > Self::MAX_LEN {
            let reason = format!("must be at most {} bytes long", Self::MAX_LEN);
            return Err(ParseParamError { name: options.name, reason }.into());
        }
        Ok(Self(lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_if_match_lets_through_the_versions_it_names() {
        let history = HistoryId::from_bytes([0xab; 16]);
        let seen = |lines: &[&str]| {
            let lines = lines.iter().map(|line| HeaderValue::from_bytes(line.as_bytes()).expect("a header's value"));
            EntityTags(lines.collect()).precondition(history)
        };
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
