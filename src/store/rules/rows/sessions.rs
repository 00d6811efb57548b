//! The rows of sessions.

use crate::domain::{ChangeKind, Session, SessionId, TenantId, UserId};
use crate::store::StoreResult;
use crate::store::engine::{Source, Span, Table, Tx, pair};
use crate::store::reading::{Reading as _, readable};
use crate::store::rules::about;

/// Ends all sessions of a user but `keep`, for a reason that has an entry of its own in the change log.
pub(in crate::store::rules) fn end_all(tx: &mut Tx<'_>, user: UserId, keep: Option<SessionId>) -> StoreResult<()> {
    let keep = keep.map(|id| key(user, id));
    // By their keys, so that those that can't be read end as well.
    for (key, _) in tx.keys(Table::Sessions, &Span::under(Table::Sessions, &user.to_bytes()), usize::MAX)? {
        if keep.is_none_or(|keep| keep[..] != key) {
            remove(tx, &key);
        }
    }
    Ok(())
}

/// How many sessions of a user live.
pub(in crate::store::rules) fn count_live(tx: &Tx<'_>, user: UserId) -> StoreResult<usize> {
    let span = Span::under(Table::Sessions, &user.to_bytes());
    let sessions: Vec<Session> = tx.rows(Table::Sessions, &span, usize::MAX)?;
    Ok(sessions.iter().filter(|session| session.is_live(tx.stamp().at)).count())
}

pub(in crate::store::rules) fn put(tx: &mut Tx<'_>, session: &Session) -> StoreResult<()> {
    tx.put(Table::Sessions, &key(session.user, session.id), session).map(drop)
}

/// Removes a session with all its tokens, and says why.
pub(in crate::store::rules) fn end(tx: &mut Tx<'_>, session: &Session, kind: ChangeKind) -> StoreResult<()> {
    remove(tx, &key(session.user, session.id));
    log(tx, session, kind)
}

fn remove(tx: &mut Tx<'_>, key: &[u8]) {
    tx.remove(Table::SpentTokens, key);
    tx.remove(Table::RefreshSalts, key);
    tx.remove(Table::Sessions, key);
}

/// Adds an entry to the change log, about the workspace that the session is in.
pub(in crate::store::rules) fn log(tx: &mut Tx<'_>, session: &Session, kind: ChangeKind) -> StoreResult<()> {
    let about = about::of(tx, session.user, session.workspace)?;
    tx.log_about(session.user, about, kind);
    Ok(())
}

/// The workspace that it is about what is done from a session.
pub(in crate::store::rules) fn about(tx: &Tx<'_>, user: UserId, id: SessionId) -> StoreResult<Option<TenantId>> {
    about::of(tx, user, readable(find(tx, user, id))?.and_then(|session| session.workspace))
}

/// See [`Sessions::session`].
pub(in crate::store::rules) fn find(
    source: &(impl Source + ?Sized),
    user: UserId,
    id: SessionId,
) -> StoreResult<Option<Session>> {
    source.row(Table::Sessions, &key(user, id))
}

pub(in crate::store::rules) fn key(user: UserId, id: SessionId) -> [u8; 32] {
    pair(user.to_bytes(), id.to_bytes())
}
