//! Which parts of a text words are made of: runs of letters, digits and their marks, emoji, and signs of money and
//! mathematics.

use std::ops::Range;

use icu_properties::props::{EmojiPresentation, ExtendedPictographic, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::fold::is_skin_tone;

const JOINER: char = '\u{200d}';
const NON_JOINER: char = '\u{200c}';

/// What a run consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters of scripts with spaces between words, and digits.
    Spaced,
    /// Letters of scripts without: Han, Hiragana, Katakana.
    Unspaced,
    /// One emoji, of however many characters.
    Emoji,
    /// One sign that is a word by itself.
    Sign,
}

impl Kind {
    fn of(c: char) -> Option<Self> {
        if is_unspaced(c) {
            Some(Self::Unspaced)
        } else if is_word_char(c) {
            Some(Self::Spaced)
        } else {
            is_emoji(c).then_some(Self::Emoji).or(is_sign(c).then_some(Self::Sign))
        }
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub kind: Kind,
    pub bytes: Range<usize>,
}

/// Whether words are made of it.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || stands_for_letters(c)
}

/// Whether it is drawn as one sign, but is several letters: `㎏`, `№`. Signs of trade are no letters of the name before them.
fn stands_for_letters(c: char) -> bool {
    let is_trade = matches!(c, '\u{2120}' | '\u{2122}');
    c > '\u{2100}' && !is_trade && !c.is_alphanumeric() && c.nfkd().all(char::is_alphanumeric)
}

/// Whether it is looked for by itself: a currency, mathematics, a degree.
fn is_sign(c: char) -> bool {
    let is_currency =
        || !c.is_ascii() && CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::CurrencySymbol;
    matches!(c, '\u{2103}' | '\u{2109}' | '\u{2200}'..='\u{22ff}') || is_currency()
}

/// Whether a run begins with it.
pub(super) fn begins_run(c: char) -> bool {
    Kind::of(c).is_some()
}

/// The runs of a text, in order.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    // What came right before, if it is part of a run.
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let kind = Kind::of(c);
        match runs.last_mut().zip(before) {
            Some((run, before)) if continues(run, before, c, kind) => run.bytes.end = end,
            _ => match kind {
                Some(kind) => runs.push(Run { kind, bytes: at..end }),
                None => {
                    before = None;
                    continue;
                }
            },
        }
        before = Some(c);
    }
    runs
}

/// Whether a character belongs to the run that ends right before it.
fn continues(run: &Run, before: char, c: char, kind: Option<Kind>) -> bool {
    let is_mark = is_combining_mark(c) || matches!(c, JOINER | NON_JOINER);
    match run.kind {
        Kind::Spaced | Kind::Unspaced => is_mark || kind == Some(run.kind),
        Kind::Sign => is_mark,
        Kind::Emoji => {
            let is_second = run.bytes.len() == before.len_utf8();
            is_mark
                || is_skin_tone(c)
                || ('\u{e0020}'..='\u{e007f}').contains(&c)
                || (before == JOINER && kind == Some(Kind::Emoji))
                || (is_second && is_regional(before) && is_regional(c))
        }
    }
}

/// Letters of scripts that are written without spaces between words: Han, Hiragana, Katakana.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a character is part of the one before it: marks, also those of half-width kana.
pub(super) fn is_on_another(c: char) -> bool {
    is_combining_mark(c) || matches!(c, JOINER | NON_JOINER | '\u{ff9e}' | '\u{ff9f}')
}

/// Letters that are also drawn as emoji, and signs of trade, are text.
fn is_emoji(c: char) -> bool {
    c >= '\u{2190}'
        && (CodePointSetData::new::<ExtendedPictographic>().contains(c)
            || CodePointSetData::new::<EmojiPresentation>().contains(c))
}

/// Two of them are a flag.
fn is_regional(c: char) -> bool {
    ('\u{1f1e6}'..='\u{1f1ff}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        runs(text).into_iter().map(|run| &text[run.bytes]).collect()
    }

    #[test]
    fn a_text_is_cut_into_words_and_emoji() {
        for (text, expected) in [
            ("", &[][..]),
            ("a-b c", &["a", "b", "c"]),
            ("東京x1ガ", &["東京", "x1", "ガ"]),
            ("launch🚀now", &["launch", "🚀", "now"]),
            ("🎉🎉", &["🎉", "🎉"]),
            ("👩🏽\u{200d}🚀❤️🔥", &["👩🏽\u{200d}🚀", "❤️", "🔥"]),
            ("🇩🇪🇫🇷", &["🇩🇪", "🇫🇷"]),
            ("1️⃣ 2", &["1️⃣", "2"]),
            ("می\u{200c}خواهم", &["می\u{200c}خواهم"]),
            ("हिन्दी भाषा", &["हिन्दी", "भाषा"]),
            ("™ © brand™", &["brand"]),
            ("5€ ∑x 20℃ $1", &["5", "€", "∑", "x", "20", "℃", "1"]),
            ("5㎏ №7 ㍿", &["5㎏", "№7", "㍿"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }
}
