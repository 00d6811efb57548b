//! Deleting people, for themselves or by operators.

use std::collections::BTreeSet;

use super::{Caller, Error, Operator, Service};
use crate::backups::{Tombstone, TombstonesError};
use crate::domain::{ApiKey, Email, Password, Role, Stamp, TenantId, UserId, Violations};
use crate::mail::Notice;
use crate::store::{Deleted, Heir, Missing, StoreError};
use crate::telemetry::{Operation, Subject};

impl Service {
    /// Deletes the caller's account. What nobody else owns goes to the member with the address, if one is given.
    pub async fn delete_own_account(
        &self,
        caller: &Caller,
        current: Password,
        transfer_to: Option<&str>,
    ) -> Result<Vec<ApiKey>, Error> {
        self.telemetry
            .observe(Operation::AuthDelete, Subject::user(caller.user), async {
                self.prove(caller, current).await?;
                let heir = match transfer_to {
                    Some(email) => Heir::Member(self.heir(email, not_a_member).await?),
                    None => Heir::Nobody,
                };
                self.delete_person(caller.user, heir, self.stamp_of(caller)).await
            })
            .await
    }

    /// Deletes an account. What nobody else owns goes to the account with the address, if one is given.
    pub async fn delete_account(
        &self,
        id: UserId,
        transfer_to: Option<&str>,
        operator: &Operator,
    ) -> Result<Vec<ApiKey>, Error> {
        self.telemetry
            .observe(Operation::AccountDelete, Subject::user(id), async {
                self.known_account(id).await?;
                let heir = match transfer_to {
                    Some(email) => Heir::Account(self.heir(email, not_an_account).await?),
                    None => Heir::Nobody,
                };
                self.delete_person(id, heir, self.stamp_by(operator)).await
            })
            .await
    }

    /// Whether an account was deleted.
    pub fn was_deleted(&self, id: UserId) -> bool {
        self.tombstones.has(id)
    }

    /// Notes a tombstone, so that it lasts.
    pub(super) async fn note_tombstone(&self, tombstone: Tombstone) -> Result<(), TombstonesError> {
        self.tombstones.note(tombstone).await
    }

    async fn heir(&self, email: &str, none: fn() -> Violations) -> Result<UserId, Error> {
        let email = Email::parse(email).map_err(|detail| Violations::one("/transfer_to", detail))?;
        Ok(self.store.credentials(&email).await?.ok_or_else(none)?.user)
    }

    /// Deletes a person, who stays deleted whatever is restored, and tells owners which API keys have ended.
    async fn delete_person(&self, id: UserId, heir: Heir, mut stamp: Stamp) -> Result<Vec<ApiKey>, Error> {
        // Nothing is to be left of from where they did it.
        if stamp.actor.user == Some(id) {
            stamp.actor.forget_place();
        }
        let left = self.owners_to_tell(id).await?;
        let at = stamp.at;
        let Deleted { api_keys, .. } = match self.store.delete_user(id, heir, stamp).await {
            Ok(deleted) => deleted,
            Err(error) => return Err(self.not_deleted(id, heir, error).await),
        };
        let tombstone = Tombstone { account: id, at, is_deleted: true, heir: heir.account(), scrubbed: None };
        if let Err(error) = self.note_tombstone(tombstone).await {
            tracing::error!(%error, "it can't be noted that an account was deleted, which is tried again");
        }
        self.deletions.notify_one();
        for (email, tenant, workspace) in left {
            let of_it = api_keys.iter().filter(|key| key.tenant == tenant);
            let keys: Vec<String> = of_it.map(|key| key.name.as_str().to_owned()).collect();
            if !keys.is_empty() {
                self.tell(email, Notice::KeysEnded { workspace, keys });
            }
        }
        Ok(api_keys)
    }

    /// Why an account was not deleted.
    async fn not_deleted(&self, id: UserId, heir: Heir, error: StoreError) -> Error {
        match error {
            StoreError::SoleOwner(tenants) => self.sole_owner(id, &tenants).await,
            StoreError::NotFound(Missing::Member) => not_a_member().into(),
            StoreError::NotFound(Missing::User) if heir != Heir::Nobody => not_an_account().into(),
            other => Error::of_somebody_else(other),
        }
    }

    /// That these workspaces would have no owner.
    async fn sole_owner(&self, id: UserId, tenants: &[TenantId]) -> Error {
        match self.store.workspaces_of(id).await {
            Ok(views) => {
                let own = views.into_iter().filter(|view| tenants.contains(&view.workspace.id));
                Error::SoleOwner(own.map(|view| view.workspace.name.into_string()).collect())
            }
            Err(error) => error.into(),
        }
    }

    /// The other owners of the workspaces in which an account has API keys: address, workspace and its name.
    async fn owners_to_tell(&self, id: UserId) -> Result<Vec<(Email, TenantId, String)>, Error> {
        if !self.can_send_mail() {
            return Ok(Vec::new());
        }
        let keys = self.store.api_keys_by(id).await?;
        let tenants: BTreeSet<TenantId> = keys.iter().map(|key| key.tenant).collect();
        let mut owners = Vec::new();
        for view in self.store.workspaces_of(id).await? {
            let (tenant, name) = (view.workspace.id, view.workspace.name.into_string());
            if !tenants.contains(&tenant) {
                continue;
            }
            for member in self.store.members_of(tenant).await? {
                if member.membership.role == Role::Owner && member.user.id != id {
                    owners.push((member.user.email, tenant, name.clone()));
                }
            }
        }
        Ok(owners)
    }
}

fn not_a_member() -> Violations {
    Violations::one("/transfer_to", "must be the address of a member of every workspace that you alone own")
}

fn not_an_account() -> Violations {
    Violations::one("/transfer_to", "must be the address of another account, which may sign in")
}
