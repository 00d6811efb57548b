//! Numbers that don't fit in 64 bits. serde_json takes large whole numbers for floating point numbers, which lose digits
//! without anyone noticing, and refuses others even where they are ignored; here they are found at any depth.
//!
//! The text is hostile: it is read from front to back, with a stack of its own, never by recursion.

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::escape;
use crate::domain::Violation;

/// As many digits as the smallest that may not fit.
const SUSPICIOUS_DIGITS: usize = 19;

/// As deep as serde_json reads what is not ignored. A field that is known can hold nothing deeper.
const MAX_DEPTH: usize = 127;

/// What is put in the place of a number that does not fit.
const ZERO: &[u8] = b"0";
/// What is put in the place of what is nested too deep.
const NULL: &[u8] = b"null";

/// A JSON text without what can't be read.
pub(super) struct Readable {
    /// Zero stands for each number that does not fit, and null for what is nested too deep.
    pub value: Value,
    /// Where in the text the numbers are that do not fit.
    too_large: Vec<Range<usize>>,
}

/// Whether a text may have numbers that do not fit: nearly none may.
pub(super) fn may_be_too_large(text: &[u8]) -> bool {
    text.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() >= SUSPICIOUS_DIGITS)
        || text.windows(2).any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E'))
}

/// None if the text is not JSON.
pub(super) fn readable(text: &[u8]) -> Option<Readable> {
    serde_json::from_slice::<IgnoredAny>(text).ok()?;
    let mut replaced = Vec::with_capacity(text.len());
    let (mut too_large, mut copied) = (Vec::new(), 0);
    let mut scan = Scan::new(text);
    while let Some(part) = scan.next() {
        let (range, stands_for_it) = match part {
            Part::Number(range) => {
                too_large.push(range.clone());
                (range, ZERO)
            }
            Part::Deep(range) => (range, NULL),
        };
        replaced.extend_from_slice(&text[copied..range.start]);
        replaced.extend_from_slice(stands_for_it);
        copied = range.end;
    }
    replaced.extend_from_slice(&text[copied..]);
    Some(Readable { value: serde_json::from_slice(&replaced).ok()?, too_large })
}

impl Readable {
    /// The first `most` numbers that do not fit and are not ignored, each with its place. `is_ignored` is asked with the
    /// names on the way to a number.
    pub fn too_large(&self, text: &[u8], most: usize, is_ignored: impl Fn(&[String]) -> bool) -> Vec<Violation> {
        if self.too_large.is_empty() {
            return Vec::new();
        }
        let (mut scan, mut found) = (Scan::new(text), Vec::new());
        while let Some(part) = scan.next() {
            let Part::Number(range) = part else { continue };
            let place = scan.place();
            if !is_ignored(&place) {
                let pointer = place.iter().map(|name| format!("/{}", escape(name))).collect();
                found.push(Violation { pointer, detail: fault(&text[range]).unwrap_or_default().to_owned() });
            }
            if found.len() == most {
                break;
            }
        }
        found
    }
}

/// Something that can't be read, and where in the text it is.
enum Part {
    Number(Range<usize>),
    Deep(Range<usize>),
}

/// An object or array that has not ended yet, and where in it the scan is.
enum Open {
    /// The name of the field, with its quotation marks.
    Object(Range<usize>),
    Array(usize),
}

/// Reads a text that is JSON from front to back, and stops at what can't be read.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    open: Vec<Open>,
    /// A string that comes next is the name of a field.
    is_name: bool,
}

impl<'a> Scan<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, open: Vec::new(), is_name: false }
    }

    /// The names of fields and the numbers of items on the way to where the scan is.
    fn place(&self) -> Vec<String> {
        let name = |open: &Open| match open {
            Open::Object(name) => serde_json::from_slice(&self.text[name.clone()]).unwrap_or_default(),
            Open::Array(index) => index.to_string(),
        };
        self.open.iter().map(name).collect()
    }

    fn next(&mut self) -> Option<Part> {
        let mut deep = None;
        loop {
            let (at, byte) = (self.at, *self.text.get(self.at)?);
            self.at += 1;
            match byte {
                b'"' => self.string(at),
                b'{' | b'[' => {
                    self.is_name = byte == b'{';
                    self.open.push(if self.is_name { Open::Object(0..0) } else { Open::Array(0) });
                    if self.open.len() == MAX_DEPTH + 1 {
                        deep = Some(at);
                    }
                }
                b'}' | b']' => {
                    self.open.pop();
                    if self.open.len() == MAX_DEPTH
                        && let Some(start) = deep.take()
                    {
                        return Some(Part::Deep(start..self.at));
                    }
                }
                b',' => match self.open.last_mut() {
                    Some(Open::Array(index)) => *index += 1,
                    _ => self.is_name = true,
                },
                b'-' | b'0'..=b'9' => {
                    let range = self.number(at);
                    if deep.is_none() && fault(&self.text[range.clone()]).is_some() {
                        return Some(Part::Number(range));
                    }
                }
                _ => {}
            }
        }
    }

    /// Goes on behind a string that begins at `start`.
    fn string(&mut self, start: usize) {
        while let Some(byte) = self.text.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                break;
            }
        }
        if std::mem::take(&mut self.is_name)
            && let Some(Open::Object(name)) = self.open.last_mut()
        {
            *name = start..self.at;
        }
    }

    /// Goes on behind a number that begins at `start`.
    fn number(&mut self, start: usize) -> Range<usize> {
        let of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        self.at += self.text[self.at..].iter().take_while(of_number).count();
        start..self.at
    }
}

fn fault(number: &[u8]) -> Option<&'static str> {
    let number = std::str::from_utf8(number).ok()?;
    let is_whole = !number.contains(['.', 'e', 'E']);
    if is_whole && number.parse::<i64>().is_err() {
        return Some(
            "must be a whole number from -9223372036854775808 to 9223372036854775807; send a larger one as a string",
        );
    }
    let is_finite = number.parse::<f64>().is_ok_and(f64::is_finite);
    (!is_finite).then_some("must be a number that fits in 64 bits; send a larger one as a string")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<String> {
        let Some(readable) = readable(text.as_bytes()) else { return Vec::new() };
        let found = readable.too_large(text.as_bytes(), 20, |_| false);
        assert!(found.is_empty() || may_be_too_large(text.as_bytes()), "{text} is looked into");
        found.into_iter().map(|it| it.pointer).collect()
    }

    #[test]
    fn what_does_not_fit_is_found_whatever_its_size() {
        assert!(places("9223372036854775807").is_empty());
        assert!(places("-9223372036854775808").is_empty());
        assert!(places(r#"{"a": [1e20, 0.1234567890123456789012, "99999999999999999999"]}"#).is_empty());
        for number in ["9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e999", "-1E+999"] {
            assert_eq!(
                places(&format!("{{\"a\": [0, {number}], \"b/c\": {{\"~\": {number}}}}}")),
                ["/a/1", "/b~1c/~0"]
            );
        }
        assert_eq!(places(&"9".repeat(1000)), [""]);
        assert!(places("99999999999999999999 nonsense").is_empty());
    }

    #[test]
    fn strings_names_and_empty_objects_do_not_mislead() {
        let number = "99999999999999999999";
        assert!(places(r#"{"1e999": "1e999 \" 1e999", "\\": {}}"#).is_empty());
        let text = format!(r#"{{"a": {{}}, "b": [], "\"\\": [[], {{"x": "y"}}, [1, {number}]], "c": {number}}}"#);
        assert_eq!(places(&text), ["/\"\\/2/1", "/c"]);
    }

    #[test]
    fn what_is_nested_too_deep_is_passed_over_and_the_rest_is_found() {
        let deep = format!("{}1e999{}", "[".repeat(500_000), "]".repeat(500_000));
        assert_eq!(places(&format!(r#"{{"a": {deep}, "b": 1e999}}"#)), ["/b"]);
        let readable = readable(format!(r#"{{"a": {deep}, "b": 2}}"#).as_bytes()).unwrap();
        assert_eq!(readable.value["b"], 2);
    }

    #[test]
    fn as_many_are_named_as_may_be_and_none_that_is_ignored() {
        let text = format!("[{}0]", "1e999,".repeat(100));
        let found = readable(text.as_bytes()).unwrap().too_large(text.as_bytes(), 3, |place| place == ["1"]);
        assert_eq!(found.iter().map(|it| it.pointer.as_str()).collect::<Vec<_>>(), ["/0", "/2", "/3"]);
    }
}
