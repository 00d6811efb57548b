//! Accounts of the older service.

use futures_util::future::join_all;

use super::notes::{Key, Kind, Note, digest, key};
use super::report::What;
use super::schema::Table;
use super::source::Row;
use super::{MovingError, Run, TOGETHER, values};
use crate::domain::{Email, MAX_OLDER_COST, PersonName, User, UserId, older_cost};
use crate::store::{Adoption as _, StoreError, Users as _};

const TABLE: Table = Table::Users;

/// An account as it would be here.
struct Older {
    /// Its id, as it is written there.
    id: String,
    user: User,
    hash: String,
}

/// An account that is to be written.
struct Write {
    older: Older,
    user: User,
    hash: Option<String>,
    note: Note,
    is_new: bool,
}

/// What is to be done about an account.
enum Decision {
    /// Nothing, but for the note.
    Left(Option<Note>),
    /// To write it.
    Write(Box<Write>),
    /// Nothing yet: another account has its address.
    Taken(Older, UserId),
}

/// How an account is noted.
pub(super) fn state_of(user: &User) -> [u8; 32] {
    let names = [&user.first_name, &user.last_name].map(|name| name.as_ref().map(PersonName::as_str));
    digest(&(user.email.as_str(), names, user.is_verified, user.is_active))
}

pub(super) fn key_of(user: UserId) -> Key {
    key(Kind::User, &[user.to_bytes()])
}

impl Run<'_> {
    /// Takes all of them over.
    pub async fn users(&mut self) -> Result<(), MovingError> {
        self.begin(TABLE).await?;
        let mut later = Vec::new();
        loop {
            let rows = self.next(TABLE).await?;
            if rows.is_empty() {
                break;
            }
            let mut fitted = Vec::new();
            for row in &rows {
                fitted.extend(self.older(row)?);
            }
            later.extend(self.take_users(fitted).await?);
        }
        // An address may have become free meanwhile.
        let taken = self.take_users(later.into_iter().map(|(older, _)| older).collect()).await?;
        for (older, holder) in taken {
            let why = format!("the account {holder} has the same address: {}", older.user.email.as_str());
            self.report.row((TABLE, &older.id), What::Skipped, &why)?;
        }
        Ok(())
    }

    /// The account of a row, as near as the rules allow; none, if there can be none.
    fn older(&mut self, row: &Row) -> Result<Option<Older>, MovingError> {
        let (id, address) = (row.text("id").to_owned(), row.text("email"));
        let place = (TABLE, id.as_str());
        let Some(user_id) = values::id::<UserId>(&id) else {
            self.report.row(place, What::Skipped, values::NO_ID)?;
            return Ok(None);
        };
        let Ok(email) = Email::parse(address).map(|email| email.composed()) else {
            self.report.row(
                place,
                What::Skipped,
                &format!("its address is none that mail can be sent to: {address}"),
            )?;
            self.keep_note(key_of(user_id))?;
            return Ok(None);
        };
        self.report.compare(place, "email", address, Some(email.as_str()))?;
        let mut names = [None, None];
        for (name, field) in names.iter_mut().zip(["first_name", "last_name"]) {
            let text = row.text(field);
            *name = PersonName::fit(text);
            self.report.compare(place, field, text, name.as_ref().map(PersonName::as_str))?;
        }
        let [first_name, last_name] = names;
        let (created_at, updated_at) = values::times(row, self.now);
        let user = User {
            id: user_id,
            email,
            first_name,
            last_name,
            is_verified: values::flag(row.get("is_verified"), false),
            is_active: values::flag(row.get("is_active"), true),
            is_operator: false,
            created_at,
            updated_at,
        };
        Ok(Some(Older { hash: row.text("hashed_password").to_owned(), id, user }))
    }

    /// Takes accounts over, and returns those whose address another one has, with that one.
    async fn take_users(&mut self, all: Vec<Older>) -> Result<Vec<(Older, UserId)>, MovingError> {
        let (mut taken, mut all) = (Vec::new(), all.into_iter().peekable());
        while all.peek().is_some() {
            let mut writes = Vec::new();
            for older in all.by_ref().take(TOGETHER) {
                let user = older.user.id;
                match self.decide_on_user(older).await? {
                    Decision::Left(note) => {
                        self.report.of(TABLE).unchanged += u64::from(note.is_some());
                        self.noted.extend(note.map(|note| (key_of(user), note)));
                    }
                    Decision::Write(write) => writes.push(*write),
                    Decision::Taken(older, holder) => taken.push((older, holder)),
                }
            }
            self.write_users(writes).await?;
            self.flush()?;
        }
        Ok(taken)
    }

    async fn decide_on_user(&mut self, older: Older) -> Result<Decision, MovingError> {
        let failed = |error| MovingError::Store { table: TABLE.name(), id: older.id.clone(), error };
        let id = older.user.id;
        let local = self.store.user(id).await.map_err(failed)?;
        let note = self.notes.get(&key_of(id))?;
        let Some(local) = local else {
            if note.is_some() {
                self.report.row((TABLE, &older.id), What::Conflict, "it was deleted here")?;
                self.keep_note(key_of(id))?;
                return Ok(Decision::Left(None));
            }
            return self.decide_on_new(older).await;
        };
        self.users.insert(id);
        let wants = state_of(&local) != state_of(&older.user);
        let is_as_left = note.is_some_and(|note| note.state == state_of(&local));
        let origin = digest(&older.hash);
        let hash = match note {
            Some(note) if note.origin != origin => self.decide_on_hash(&older, &local, &note).await?,
            Some(_) | None => None,
        };
        if wants && !is_as_left {
            self.report.row((TABLE, &older.id), What::Conflict, "it has changed here")?;
            self.keep_note(key_of(id))?;
        }
        let takes = wants && is_as_left;
        if takes && let Some(holder) = self.holder(&older.user.email, id).await? {
            self.keep_note(key_of(id))?;
            return Ok(Decision::Taken(older, holder));
        }
        let mut user = if takes { older.user.clone() } else { local.clone() };
        if hash.is_some() {
            user.updated_at = older.user.updated_at;
        }
        user.created_at = local.created_at;
        if takes || hash.is_some() {
            self.claims.insert(user.email.as_str().to_owned(), id);
            let note = Note { state: state_of(&user), origin, updated_at: user.updated_at.as_microsecond() };
            return Ok(Decision::Write(Box::new(Write { older, user, hash, note, is_new: false })));
        }
        let left =
            note.unwrap_or(Note { state: state_of(&local), origin, updated_at: local.updated_at.as_microsecond() });
        Ok(Decision::Left((!wants).then_some(left)))
    }

    async fn decide_on_new(&mut self, older: Older) -> Result<Decision, MovingError> {
        if let Some(holder) = self.holder(&older.user.email, older.user.id).await? {
            return Ok(Decision::Taken(older, holder));
        }
        let user = older.user.clone();
        self.claims.insert(user.email.as_str().to_owned(), user.id);
        let hash = self.usable(&older)?;
        let (state, origin) = (state_of(&user), digest(&older.hash));
        let note = Note { state, origin, updated_at: user.updated_at.as_microsecond() };
        Ok(Decision::Write(Box::new(Write { older, user, hash: Some(hash), note, is_new: true })))
    }

    /// The hash of another password that was chosen there. One that was chosen here meanwhile stays; one that was only renewed
    /// when its owner signed in does not.
    async fn decide_on_hash(
        &mut self,
        older: &Older,
        local: &User,
        note: &Note,
    ) -> Result<Option<String>, MovingError> {
        let failed = |error| MovingError::Store { table: TABLE.name(), id: older.id.clone(), error };
        let credentials = self.store.credentials(&local.email).await.map_err(failed)?;
        let is_as_left = credentials.is_some_and(|it| digest(&it.password_hash) == note.origin);
        if is_as_left || local.updated_at.as_microsecond() == note.updated_at {
            return self.usable(older).map(Some);
        }
        self.report.row((TABLE, &older.id), What::Conflict, "its password has changed here, and there")?;
        Ok(None)
    }

    /// The hash of an account, or one that no password has.
    fn usable(&mut self, older: &Older) -> Result<String, MovingError> {
        let why = match older_cost(&older.hash) {
            Some(cost) if cost <= MAX_OLDER_COST => return Ok(older.hash.clone()),
            Some(cost) => format!("its hash has the cost {cost}, and at most {MAX_OLDER_COST} is taken over"),
            None => "its hash is not one of bcrypt".to_owned(),
        };
        let why = format!("{why}; another password has to be chosen");
        self.report.row((TABLE, &older.id), What::PasswordReset, &why)?;
        Ok(self.hasher.unusable())
    }

    /// The other account that has an address.
    async fn holder(&self, email: &Email, id: UserId) -> Result<Option<UserId>, MovingError> {
        let failed = |error| MovingError::Store { table: TABLE.name(), id: id.to_string(), error };
        let stored = self.store.credentials(email).await.map_err(failed)?.map(|it| it.user);
        let holder = stored.or_else(|| self.claims.get(email.as_str()).copied());
        Ok(holder.filter(|holder| *holder != id))
    }

    async fn write_users(&mut self, writes: Vec<Write>) -> Result<(), MovingError> {
        let (store, is_dry_run) = (self.store, self.is_dry_run);
        let written = join_all(writes.iter().map(|write| {
            let (user, hash, stamp) = (write.user.clone(), write.hash.clone(), self.stamp());
            async move { if is_dry_run { Ok(()) } else { store.adopt_user(user, hash, stamp).await } }
        }));
        for (write, written) in writes.iter().zip(written.await) {
            let place = (TABLE, write.older.id.as_str());
            match written {
                Ok(()) => {}
                Err(StoreError::EmailTaken) => {
                    self.report.row(place, What::Skipped, "another account has the same address")?;
                    continue;
                }
                Err(error) => {
                    return Err(MovingError::Store { table: TABLE.name(), id: write.older.id.clone(), error });
                }
            }
            self.users.insert(write.user.id);
            let figures = self.report.of(TABLE);
            if write.is_new {
                figures.added += 1;
            } else {
                figures.updated += 1;
            }
            self.noted.push((key_of(write.user.id), write.note));
        }
        Ok(())
    }
}
