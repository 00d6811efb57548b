//! Sessions and the refresh tokens that descend from them.

use super::records::RefreshToken;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put};
use super::users;
use crate::domain::{ChangeKind, RefreshDigest, Session, SessionId, Stamp, UserId};
use crate::store::{Rotation, StoreResult, Successor};

/// See [`crate::store::Store::open_session`].
pub(super) fn open(tables: &mut Tables<'_>, session: &Session, stamp: Stamp) -> StoreResult<()> {
    users::require(tables, session.user)?;
    let token = RefreshToken { spent_at: None };
    put(&mut tables.refresh_tokens, &token_key(session.id, session.refresh_digest), &token)?;
    put(&mut tables.sessions, &key(session.user, session.id), session)?;
    tables.changes.append(None, stamp, ChangeKind::SessionOpened(session.id))
}

/// See [`crate::store::Store::rotate_refresh_token`].
pub(super) fn rotate(
    tables: &mut Tables<'_>,
    user: UserId,
    id: SessionId,
    presented: RefreshDigest,
    successor: &Successor,
    stamp: Stamp,
) -> StoreResult<Rotation> {
    let session: Option<Session> = get(&tables.sessions, &key(user, id))?;
    let Some(session) = session.filter(|session| session.is_live(stamp.at)) else { return Ok(Rotation::Unknown) };
    let token: Option<RefreshToken> = get(&tables.refresh_tokens, &token_key(id, presented))?;
    let Some(token) = token else { return Ok(Rotation::Unknown) };
    if token.spent_at.is_some() {
        remove(tables, user, id)?;
        tables.changes.append(None, stamp, ChangeKind::SessionRevokedForReuse(id))?;
        return Ok(Rotation::Reused);
    }
    let session = Session {
        refreshed_at: stamp.at,
        idle_until: successor.idle_until,
        refresh_digest: successor.digest,
        ..session
    };
    put(&mut tables.refresh_tokens, &token_key(id, presented), &RefreshToken { spent_at: Some(stamp.at) })?;
    put(&mut tables.refresh_tokens, &token_key(id, successor.digest), &RefreshToken { spent_at: None })?;
    put(&mut tables.sessions, &key(user, id), &session)?;
    tables.changes.append(None, stamp, ChangeKind::SessionRefreshed(id))?;
    Ok(Rotation::Rotated(session))
}

/// See [`crate::store::Store::close_session`].
pub(super) fn close(tables: &mut Tables<'_>, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()> {
    if !remove(tables, user, id)? {
        return Ok(());
    }
    tables.changes.append(None, stamp, ChangeKind::SessionClosed(id))
}

/// Removes a session with all its tokens. Whether there was one.
fn remove(tables: &mut Tables<'_>, user: UserId, id: SessionId) -> StoreResult<bool> {
    if tables.sessions.remove(&key(user, id))?.is_none() {
        return Ok(false);
    }
    let (first, last) = (token_key(id, [0; 32]), token_key(id, [u8::MAX; 32]));
    tables.refresh_tokens.retain_in::<&[u8; 48], _>(&first..=&last, |_, _| false)?;
    Ok(true)
}

/// See [`crate::store::Store::session`].
pub(super) fn find(snapshot: &Snapshot, user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
    get(&snapshot.sessions, &key(user, id))
}

fn key(user: UserId, id: SessionId) -> [u8; 32] {
    pair(user.to_bytes(), id.to_bytes())
}

fn token_key(id: SessionId, digest: RefreshDigest) -> [u8; 48] {
    let mut key = [0; 48];
    key[..16].copy_from_slice(&id.to_bytes());
    key[16..].copy_from_slice(&digest);
    key
}
