//! What is wrong with an input: every broken rule at once, each with its place.

use std::fmt;

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a JSON Pointer (RFC 6901) into the input: `/tags/3`.
    pub pointer: String,
    /// What is wrong and what is expected, as a sentence without a full stop.
    pub detail: String,
}

/// At least one [`Violation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violation {
    /// The same, of a line of many: the line's number begins the place and the sentence.
    pub fn in_line(&self, number: usize) -> Self {
        let Self { pointer, detail } = self;
        Self { pointer: format!("/{number}{pointer}"), detail: format!("line {number}: {detail}") }
    }
}

impl Violations {
    /// A single broken rule.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(vec![Violation { pointer: pointer.into(), detail: detail.into() }])
    }

    /// Parses the fields of an input one by one with the [`Check`] it hands out, and builds the value from them when
    /// none broke a rule.
    pub fn check<T>(parse: impl FnOnce(&mut Check) -> Option<T>) -> Result<T, Self> {
        let mut check = Check::default();
        match parse(&mut check) {
            Some(value) if check.0.is_empty() => Ok(value),
            _ => Err(Self(check.0)),
        }
    }

    /// Refuses unless `violations` is empty.
    pub fn none(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self(violations)) }
    }

    /// The broken rules, in the order of the input's fields.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            match violation.pointer.trim_start_matches('/') {
                // All of it is wrong, and has no name.
                "" => write!(f, "{separator}{}", violation.detail)?,
                name => write!(f, "{separator}{name}: {}", violation.detail)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// Collects [`Violations`] while the fields of an input are parsed one by one.
#[derive(Default)]
pub struct Check(Vec<Violation>);

impl Check {
    /// The parsed field, or `None` with its violation noted.
    pub fn field<T>(&mut self, pointer: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|detail| self.0.push(Violation { pointer: pointer.to_owned(), detail })).ok()
    }

    /// Like [`Self::field`], for a field that may be absent.
    pub fn optional<T>(&mut self, pointer: &str, parsed: Option<Result<T, String>>) -> Option<T> {
        parsed.and_then(|parsed| self.field(pointer, parsed))
    }

    /// Like [`Self::field`], for a field that has violations of its own, whose pointers are relative to it.
    pub fn nested<T>(&mut self, pointer: &str, parsed: Result<T, Vec<Violation>>) -> Option<T> {
        let prefixed = |v: Violation| Violation { pointer: format!("{pointer}{}", v.pointer), ..v };
        parsed.map_err(|violations| self.0.extend(violations.into_iter().map(prefixed))).ok()
    }
}
