//! Values made of what was valid elsewhere, as near to it as the rules here allow.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::artifact::{is_key_char, is_refused_in_name, is_tag_char, is_type_char};
use super::{
    ArtifactDescription, ArtifactName, ArtifactType, Metadata, MetadataValue, PersonName, Slug, Tag, Tags,
    WorkspaceDescription, WorkspaceName, one_line,
};

/// Something that could not stay as it was, and what became of it; nothing, if it was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// As it was there.
    pub before: String,
    /// As it is here.
    pub after: Option<String>,
}

impl ArtifactName {
    /// The nearest name; none when nothing is left to see. What can't be in a name becomes its full-width form, which looks
    /// the same.
    pub fn fit(text: &str) -> Option<Self> {
        one_line::nearest(&text.chars().map(widened).collect::<String>(), Self::MAX_CHARS).map(Self::from_stored)
    }
}

fn widened(c: char) -> char {
    if is_refused_in_name(c) { char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c) } else { c }
}

impl WorkspaceName {
    /// The nearest name; none when nothing is left to see.
    pub fn fit(text: &str) -> Option<Self> {
        one_line::nearest(text, Self::MAX_CHARS).map(Self::from_stored)
    }
}

impl PersonName {
    /// The nearest name; none when nothing is left to see.
    pub fn fit(text: &str) -> Option<Self> {
        one_line::nearest(text, Self::MAX_CHARS).map(Self::from_stored)
    }
}

impl ArtifactDescription {
    /// As much of a text as a description may have; none when it is blank.
    pub fn fit(text: &str) -> Option<Self> {
        cut(text, Self::MAX_CHARS).map(Self::from_stored)
    }
}

impl WorkspaceDescription {
    /// As much of a text as a description may have; none when it is blank.
    pub fn fit(text: &str) -> Option<Self> {
        cut(text, Self::MAX_CHARS).map(Self::from_stored)
    }
}

/// The first characters of a text, without white space around it, if any are left.
fn cut(text: &str, max_chars: usize) -> Option<String> {
    let cut: String = text.trim().chars().take(max_chars).collect();
    Some(cut.trim().to_owned()).filter(|cut| !cut.is_empty())
}

impl Slug {
    /// The nearest slug; one made from the name where nothing is left.
    pub fn fit(text: &str, name: &WorkspaceName) -> Self {
        Self::parse(text).unwrap_or_else(|_| {
            let near = Self::from_name(&WorkspaceName::from_stored(text.to_owned()));
            let has_some = text.chars().any(char::is_alphanumeric);
            if has_some { near } else { Self::from_name(name) }
        })
    }
}

impl ArtifactType {
    /// The nearest type; none when nothing is left.
    pub fn fit(text: &str) -> Option<Self> {
        let dashed = |c: char| if is_type_char(c) { c } else { '-' };
        let text: String = text.trim().to_lowercase().chars().map(dashed).take(Self::MAX_CHARS).collect();
        Self::parse(&text).ok()
    }
}

impl Tag {
    /// The nearest tag; none when it has no letter or digit. What can't be in a tag becomes a dash.
    pub fn fit(text: &str) -> Option<Self> {
        let dashed = |c: char| if is_tag_char(c) || !is_printed(c) { c } else { '-' };
        let text: String = Self::folded(text.trim()).chars().map(dashed).collect();
        let nearest = one_line::nearest(&text, Self::MAX_CHARS)?;
        Self::parse(&nearest).ok().filter(|tag| tag.as_str().chars().any(char::is_alphanumeric))
    }
}

/// Whether a character has a shape; others are left out.
fn is_printed(c: char) -> bool {
    !c.is_control() && one_line::require_visible(&format!("a{c}b")).is_ok()
}

impl Tags {
    /// The nearest tags: none twice, and no more than there may be.
    pub fn fit(texts: &[String]) -> Self {
        let mut tags = Vec::<Tag>::new();
        for tag in texts.iter().filter_map(|text| Tag::fit(text)) {
            if tags.len() < Self::MAX && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        Self::from_stored(tags.into_iter().map(Tag::into_string).collect())
    }
}

impl Metadata {
    /// The nearest metadata to pairs of JSON: other characters in keys become `_`, numbers that would lose digits and nested
    /// values become texts, and what is too long is cut. Pairs beyond the most there may be are left out. Returns what did not
    /// stay as it was as well.
    pub fn fit(pairs: BTreeMap<String, Box<RawValue>>) -> (Self, Vec<Misfit>) {
        let (mut metadata, mut misfits) = (BTreeMap::new(), Vec::new());
        // Those that are good keep their keys.
        let (good, other): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(key, _)| fitted_key(key) == *key);
        for (key, raw) in good.into_iter().chain(other) {
            let near = free_key(&metadata, &fitted_key(&key));
            let (value, is_same) = fitted_value(raw.get());
            let is_kept = metadata.len() < Self::MAX_KEYS;
            if near != key || !is_same || !is_kept {
                let after = is_kept.then(|| pair(&near, &value));
                misfits.push(Misfit { before: format!("{}: {}", Value::from(key), raw.get()), after });
            }
            if is_kept {
                metadata.insert(near, value);
            }
        }
        (Self::from_stored(metadata), misfits)
    }
}

fn pair(key: &str, value: &MetadataValue) -> String {
    format!("{}: {}", Value::from(key), serde_json::to_string(value).unwrap_or_default())
}

fn fitted_key(key: &str) -> String {
    let underscored = |c: char| if is_key_char(c) { c } else { '_' };
    let key: String = key.chars().map(underscored).take(Metadata::MAX_KEY_CHARS).collect();
    if key.is_empty() { "_".to_owned() } else { key }
}

/// A key that is not taken: numbered, if it must be.
fn free_key(taken: &BTreeMap<String, MetadataValue>, key: &str) -> String {
    let numbered = (2..).map(|number| {
        let suffix = format!("-{number}");
        let stem: String = key.chars().take(Metadata::MAX_KEY_CHARS - suffix.len()).collect();
        stem + &suffix
    });
    let mut keys = std::iter::once(key.to_owned()).chain(numbered);
    keys.find(|key| !taken.contains_key(key)).unwrap_or_default()
}

/// The nearest value to one in JSON, and whether it is the same.
fn fitted_value(raw: &str) -> (MetadataValue, bool) {
    let number = |raw: &str| match (raw.parse::<i64>(), raw.parse::<f64>()) {
        (Ok(integer), _) => Some(MetadataValue::Integer(integer)),
        // As a floating point number, a whole one would lose digits.
        (_, Ok(float)) if float.is_finite() && raw.contains(['.', 'e', 'E']) => Some(MetadataValue::Float(float)),
        _ => None,
    };
    match serde_json::from_str(raw) {
        Ok(Value::Null) => (MetadataValue::Null, true),
        Ok(Value::Bool(flag)) => (MetadataValue::Bool(flag), true),
        Ok(Value::String(text)) => {
            let (cut, is_whole) = cut_value(&text);
            (MetadataValue::Text(cut), is_whole)
        }
        Ok(Value::Array(_) | Value::Object(_)) => (MetadataValue::Text(cut_value(raw).0), false),
        // A number that is too large is an error there.
        Ok(Value::Number(_)) | Err(_) => match number(raw) {
            Some(number) => (number, true),
            None => (MetadataValue::Text(cut_value(raw).0), false),
        },
    }
}

fn cut_value(text: &str) -> (String, bool) {
    let cut: String = text.chars().take(MetadataValue::MAX_CHARS).collect();
    let is_whole = cut.len() == text.len();
    (cut, is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_near_as_can_be() {
        let name = |text: &str| ArtifactName::fit(text).map(ArtifactName::into_string);
        assert_eq!(name(" Tom & \"Jerry\"\n<v2> ").as_deref(), Some("Tom ＆ ＂Jerry＂ ＜v2＞"));
        assert_eq!(name(&"ab".repeat(200)), Some("ab".repeat(200)[..255].to_owned()));
        assert_eq!(name(" \u{1}\u{200b}"), None);
        for text in ["Tom & \"Jerry\"", "a\u{202e}b\t"] {
            assert!(ArtifactName::parse(&name(text).unwrap()).is_ok());
        }
    }

    #[test]
    fn slugs_are_made_of_what_there_is() {
        let name = WorkspaceName::from_stored("Acme".to_owned());
        let slug = |text: &str| Slug::fit(text, &name).into_string();
        assert_eq!([slug("ok-1"), slug("Not_OK"), slug("!!")], ["ok-1", "not-ok", "acme"]);
    }

    #[test]
    fn tags_are_valid_and_there_once() {
        let texts = ["C++", "c--", " Node.js ", "…", "", "a\u{1}b", &"x".repeat(60)].map(str::to_owned);
        let tags = Tags::fit(&texts);
        assert_eq!(tags.iter().collect::<Vec<_>>(), ["c--", "node-js", "ab", &"x".repeat(50)]);
        assert!(Tags::parse(&tags.into_strings()).is_ok());
        let many: Vec<String> = (0..25).map(|number| format!("tag {number}")).collect();
        assert!(Tags::fit(&many).iter().eq(&many[..20]));
    }

    #[test]
    fn metadata_keeps_every_digit() {
        let pairs = r#"{"fits": 7, "large": 18446744073709551616, "huge": 1e400, "half": 0.5, "a b": true, "a_b": null,
            "nested": {"x": [1]}, "text": "t"}"#;
        let (metadata, misfits) = Metadata::fit(serde_json::from_str(pairs).unwrap());
        let text = |text: &str| MetadataValue::Text(text.to_owned());
        let expected = [
            ("a_b", MetadataValue::Null),
            ("a_b-2", MetadataValue::Bool(true)),
            ("fits", MetadataValue::Integer(7)),
            ("half", MetadataValue::Float(0.5)),
            ("huge", text("1e400")),
            ("large", text("18446744073709551616")),
            ("nested", text(r#"{"x": [1]}"#)),
            ("text", text("t")),
        ];
        assert_eq!(*metadata.as_map(), expected.map(|(key, value)| (key.to_owned(), value)).into());
        assert_eq!(misfits.len(), 4);
        assert_eq!(misfits[3].before, r#""a b": true"#);
        assert_eq!(misfits[3].after.as_deref(), Some(r#""a_b-2": true"#));
    }
}
