//! Marking what was found, as HTML that is safe to show.

use std::ops::Range;

use super::query::{Query, QueryField, Term, Wanted};
use super::text::{self, Word};
use super::typo::is_one_edit_away;
use crate::domain::{Artifact, Highlights};

/// How much of a description is shown, in bytes, roughly.
const EXCERPT_BYTES: usize = 240;
/// How much of that is before what was found first.
const BEFORE_BYTES: usize = 60;

/// What of an artifact a query found.
pub(super) fn highlights(query: &Query, artifact: &Artifact) -> Highlights {
    let description = artifact.description.as_ref().and_then(|text| excerpt(query, text.as_str()));
    Highlights {
        name: marked(query, &QueryField::Name, artifact.name.as_str()),
        description,
        tags: artifact.tags.iter().filter_map(|tag| marked_tag(query, tag)).collect(),
    }
}

fn marked(query: &Query, place: &QueryField, text: &str) -> Option<String> {
    let found = found(query, place, text);
    (!found.is_empty()).then(|| mark(text, 0..text.len(), &found))
}

fn marked_tag(query: &Query, tag: &str) -> Option<String> {
    let is_whole = |term: &Term| term.place == QueryField::Tag && term.wanted == Wanted::Exactly(tag.to_owned());
    if query.wanted().any(is_whole) {
        return Some(mark(tag, 0..tag.len(), std::slice::from_ref(&(0..tag.len()))));
    }
    marked(query, &QueryField::Anywhere, tag)
}

/// The part of a text around what was found first.
fn excerpt(query: &Query, text: &str) -> Option<String> {
    let found = found(query, &QueryField::Anywhere, text);
    let first = found.first()?;
    // Cut between words.
    let start = match first.start.saturating_sub(BEFORE_BYTES) {
        0 => 0,
        at => text[..first.start]
            .char_indices()
            .find(|(place, c)| *place >= at && c.is_whitespace())
            .map_or(first.start, |(place, c)| place + c.len_utf8()),
    };
    let most = start + EXCERPT_BYTES;
    let end = if text.len() <= most {
        text.len()
    } else {
        let end = text
            .char_indices()
            .take_while(|(place, _)| *place <= most)
            .filter(|(_, c)| c.is_whitespace())
            .map(|(place, _)| place)
            .last();
        end.filter(|end| *end >= first.end).unwrap_or(first.end)
    };
    let (before, after) = (if start > 0 { "… " } else { "" }, if end < text.len() { " …" } else { "" });
    Some(format!("{before}{}{after}", mark(text, start..end, &found)))
}

/// The places in a text that a query is about, in order.
fn found(query: &Query, place: &QueryField, text: &str) -> Vec<Range<usize>> {
    let words = text::words(text);
    let is_here = |term: &&Term| term.place == QueryField::Anywhere || term.place == *place;
    let mut is_found = vec![false; words.len()];
    for term in query.wanted().filter(is_here) {
        for (index, word) in words.iter().enumerate() {
            match &term.wanted {
                Wanted::Word(wanted) => {
                    is_found[index] |= word.root() == wanted.root() || begins(word, &wanted.folded);
                }
                Wanted::Mistyped(wanted) => {
                    is_found[index] |= is_one_edit_away(wanted, &word.folded) || is_one_edit_away(wanted, word.root());
                }
                Wanted::Prefix(prefix) => is_found[index] |= begins(word, prefix),
                Wanted::Phrase { words: phrase, is_open } => {
                    if begins_with(&words[index..], phrase, *is_open) {
                        is_found[index..index + phrase.len()].fill(true);
                    }
                }
                Wanted::Exactly(_) => {}
            }
        }
    }
    let mut places: Vec<Range<usize>> = Vec::new();
    for (word, _) in words.into_iter().zip(is_found).filter(|(_, is_found)| *is_found) {
        match places.last_mut() {
            Some(last) if word.bytes.start < last.end => last.end = last.end.max(word.bytes.end),
            _ => places.push(word.bytes),
        }
    }
    places
}

fn begins_with(words: &[Word], phrase: &[Word], is_open: bool) -> bool {
    words.len() >= phrase.len()
        && words.iter().zip(phrase).enumerate().all(|(index, (word, wanted))| {
            word.written().any(|form| form == wanted.folded)
                || (is_open && index + 1 == phrase.len() && begins(word, &wanted.folded))
        })
}

/// Whether a word begins with a text, however it is written.
fn begins(word: &Word, text: &str) -> bool {
    word.written().any(|form| form.starts_with(text))
}

/// A part of a text, escaped, with marks around some places.
fn mark(text: &str, part: Range<usize>, places: &[Range<usize>]) -> String {
    let mut html = String::with_capacity(part.len() + 13 * places.len());
    let mut at = part.start;
    for place in places.iter().filter(|place| place.start >= part.start && place.end <= part.end) {
        escape(&text[at..place.start], &mut html);
        html.push_str("<mark>");
        escape(&text[place.clone()], &mut html);
        html.push_str("</mark>");
        at = place.end;
    }
    escape(&text[at..part.end], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(query: &str, text: &str) -> Option<String> {
        excerpt(&Query::parse(query), text)
    }

    #[test]
    fn what_was_found_is_marked() {
        for (query, text, marked) in [
            ("deploy", "Deploying, deployed & more", "<mark>Deploying</mark>, <mark>deployed</mark> &amp; more"),
            ("\"a b\"", "b a b a", "b <mark>a</mark> <mark>b</mark> a"),
            ("caf*", "<b>Café</b>", "&lt;b&gt;<mark>Café</mark>&lt;/b&gt;"),
            ("京都", "東京都", "東<mark>京都</mark>"),
            ("C++", "C and C++!", "C and <mark>C++</mark>!"),
            ("strasse", "Die Straße", "Die <mark>Straße</mark>"),
            ("1.2", "v1.2", "<mark>v1</mark>.<mark>2</mark>"),
        ] {
            assert_eq!(shown(query, text).as_deref(), Some(marked), "{query}");
        }
        assert_eq!(shown("nothing", "of this"), None);
        assert_eq!(shown("-of", "of this"), None);
    }

    #[test]
    fn a_long_text_is_cut_around_what_was_found() {
        let text = format!("{}needle {}", "hay ".repeat(200), "straw ".repeat(200));
        let shown = shown("needle", &text).expect("found");
        assert!(shown.starts_with("… hay ") && shown.ends_with("straw …"), "{shown}");
        assert!(shown.contains("<mark>needle</mark>") && shown.len() < 300, "{shown}");
    }
}
