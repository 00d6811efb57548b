//! What texts are compared by: without case, accents, widths and compositions, and letters that are variants of others as those.

use deunicode::deunicode_char;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use unicode_normalization::UnicodeNormalization as _;

/// Longer words are cut, in characters: nobody types more of one.
const MAX_CHARS: usize = 64;

/// As texts are compared.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        let mut folded = text.to_ascii_lowercase();
        folded.truncate(MAX_CHARS);
        return folded;
    }
    let lower =
        text.nfkd().filter(|c| !is_passed_over(*c)).flat_map(char::to_lowercase).filter(|c| !is_passed_over(*c));
    let mut folded = String::with_capacity(text.len());
    lower.take(MAX_CHARS).for_each(|c| push_letter(c, &mut folded));
    folded
}

/// As emoji are compared: without the choice between text and picture, and without the tone of a skin.
pub(super) fn fold_emoji(text: &str) -> String {
    text.chars().filter(|c| !is_selector(*c) && !is_skin_tone(*c)).take(MAX_CHARS).collect()
}

/// A variation selector.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

/// The tone of the skin in the emoji before it.
pub(super) fn is_skin_tone(c: char) -> bool {
    ('\u{1f3fb}'..='\u{1f3ff}').contains(&c)
}

/// What is written or left out as one likes: accents, the vowels of Hebrew and Arabic, the dots that Indic scripts put under
/// letters of other languages, and what only says how letters are drawn.
fn is_passed_over(c: char) -> bool {
    let is_accent = ('\u{300}'..='\u{36f}').contains(&c);
    let is_hebrew =
        matches!(c, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}');
    let is_arabic = matches!(c, '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}');
    let is_nukta = matches!(c, '\u{93c}' | '\u{9bc}' | '\u{a3c}' | '\u{abc}' | '\u{b3c}' | '\u{cbc}');
    is_accent || is_hebrew || is_arabic || is_nukta || is_selector(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

fn push_letter(c: char, folded: &mut String) {
    match c {
        'ŋ' => folded.push('n'),
        'ς' => folded.push('σ'),
        'ی' => folded.push('ي'),
        'ک' => folded.push('ك'),
        'ٱ' => folded.push('ا'),
        _ => match latin(c).or_else(|| digit(c)) {
            Some(letters) => folded.push_str(&letters.to_ascii_lowercase()),
            None => folded.push(c),
        },
    }
}

/// The plain letters that a Latin one without a decomposition stands for: `ss` for `ß`, `o` for `ø`.
fn latin(c: char) -> Option<&'static str> {
    let is_latin = matches!(c, '\u{df}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}'
        | '\u{a722}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}');
    let letters = deunicode_char(c).filter(|_| is_latin && c.is_alphabetic());
    letters.filter(|letters| !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// The digit that a digit of another script stands for.
fn digit(c: char) -> Option<&'static str> {
    let is_digit = !c.is_ascii() && CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::DecimalNumber;
    deunicode_char(c).filter(|digit| is_digit && digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_of_letters_are_the_same() {
        for (text, folded) in [
            ("Straße STRASSE ẞ", "strasse strasse ss"),
            ("Æsir œuvre Øl", "aesir oeuvre ol"),
            ("Łódź đak Ħal ŧ", "lodz dak hal t"),
            ("Þór Eyjafjallajökull ð", "thor eyjafjallajokull d"),
            ("Iğdır İzmir", "igdir izmir"),
            ("ŋaŋ", "nan"),
            ("ＡＢＣ１２ ﬁ", "abc12 fi"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد أحمد کتابی", "محمد احمد كتابي"),
            ("ٱلله", "الله"),
            ("می\u{200c}خواهم", "ميخواهم"),
            ("葛\u{e0100}", "葛"),
            ("ё й", "е и"),
            ("٣ ۴ ३ ৫", "3 4 3 5"),
            ("क़लम", "कलम"),
            ("㎏ № ㍿", "kg no 株式会社"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
        assert_eq!(fold("ｶﾞ"), fold("ガ"));
        assert_eq!(fold("か\u{3099}"), fold("が"));
        assert_eq!(fold("ﾊﾟｰﾃｨ"), fold("パーティ"));
    }

    #[test]
    fn emoji_are_the_same_in_any_tone() {
        for (text, folded) in [("❤️", "❤"), ("👩🏽\u{200d}🚀", "👩\u{200d}🚀"), ("🇩🇪", "🇩🇪")]
        {
            assert_eq!(fold_emoji(text), folded);
        }
    }
}
