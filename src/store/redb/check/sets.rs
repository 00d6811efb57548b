//! The tables that hold the keys of others in another order.

use super::{Check, Fix, name};
use crate::domain::{Artifact, Noted, TenantId};
use crate::store::StoreResult;
use crate::store::engine::{creation_in, creation_key, expiry_key};
use crate::store::redb::records;
use crate::store::redb::snapshot::Snapshot;
use crate::store::redb::tables::{get, pair, second_of};

/// Checks that they have every key of the others, and no more.
pub(super) fn check(check: &mut Check, snapshot: &Snapshot) -> StoreResult<()> {
    memberships(check, snapshot)?;
    creations(check, snapshot)?;
    expiries(check, snapshot)
}

fn memberships(check: &mut Check, snapshot: &Snapshot) -> StoreResult<()> {
    let (members, by_user) = (snapshot.members()?, snapshot.memberships_by_user()?);
    for row in members.range::<&[u8; 32]>(..)? {
        let key = swapped(row?.0.value());
        if by_user.get(&key)?.is_none() {
            check.derived(format!("memberships_by_user lacks {}", name(&key)), Fix::Membership(key, true));
        }
    }
    for row in by_user.range::<&[u8; 32]>(..)? {
        let key = *row?.0.value();
        check.passed("memberships_by_user");
        if members.get(&swapped(&key))?.is_none() {
            check.derived(format!("memberships_by_user has {}, a non-member", name(&key)), Fix::Membership(key, false));
        }
    }
    Ok(())
}

fn creations(check: &mut Check, snapshot: &Snapshot) -> StoreResult<()> {
    let (by_creation, deleted) = (snapshot.artifacts_by_creation()?, snapshot.workspaces_deleted()?);
    // What was in a deleted workspace is being removed, a table after the other.
    let is_going = |key: &[u8]| -> StoreResult<bool> { Ok(deleted.get(&first_of(key))?.is_some()) };
    let tables = [snapshot.artifacts()?, snapshot.artifacts_trash()?];
    for (rows, in_trash) in tables.into_iter().zip([false, true]) {
        for row in rows.range::<&[u8; 32]>(..)? {
            let (key, value) = row?;
            // Those that can't be read have been reported.
            let Ok(artifact) = records::decode::<Artifact>(value.value()) else { continue };
            if is_going(key.value())? {
                continue;
            }
            let (tenant, creation) = (TenantId::from_bytes(first_of(key.value())), artifact.creation());
            let place = creation_key(tenant, in_trash, creation);
            if by_creation.get(&place)?.is_none() {
                let what = format!("artifacts_by_creation lacks {}", name(key.value()));
                check.derived(what, Fix::Creation(place, true));
            }
        }
    }
    for row in by_creation.range::<&[u8; 41]>(..)? {
        let place = *row?.0.value();
        check.passed("artifacts_by_creation");
        let is_own = match creation_in(&place) {
            Some((tenant, in_trash, creation)) => {
                let key = pair(tenant.to_bytes(), creation.id.to_bytes());
                match get::<_, Artifact>(tables[usize::from(in_trash)], &key) {
                    Ok(artifact) => artifact.is_some_and(|artifact| artifact.creation() == creation),
                    // That row has been reported.
                    Err(_) => true,
                }
            }
            None => false,
        };
        if !is_own && !is_going(&place)? {
            let what = format!("artifacts_by_creation has {} too often", name(&place));
            check.derived(what, Fix::Creation(place, false));
        }
    }
    Ok(())
}

fn expiries(check: &mut Check, snapshot: &Snapshot) -> StoreResult<()> {
    let (rows, by_expiry) = (snapshot.answers()?, snapshot.answers_by_expiry()?);
    for row in rows.range::<&[u8; 48]>(..)? {
        let (key, value) = row?;
        check.passed("answers");
        let noted: Noted = match records::decode(value.value()) {
            Ok(noted) => noted,
            Err(error) => {
                check.damaged(format!("answers {}: {error}", name(key.value())));
                continue;
            }
        };
        let expiry = expiry_key(noted.expires_at, key.value());
        if by_expiry.get(&expiry)?.is_none() {
            check.derived(format!("answers_by_expiry lacks {}", name(key.value())), Fix::Expiry(expiry, true));
        }
    }
    for row in by_expiry.range::<&[u8; 56]>(..)? {
        let expiry = *row?.0.value();
        check.passed("answers_by_expiry");
        let mut key = [0; 48];
        key.copy_from_slice(&expiry[8..]);
        let is_own = match get::<_, Noted>(rows, &key) {
            Ok(noted) => noted.is_some_and(|noted| expiry_key(noted.expires_at, &key) == expiry),
            // That row has been reported.
            Err(_) => true,
        };
        if !is_own {
            check.derived(format!("answers_by_expiry has {} too often", name(&key)), Fix::Expiry(expiry, false));
        }
    }
    Ok(())
}

/// The key of a membership, the other way round.
fn swapped(key: &[u8; 32]) -> [u8; 32] {
    pair(second_of(key), first_of(key))
}

fn first_of(key: &[u8]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&key[..16]);
    first
}
