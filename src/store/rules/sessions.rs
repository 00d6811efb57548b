//! Sessions and the refresh tokens that descend from them.

use async_trait::async_trait;

use super::super::engine::{Engine, Name, Scope, Source, Span, Table, Tx, pair};
use super::super::records::SpentTokens;
use super::super::{Missing, Rotation, Sessions, StoreError, StoreResult, Successor, Switched};
use super::reading::Reading as _;
use super::{INLINE_ROWS, about, members, users, write};
use crate::domain::{ChangeKind, Membership, RefreshDigest, Session, SessionId, Stamp, TenantId, UserId};

const GET: Name = Name::new("get", "sessions");
const UPDATE: Name = Name::new("update", "sessions");
const DELETE: Name = Name::new("delete", "sessions");

#[async_trait]
impl<E: Engine> Sessions for E {
    async fn open_session(&self, session: Session, verified: String, stamp: Stamp) -> StoreResult<bool> {
        write(self, Name::new("insert", "sessions"), stamp, move |tx| open(tx, &session, &verified)).await
    }

    async fn note_failed_login(&self, user: Option<UserId>, stamp: Stamp) -> StoreResult<()> {
        write(self, Name::new("insert", "changes"), stamp, move |tx| note_failed_login(tx, user)).await
    }

    async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
        Engine::session(self, key(user, id), GET, |source| find(source, user, id)).await
    }

    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Session>> {
        let span = Span::under(Table::Sessions, &user.to_bytes());
        let is_long = move |source: &dyn Source| source.has_more_than(Table::Sessions, &span, INLINE_ROWS);
        let list = move |source: &dyn Source| {
            let mut sessions = those_of(source, user, usize::MAX)?;
            sessions.sort_by_key(|session| (session.created_at, session.id));
            Ok(sessions)
        };
        self.list(Name::new("list", "sessions"), is_long, list).await
    }

    async fn rotate_refresh_token(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshDigest,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Rotation> {
        // A caller that never had a token of the session does not get as far as a write.
        if !self.read(GET, |source| has_token(source, user, id, presented)).await? {
            return Ok(Rotation::Unknown);
        }
        write(self, UPDATE, stamp, move |tx| rotate(tx, user, id, presented, &successor)).await
    }

    async fn switch_session(
        &self,
        user: UserId,
        id: SessionId,
        tenant: TenantId,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Switched> {
        write(self, UPDATE, stamp, move |tx| switch(tx, user, id, tenant, &successor)).await
    }

    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()> {
        write(self, DELETE, stamp, move |tx| close(tx, user, id)).await
    }

    async fn revoke_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()> {
        write(self, DELETE, stamp, move |tx| revoke(tx, user, id)).await
    }

    async fn revoke_other_sessions(&self, user: UserId, keep: SessionId, stamp: Stamp) -> StoreResult<usize> {
        write(self, DELETE, stamp, move |tx| revoke_others(tx, user, keep)).await
    }
}

/// The spent refresh tokens that a session knows again. With one row for all of them, ending a session is little work.
const SPENT_MAX: usize = 100;
/// How many of a user's sessions are read when it opens another, and how many removed at most.
const READ_MAX: usize = 32;
const PRUNED_MAX: usize = 8;

/// See [`Sessions::open_session`].
fn open(tx: &mut Tx<'_>, session: &Session, verified: &str) -> StoreResult<bool> {
    let account = users::account(tx, session.user)?;
    if !account.user.is_active {
        return Err(StoreError::NotFound(Missing::User));
    }
    if account.password_hash != verified {
        return Ok(false);
    }
    let now = tx.stamp().at;
    for expired in those_of(tx, session.user, READ_MAX)?.iter().filter(|it| !it.is_live(now)).take(PRUNED_MAX) {
        end(tx, expired, ChangeKind::SessionExpired(expired.id))?;
    }
    let session = Session { idle_until: session.ends_at(), ..session.clone() };
    put(tx, &session)?;
    log(tx, &session, ChangeKind::SessionOpened(session.id))?;
    Ok(true)
}

/// See [`Sessions::note_failed_login`].
fn note_failed_login(tx: &mut Tx<'_>, user: Option<UserId>) -> StoreResult<()> {
    let scope = user.map_or_else(|| somewhere(tx.stamp()), Scope::User);
    tx.log(scope, ChangeKind::LoginFailed(user));
    Ok(())
}

/// One of the scopes of nobody, the same for the same address of a client.
fn somewhere(stamp: &Stamp) -> Scope {
    let ip = stamp.actor.ip.as_deref().unwrap_or_default();
    Scope::Nobody(ip.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)))
}

/// See [`Sessions::rotate_refresh_token`].
fn rotate(
    tx: &mut Tx<'_>,
    user: UserId,
    id: SessionId,
    presented: RefreshDigest,
    successor: &Successor,
) -> StoreResult<Rotation> {
    let Some(session) = find(tx, user, id)? else { return Ok(Rotation::Unknown) };
    if !session.is_live(tx.stamp().at) {
        end(tx, &session, ChangeKind::SessionExpired(id))?;
        return Ok(Rotation::Unknown);
    }
    if presented != session.refresh_digest {
        if !spent(tx, user, id)?.contains(&presented) {
            return Ok(Rotation::Unknown);
        }
        end(tx, &session, ChangeKind::SessionRevokedForReuse(id))?;
        return Ok(Rotation::Reused);
    }
    let session = succeed(tx, session, successor)?;
    log(tx, &session, ChangeKind::SessionRefreshed(id))?;
    Ok(Rotation::Rotated(session))
}

/// See [`Sessions::switch_session`].
fn switch(
    tx: &mut Tx<'_>,
    user: UserId,
    id: SessionId,
    tenant: TenantId,
    successor: &Successor,
) -> StoreResult<Switched> {
    let session = live(tx, user, id)?;
    let Membership { role, .. } = members::find(tx, tenant, user)?.ok_or(StoreError::NotFound(Missing::Workspace))?;
    let session = succeed(tx, Session { workspace: Some(tenant), ..session }, successor)?;
    tx.log_about(user, Some(tenant), ChangeKind::SessionSwitched(id));
    Ok(Switched { session, role })
}

/// Spends the good refresh token of a session for its successor.
fn succeed(tx: &mut Tx<'_>, session: Session, successor: &Successor) -> StoreResult<Session> {
    let mut spent = spent(tx, session.user, session.id)?;
    spent.drain(..(spent.len() + 1).saturating_sub(SPENT_MAX));
    spent.push(session.refresh_digest);
    let session = Session {
        refreshed_at: tx.stamp().at,
        idle_until: successor.idle_until.min(session.expires_at),
        refresh_digest: successor.digest,
        ..session
    };
    tx.put(Table::SpentTokens, &key(session.user, session.id), &SpentTokens(spent))?;
    put(tx, &session)?;
    Ok(session)
}

/// See [`Sessions::close_session`].
fn close(tx: &mut Tx<'_>, user: UserId, id: SessionId) -> StoreResult<()> {
    match find(tx, user, id)? {
        Some(session) => end(tx, &session, ChangeKind::SessionClosed(id)),
        None => Ok(()),
    }
}

/// See [`Sessions::revoke_session`].
fn revoke(tx: &mut Tx<'_>, user: UserId, id: SessionId) -> StoreResult<()> {
    let session = live(tx, user, id)?;
    end(tx, &session, ChangeKind::SessionRevoked(id))
}

/// See [`Sessions::revoke_other_sessions`].
fn revoke_others(tx: &mut Tx<'_>, user: UserId, keep: SessionId) -> StoreResult<usize> {
    let (mut revoked, now) = (0, tx.stamp().at);
    for session in those_of(tx, user, usize::MAX)?.iter().filter(|session| session.id != keep) {
        if session.is_live(now) {
            end(tx, session, ChangeKind::SessionRevoked(session.id))?;
            revoked += 1;
        } else {
            end(tx, session, ChangeKind::SessionExpired(session.id))?;
        }
    }
    Ok(revoked)
}

/// Ends all sessions of a user but `keep`, for a reason that has an entry of its own in the change log.
pub(super) fn end_all(tx: &mut Tx<'_>, user: UserId, keep: Option<SessionId>) -> StoreResult<()> {
    let sessions = those_of(tx, user, usize::MAX)?;
    sessions.iter().filter(|session| Some(session.id) != keep).for_each(|session| remove(tx, session));
    Ok(())
}

/// Sessions of a user, at most `limit`.
fn those_of(source: &(impl Source + ?Sized), user: UserId, limit: usize) -> StoreResult<Vec<Session>> {
    source.rows(Table::Sessions, &Span::under(Table::Sessions, &user.to_bytes()), limit)
}

/// A session that lives.
fn live(tx: &Tx<'_>, user: UserId, id: SessionId) -> StoreResult<Session> {
    let session = find(tx, user, id)?.filter(|session| session.is_live(tx.stamp().at));
    session.ok_or(StoreError::NotFound(Missing::Session))
}

fn put(tx: &mut Tx<'_>, session: &Session) -> StoreResult<()> {
    tx.put(Table::Sessions, &key(session.user, session.id), session).map(drop)
}

/// Removes a session with all its tokens, and says why.
fn end(tx: &mut Tx<'_>, session: &Session, kind: ChangeKind) -> StoreResult<()> {
    remove(tx, session);
    log(tx, session, kind)
}

fn remove(tx: &mut Tx<'_>, session: &Session) {
    let key = key(session.user, session.id);
    tx.remove(Table::SpentTokens, &key);
    tx.remove(Table::Sessions, &key);
}

/// Adds an entry to the change log, about the workspace that the session is in.
fn log(tx: &mut Tx<'_>, session: &Session, kind: ChangeKind) -> StoreResult<()> {
    let about = about::of(tx, session.user, session.workspace)?;
    tx.log_about(session.user, about, kind);
    Ok(())
}

/// The workspace that it is about what is done from a session.
pub(super) fn about(tx: &Tx<'_>, user: UserId, id: SessionId) -> StoreResult<Option<TenantId>> {
    about::of(tx, user, find(tx, user, id)?.and_then(|session| session.workspace))
}

/// See [`Sessions::session`].
fn find(source: &(impl Source + ?Sized), user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
    source.row(Table::Sessions, &key(user, id))
}

/// The newest spent refresh tokens of a session, oldest first.
fn spent(source: &(impl Source + ?Sized), user: UserId, id: SessionId) -> StoreResult<Vec<RefreshDigest>> {
    let spent: Option<SpentTokens> = source.row(Table::SpentTokens, &key(user, id))?;
    Ok(spent.unwrap_or_default().0)
}

/// Whether a refresh token is one of the session's, good or spent.
fn has_token(source: &dyn Source, user: UserId, id: SessionId, presented: RefreshDigest) -> StoreResult<bool> {
    let Some(session) = find(source, user, id)? else { return Ok(false) };
    Ok(session.refresh_digest == presented || spent(source, user, id)?.contains(&presented))
}

fn key(user: UserId, id: SessionId) -> [u8; 32] {
    pair(user.to_bytes(), id.to_bytes())
}
