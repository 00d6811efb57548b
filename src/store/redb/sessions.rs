//! Sessions and the refresh tokens that descend from them.

use async_trait::async_trait;
use redb::ReadableTable;

use super::records::SpentTokens;
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put, read, rows_under};
use super::{INLINE_ROWS, RedbStore};
use super::{home, users};
use crate::domain::{ChangeKind, Membership, RefreshDigest, Session, SessionId, Stamp, TenantId, UserId};
use crate::store::{Missing, Rotation, Sessions, StoreError, StoreResult, Successor, Switched};

#[async_trait]
impl Sessions for RedbStore {
    async fn open_session(&self, session: Session, verified: String, stamp: Stamp) -> StoreResult<bool> {
        self.write("insert", "sessions", move |tables| open(tables, session, &verified, &stamp)).await
    }

    async fn note_failed_login(&self, user: Option<UserId>, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "changes", move |tables| note_failed_login(tables, user, &stamp)).await
    }

    async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
        self.published
            .remembered
            .sessions
            .get_or_read(&key(user, id), || self.read("get", "sessions", |snapshot| find(snapshot, user, id)))
    }

    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Session>> {
        let list = move |snapshot: &Snapshot, budget: &Budget| list(snapshot, budget, user);
        self.list("sessions", |snapshot| is_long(snapshot, user), list).await
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

    async fn switch_session(
        &self,
        user: UserId,
        id: SessionId,
        tenant: TenantId,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Switched> {
        let intent = move |tables: &mut Tables<'_>| switch(tables, user, id, tenant, &successor, &stamp);
        self.write("update", "sessions", intent).await
    }

    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()> {
        self.write("delete", "sessions", move |tables| close(tables, user, id, &stamp)).await
    }

    async fn revoke_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()> {
        self.write("delete", "sessions", move |tables| revoke(tables, user, id, &stamp)).await
    }

    async fn revoke_other_sessions(&self, user: UserId, keep: SessionId, stamp: Stamp) -> StoreResult<usize> {
        self.write("delete", "sessions", move |tables| revoke_others(tables, user, keep, &stamp)).await
    }
}

/// The spent refresh tokens that a session knows again. With one row for all of them, ending a session is little work.
const SPENT_MAX: usize = 100;
/// How many of a user's sessions, oldest first, are looked at when it opens another, and how many removed at most.
const LOOKED_AT: usize = 32;
const PRUNED_MAX: usize = 8;

/// See [`Sessions::open_session`].
fn open(tables: &mut Tables<'_>, session: Session, verified: &str, stamp: &Stamp) -> StoreResult<bool> {
    let account = users::account(tables, session.user)?;
    if !account.user.is_active {
        return Err(StoreError::NotFound(Missing::User));
    }
    if account.password_hash != verified {
        return Ok(false);
    }
    for expired in those_of(tables, session.user, LOOKED_AT)?.iter().filter(|it| !it.is_live(stamp.at)).take(PRUNED_MAX)
    {
        end(tables, expired, stamp, ChangeKind::SessionExpired(expired.id))?;
    }
    let session = Session { idle_until: session.ends_at(), ..session };
    write(tables, &session)?;
    log(tables, &session, stamp, ChangeKind::SessionOpened(session.id))?;
    Ok(true)
}

/// See [`Sessions::note_failed_login`].
fn note_failed_login(tables: &mut Tables<'_>, user: Option<UserId>, stamp: &Stamp) -> StoreResult<()> {
    let home = match user {
        Some(user) => home::of(tables, user, None)?,
        None => None,
    };
    tables.log(home, stamp, ChangeKind::LoginFailed(user))
}

/// See [`Sessions::rotate_refresh_token`].
fn rotate(
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
        end(tables, &session, stamp, ChangeKind::SessionExpired(id))?;
        return Ok(Rotation::Unknown);
    }
    if presented != session.refresh_digest {
        let SpentTokens(spent) = get(tables.spent_tokens()?, &key)?.unwrap_or_default();
        if !spent.contains(&presented) {
            return Ok(Rotation::Unknown);
        }
        end(tables, &session, stamp, ChangeKind::SessionRevokedForReuse(id))?;
        return Ok(Rotation::Reused);
    }
    let session = succeed(tables, session, successor, stamp)?;
    log(tables, &session, stamp, ChangeKind::SessionRefreshed(id))?;
    Ok(Rotation::Rotated(session))
}

/// See [`Sessions::switch_session`].
fn switch(
    tables: &mut Tables<'_>,
    user: UserId,
    id: SessionId,
    tenant: TenantId,
    successor: &Successor,
    stamp: &Stamp,
) -> StoreResult<Switched> {
    let session = live(tables, user, id, stamp)?;
    let Membership { role, .. } =
        home::membership(tables, tenant, user)?.ok_or(StoreError::NotFound(Missing::Workspace))?;
    let session = succeed(tables, Session { workspace: Some(tenant), ..session }, successor, stamp)?;
    tables.log(Some(tenant), stamp, ChangeKind::SessionSwitched(id))?;
    Ok(Switched { session, role })
}

/// Spends the good refresh token of a session for its successor.
fn succeed(tables: &mut Tables<'_>, session: Session, successor: &Successor, stamp: &Stamp) -> StoreResult<Session> {
    let key = key(session.user, session.id);
    let SpentTokens(mut spent) = get(tables.spent_tokens()?, &key)?.unwrap_or_default();
    spent.drain(..(spent.len() + 1).saturating_sub(SPENT_MAX));
    spent.push(session.refresh_digest);
    let session = Session {
        refreshed_at: stamp.at,
        idle_until: successor.idle_until.min(session.expires_at),
        refresh_digest: successor.digest,
        ..session
    };
    put(tables.spent_tokens()?, &key, &SpentTokens(spent))?;
    write(tables, &session)?;
    Ok(session)
}

/// See [`Sessions::close_session`].
fn close(tables: &mut Tables<'_>, user: UserId, id: SessionId, stamp: &Stamp) -> StoreResult<()> {
    match get::<_, Session>(tables.sessions()?, &key(user, id))? {
        Some(session) => end(tables, &session, stamp, ChangeKind::SessionClosed(id)),
        None => Ok(()),
    }
}

/// See [`Sessions::revoke_session`].
fn revoke(tables: &mut Tables<'_>, user: UserId, id: SessionId, stamp: &Stamp) -> StoreResult<()> {
    let session = live(tables, user, id, stamp)?;
    end(tables, &session, stamp, ChangeKind::SessionRevoked(id))
}

/// See [`Sessions::revoke_other_sessions`].
fn revoke_others(tables: &mut Tables<'_>, user: UserId, keep: SessionId, stamp: &Stamp) -> StoreResult<usize> {
    let mut revoked = 0;
    for session in those_of(tables, user, usize::MAX)?.iter().filter(|session| session.id != keep) {
        if session.is_live(stamp.at) {
            end(tables, session, stamp, ChangeKind::SessionRevoked(session.id))?;
            revoked += 1;
        } else {
            end(tables, session, stamp, ChangeKind::SessionExpired(session.id))?;
        }
    }
    Ok(revoked)
}

/// Ends all sessions of a user but `keep`, for a reason that has an entry of its own in the change log.
pub(super) fn end_all(tables: &mut Tables<'_>, user: UserId, keep: Option<SessionId>) -> StoreResult<()> {
    let sessions = those_of(tables, user, usize::MAX)?;
    sessions.iter().filter(|session| Some(session.id) != keep).try_for_each(|session| remove(tables, session))
}

/// The first sessions of a user, oldest first.
fn those_of(tables: &mut Tables<'_>, user: UserId, limit: usize) -> StoreResult<Vec<Session>> {
    let (first, last) = (pair(user.to_bytes(), [0; 16]), pair(user.to_bytes(), [u8::MAX; 16]));
    let rows = tables.sessions()?.range::<&[u8; 32]>(&first..=&last)?.take(limit);
    rows.map(|row| row.map_err(StoreError::from).and_then(|(key, row)| read("sessions", key.value(), row.value())))
        .collect()
}

/// A session that lives.
fn live(tables: &mut Tables<'_>, user: UserId, id: SessionId, stamp: &Stamp) -> StoreResult<Session> {
    let session: Option<Session> = get(tables.sessions()?, &key(user, id))?;
    session.filter(|session| session.is_live(stamp.at)).ok_or(StoreError::NotFound(Missing::Session))
}

fn write(tables: &mut Tables<'_>, session: &Session) -> StoreResult<()> {
    let key = key(session.user, session.id);
    tables.rewritten.sessions.push(key);
    put(tables.sessions()?, &key, session)
}

/// Removes a session with all its tokens, and says why.
fn end(tables: &mut Tables<'_>, session: &Session, stamp: &Stamp, kind: ChangeKind) -> StoreResult<()> {
    remove(tables, session)?;
    log(tables, session, stamp, kind)
}

fn remove(tables: &mut Tables<'_>, session: &Session) -> StoreResult<()> {
    let key = key(session.user, session.id);
    tables.spent_tokens()?.remove(&key)?;
    tables.rewritten.sessions.push(key);
    tables.sessions()?.remove(&key)?;
    Ok(())
}

/// Adds an entry to the change log, in the workspace that the session is in.
fn log(tables: &mut Tables<'_>, session: &Session, stamp: &Stamp, kind: ChangeKind) -> StoreResult<()> {
    let home = home::of(tables, session.user, session.workspace)?;
    tables.log(home, stamp, kind)
}

/// The workspace that a session is in, for the change log.
pub(super) fn home(tables: &mut Tables<'_>, user: UserId, id: SessionId) -> StoreResult<Option<TenantId>> {
    let session: Option<Session> = get(tables.sessions()?, &key(user, id))?;
    home::of(tables, user, session.and_then(|session| session.workspace))
}

/// See [`Sessions::session`].
fn find(snapshot: &Snapshot, user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
    get(snapshot.sessions()?, &key(user, id))
}

/// See [`Sessions::sessions_of`].
fn list(snapshot: &Snapshot, budget: &Budget, user: UserId) -> StoreResult<Vec<Session>> {
    let rows = budget.over(rows_under(snapshot.sessions()?, user.to_bytes())?);
    rows.map(|row| row.and_then(|(key, row)| read("sessions", key.value(), row.value()))).collect()
}

/// Whether a user's list is too long for the runtime's threads.
fn is_long(snapshot: &Snapshot, user: UserId) -> StoreResult<bool> {
    Ok(rows_under(snapshot.sessions()?, user.to_bytes())?.nth(INLINE_ROWS).is_some())
}

/// Whether a refresh token is one of the session's, good or spent.
fn has_token(snapshot: &Snapshot, user: UserId, id: SessionId, presented: RefreshDigest) -> StoreResult<bool> {
    let Some(session) = find(snapshot, user, id)? else { return Ok(false) };
    let SpentTokens(spent) = get(snapshot.spent_tokens()?, &key(user, id))?.unwrap_or_default();
    Ok(session.refresh_digest == presented || spent.contains(&presented))
}

fn key(user: UserId, id: SessionId) -> [u8; 32] {
    pair(user.to_bytes(), id.to_bytes())
}
