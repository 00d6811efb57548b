//! Random questions in the language of searches, with filters, an order, and pages.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::vocabulary::{BEGINNINGS, KEYS, KINDS, PLAIN, TAGS, UNSPACED, misspelled, typed, word};

const SORTS: &[&str] = &["", "relevance", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"];

/// Something that is looked for.
#[derive(Clone, Debug)]
pub enum Term {
    /// A word, in any of its forms, or the beginning of one.
    Word(String),
    /// The beginning of a word, said to be one.
    Prefix(String),
    /// Words that follow each other.
    Phrase(Vec<&'static str>),
    /// A word, misspelled.
    Misspelled { word: String, typed: String },
    /// A word of the name.
    Name(String),
    /// A tag.
    Tag(&'static str),
    /// A type.
    Kind(&'static str),
    /// A word of the value of a key.
    Meta(&'static str, String),
}

/// Of each group one term is enough, and all groups must be there; those with `false` must not.
pub type Groups = Vec<(bool, Vec<Term>)>;

/// A search.
#[derive(Clone, Debug)]
pub struct Question {
    pub text: Option<Groups>,
    pub deleted: bool,
    pub any: Vec<&'static str>,
    pub all: Vec<&'static str>,
    pub none: Vec<&'static str>,
    pub kind: Option<&'static str>,
    pub sort: &'static str,
    pub advanced: bool,
    pub limit: usize,
}

impl Term {
    fn written(&self) -> String {
        match self {
            Self::Word(word) | Self::Misspelled { typed: word, .. } => word.clone(),
            Self::Prefix(beginning) => format!("{beginning}*"),
            Self::Phrase(words) => format!("\"{}\"", words.join(" ")),
            Self::Name(word) => format!("name:{word}"),
            Self::Tag(tag) => format!("tag:{tag}"),
            Self::Kind(kind) => format!("type:{kind}"),
            Self::Meta(key, word) => format!("meta.{key}:{word}"),
        }
    }
}

/// Terms as they are typed.
fn written(groups: &Groups) -> String {
    let group = |(wanted, terms): &(bool, Vec<Term>)| {
        let terms: Vec<String> = terms.iter().map(Term::written).collect();
        format!("{}{}", if *wanted { "" } else { "-" }, terms.join(" OR "))
    };
    groups.iter().map(group).collect::<Vec<_>>().join(" ")
}

impl Question {
    /// The parameters after the limit, each with its `&`.
    pub fn parameters(&self) -> String {
        let joined = |tags: &Vec<&str>| (!tags.is_empty()).then(|| tags.join(","));
        let parameters = [
            ("q", self.text.as_ref().map(written)),
            ("include_deleted", self.deleted.then(|| "true".to_owned())),
            ("tags", joined(&self.any)),
            ("tags_all", joined(&self.all)),
            ("tags_none", joined(&self.none)),
            ("artifact_type", self.kind.map(str::to_owned)),
            ("sort", (!self.sort.is_empty()).then(|| self.sort.to_owned())),
        ];
        parameters.into_iter().filter_map(|(name, value)| Some(format!("&{name}={}", encoded(&value?)))).collect()
    }
}

/// A text as it is in a query string.
pub fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A term that can be asked for, or asked to be absent.
fn certain() -> impl Strategy<Value = Term> + Clone {
    let unspaced = prop::collection::vec(select(UNSPACED), 1..=2).prop_map(|words| Term::Word(words.concat()));
    prop_oneof![
        6 => typed(word()).prop_map(Term::Word),
        1 => unspaced,
        3 => select(BEGINNINGS).prop_map(|beginning| Term::Word(beginning.to_owned())),
        2 => select(BEGINNINGS).prop_map(|beginning| Term::Prefix(beginning.to_owned())),
        2 => prop::collection::vec(select(PLAIN), 2..=3).prop_map(Term::Phrase),
        2 => typed(word()).prop_map(Term::Name),
        2 => select(TAGS).prop_map(Term::Tag),
        1 => select(KINDS).prop_map(Term::Kind),
        2 => (select(KEYS), typed(word())).prop_map(|(key, word)| Term::Meta(key, word)),
    ]
}

fn text() -> impl Strategy<Value = Groups> + Clone {
    let wrong = misspelled().prop_map(|(word, typed)| Term::Misspelled { word, typed });
    let group = prop_oneof![
        8 => certain().prop_map(|term| (true, vec![term])),
        2 => certain().prop_map(|term| (false, vec![term])),
        2 => prop::collection::vec(certain(), 2..=3).prop_map(|terms| (true, terms)),
        1 => wrong.prop_map(|term| (true, vec![term])),
    ];
    prop::collection::vec(group, 1..=3)
}

/// Any search.
pub fn question() -> impl Strategy<Value = Question> + Clone {
    let tags = || prop_oneof![5 => Just(Vec::new()), 1 => subsequence(TAGS.to_vec(), 1..=2)];
    let kind = prop_oneof![4 => Just(None), 1 => select(KINDS).prop_map(Some)];
    let text = prop_oneof![1 => Just(None), 8 => text().prop_map(Some)];
    (text, prop::bool::weighted(0.2), (tags(), tags(), tags()), kind, select(SORTS), any::<bool>(), 1..6_usize)
        .prop_map(|(text, deleted, (any, all, none), kind, sort, advanced, limit)| Question {
            text,
            deleted,
            any,
            all,
            none,
            kind,
            sort,
            advanced,
            limit,
        })
}
