//! How text becomes words: the same for what is indexed, what is looked for and what is marked in an answer.
//!
//! A word is a run of letters, digits and their marks. It is compared in lower case and without accents (NFKD without
//! combining diacritics), and also by its English stem, so that "deployments" finds "deploying". Chinese and Japanese
//! have no spaces between words: their runs are read as overlapping pairs of characters.

use std::ops::Range;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer words are cut, in characters: nobody types more of one.
const MAX_CHARS: usize = 64;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is compared.
    pub folded: String,
    /// Its stem, when that is something else.
    pub stem: Option<String>,
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
}

/// Whether words are made of it.
pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let stemmer = Stemmer::new(Algorithm::English);
    let mut words = Vec::new();
    for run in runs(text) {
        if text[run.clone()].chars().next().is_some_and(is_unspaced) {
            push_pairs(text, run, &mut words);
        } else {
            let folded = fold(&text[run.clone()]);
            if folded.is_empty() {
                continue;
            }
            let stem = Some(stemmed(&stemmer, &folded)).filter(|stem| *stem != folded);
            let position = words.len();
            words.push(Word { folded, stem, bytes: run, position });
        }
    }
    words
}

/// The root of a word that is compared already.
pub(super) fn root(folded: &str) -> String {
    if folded.chars().next().is_some_and(is_unspaced) {
        return folded.to_owned();
    }
    stemmed(&Stemmer::new(Algorithm::English), folded)
}

/// The stem, which is its own stem: so no word has another root than its root has.
fn stemmed(stemmer: &Stemmer, folded: &str) -> String {
    let mut stem = folded.to_owned();
    // Each is shorter than the one before, or the last but for the odd ending that is exchanged.
    for _ in 0..MAX_CHARS {
        let next = stemmer.stem(&stem).to_string();
        if next == stem {
            break;
        }
        stem = next;
    }
    stem
}

/// Runs of characters that are of one kind: words of scripts with spaces, or text of scripts without.
fn runs(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut open: Option<bool> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        // A mark belongs to what it stands on.
        let kind = if is_combining_mark(c) { open } else { is_word_char(c).then(|| is_unspaced(c)) };
        match (kind, runs.last_mut()) {
            (Some(kind), Some(run)) if open == Some(kind) => run.end = end,
            (Some(_), _) => runs.push(at..end),
            (None, _) => {}
        }
        open = kind;
    }
    runs
}

/// The pairs of a run, and its last character alone, so that any part of the run is found by where it begins.
fn push_pairs(text: &str, run: Range<usize>, words: &mut Vec<Word>) {
    let places: Vec<usize> = text[run.clone()].char_indices().map(|(at, _)| run.start + at).collect();
    for (index, &start) in places.iter().enumerate() {
        let end = places.get(index + 2).copied().unwrap_or(run.end);
        let position = words.len();
        words.push(Word { folded: fold(&text[start..end]), stem: None, bytes: start..end, position });
    }
}

/// Letters of scripts that are written without spaces between words: Han, Hiragana, Katakana.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// As texts are compared: in lower case and without accents.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        let mut folded = text.to_ascii_lowercase();
        folded.truncate(MAX_CHARS);
        return folded;
    }
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    text.nfkd()
        .filter(|c| !is_accent(c))
        .flat_map(char::to_lowercase)
        .filter(|c| !is_accent(c))
        .take(MAX_CHARS)
        .collect()
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
    fn a_word_knows_its_place() {
        let text = "La café";
        let words = words(text);
        assert_eq!(&text[words[1].bytes.clone()], "café");
        assert_eq!(words[1].position, 1);
    }
}
