//! What each intent checks and writes, and what each read looks at: a file per resource, written once for every engine.
//!
//! Rules are functions over a [`Source`] or a [`Tx`]. They can be run again, so they depend on nothing but what they read
//! and were given. Knows `domain`, the boundary and its records; no engine.

mod about;
mod adoption;
mod answers;
mod api_keys;
mod artifacts;
mod deletions;
mod expired;
mod housekeeping;
mod invitations;
mod members;
mod one_time_tokens;
mod quotas;
mod refresh;
mod rows;
mod sessions;
mod tenants;
mod users;
mod workspaces;

use std::future::Future;

use super::StoreResult;
use super::engine::{Engine, Name, Tx};
use crate::domain::{Actor, Stamp, Timestamp};

/// Reads that pass over or return more rows than this leave the runtime's threads alone.
const INLINE_ROWS: usize = 1000;

/// Has an engine carry out a rule, and note the idempotency key that it is done under, unless nothing was changed.
fn write<T: Send + 'static>(
    engine: &impl Engine,
    name: Name,
    stamp: Stamp,
    rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
) -> impl Future<Output = StoreResult<T>> + Send {
    engine.write(name, stamp, move |tx| {
        let done = rule(tx)?;
        match &tx.stamp().reservation {
            Some(reservation) if tx.has_logged() => answers::note(tx, reservation)?,
            Some(_) | None => {}
        }
        Ok(done)
    })
}

/// The stamp of what has no entry in the change log.
fn nobody() -> Stamp {
    Stamp::new(Timestamp::UNIX_EPOCH, Actor::default())
}
