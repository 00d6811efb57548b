//! What there is to say of the forms of one's own account.

use crate::domain::Violations;

/// A part of the page that has a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What one is called.
    Names,
    /// One's address.
    Address,
    /// One's password.
    Password,
    /// What there is about one.
    Export,
    /// The end of the account.
    Deletion,
}

/// What there is to say of a form that was sent.
#[derive(Clone, Copy, Default)]
pub(super) struct Said<'a> {
    /// What is wrong with it, and in which part.
    pub wrong: Option<(Part, &'a Violations)>,
    /// What was done, and in which part.
    pub note: Option<(Part, &'a str)>,
}

impl<'a> Said<'a> {
    /// What is wrong in a part.
    pub fn wrong_in(&self, part: Part) -> Option<&'a Violations> {
        self.wrong.filter(|(of, _)| *of == part).map(|(_, wrong)| wrong)
    }

    /// What was done in a part.
    pub fn note_in(&self, part: Part) -> Option<&'a str> {
        self.note.filter(|(of, _)| *of == part).map(|(_, note)| note)
    }
}
