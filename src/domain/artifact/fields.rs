//! The fields of an artifact, each valid by construction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::domain::same::is_whole;
use crate::domain::text::{TextOrigin, validated_text};
use crate::domain::{Violation, one_line};

validated_text!(ArtifactName, ArtifactDescription, Tag, ArtifactType);

/// An artifact's name: one line of 1–255 characters after trimming, without `< > " ' &`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactName(String);

impl ArtifactName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Trims and checks a name.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_from(text, TextOrigin::Written)
    }

    pub(super) fn parse_from(text: &str, origin: TextOrigin) -> Result<Self, String> {
        let name = one_line::trimmed(text, Self::MAX_CHARS)?;
        if name.contains(is_refused_in_name) {
            return Err("must not contain < > \" ' or &".to_owned());
        }
        one_line::require(text, origin)?;
        Ok(Self(name.to_owned()))
    }
}

/// What would be markup if a page forgot to escape it.
pub(in crate::domain) fn is_refused_in_name(c: char) -> bool {
    matches!(c, '<' | '>' | '"' | '\'' | '&')
}

/// Text about an artifact: up to 2000 characters; empty is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactDescription(String);

impl ArtifactDescription {
    /// The longest description, in characters.
    pub const MAX_CHARS: usize = 2000;

    /// Trims and checks a description; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.chars().count() > Self::MAX_CHARS {
            return Err(format!("must be at most {} characters", Self::MAX_CHARS));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }
}

/// One tag: 1–50 letters, marks and digits of any script, spaces, `-` or `_`, trimmed, in lower case and in NFC.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Tag(String);

impl Tag {
    /// The longest tag, in characters.
    pub const MAX_CHARS: usize = 50;

    /// Trims, lower-cases, composes and checks a tag.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_from(text, TextOrigin::Written)
    }

    /// A text as tags are stored and compared: in lower case and in NFC, every space a plain one.
    pub fn folded(text: &str) -> String {
        if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase().nfc().map(plain_space).collect() }
    }

    fn parse_from(text: &str, origin: TextOrigin) -> Result<Self, String> {
        let tag = Self::folded(text.trim());
        if !(1..=Self::MAX_CHARS).contains(&tag.chars().count()) || !tag.chars().all(is_tag_char) {
            return Err(format!("must be 1 to {} letters, digits, spaces, - or _", Self::MAX_CHARS));
        }
        one_line::require(text, origin)?;
        Ok(Self(tag))
    }
}

/// Spaces of other widths, and those that keep words on a line, are pasted without being seen.
fn plain_space(c: char) -> char {
    let is_line_end = matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    if c.is_whitespace() && !c.is_control() && !is_line_end { ' ' } else { c }
}

/// Joiners belong to the words of some scripts; where they do is checked apart.
pub(in crate::domain) fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || matches!(c, ' ' | '-' | '_' | '\u{200c}' | '\u{200d}')
}

/// What a tag begins with, in lower case; typed, it is no longer than a tag.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TagPrefix(String);

impl TagPrefix {
    /// Lower-cases, composes and checks a beginning. White space before it is none of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let prefix = Tag::folded(text.trim_start());
        if prefix.chars().count() > Tag::MAX_CHARS {
            return Err(format!("must be at most {} characters", Tag::MAX_CHARS));
        }
        Ok(Self(prefix))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An artifact's tags: at most 20, none twice, in the order given. Blank and repeated ones don't count.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tags(Vec<Tag>);

impl Tags {
    /// The most tags.
    pub const MAX: usize = 20;
    /// The most that are looked at, with those that are dropped.
    pub const MAX_SENT: usize = 100;

    /// Checks each tag, and drops repetitions and blank ones.
    pub fn parse(texts: &[String]) -> Result<Self, Vec<Violation>> {
        Self::parse_from(texts, TextOrigin::Written)
    }

    pub(super) fn parse_from(texts: &[String], origin: TextOrigin) -> Result<Self, Vec<Violation>> {
        let mut tags: Vec<Tag> = Vec::new();
        let mut violations = Vec::new();
        let sent = texts.iter().enumerate().take(Self::MAX_SENT);
        for (index, text) in sent.filter(|(_, text)| !text.trim().is_empty()) {
            match Tag::parse_from(text, origin) {
                Ok(tag) if tags.contains(&tag) => {}
                Ok(tag) => tags.push(tag),
                Err(detail) => violations.push(Violation { pointer: format!("/{index}"), detail }),
            }
        }
        if tags.len() > Self::MAX || texts.len() > Self::MAX_SENT {
            let detail = format!("must be at most {} tags", Self::MAX);
            violations.push(Violation { pointer: String::new(), detail });
        }
        if violations.is_empty() { Ok(Self(tags)) } else { Err(violations) }
    }

    /// Whether `tag` is among them.
    pub fn contains(&self, tag: &Tag) -> bool {
        self.0.contains(tag)
    }

    /// The tags in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Tag::as_str)
    }

    /// The tags themselves, in order.
    pub fn into_strings(self) -> Vec<String> {
        self.0.into_iter().map(Tag::into_string).collect()
    }

    /// Tags that were checked when they were stored.
    pub fn from_stored(tags: Vec<String>) -> Self {
        Self(tags.into_iter().map(Tag).collect())
    }
}

/// One value of an artifact's metadata. Numbers are equal as JSON has them: `1` is `1.0`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MetadataValue {
    /// Explicitly nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text of up to [`MetadataValue::MAX_CHARS`] characters.
    Text(String),
}

impl PartialEq for MetadataValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => one == other,
            (Self::Integer(whole), Self::Float(float)) | (Self::Float(float), Self::Integer(whole)) => {
                is_whole(*float, *whole)
            }
            _ => false,
        }
    }
}

impl MetadataValue {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 1000;

    fn parse(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Bool(flag) => Ok(Self::Bool(flag)),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Ok(Self::Integer(integer)),
                (None, Some(float)) if number.is_f64() => Ok(Self::Float(float)),
                // As a floating point number it would lose digits.
                _ => Err(format!("must be a whole number of at most {}; send a larger one as a string", i64::MAX)),
            },
            Value::String(text) if text.chars().count() <= Self::MAX_CHARS => Ok(Self::Text(text)),
            Value::String(_) => Err(format!("must be at most {} characters", Self::MAX_CHARS)),
            Value::Array(_) | Value::Object(_) => Err("must be null, a boolean, a number or a string".to_owned()),
        }
    }
}

/// Key-value pairs about an artifact: at most 50 keys of 1–100 letters, digits, `_`, `.` or `-`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Metadata(BTreeMap<String, MetadataValue>);

impl Metadata {
    /// The most keys.
    pub const MAX_KEYS: usize = 50;
    /// The longest key, in characters.
    pub const MAX_KEY_CHARS: usize = 100;

    /// Checks every key and value.
    pub fn parse(raw: BTreeMap<String, Value>) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        if raw.len() > Self::MAX_KEYS {
            let detail = format!("must have at most {} keys", Self::MAX_KEYS);
            return Err(vec![Violation { pointer: String::new(), detail }]);
        }
        let mut metadata = BTreeMap::new();
        for (key, value) in raw {
            let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            match Self::check_key(&key).and_then(|()| MetadataValue::parse(value)) {
                Ok(value) => {
                    metadata.insert(key, value);
                }
                Err(detail) => violations.push(Violation { pointer, detail }),
            }
        }
        if violations.is_empty() { Ok(Self(metadata)) } else { Err(violations) }
    }

    fn check_key(key: &str) -> Result<(), String> {
        if key.is_empty() || key.len() > Self::MAX_KEY_CHARS || !key.chars().all(is_key_char) {
            return Err(format!("key must be 1 to {} characters of A-Z, a-z, 0-9, _ . and -", Self::MAX_KEY_CHARS));
        }
        Ok(())
    }

    /// The pairs by key.
    pub fn as_map(&self) -> &BTreeMap<String, MetadataValue> {
        &self.0
    }

    /// The pairs themselves.
    pub fn into_map(self) -> BTreeMap<String, MetadataValue> {
        self.0
    }

    /// Metadata that was checked when it was stored.
    pub fn from_stored(metadata: BTreeMap<String, MetadataValue>) -> Self {
        Self(metadata)
    }
}

pub(in crate::domain) fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// What kind of thing an artifact is: 1–50 of `a-z`, `0-9`, `_`, `.` and `-`; `default` unless said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ArtifactType(String);

impl ArtifactType {
    /// The longest type, in characters.
    pub const MAX_CHARS: usize = 50;

    /// Checks a type.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > Self::MAX_CHARS || !text.chars().all(is_type_char) {
            return Err(format!("must be 1 to {} characters of a-z, 0-9, _ . and -", Self::MAX_CHARS));
        }
        Ok(Self(text.to_owned()))
    }
}

pub(in crate::domain) fn is_type_char(c: char) -> bool {
    is_key_char(c) && !c.is_ascii_uppercase()
}

impl Default for ArtifactType {
    fn default() -> Self {
        Self("default".to_owned())
    }
}
