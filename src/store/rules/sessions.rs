//! Sessions. What becomes of their refresh tokens is in `refresh`.

use async_trait::async_trait;

use super::rows::sessions::{end, find, key, log, put};
use super::rows::{accounts, members};
use super::{INLINE_ROWS, nobody, refresh, write};
use crate::domain::{
    ChangeKind, Membership, RefreshDigest, RefreshLine, RefreshSecret, Session, SessionId, Stamp, TenantId, Timestamp,
    UserId,
};
use crate::store::engine::{Engine, Name, Scope, Source, Span, Table, Tx};
use crate::store::reading::Reading as _;
use crate::store::{
    Missing, Opening, Renewal, Rotation, SessionPlace, Sessions, Standing, StoreError, StoreResult, Switched,
};

const GET: Name = Name::new("get", "sessions");
const UPDATE: Name = Name::new("update", "sessions");
const DELETE: Name = Name::new("delete", "sessions");

#[async_trait]
impl<E: Engine> Sessions for E {
    async fn open_session(&self, session: Session, opening: Opening, stamp: Stamp) -> StoreResult<bool> {
        write(self, Name::new("insert", "sessions"), stamp, move |tx| open(tx, &session, &opening)).await
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

    async fn refresh_standing(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshSecret,
        now: Timestamp,
    ) -> StoreResult<Standing> {
        self.read(GET, |source| refresh::standing(source, user, id, presented, now)).await
    }

    async fn rotate_refresh_token(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshSecret,
        renewal: Renewal,
        stamp: Stamp,
    ) -> StoreResult<Rotation> {
        write(self, UPDATE, stamp, move |tx| refresh::rotate(tx, user, id, presented, &renewal)).await
    }

    async fn remove_old_salts(
        &self,
        now: Timestamp,
        after: Option<SessionPlace>,
        limit: usize,
    ) -> StoreResult<Option<SessionPlace>> {
        let rule = move |tx: &mut Tx<'_>| refresh::remove_old_salts(tx, now, after, limit);
        self.write(Name::new("delete", "refresh_salts"), nobody(), rule).await
    }

    async fn prolong_session(
        &self,
        user: UserId,
        id: SessionId,
        idle_until: Timestamp,
        stamp: Stamp,
    ) -> StoreResult<()> {
        write(self, UPDATE, stamp, move |tx| prolong(tx, user, id, idle_until)).await
    }

    async fn switch_session(
        &self,
        user: UserId,
        id: SessionId,
        tenant: TenantId,
        token: RefreshDigest,
        idle_until: Timestamp,
        stamp: Stamp,
    ) -> StoreResult<Switched> {
        write(self, UPDATE, stamp, move |tx| switch(tx, user, id, tenant, token, idle_until)).await
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

/// How many of a user's sessions are removed at most when it opens another. (Earlier versions let there be any number.)
const PRUNED_MAX: usize = 8;

/// See [`Sessions::open_session`].
fn open(tx: &mut Tx<'_>, session: &Session, opening: &Opening) -> StoreResult<bool> {
    let mut account = accounts::account(tx, session.user)?;
    if !account.user.is_active {
        return Err(StoreError::NotFound(Missing::User));
    }
    if account.password_hash != opening.verified {
        return Ok(false);
    }
    make_place(tx, session.user, opening.most)?;
    if opening.from.is_some_and(|network| account.networks.note(network, tx.stamp().at)) {
        accounts::put(tx, &account)?;
    }
    let session = Session { idle_until: session.ends_at(), ..session.clone() };
    put(tx, &session)?;
    log(tx, &session, ChangeKind::SessionOpened(session.id))?;
    Ok(true)
}

/// Removes sessions of a user that have expired, and those unused longest if another would be one too many.
fn make_place(tx: &mut Tx<'_>, user: UserId, most: usize) -> StoreResult<()> {
    let now = tx.stamp().at;
    let (mut live, expired): (Vec<_>, Vec<_>) =
        those_of(tx, user, usize::MAX)?.into_iter().partition(|session| session.is_live(now));
    for session in expired.iter().take(PRUNED_MAX) {
        end(tx, session, ChangeKind::SessionExpired(session.id))?;
    }
    live.sort_by_key(|session| session.refreshed_at);
    let too_many = (live.len() + 1).saturating_sub(most);
    for session in live.iter().take(too_many.min(PRUNED_MAX)) {
        end(tx, session, ChangeKind::SessionDisplaced(session.id))?;
    }
    Ok(())
}

/// See [`Sessions::note_failed_login`].
fn note_failed_login(tx: &mut Tx<'_>, user: Option<UserId>) -> StoreResult<()> {
    match user {
        Some(user) => tx.log(Scope::User(user), ChangeKind::LoginFailed(Some(user))),
        None => tx.wait_for_commit(),
    }
    Ok(())
}

/// See [`Sessions::prolong_session`].
fn prolong(tx: &mut Tx<'_>, user: UserId, id: SessionId, idle_until: Timestamp) -> StoreResult<()> {
    let mut session = live(tx, user, id)?;
    session.refreshed_at = tx.stamp().at;
    session.idle_until = idle_until.min(session.expires_at);
    put(tx, &session)?;
    log(tx, &session, ChangeKind::SessionRefreshed(id))
}

/// See [`Sessions::switch_session`].
fn switch(
    tx: &mut Tx<'_>,
    user: UserId,
    id: SessionId,
    tenant: TenantId,
    token: RefreshDigest,
    idle_until: Timestamp,
) -> StoreResult<Switched> {
    let mut session = live(tx, user, id)?;
    let membership = members::find_in_use(tx, tenant, user)?.ok_or(StoreError::NotFound(Missing::Workspace))?;
    if !membership.is_chosen {
        members::put(tx, &Membership { is_chosen: true, ..membership })?;
    }
    let now = tx.stamp().at;
    session.workspace = Some(tenant);
    session.refreshed_at = now;
    session.idle_until = idle_until.min(session.expires_at);
    session.add_line(RefreshLine::new(token, now));
    put(tx, &session)?;
    tx.log_about(user, Some(tenant), ChangeKind::SessionSwitched(id));
    Ok(Switched { session, role: membership.role })
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

/// Sessions of a user, at most `limit`.
fn those_of(source: &(impl Source + ?Sized), user: UserId, limit: usize) -> StoreResult<Vec<Session>> {
    source.rows(Table::Sessions, &Span::under(Table::Sessions, &user.to_bytes()), limit)
}

/// A session that lives.
fn live(tx: &Tx<'_>, user: UserId, id: SessionId) -> StoreResult<Session> {
    let session = find(tx, user, id)?.filter(|session| session.is_live(tx.stamp().at));
    session.ok_or(StoreError::NotFound(Missing::Session))
}
