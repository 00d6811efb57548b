//! Sessions and the refresh tokens that descend from them.

use async_trait::async_trait;
use redb::ReadableTable;

use super::RedbStore;
use super::records::{self, SpentTokens};
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put};
use super::users;
use crate::domain::{ChangeKind, RefreshDigest, Session, SessionId, Stamp, UserId};
use crate::store::{Rotation, Sessions, StoreResult, Successor};

#[async_trait]
impl Sessions for RedbStore {
    async fn open_session(&self, session: Session, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "sessions", move |tables| open(tables, session, &stamp)).await
    }

    async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
        self.published
            .remembered
            .sessions
            .get_or_read(&key(user, id), || self.read("get", "sessions", |snapshot| find(snapshot, user, id)))
    }

    async fn rotate_refresh_token(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshDigest,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Rotation> {
        // Whoever never had a token of the session does not get as far as the writer.
        if !self.read("get", "sessions", |snapshot| has_token(snapshot, user, id, presented))? {
            return Ok(Rotation::Unknown);
        }
        let intent = move |tables: &mut Tables<'_>| rotate(tables, user, id, presented, &successor, &stamp);
        self.write("update", "sessions", intent).await
    }

    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()> {
        self.write("delete", "sessions", move |tables| close(tables, user, id, &stamp)).await
    }
}

/// The spent refresh tokens that a session knows again. With one row for all of them, ending a session is little work.
const SPENT_MAX: usize = 100;
/// How many of a user's sessions, oldest first, are looked at when it opens another, and how many removed at most.
const LOOKED_AT: usize = 32;
const PRUNED_MAX: usize = 8;

/// See [`crate::store::Sessions::open_session`].
pub(super) fn open(tables: &mut Tables<'_>, session: Session, stamp: &Stamp) -> StoreResult<()> {
    users::require(tables, session.user)?;
    prune(tables, session.user, stamp)?;
    let session = Session { idle_until: session.ends_at(), ..session };
    write(tables, &session)?;
    tables.log(None, stamp, ChangeKind::SessionOpened(session.id))
}

/// Removes a few of a user's sessions that have expired.
fn prune(tables: &mut Tables<'_>, user: UserId, stamp: &Stamp) -> StoreResult<()> {
    let mut expired = Vec::new();
    let (first, last) = (pair(user.to_bytes(), [0; 16]), pair(user.to_bytes(), [u8::MAX; 16]));
    for row in tables.sessions()?.range::<&[u8; 32]>(&first..=&last)?.take(LOOKED_AT) {
        let session: Session = records::decode(row?.1.value())?;
        if !session.is_live(stamp.at) && expired.len() < PRUNED_MAX {
            expired.push(session.id);
        }
    }
    expired.into_iter().try_for_each(|id| expire(tables, user, id, stamp))
}

/// See [`crate::store::Sessions::rotate_refresh_token`].
pub(super) fn rotate(
    tables: &mut Tables<'_>,
    user: UserId,
    id: SessionId,
    presented: RefreshDigest,
    successor: &Successor,
    stamp: &Stamp,
) -> StoreResult<Rotation> {
    let key = key(user, id);
    let Some(session) = get::<_, Session>(tables.sessions()?, &key)? else { return Ok(Rotation::Unknown) };
    if !session.is_live(stamp.at) {
        expire(tables, user, id, stamp)?;
        return Ok(Rotation::Unknown);
    }
    let SpentTokens(mut spent) = get(tables.spent_tokens()?, &key)?.unwrap_or_default();
    if presented != session.refresh_digest {
        if !spent.contains(&presented) {
            return Ok(Rotation::Unknown);
        }
        remove(tables, user, id)?;
        tables.log(None, stamp, ChangeKind::SessionRevokedForReuse(id))?;
        return Ok(Rotation::Reused);
    }
    spent.drain(..(spent.len() + 1).saturating_sub(SPENT_MAX));
    spent.push(presented);
    let session = Session {
        refreshed_at: stamp.at,
        idle_until: successor.idle_until.min(session.expires_at),
        refresh_digest: successor.digest,
        ..session
    };
    put(tables.spent_tokens()?, &key, &SpentTokens(spent))?;
    write(tables, &session)?;
    tables.log(None, stamp, ChangeKind::SessionRefreshed(id))?;
    Ok(Rotation::Rotated(session))
}

/// See [`crate::store::Sessions::close_session`].
pub(super) fn close(tables: &mut Tables<'_>, user: UserId, id: SessionId, stamp: &Stamp) -> StoreResult<()> {
    if !remove(tables, user, id)? {
        return Ok(());
    }
    tables.log(None, stamp, ChangeKind::SessionClosed(id))
}

fn expire(tables: &mut Tables<'_>, user: UserId, id: SessionId, stamp: &Stamp) -> StoreResult<()> {
    remove(tables, user, id)?;
    tables.log(None, stamp, ChangeKind::SessionExpired(id))
}

fn write(tables: &mut Tables<'_>, session: &Session) -> StoreResult<()> {
    let key = key(session.user, session.id);
    tables.rewritten.sessions.push(key);
    put(tables.sessions()?, &key, session)
}

/// Removes a session with all its tokens. Whether there was one.
fn remove(tables: &mut Tables<'_>, user: UserId, id: SessionId) -> StoreResult<bool> {
    let key = key(user, id);
    tables.spent_tokens()?.remove(&key)?;
    tables.rewritten.sessions.push(key);
    Ok(tables.sessions()?.remove(&key)?.is_some())
}

/// See [`crate::store::Sessions::session`].
pub(super) fn find(snapshot: &Snapshot, user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
    get(&snapshot.sessions, &key(user, id))
}

/// Whether a refresh token is one of the session's, good or spent.
pub(super) fn has_token(
    snapshot: &Snapshot,
    user: UserId,
    id: SessionId,
    presented: RefreshDigest,
) -> StoreResult<bool> {
    let Some(session) = find(snapshot, user, id)? else { return Ok(false) };
    let SpentTokens(spent) = get(&snapshot.spent_tokens, &key(user, id))?.unwrap_or_default();
    Ok(session.refresh_digest == presented || spent.contains(&presented))
}

fn key(user: UserId, id: SessionId) -> [u8; 32] {
    pair(user.to_bytes(), id.to_bytes())
}
