//! The indexes that lead from a text to the id of the row that has it.

use redb::ReadOnlyTable;

use super::{Check, Fix, name};
use crate::domain::Workspace;
use crate::store::StoreResult;
use crate::store::redb::records::Account;
use crate::store::redb::snapshot::Snapshot;
use crate::store::redb::tables::get;

type TextTable = ReadOnlyTable<&'static [u8; 16], &'static [u8]>;

/// Rows that have a text each, and the index of those texts.
struct Indexed<'a> {
    rows: &'a TextTable,
    name: &'static str,
    index: &'a ReadOnlyTable<&'static str, &'static [u8; 16]>,
    index_name: &'static str,
    /// The text that the row with this id has, if there is one that can be read: others are reported elsewhere.
    text_of: &'a dyn Fn(&[u8; 16]) -> Option<String>,
    fix: fn(String, Option<[u8; 16]>) -> Fix,
}

/// Checks that addresses lead to accounts, slugs to workspaces, and the other way round.
pub(super) fn check(check: &mut Check, snapshot: &Snapshot) -> StoreResult<()> {
    let (users, workspaces) = (snapshot.users()?, snapshot.workspaces()?);
    let addresses = Indexed {
        rows: users,
        name: "users",
        index: snapshot.users_by_email()?,
        index_name: "users_by_email",
        text_of: &|id| get::<_, Account>(users, id).ok()?.map(|account| account.user.email.as_str().to_owned()),
        fix: Fix::Address,
    };
    addresses.check(check)?;
    let slugs = Indexed {
        rows: workspaces,
        name: "workspaces",
        index: snapshot.workspaces_by_slug()?,
        index_name: "workspaces_by_slug",
        text_of: &|id| get::<_, Workspace>(workspaces, id).ok()?.map(|workspace| workspace.slug.as_str().to_owned()),
        fix: Fix::Slug,
    };
    slugs.check(check)
}

impl Indexed<'_> {
    /// What is too much comes first, so that it is removed before what is missing is put in its place.
    fn check(&self, check: &mut Check) -> StoreResult<()> {
        for row in self.index.range::<&str>(..)? {
            let (text, id) = row?;
            check.passed(self.index_name);
            let is_own = match (self.text_of)(id.value()) {
                Some(own) => own == text.value(),
                None => self.rows.get(id.value())?.is_some(),
            };
            if !is_own {
                let what =
                    format!("{} leads to {}, which has another or is not there", self.index_name, name(id.value()));
                check.derived(what, (self.fix)(text.value().to_owned(), None));
            }
        }
        for row in self.rows.range::<&[u8; 16]>(..)? {
            let id = *row?.0.value();
            let Some(text) = (self.text_of)(&id) else { continue };
            match self.index.get(text.as_str())?.map(|row| *row.value()) {
                Some(found) if found == id => {}
                Some(other) if (self.text_of)(&other).is_some_and(|taken| taken == text) => {
                    check.damaged(format!(
                        "{} {} and {} have the same, which only one may",
                        self.name,
                        name(&id),
                        name(&other)
                    ));
                }
                Some(_) | None => {
                    let what = format!("{} does not lead to {}", self.index_name, name(&id));
                    check.derived(what, (self.fix)(text, Some(id)));
                }
            }
        }
        Ok(())
    }
}
