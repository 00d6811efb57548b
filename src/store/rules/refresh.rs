//! How refresh tokens follow one another.
//!
//! Of a token, only a digest is stored. Beside the digest of one that was spent a moment ago is the salt that its successor
//! was derived with: a client that presents it again is led from salt to salt to the current token of its line.

use super::rows::sessions::{end, find, key, log, put};
use crate::domain::{ChangeKind, RefreshDigest, RefreshLine, RefreshSecret, Session, SessionId, Timestamp, UserId};
use crate::store::engine::{Source, Span, Table, Tx};
use crate::store::reading::{Reading as _, readable};
use crate::store::records::{RefreshSalts, Salted, SpentTokens};
use crate::store::{Renewal, Rotation, SessionPlace, Standing, StoreResult};

/// The spent refresh tokens that a session knows again. With one row for all of them, ending a session is little work.
const SPENT_MAX: usize = 100;
/// How many of the tokens that were spent a moment ago may be presented again, so that their row stays small.
const SALTS_MAX: usize = 32;

/// See [`Sessions::refresh_standing`](crate::store::Sessions::refresh_standing).
pub(super) fn standing(
    source: &dyn Source,
    user: UserId,
    id: SessionId,
    presented: RefreshSecret,
    now: Timestamp,
) -> StoreResult<Standing> {
    let session = find(source, user, id)?.filter(|session| session.is_live(now));
    let Some(session) = session else { return Ok(Standing::Unknown) };
    Ok(match look(source, &session, presented, now)? {
        Presented::Current => Standing::Current,
        Presented::Repeated { .. } => Standing::Repeatable,
        Presented::Spent => Standing::Spent,
        Presented::Unknown => Standing::Unknown,
    })
}

/// See [`Sessions::rotate_refresh_token`](crate::store::Sessions::rotate_refresh_token).
pub(super) fn rotate(
    tx: &mut Tx<'_>,
    user: UserId,
    id: SessionId,
    presented: RefreshSecret,
    renewal: &Renewal,
) -> StoreResult<Rotation> {
    let Some(session) = find(tx, user, id)? else { return Ok(Rotation::Unknown) };
    if !session.is_live(tx.stamp().at) {
        end(tx, &session, ChangeKind::SessionExpired(id))?;
        return Ok(Rotation::Unknown);
    }
    match look(tx, &session, presented, tx.stamp().at)? {
        Presented::Current => spend(tx, session, presented, renewal),
        Presented::Repeated { current, spent_by } => {
            let actor = &tx.stamp().actor;
            if (&actor.ip, &actor.user_agent) != (&spent_by.ip, &spent_by.user_agent) {
                log(tx, &session, ChangeKind::SessionRefreshRepeated(id))?;
            }
            Ok(Rotation::Repeated(session, current))
        }
        Presented::Spent => {
            end(tx, &session, ChangeKind::SessionRevokedForReuse(id))?;
            Ok(Rotation::Reused)
        }
        Presented::Unknown => Ok(Rotation::Unknown),
    }
}

/// What a token is to a live session.
enum Presented {
    /// The current token of a line.
    Current,
    /// Spent a moment ago, by whom this says.
    Repeated {
        /// The current token of its line.
        current: RefreshSecret,
        spent_by: Salted,
    },
    /// Spent, and not to be presented again.
    Spent,
    /// None of its tokens, or one of a line that was dropped.
    Unknown,
}

fn look(
    source: &(impl Source + ?Sized),
    session: &Session,
    presented: RefreshSecret,
    now: Timestamp,
) -> StoreResult<Presented> {
    let digest = presented.digest();
    if session.has_current(digest) {
        return Ok(Presented::Current);
    }
    let mut salts = salts(source, session, now)?;
    let current = follow(session, &salts, presented);
    match (salts.iter().position(|salted| salted.digest == digest), current) {
        (Some(index), Some(current)) => Ok(Presented::Repeated { current, spent_by: salts.swap_remove(index) }),
        (Some(_), None) => Ok(Presented::Unknown),
        (None, _) if spent(source, session)?.contains(&digest) => Ok(Presented::Spent),
        (None, _) => Ok(Presented::Unknown),
    }
}

/// The current token of the line that a token was spent in.
fn follow(session: &Session, salts: &[Salted], presented: RefreshSecret) -> Option<RefreshSecret> {
    let mut secret = presented;
    for _ in 0..salts.len() {
        let digest = secret.digest();
        let salted = salts.iter().find(|salted| salted.digest == digest)?;
        secret = secret.successor(&salted.salt, session.id, salted.number);
        if session.has_current(secret.digest()) {
            return Some(secret);
        }
    }
    None
}

/// Spends the current token of a line for its successor.
fn spend(tx: &mut Tx<'_>, mut session: Session, presented: RefreshSecret, renewal: &Renewal) -> StoreResult<Rotation> {
    let (now, digest) = (tx.stamp().at, presented.digest());
    let id = session.id;
    let Some(line) = session.line_of(digest) else { return Ok(Rotation::Unknown) };
    let number = line.number.saturating_add(1);
    let successor = presented.successor(&renewal.salt, id, number);
    *line = RefreshLine { digest: successor.digest(), number, used_at: now };
    session.refreshed_at = now;
    session.idle_until = renewal.idle_until.min(session.expires_at);
    note_spent(tx, &session, digest)?;
    keep_salt(tx, &session, digest, number, renewal)?;
    put(tx, &session)?;
    log(tx, &session, ChangeKind::SessionRefreshed(id))?;
    Ok(Rotation::Rotated(session, successor))
}

fn note_spent(tx: &mut Tx<'_>, session: &Session, digest: RefreshDigest) -> StoreResult<()> {
    let mut spent = spent(tx, session)?;
    spent.drain(..(spent.len() + 1).saturating_sub(SPENT_MAX));
    spent.push(digest);
    tx.put(Table::SpentTokens, &key(session.user, session.id), &SpentTokens(spent)).map(drop)
}

/// Keeps the salt of a spent token for as long as it may be presented again.
fn keep_salt(
    tx: &mut Tx<'_>,
    session: &Session,
    digest: RefreshDigest,
    number: u64,
    renewal: &Renewal,
) -> StoreResult<()> {
    let (stamp, row) = (tx.stamp(), key(session.user, session.id));
    let mut salts = salts(tx, session, stamp.at)?;
    if stamp.at < renewal.repeatable_until {
        salts.drain(..(salts.len() + 1).saturating_sub(SALTS_MAX));
        let (ip, user_agent) = (stamp.actor.ip.clone(), stamp.actor.user_agent.clone());
        salts.push(Salted { digest, salt: renewal.salt, number, until: renewal.repeatable_until, ip, user_agent });
    }
    if salts.is_empty() {
        tx.remove(Table::RefreshSalts, &row);
        return Ok(());
    }
    tx.put(Table::RefreshSalts, &row, &RefreshSalts(salts)).map(drop)
}

/// See [`Sessions::remove_old_salts`](crate::store::Sessions::remove_old_salts).
pub(super) fn remove_old_salts(
    tx: &mut Tx<'_>,
    now: Timestamp,
    after: Option<SessionPlace>,
    limit: usize,
) -> StoreResult<Option<SessionPlace>> {
    let after = after.map(|(user, id)| key(user, id));
    let span = Span::all().after(after.as_ref().map(<[u8; 32]>::as_slice));
    let keys = tx.keys(Table::RefreshSalts, &span, limit)?;
    for (row, _) in &keys {
        let salts: RefreshSalts = readable(tx.row(Table::RefreshSalts, row))?.unwrap_or_default();
        if salts.0.iter().all(|salted| salted.until <= now) {
            tx.remove(Table::RefreshSalts, row);
        }
    }
    let last = keys.last().filter(|_| keys.len() == limit);
    Ok(last.and_then(|(row, _)| {
        let (user, id) = (row.first_chunk::<16>()?, row.last_chunk::<16>()?);
        Some((UserId::from_bytes(*user), SessionId::from_bytes(*id)))
    }))
}

/// The newest spent refresh tokens of a session, oldest first.
fn spent(source: &(impl Source + ?Sized), session: &Session) -> StoreResult<Vec<RefreshDigest>> {
    let spent: Option<SpentTokens> = source.row(Table::SpentTokens, &key(session.user, session.id))?;
    Ok(spent.unwrap_or_default().0)
}

/// The salts of tokens of a session that may be presented again, oldest first.
fn salts(source: &(impl Source + ?Sized), session: &Session, now: Timestamp) -> StoreResult<Vec<Salted>> {
    let salts: Option<RefreshSalts> = source.row(Table::RefreshSalts, &key(session.user, session.id))?;
    let mut salts = salts.unwrap_or_default().0;
    salts.retain(|salted| now < salted.until);
    Ok(salts)
}
