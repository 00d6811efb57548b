//! Memberships of the older service: who is to be a member of a workspace, in which role.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::notes::{Key, Kind, Note, digest, key};
use super::report::What;
use super::schema::Table;
use super::source::Row;
use super::{MovingError, Run, values};
use crate::domain::{Membership, Role, TenantId, Timestamp, UserId};
use crate::store::Members as _;

const TABLE: Table = Table::Memberships;

/// A membership as it is there.
pub(super) struct OlderMember {
    /// Its id, or else who is a member of what.
    pub name: String,
    user: String,
    role: String,
    is_active: bool,
    joined_at: Timestamp,
}

impl OlderMember {
    /// What a row says.
    pub fn of(row: &Row, now: Timestamp) -> Self {
        let (user, tenant) = (row.text("user_id"), row.text("tenant_id"));
        Self {
            name: row.get("id").map_or_else(|| format!("{user} in {tenant}"), str::to_owned),
            user: user.to_owned(),
            role: row.text("role").to_owned(),
            is_active: values::flag(row.get("is_active"), true),
            joined_at: values::times(row, now).0,
        }
    }
}

/// What is to be done about the members of a workspace.
#[derive(Default)]
pub(super) struct Members {
    /// Those who become members, or get another role.
    pub wanted: Vec<Membership>,
    /// Those who are members no longer.
    pub gone: Vec<UserId>,
    /// Those who were left as they are.
    same: Vec<Membership>,
}

impl Members {
    /// Whether there is nothing to be done.
    pub fn are_the_same(&self) -> bool {
        self.wanted.is_empty() && self.gone.is_empty()
    }

    /// How they are noted.
    pub fn notes(&self) -> Vec<(Key, Note)> {
        self.wanted
            .iter()
            .map(|membership| (key_of(membership.tenant, membership.user), note_of(membership.role)))
            .collect()
    }
}

fn key_of(tenant: TenantId, user: UserId) -> Key {
    key(Kind::Membership, &[tenant.to_bytes(), user.to_bytes()])
}

fn note_of(role: Role) -> Note {
    Note { state: digest(&role), origin: [0; 32], updated_at: 0 }
}

impl Run<'_> {
    /// Reports memberships that are not taken over.
    pub fn skip_members(&mut self, older: &[OlderMember], why: &str) -> Result<(), MovingError> {
        older.iter().try_for_each(|member| self.report.row((TABLE, &member.name), What::Skipped, why))
    }

    /// Who is to be a member of a workspace.
    pub async fn decide_on_members(
        &mut self,
        tenant_name: &str,
        tenant: TenantId,
        older: Vec<OlderMember>,
        is_there: bool,
    ) -> Result<Members, MovingError> {
        let failed = |error| MovingError::Store { table: Table::Tenants.name(), id: tenant_name.to_owned(), error };
        let here = if is_there { self.store.members_of(tenant).await.map_err(failed)? } else { Vec::new() };
        let here: BTreeMap<UserId, Membership> =
            here.into_iter().map(|member| (member.user.id, member.membership)).collect();
        let there = self.memberships(tenant, older)?;
        // Those who stay: all who are here, but for those who are gone there.
        let mut members = here.clone();
        for (user, membership) in &here {
            if !there.contains_key(user) && self.is_as_left(membership)? {
                members.remove(user);
                let name = format!("{user} in {tenant}");
                self.report.row((TABLE, &name), What::Gone, "it is no membership there any more, and ended here")?;
            }
        }
        for (user, (name, wanted)) in &there {
            if self.takes(name, here.get(user), wanted)? {
                members.insert(*user, *wanted);
            }
        }
        self.give_owner(&mut members)?;
        Ok(self.compared(&here, members, &there))
    }

    /// The memberships that can be here, one for each account. Of several, the higher role counts.
    fn memberships(
        &mut self,
        tenant: TenantId,
        older: Vec<OlderMember>,
    ) -> Result<BTreeMap<UserId, (String, Membership)>, MovingError> {
        let mut there: BTreeMap<UserId, (String, Membership)> = BTreeMap::new();
        for member in older {
            let place = (TABLE, member.name.as_str());
            let user = values::id::<UserId>(&member.user).filter(|user| self.users.contains(user));
            let Some(user) = user else {
                self.report.row(place, What::Skipped, &format!("its account {} is not here", member.user))?;
                continue;
            };
            if !member.is_active {
                self.report.of(TABLE).inactive += 1;
                self.report.row(place, What::Inactive, "it is not in use, and is none here")?;
                continue;
            }
            let role = role_of(&member.role);
            self.report.compare(place, "role", &member.role.to_lowercase(), Some(role.as_str()))?;
            let joined_at = member.joined_at;
            let membership = Membership { tenant, user, role, joined_at, is_chosen: true };
            match there.get_mut(&user) {
                None => drop(there.insert(user, (member.name, membership))),
                Some((first, known)) => {
                    let why = format!("the same account is a member by {first}; the higher role counts");
                    self.report.row(place, What::Skipped, &why)?;
                    known.role = known.role.max(role);
                }
            }
        }
        Ok(there)
    }

    /// Whether a membership becomes as it is there.
    fn takes(&mut self, name: &str, here: Option<&Membership>, there: &Membership) -> Result<bool, MovingError> {
        let key = key_of(there.tenant, there.user);
        let why = match here {
            Some(here) if here.role == there.role || self.is_as_left(here)? => return Ok(true),
            Some(_) => "the role has changed here",
            None if self.notes.get(&key)?.is_none() => return Ok(true),
            None => "it was ended here",
        };
        self.report.row((TABLE, name), What::Conflict, why)?;
        self.keep_note(key)?;
        Ok(false)
    }

    /// Whether nothing has changed about a membership since it was taken over.
    fn is_as_left(&self, here: &Membership) -> Result<bool, MovingError> {
        let note = self.notes.get(&key_of(here.tenant, here.user))?;
        Ok(note.is_some_and(|note| note.state == digest(&here.role)))
    }

    /// Makes the member with the highest role, of several the oldest member, the owner of a workspace without one.
    fn give_owner(&mut self, members: &mut BTreeMap<UserId, Membership>) -> Result<(), MovingError> {
        if members.values().any(|member| member.role == Role::Owner) {
            return Ok(());
        }
        let heir = members.values_mut().max_by_key(|it| (it.role, Reverse((it.joined_at, it.user))));
        let Some(heir) = heir else { return Ok(()) };
        let name = format!("{} in {}", heir.user, heir.tenant);
        let before = std::mem::replace(&mut heir.role, Role::Owner);
        self.report.changed((TABLE, &name), "role", before.as_str(), Some(Role::Owner.as_str()))
    }

    /// What of the members is to be written.
    fn compared(
        &mut self,
        here: &BTreeMap<UserId, Membership>,
        members: BTreeMap<UserId, Membership>,
        there: &BTreeMap<UserId, (String, Membership)>,
    ) -> Members {
        let gone = here.keys().filter(|user| !members.contains_key(user)).copied().collect();
        let mut compared = Members { gone, ..Members::default() };
        for (user, membership) in members {
            match here.get(&user) {
                Some(before) if before.role == membership.role => compared.same.push(*before),
                Some(_) => {
                    self.report.of(TABLE).updated += 1;
                    compared.wanted.push(membership);
                }
                None => {
                    self.report.of(TABLE).added += 1;
                    compared.wanted.push(membership);
                }
            }
        }
        let is_as_there = |it: &&Membership| there.get(&it.user).is_some_and(|(_, there)| there.role == it.role);
        for same in compared.same.iter().filter(is_as_there) {
            self.report.of(TABLE).unchanged += 1;
            self.noted.push((key_of(same.tenant, same.user), note_of(same.role)));
        }
        compared
    }
}

/// A role; what is not known here becomes the least.
fn role_of(text: &str) -> Role {
    match text.trim().to_lowercase().as_str() {
        "owner" => Role::Owner,
        "admin" => Role::Admin,
        _ => Role::Member,
    }
}
