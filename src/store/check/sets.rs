//! The tables that hold the keys of others in another order.

use super::{Check, Fix, first_of, name};
use crate::domain::{Artifact, Noted, TenantId};
use crate::store::StoreResult;
use crate::store::engine::{Section, Span, Table, Whole, creation_in, creation_key, expiry_key, pair, swapped};
use crate::store::reading::Reading as _;
use crate::store::records;

/// Checks that they have every key of the others, and no more.
pub(super) fn check(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    memberships(check, whole)?;
    missing_creations(check, whole)?;
    needless_creations(check, whole)?;
    expiries(check, whole)
}

fn lacks(check: &mut Check, table: Table, key: &[u8], of: &[u8]) {
    let what = format!("{} lacks {}", table.name(), name(of));
    check.derived(what, Fix::put(Section::Rows(table), key, &[]));
}

fn has_needless(check: &mut Check, table: Table, key: &[u8], why: &str) {
    check.derived(format!("{} has {why}", table.name()), Fix::remove(Section::Rows(table), key));
}

fn memberships(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    let mut members = whole.range(Table::Members, &Span::all())?;
    while members.advance()? {
        let key = swapped(members.key());
        if !whole.has(Table::MembershipsByUser, &key)? {
            lacks(check, Table::MembershipsByUser, &key, &key);
        }
    }
    let mut by_user = whole.range(Table::MembershipsByUser, &Span::all())?;
    while by_user.advance()? {
        check.passed(Table::MembershipsByUser.name());
        if !whole.has(Table::Members, &swapped(by_user.key()))? {
            let why = format!("{}, a non-member", name(by_user.key()));
            has_needless(check, Table::MembershipsByUser, by_user.key(), &why);
        }
    }
    Ok(())
}

/// What was in a deleted workspace is being removed, a table after the other.
fn is_going(whole: &dyn Whole, key: &[u8]) -> StoreResult<bool> {
    whole.has(Table::WorkspacesDeleted, &first_of(key))
}

fn missing_creations(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    for (table, in_trash) in [(Table::Artifacts, false), (Table::ArtifactsTrash, true)] {
        let mut rows = whole.range(table, &Span::all())?;
        while rows.advance()? {
            // Those that can't be read have been reported.
            let Ok(artifact) = records::decode::<Artifact>(rows.value()) else { continue };
            if is_going(whole, rows.key())? {
                continue;
            }
            let tenant = TenantId::from_bytes(first_of(rows.key()));
            let place = creation_key(tenant, in_trash, artifact.creation());
            if !whole.has(Table::ArtifactsByCreation, &place)? {
                lacks(check, Table::ArtifactsByCreation, &place, rows.key());
            }
        }
    }
    Ok(())
}

fn needless_creations(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    let mut places = whole.range(Table::ArtifactsByCreation, &Span::all())?;
    while places.advance()? {
        let place = places.key();
        check.passed(Table::ArtifactsByCreation.name());
        let is_own = match creation_in(place) {
            Some((tenant, in_trash, creation)) => {
                let table = if in_trash { Table::ArtifactsTrash } else { Table::Artifacts };
                match whole.row::<Artifact>(table, &pair(tenant.to_bytes(), creation.id.to_bytes())) {
                    Ok(artifact) => artifact.is_some_and(|artifact| artifact.creation() == creation),
                    // That row has been reported.
                    Err(_) => true,
                }
            }
            None => false,
        };
        if !is_own && !is_going(whole, place)? {
            has_needless(check, Table::ArtifactsByCreation, place, &format!("{} too often", name(place)));
        }
    }
    Ok(())
}

fn expiries(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    let mut answers = whole.range(Table::Answers, &Span::all())?;
    while answers.advance()? {
        check.passed(Table::Answers.name());
        let Some(key) = answers.key().first_chunk::<48>() else { continue };
        let noted: Noted = match records::decode(answers.value()) {
            Ok(noted) => noted,
            Err(error) => {
                check.damaged(format!("answers {}: {error}", name(key)));
                continue;
            }
        };
        let expiry = expiry_key(noted.expires_at, key);
        if !whole.has(Table::AnswersByExpiry, &expiry)? {
            lacks(check, Table::AnswersByExpiry, &expiry, key);
        }
    }
    let mut by_expiry = whole.range(Table::AnswersByExpiry, &Span::all())?;
    while by_expiry.advance()? {
        check.passed(Table::AnswersByExpiry.name());
        let expiry = by_expiry.key();
        let Some(key) = expiry.last_chunk::<48>() else { continue };
        let is_own = match whole.row::<Noted>(Table::Answers, key) {
            Ok(noted) => noted.is_some_and(|noted| expiry_key(noted.expires_at, key) == *expiry),
            // That row has been reported.
            Err(_) => true,
        };
        if !is_own {
            has_needless(check, Table::AnswersByExpiry, expiry, &format!("{} too often", name(key)));
        }
    }
    Ok(())
}
