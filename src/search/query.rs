//! What people type to find something, read.
//!
//! Words must all be there; a word also stands for those that begin with it. `"phrases"` are words in a row, `-` before
//! something excludes it, `OR` between two lets either be enough, `prefix*` is the start of a word, and
//! `name:`, `tag:`, `type:`, `by:` and `meta.key:`, in any case, look in one place. What can't be read so is read as words:
//! there is no wrong query.

use super::runs::begins_run;
use super::text::{self, Word};
use super::typo;
use crate::domain::Tag;

/// Of more terms than this, the rest is ignored.
const MAX_TERMS: usize = 32;

/// A query: every group must match, and nothing that is excluded may.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Query {
    /// Of each group, one term is enough.
    pub(super) groups: Vec<Vec<Term>>,
    /// None of these may match.
    pub(super) excluded: Vec<Term>,
}

/// One thing that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Where.
    pub place: QueryField,
    /// What.
    pub wanted: Wanted,
}

/// Where something is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum QueryField {
    /// In all texts: name, tags, description, metadata.
    Anywhere,
    /// In the name.
    Name,
    /// Among the tags: a whole one.
    Tag,
    /// The type.
    Type,
    /// Who created it.
    By,
    /// In the value of this key of the metadata, in lower case.
    Metadata(String),
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A word, in any form, or one that begins with it.
    Word(Word),
    /// A word that is at most one edit away from this one.
    Mistyped(String),
    /// A word that begins with this.
    Prefix(String),
    /// Words in a row. When it is open, the last one may go on.
    Phrase { words: Vec<Word>, is_open: bool },
    /// Exactly this, in lower case.
    Exactly(String),
}

impl Query {
    /// Reads a query. Any text is one.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut rest = text;
        let (mut is_alternative, mut count) = (false, 0);
        while let Some((piece, after)) = next_piece(rest) {
            rest = after;
            if piece.text == "OR" && piece.is_bare() && !query.groups.is_empty() && next_piece(rest).is_some() {
                is_alternative = true;
                continue;
            }
            let terms = terms(&piece);
            count += terms.len();
            if count > MAX_TERMS {
                break;
            }
            if piece.is_excluded {
                query.exclude(terms);
            } else {
                query.require(terms, is_alternative);
            }
            is_alternative = false;
        }
        query
    }

    /// Whether there is nothing in it to look for.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.excluded.is_empty()
    }

    /// The terms of which what is found has some.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Term> {
        self.groups.iter().flatten()
    }

    /// The same, with words that may be mistyped standing for those that are meant, too. None when no word may be.
    pub(super) fn with_typos(&self) -> Option<Self> {
        let mut query = self.clone();
        let mut is_other = false;
        for group in &mut query.groups {
            let typo = |term: &Term| match (&term.place, &term.wanted) {
                (QueryField::Anywhere | QueryField::Name, Wanted::Word(word))
                    if typo::may_be_mistyped(&word.folded) =>
                {
                    Some(Term { place: term.place.clone(), wanted: Wanted::Mistyped(word.folded.clone()) })
                }
                _ => None,
            };
            let more: Vec<Term> = group.iter().filter_map(typo).collect();
            is_other |= !more.is_empty();
            group.extend(more);
        }
        is_other.then_some(query)
    }

    fn require(&mut self, terms: Vec<Term>, is_alternative: bool) {
        for (index, term) in terms.into_iter().enumerate() {
            match self.groups.last_mut() {
                Some(group) if is_alternative && index == 0 => group.push(term),
                _ => self.groups.push(vec![term]),
            }
        }
    }

    fn exclude(&mut self, terms: Vec<Term>) {
        self.excluded.extend(terms);
    }
}

/// A piece of a query between spaces, or a phrase.
#[derive(Debug)]
struct Piece<'a> {
    is_excluded: bool,
    /// In lower case.
    field: Option<String>,
    text: &'a str,
    is_quoted: bool,
}

impl Piece<'_> {
    fn is_bare(&self) -> bool {
        !self.is_excluded && self.field.is_none() && !self.is_quoted
    }
}

/// The next piece, and what follows it.
fn next_piece(text: &str) -> Option<(Piece<'_>, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    let (is_excluded, body) = match text.strip_prefix('-') {
        Some(body) if begins_something(body) => (true, body),
        _ => (false, text),
    };
    let (field, value) = match body.split_once(':') {
        Some((field, value)) if value.starts_with(|c: char| !c.is_whitespace()) => (field_called(field), value),
        _ => (None, body),
    };
    let value = if field.is_some() { value } else { body };
    if let Some((quoted, rest)) = value.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
        return Some((Piece { is_excluded, field, text: quoted, is_quoted: true }, rest));
    }
    let end = value.find(char::is_whitespace).unwrap_or(value.len());
    let (value, rest) = value.split_at(end);
    Some((Piece { is_excluded, field, text: value, is_quoted: false }, rest))
}

/// Whether a text begins with a word, or a phrase.
fn begins_something(text: &str) -> bool {
    text.strip_prefix('.').unwrap_or(text).starts_with(|c: char| begins_run(c) || c == '"')
}

/// The field of this name, which may be written in any case.
fn field_called(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    let is_field = matches!(&*name, "name" | "tag" | "type" | "by") || name.strip_prefix("meta.").is_some_and(is_key);
    is_field.then_some(name)
}

/// What a piece stands for. Words that are written together stand in a row.
fn terms(piece: &Piece<'_>) -> Vec<Term> {
    let exactly = |place| vec![Term { place, wanted: Wanted::Exactly(Tag::folded(piece.text.trim())) }];
    let place = match piece.field.as_deref() {
        Some("tag") => return exactly(QueryField::Tag),
        Some("type") => return exactly(QueryField::Type),
        Some("by") => return exactly(QueryField::By),
        Some("name") => QueryField::Name,
        Some(field) => match field.strip_prefix("meta.") {
            Some(key) => QueryField::Metadata(key.to_owned()),
            None => QueryField::Anywhere,
        },
        None => QueryField::Anywhere,
    };
    let mut words = text::words_asked_for(piece.text);
    let term = |wanted| vec![Term { place: place.clone(), wanted }];
    match (words.len(), piece.text.strip_suffix('*')) {
        (0, _) => Vec::new(),
        (1, Some(_)) if !piece.is_quoted => term(Wanted::Prefix(words.remove(0).folded)),
        (1, _) if !piece.is_quoted => term(Wanted::Word(words.remove(0))),
        // The last character of an unspaced run stands alone only at its end.
        _ => term(Wanted::Phrase { words: without_last_alone(words), is_open: !piece.is_quoted }),
    }
}

/// A run of pairs ends with its last character alone; elsewhere that one is followed by another.
fn without_last_alone(mut words: Vec<Word>) -> Vec<Word> {
    let overlaps = |one: &Word, other: &Word| other.bytes.start < one.bytes.end;
    if let [.., pair, last] = words.as_slice()
        && overlaps(pair, last)
    {
        words.pop();
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A query in a form that is easily compared.
    fn read(text: &str) -> String {
        let term = |term: &Term| {
            let place = match &term.place {
                QueryField::Anywhere => String::new(),
                QueryField::Metadata(key) => format!("meta.{key}:"),
                place => format!("{place:?}:"),
            };
            let wanted = match &term.wanted {
                Wanted::Word(word) => word.folded.clone(),
                Wanted::Mistyped(word) => format!("{word}~"),
                Wanted::Prefix(prefix) => format!("{prefix}*"),
                Wanted::Phrase { words, is_open } => {
                    let words = words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>();
                    format!("{:?}{}", words.join(" "), if *is_open { "*" } else { "" })
                }
                Wanted::Exactly(text) => format!("={text}"),
            };
            place + &wanted
        };
        let query = Query::parse(text);
        let groups = query.groups.iter().map(|group| group.iter().map(term).collect::<Vec<_>>().join("|"));
        let excluded = query.excluded.iter().map(|excluded| format!("-{}", term(excluded)));
        groups.chain(excluded).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_people_type_is_read_as_they_mean_it() {
        for (text, meaning) in [
            ("Payment service", "payment service"),
            ("\"payment service\" -legacy", "\"payment service\" -legacy"),
            ("red OR blue car", "red|blue car"),
            ("a OR b OR c", "a|b|c"),
            ("deplo* x", "deplo* x"),
            ("name:Billing tag:prod type:service by:7", "Name:billing Tag:=prod Type:=service By:=7"),
            ("meta.owner:alice -tag:\"on call\"", "meta.owner:alice -Tag:=on call"),
            ("node.js", "\"node js\"*"),
            ("東京", "\"東京\"*"),
            ("京", "京"),
            ("e-mail", "\"e mail\"*"),
            ("C++ c# .NET", "c++ c# .net"),
            ("-.net a", "a -.net"),
            ("v1.2", "\"1 2\"*"),
            ("🚀 launch", "🚀 launch"),
            ("NAME:a Tag:B Meta.Owner:c", "Name:a Tag:=b meta.owner:c"),
        ] {
            assert_eq!(read(text), meaning, "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_words() {
        for (text, meaning) in [
            ("", ""),
            ("OR", "or"),
            ("OR b", "or b"),
            ("a OR", "a or"),
            ("\"open", "open"),
            ("- a", "a"),
            ("--a", "a"),
            ("nothere:x", "\"nothere x\"*"),
            ("name:", "name"),
            ("***", ""),
            ("(a AND b)", "a and b"),
        ] {
            assert_eq!(read(text), meaning, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in ".{0,200}") {
            let query = Query::parse(&text);
            prop_assert!(query.wanted().count() + query.excluded.len() <= MAX_TERMS);
        }

        #[test]
        fn anything_of_signs_can_be_read(text in "[-a\":* ORé東京.]{0,60}") {
            let query = Query::parse(&text);
            for term in query.wanted() {
                if let Wanted::Phrase { words, .. } = &term.wanted {
                    prop_assert!(!words.is_empty());
                }
            }
        }
    }
}
