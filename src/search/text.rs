//! How text becomes words: the same for what is indexed, what is looked for and what is marked in an answer.
//!
//! A word is a run of letters, digits and their marks, an emoji, or a sign of money or mathematics. It is compared folded, and also by its English stem, so
//! that "deployments" finds "deploying". Chinese and Japanese have no spaces between words: their runs are read as
//! overlapping pairs of characters.
//!
//! Some words have another form, of which signs are part: `C++`, `C#`, `A+`, `.NET`. A search for that finds no other `C`.
//! And the version `v17` is also `17`, which is what is searched for either way.

use std::ops::Range;

use frostem::{Algorithm, Stemmer};

use super::fold::{fold, fold_emoji};
use super::runs::{Kind, Run, begins_run, is_on_another, is_unspaced, runs};

/// The most attempts until a stem is its own stem.
const MAX_STEMS: usize = 64;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is compared.
    pub folded: String,
    /// Its stem, when that is something else.
    pub stem: Option<String>,
    /// Its form with signs, or without the `v` of a version, when it has one.
    pub other: Option<String>,
    /// Which bytes of the text it is.
    pub bytes: Range<usize>,
    /// Which word of the text it is. Neighbours follow each other.
    pub position: usize,
}

impl Word {
    /// The stem, or the word itself.
    pub(super) fn root(&self) -> &str {
        self.stem.as_deref().unwrap_or(&self.folded)
    }

    /// The forms in which it is written, without its stem.
    pub(super) fn written(&self) -> impl Iterator<Item = &str> {
        [Some(&self.folded), self.other.as_ref()].into_iter().flatten().map(String::as_str)
    }
}

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    read(text, false)
}

/// The words of what is looked for: those that have another form by that one alone.
pub(super) fn words_asked_for(text: &str) -> Vec<Word> {
    let mut words = read(text, true);
    for word in &mut words {
        if let Some(other) = word.other.take() {
            (word.folded, word.stem) = (other, None);
        }
    }
    words
}

fn read(text: &str, is_asked_for: bool) -> Vec<Word> {
    let stemmer = Stemmer::new(Algorithm::English);
    let mut words = Vec::new();
    for Run { kind, bytes } in runs(text) {
        let part = &text[bytes.clone()];
        let position = words.len();
        match kind {
            Kind::Unspaced => push_pairs(text, bytes, &mut words),
            Kind::Emoji | Kind::Sign => {
                words.push(Word { folded: fold_emoji(part), stem: None, other: None, bytes, position });
            }
            Kind::Spaced => {
                let folded = fold(part);
                if folded.is_empty() {
                    continue;
                }
                let stem = Some(stemmed(&stemmer, &folded)).filter(|stem| *stem != folded);
                let other = other_form(&text[..bytes.start], &folded, &text[bytes.end..], is_asked_for);
                let bytes = bytes.start..bytes.end + signs(&folded, &text[bytes.end..]).len();
                words.push(Word { folded, stem, other, bytes, position });
            }
        }
    }
    words
}

/// The other form of a word between these texts. In what is looked for, a point after a word only separates.
fn other_form(before: &str, folded: &str, after: &str, is_asked_for: bool) -> Option<String> {
    match signs(folded, after).chars().next() {
        Some('+' | '＋') => return Some(format!("{folded}{}", "+".repeat(signs(folded, after).chars().count()))),
        Some(_) => return Some(format!("{folded}#")),
        None => {}
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(number) = folded.strip_prefix('v').filter(|number| is_number(number)) {
        return Some(number.to_owned());
    }
    let before = before.strip_suffix('.').filter(|_| folded.starts_with(char::is_alphabetic))?;
    let separates = is_asked_for && before.ends_with(begins_run);
    (!separates).then(|| format!(".{folded}"))
}

/// The signs at the beginning of what follows a word that are part of its name: `++`, `#`, and `+` at the end of one that
/// is no number.
fn signs<'a>(folded: &str, after: &'a str) -> &'a str {
    let pluses = after.len() - after.trim_start_matches(['+', '＋']).len();
    let is_last = pluses > 0 && !after[pluses..].starts_with(begins_run) && folded.starts_with(char::is_alphabetic);
    if after[..pluses].chars().count() >= 2 || is_last {
        return &after[..pluses];
    }
    let Some(rest) = after.strip_prefix(['#', '＃', '♯']) else { return "" };
    let is_inner = rest.starts_with(|c: char| begins_run(c) && !c.is_ascii_digit());
    if is_inner { "" } else { &after[..after.len() - rest.len()] }
}

/// The root of a word that is compared already. What signs belong to has no other.
pub(super) fn root(folded: &str) -> String {
    let has_signs = folded.starts_with('.') || folded.ends_with(['+', '#']);
    if has_signs || folded.starts_with(is_unspaced) {
        return folded.to_owned();
    }
    stemmed(&Stemmer::new(Algorithm::English), folded)
}

/// The stem, which is its own stem: so no word has another root than its root has.
fn stemmed(stemmer: &Stemmer, folded: &str) -> String {
    let mut stem = folded.to_owned();
    // Each is shorter than the one before, or the last but for the odd ending that is exchanged.
    for _ in 0..MAX_STEMS {
        let next = stemmer.stem(&stem).to_string();
        if next == stem {
            break;
        }
        stem = next;
    }
    stem
}

/// The pairs of a run, and its last character alone, so that any part of the run is found by where it begins.
fn push_pairs(text: &str, run: Range<usize>, words: &mut Vec<Word>) {
    let part = &text[run.clone()];
    let begins = |(at, c): &(usize, char)| *at == 0 || !is_on_another(*c);
    let places: Vec<usize> = part.char_indices().filter(begins).map(|(at, _)| run.start + at).collect();
    for (index, &start) in places.iter().enumerate() {
        let end = places.get(index + 2).copied().unwrap_or(run.end);
        let (folded, position) = (fold(&text[start..end]), words.len());
        words.push(Word { folded, stem: None, other: None, bytes: start..end, position });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn words_are_compared_without_case_and_accents() {
        assert_eq!(
            folded("Café-Bücher, node.js & order_service!"),
            ["cafe", "bucher", "node", "js", "order", "service"]
        );
        assert_eq!(folded("ＡＢＣ ﬁle STRASSE"), ["abc", "file", "strasse"]);
        assert_eq!(folded("Ελλάδα Москва"), ["ελλαδα", "москва"]);
        assert_eq!(folded("... — !"), [""; 0]);
    }

    #[test]
    fn forms_of_an_english_word_have_one_root() {
        for form in ["deploy", "deploys", "deployed", "deploying"] {
            assert_eq!(words(form)[0].root(), "deploy", "{form}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_read_in_pairs() {
        assert_eq!(folded("東京都 x1"), ["東京", "京都", "都", "x1"]);
        assert_eq!(folded("API設計"), ["api", "設計", "計"]);
    }

    #[test]
    fn signs_and_versions_make_another_form() {
        let forms =
            |text: &str| words(text).iter().map(|it| it.written().collect::<Vec<_>>().join("|")).collect::<Vec<_>>();
        assert_eq!(forms("C++ C# F♯ Ｃ＋＋ .NET"), ["c|c++", "c|c#", "f|f#", "c|c++", "net|.net"]);
        assert_eq!(forms("node.js C++11 C#7"), ["node", "js|.js", "c|c++", "11", "c|c#", "7"]);
        assert_eq!(forms("v1.2 V10.x v1 1.2"), ["v1|1", "2", "v10|10", "x|.x", "v1|1", "1", "2"]);
        assert_eq!(forms("a+b a#b 3+ #1 a - b"), ["a", "b", "a", "b", "3", "1", "a", "b"]);
        assert_eq!(forms("A+ (B+) + Disney+, a + b"), ["a|a+", "b|b+", "disney|disney+", "a", "b"]);
        let asked = |text: &str| words_asked_for(text).into_iter().map(|word| word.folded).collect::<Vec<_>>();
        assert_eq!(asked("C++ .net ASP.NET node.js v1.2"), ["c++", ".net", "asp", "net", "node", "js", "1", "2"]);
    }

    #[test]
    fn kana_are_read_alike_in_any_width_and_composition() {
        let expected = folded("ガイド");
        assert_eq!(expected.len(), 3);
        for text in ["ｶﾞｲﾄﾞ", "カ\u{3099}イト\u{3099}"] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_knows_its_place() {
        let text = "La café";
        let words = words(text);
        assert_eq!(&text[words[1].bytes.clone()], "café");
        assert_eq!(words[1].position, 1);
    }
}
