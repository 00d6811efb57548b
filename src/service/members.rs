//! Members of a workspace.

use super::{Caller, Error, Service};
use crate::domain::{Email, Member, Membership, Role, TenantId, UserId, Violations};
use crate::store::{Missing, StoreError};
use crate::telemetry::{Operation, annotate, annotate_with};

/// Someone who has become a member.
pub struct AddedMember {
    /// The place in the workspace.
    pub membership: Membership,
    /// The account's address.
    pub email: Email,
}

/// A role that was changed.
pub struct ChangedRole {
    /// The role before.
    pub from: Role,
    /// The role now.
    pub to: Role,
}

impl Service {
    /// Everyone in a workspace.
    pub async fn members(&self, caller: &Caller, tenant: TenantId) -> Result<Vec<Member>, Error> {
        self.in_workspace(Operation::MemberList, caller, tenant, async { Ok(self.store.members_of(tenant).await?) })
            .await
    }

    /// Makes the account with this address a member. Only an owner makes an owner.
    pub async fn add_member(
        &self,
        caller: &Caller,
        tenant: TenantId,
        email: &str,
        role: Role,
    ) -> Result<AddedMember, Error> {
        self.in_workspace(Operation::MemberAdd, caller, tenant, async {
            let own = self.membership(caller, tenant).await?;
            let email = Email::parse(email).map_err(|detail| Violations::one("/email", detail))?;
            if role > own.role {
                return Err(Error::Forbidden { needs: role });
            }
            let user = self.store.credentials(&email).await?.ok_or(Error::UserNotFound)?.user;
            annotate_member(user);
            annotate("member.role", role.as_str());
            let stamp = self.stamp_of(caller);
            let added = self.store.add_member(tenant, user, role, caller.user, stamp).await;
            let membership = added.map_err(|error| match error {
                StoreError::NotFound(Missing::User) => Error::UserNotFound,
                other => other.into(),
            })?;
            self.telemetry.metrics().workspace_operation("member_add", tenant);
            Ok(AddedMember { membership, email })
        })
        .await
    }

    /// Changes a member's role.
    pub async fn change_role(
        &self,
        caller: &Caller,
        tenant: TenantId,
        user: UserId,
        role: Role,
    ) -> Result<ChangedRole, Error> {
        self.in_workspace(Operation::MemberUpdate, caller, tenant, async {
            refuse_oneself(caller, user)?;
            annotate_member(user);
            annotate("member.role", role.as_str());
            let stamp = self.stamp_of(caller);
            let from = self.store.change_role(tenant, user, role, caller.user, stamp).await?;
            self.telemetry.metrics().workspace_operation("member_update", tenant);
            Ok(ChangedRole { from, to: role })
        })
        .await
    }

    /// Ends a membership.
    pub async fn remove_member(&self, caller: &Caller, tenant: TenantId, user: UserId) -> Result<(), Error> {
        self.in_workspace(Operation::MemberRemove, caller, tenant, async {
            refuse_oneself(caller, user)?;
            annotate_member(user);
            let stamp = self.stamp_of(caller);
            self.store.remove_member(tenant, user, caller.user, stamp).await?;
            self.telemetry.metrics().workspace_operation("member_remove", tenant);
            Ok(())
        })
        .await
    }
}

fn refuse_oneself(caller: &Caller, user: UserId) -> Result<(), Error> {
    if caller.user == user { Err(Error::OwnMembership) } else { Ok(()) }
}

fn annotate_member(user: UserId) {
    annotate_with("member.id", || user.to_string());
}
