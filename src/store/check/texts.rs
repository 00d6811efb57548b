//! The indexes that lead from a text to the id of the row that has it.

use super::{Check, Fix, first_of, name};
use crate::domain::Workspace;
use crate::store::StoreResult;
use crate::store::engine::{Section, Span, Table, Whole};
use crate::store::reading::Reading as _;
use crate::store::records::Account;

/// Rows that have a text each, and the index of those texts.
struct Indexed<'a> {
    whole: &'a dyn Whole,
    rows: Table,
    index: Table,
    /// The text that the row with this id has, if there is one that can be read: others are reported elsewhere.
    text_of: &'a dyn Fn(&[u8]) -> Option<String>,
}

/// Checks that addresses lead to accounts, slugs to workspaces, and the other way round.
pub(super) fn check(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    let address_of = |id: &[u8]| {
        let account: Option<Account> = whole.row(Table::Users, id).ok()?;
        account.map(|account| account.user.email.as_str().to_owned())
    };
    let addresses = Indexed { whole, rows: Table::Users, index: Table::UsersByEmail, text_of: &address_of };
    addresses.check(check)?;
    let slug_of = |id: &[u8]| {
        let workspace: Option<Workspace> = whole.row(Table::Workspaces, id).ok()?;
        workspace.map(|workspace| workspace.slug.as_str().to_owned())
    };
    let slugs = Indexed { whole, rows: Table::Workspaces, index: Table::WorkspacesBySlug, text_of: &slug_of };
    slugs.check(check)
}

impl Indexed<'_> {
    /// What is too much comes first, so that it is removed before what is missing is put in its place.
    fn check(&self, check: &mut Check) -> StoreResult<()> {
        self.check_index(check)?;
        let mut rows = self.whole.range(self.rows, &Span::all())?;
        while rows.advance()? {
            let id = first_of(rows.key());
            let Some(text) = (self.text_of)(&id) else { continue };
            match self.whole.claimed(self.index, &text)? {
                Some(found) if found == id => {}
                Some(other) if (self.text_of)(&other).is_some_and(|taken| taken == text) => {
                    let (rows, one, other) = (self.rows.name(), name(&id), name(&other));
                    check.damaged(format!("{rows} {one} and {other} have the same, which only one may"));
                }
                Some(_) | None => {
                    let what = format!("{} does not lead to {}", self.index.name(), name(&id));
                    check.derived(what, Fix::put(Section::Rows(self.index), text.as_bytes(), &id));
                }
            }
        }
        Ok(())
    }

    fn check_index(&self, check: &mut Check) -> StoreResult<()> {
        let mut texts = self.whole.range(self.index, &Span::all())?;
        while texts.advance()? {
            let (text, id) = (texts.key(), texts.value());
            check.passed(self.index.name());
            let is_own = match (self.text_of)(id) {
                Some(own) => own.as_bytes() == text,
                None => self.whole.has(self.rows, id)?,
            };
            if !is_own {
                let what = format!("{} leads to {}, which has another or is not there", self.index.name(), name(id));
                check.derived(what, Fix::remove(Section::Rows(self.index), text));
            }
        }
        Ok(())
    }
}
