//! Texts of one line: names of all kinds. What is in them can be seen, and they look like what they are.
//!
//! Most characters without a shape of their own are refused. Some stay where the writing needs them: joiners in scripts
//! whose letters join and in emoji, variation selectors after what has variants, tags of flags, and breaks between words of
//! scripts that have no spaces.

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, IndicSyllabicCategory, JoiningType, Math,
    Script, UnifiedIdeograph, VariationSelector,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::char::is_combining_mark;

use super::text::TextOrigin;

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const BREAK: char = '\u{200b}';
const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';
const FLAG_END: char = '\u{e007f}';
const BLANK_BRAILLE: char = '\u{2800}';
/// Text or emoji.
const PRESENTATIONS: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];

/// A text that someone wrote, without white space around it: one line of 1 to `max_chars` characters, all of which can be
/// seen.
pub(super) fn parse(text: &str, max_chars: usize) -> Result<String, String> {
    let name = trimmed(text, max_chars)?;
    require_visible(text)?;
    Ok(name.to_owned())
}

/// The text nearest to one from elsewhere that [`parse`] takes: line breaks and tabs become spaces, other characters that hide
/// something are left out, and what is too long is cut. Nothing, when nothing is left to see.
pub(super) fn nearest(text: &str, max_chars: usize) -> Option<String> {
    let mut nearest = cleaned(text, max_chars);
    // What was left out, or cut, may have been what another character needed.
    while parse(&nearest, max_chars).is_err() {
        let again = cleaned(&nearest, max_chars);
        if again == nearest {
            return None;
        }
        nearest = again;
    }
    Some(nearest)
}

fn cleaned(text: &str, max_chars: usize) -> String {
    let text = text.trim();
    let mut cleaned = String::with_capacity(text.len());
    let mut left = max_chars;
    for (at, c) in text.char_indices() {
        let after = &text[at + c.len_utf8()..];
        let c = if is_break(c) { ' ' } else { c };
        if left > 0 && refused(&cleaned, c, after).is_none() {
            cleaned.push(c);
            left -= 1;
        }
    }
    cleaned.trim().to_owned()
}

/// Whether a character goes on to another place, where a line has a space.
fn is_break(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The text without white space around it, when it has 1 to `max_chars` characters.
pub(super) fn trimmed(text: &str, max_chars: usize) -> Result<&str, String> {
    let text = text.trim();
    // Bytes are counted faster, and there are no fewer.
    let fits = text.len() <= max_chars || text.chars().count() <= max_chars;
    if text.is_empty() || !fits { Err(format!("must be 1 to {max_chars} characters")) } else { Ok(text) }
}

/// Refuses a text that no line has. Where it was stored already, only control characters are refused.
pub(super) fn require(text: &str, origin: TextOrigin) -> Result<(), String> {
    match origin {
        TextOrigin::Written => require_visible(text),
        TextOrigin::Exported if text.trim().chars().any(char::is_control) => {
            Err("must not contain control characters".to_owned())
        }
        TextOrigin::Exported => Ok(()),
    }
}

/// Refuses a text with characters that hide what it says, or with nothing to see. The first of them is named with its
/// place.
pub(super) fn require_visible(text: &str) -> Result<(), String> {
    let first = 1 + text.chars().take_while(|c| c.is_whitespace()).count();
    let text = text.trim();
    for (number, (at, c)) in (first..).zip(text.char_indices()) {
        if let Some(what) = refused(&text[..at], c, &text[at + c.len_utf8()..]) {
            return Err(format!("must not contain {what} (U+{:04X}, character {number})", u32::from(c)));
        }
    }
    if text.chars().any(is_visible) { Ok(()) } else { Err("must have something to see in it".to_owned()) }
}

/// What a character is that must not be between these texts; none if it may. What is before it was let through.
fn refused(before: &str, c: char, after: &str) -> Option<&'static str> {
    let previous = before.chars().next_back();
    let (stays, what) = match c {
        _ if c.is_control() => (false, "control characters"),
        _ if c.is_ascii() => return None,
        '\u{2028}' | '\u{2029}' => (false, "line separators"),
        BLANK_BRAILLE => (previous.is_some_and(is_braille), "fillers"),
        _ if is_nothing(c) => (false, "invisible characters"),
        _ if !has::<DefaultIgnorableCodePoint>(c) && !has::<BidiControl>(c) => return None,
        JOINER => (is_shaped(before) || joins_emoji(before, after), "joiners where nothing is joined"),
        NON_JOINER => (is_shaped(before), "joiners where nothing is joined"),
        BREAK => (previous.is_some_and(is_unspaced), "invisible characters"),
        FLAG_END => (previous.is_some_and(is_flag_tag), "invisible characters"),
        _ if is_flag_tag(c) => {
            let is_of_flag = previous.is_some_and(|it| it == BLACK_FLAG || is_flag_tag(it));
            (is_of_flag && after.trim_start_matches(is_flag_tag).starts_with(FLAG_END), "invisible characters")
        }
        _ if has::<VariationSelector>(c) => (varies(before, c, after), "variation selectors where nothing varies"),
        _ if has::<BidiControl>(c) => (false, "direction controls"),
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => (false, "fillers"),
        _ => (false, "invisible characters"),
    };
    (!stays).then_some(what)
}

fn has<P: icu_properties::props::BinaryProperty>(c: char) -> bool {
    CodePointSetData::new::<P>().contains(c)
}

fn is_visible(c: char) -> bool {
    !(c.is_whitespace() || is_combining_mark(c) || c == BLANK_BRAILLE || has::<DefaultIgnorableCodePoint>(c))
}

fn is_braille(c: char) -> bool {
    ('\u{2800}'..='\u{28ff}').contains(&c)
}

fn is_flag_tag(c: char) -> bool {
    ('\u{e0020}'..='\u{e007e}').contains(&c)
}

/// Whether a character is no text, or is drawn as nothing although Unicode does not list it among the ignorable ones:
/// anchors of annotations, the place of an object, a note without a head.
fn is_nothing(c: char) -> bool {
    let is_no_character = u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c);
    is_no_character || matches!(c, '\u{fff9}'..='\u{fffc}' | '\u{1d159}')
}

/// Whether a text ends with a letter whose shape depends on its neighbours: of Arabic and its like, and of the scripts of
/// India and its neighbours.
fn is_shaped(before: &str) -> bool {
    let Some(letter) = before.trim_end_matches(is_combining_mark).chars().next_back() else { return false };
    let joins = [JoiningType::DualJoining, JoiningType::RightJoining, JoiningType::LeftJoining]
        .contains(&CodePointMapData::<JoiningType>::new().get(letter));
    let is_indic = CodePointMapData::<IndicSyllabicCategory>::new().get(letter) != IndicSyllabicCategory::Other
        && ![Script::Common, Script::Inherited].contains(&CodePointMapData::<Script>::new().get(letter));
    joins || is_indic
}

/// Whether a joiner between these texts makes one emoji of two.
fn joins_emoji(before: &str, after: &str) -> bool {
    let is_addition = |c: char| c == PRESENTATIONS[1] || ('\u{1f3fb}'..='\u{1f3ff}').contains(&c);
    let left = before.trim_end_matches(is_addition).chars().next_back();
    let is_emoji = |c: Option<char>| c.is_some_and(has::<ExtendedPictographic>);
    is_emoji(left) && is_emoji(after.chars().next())
}

/// Whether a script has no spaces between words, so that breaks are marked.
fn is_unspaced(c: char) -> bool {
    let script = CodePointMapData::<Script>::new().get(c);
    [Script::Thai, Script::Lao, Script::Khmer, Script::Myanmar].contains(&script)
}

/// Whether what a text ends with has variants that a selector chooses from.
fn varies(before: &str, selector: char, after: &str) -> bool {
    let Some(base) = before.chars().next_back() else { return false };
    if PRESENTATIONS.contains(&selector) {
        return has::<Emoji>(base) && (!base.is_ascii() || after.starts_with(KEYCAP));
    }
    is_shaped(before) || has::<UnifiedIdeograph>(base) || (has::<Math>(base) && !base.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_stays() {
        for text in [
            "Plain",
            "Café Ζεύς Москва 東京 한국어",
            "می‌خواهم",
            "۱۳۵۲ ه‍.ش",
            "क्‍ष क्‌ष हिन्दी",
            "শ্রী র‍্য",
            "ന്‍ ശ്രീ",
            "ක්‍ය",
            "👩‍🚀 👩🏽‍🚀 👨‍👩‍👧 🏳️‍🌈 ❤️‍🔥 🏴‍☠️",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "1️⃣ ☎︎ ©️",
            "葛\u{e0100}",
            "ᠰᠠᠢᠨ\u{180b}",
            "ភាសា\u{200b}ខ្មែរ",
            "⠓⠊\u{2800}⠽⠕⠥",
            "e\u{301}",
            "שלום مرحبا",
        ] {
            assert_eq!(require_visible(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_hides_something_is_refused_with_its_place() {
        for (text, said) in [
            ("a\u{202e}b", "must not contain direction controls (U+202E, character 2)"),
            ("\u{200f}שלום", "must not contain direction controls (U+200F, character 1)"),
            ("مرحبا\u{61c}", "must not contain direction controls (U+061C, character 6)"),
            ("a\u{2066}b", "must not contain direction controls (U+2066, character 2)"),
            ("\u{3164}", "must not contain fillers (U+3164, character 1)"),
            ("한\u{ffa0}", "must not contain fillers (U+FFA0, character 2)"),
            ("a\u{2800}b", "must not contain fillers (U+2800, character 2)"),
            ("ad\u{200d}min", "must not contain joiners where nothing is joined (U+200D, character 3)"),
            ("ad\u{200c}min", "must not contain joiners where nothing is joined (U+200C, character 3)"),
            ("1\u{200d}2", "must not contain joiners where nothing is joined (U+200D, character 2)"),
            ("می\u{200c}\u{200c}خواهم", "must not contain joiners where nothing is joined (U+200C, character 4)"),
            ("👩\u{200d}", "must not contain joiners where nothing is joined (U+200D, character 2)"),
            ("a\u{fe0f}", "must not contain variation selectors where nothing varies (U+FE0F, character 2)"),
            ("1\u{fe0f}", "must not contain variation selectors where nothing varies (U+FE0F, character 2)"),
            ("a\u{200b}b", "must not contain invisible characters (U+200B, character 2)"),
            ("a\u{ad}b", "must not contain invisible characters (U+00AD, character 2)"),
            ("\u{feff}a", "must not contain invisible characters (U+FEFF, character 1)"),
            ("a\u{e0061}", "must not contain invisible characters (U+E0061, character 2)"),
            ("🏴\u{e0067}\u{e0062}", "must not contain invisible characters (U+E0067, character 2)"),
            ("🏴\u{e007f}", "must not contain invisible characters (U+E007F, character 2)"),
            ("a\u{fffb}", "must not contain invisible characters (U+FFFB, character 2)"),
            ("a\u{fffc}", "must not contain invisible characters (U+FFFC, character 2)"),
            ("\u{1d159}", "must not contain invisible characters (U+1D159, character 1)"),
            ("a\u{fdd0}", "must not contain invisible characters (U+FDD0, character 2)"),
            ("a\u{1ffff}", "must not contain invisible characters (U+1FFFF, character 2)"),
            (" \u{200e}a\n", "must not contain direction controls (U+200E, character 2)"),
            ("a\nb", "must not contain control characters (U+000A, character 2)"),
            ("a\u{2028}b", "must not contain line separators (U+2028, character 2)"),
            ("\u{301}", "must have something to see in it"),
        ] {
            assert_eq!(require_visible(text).err().as_deref(), Some(said), "{text:?}");
        }
    }

    #[test]
    fn what_can_not_stay_is_left_out() {
        for (text, max_chars, said) in [
            (" a\tb\nc ", 9, Some("a b c")),
            ("a\u{1}\u{202e}b", 9, Some("ab")),
            ("👩\u{200d}🚀", 9, Some("👩\u{200d}🚀")),
            ("東京都", 2, Some("東京")),
            ("a👩\u{200d}🚀", 3, Some("a👩")),
            ("\u{200b}\u{301}", 9, None),
            ("", 9, None),
        ] {
            assert_eq!(nearest(text, max_chars).as_deref(), said, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_measured_in_characters_without_what_is_around_it() {
        assert_eq!(trimmed("  東京 ", 2), Ok("東京"));
        for text in ["", " \u{a0}", "東京都"] {
            assert!(trimmed(text, 2).is_err(), "{text:?}");
        }
    }
}
