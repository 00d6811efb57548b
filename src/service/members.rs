//! Members of a workspace.

use super::{Caller, Error, Service};
use crate::domain::{Action, Email, Invitation, Member, Role, TenantId, UserId, Violations};
use crate::telemetry::{Operation, annotate, annotate_with};

/// Everyone in a workspace, and who was invited.
pub struct Roster {
    /// The members.
    pub members: Vec<Member>,
    /// The invitations that nobody has accepted yet; none for members who may not see them.
    pub invited: Vec<Invitation>,
}

/// Someone who has become a member, or was invited to be one.
pub struct AddedMember {
    /// The account's id, or that of the invitation, which stands for it.
    pub id: UserId,
    /// The address.
    pub email: Email,
    /// What they may do.
    pub role: Role,
}

/// A role that was changed.
pub struct ChangedRole {
    /// The role before.
    pub from: Role,
    /// The role now.
    pub to: Role,
}

impl Service {
    /// Everyone in a workspace, and for its admins, who was invited.
    pub async fn members(&self, caller: &Caller, tenant: TenantId) -> Result<Roster, Error> {
        self.in_workspace(Operation::MemberList, caller, tenant, async {
            let own = self.membership(caller, tenant).await?;
            let members = self.store.members_of(tenant).await?;
            let invited = match own.role.may(Action::AddMembers) {
                true => self.store.invitations_of(tenant, self.clock.now()).await?,
                false => Vec::new(),
            };
            Ok(Roster { members, invited })
        })
        .await
    }

    /// Invites an address by mail, or adds its account at once where that is configured. Only owners make owners.
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
            let id = match self.adds_directly() {
                true => self.add_at_once(caller, tenant, &email, role).await?,
                false => self.invite_by_mail(caller, tenant, &email, role).await?,
            };
            self.telemetry.metrics().workspace_operation("member_add", tenant);
            Ok(AddedMember { id, email, role })
        })
        .await
    }

    /// Whether members are added at once, without being asked.
    pub fn adds_directly(&self) -> bool {
        self.accounts.load().direct_add
    }

    async fn add_at_once(&self, caller: &Caller, tenant: TenantId, email: &Email, role: Role) -> Result<UserId, Error> {
        let user = self.store.credentials(email).await?.ok_or(Error::UserNotFound)?.user;
        annotate_member(user);
        annotate("member.role", role.as_str());
        let added = self.store.add_member(tenant, user, role, caller.user, self.stamp_of(caller)).await;
        added.map(|_| user).map_err(Error::of_somebody_else)
    }

    /// Answers alike and as fast whether or not the address has an account, with the id of the invitation.
    async fn invite_by_mail(
        &self,
        caller: &Caller,
        tenant: TenantId,
        email: &Email,
        role: Role,
    ) -> Result<UserId, Error> {
        let mail = self.room_for_invitation(email, &caller.client)?;
        let (invitation, token) = self.invite(caller, tenant, Some(email.clone()), role, true).await?;
        mail.ask(email.composed(), tenant, token);
        Ok(invitation.as_member())
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

    /// Ends the caller's own membership. Someone has to own the workspace still.
    pub async fn leave_workspace(&self, caller: &Caller, tenant: TenantId) -> Result<(), Error> {
        self.in_workspace(Operation::WorkspaceLeave, caller, tenant, async {
            self.store.leave_workspace(tenant, caller.user, self.stamp_of(caller)).await?;
            self.telemetry.metrics().workspace_operation("leave", tenant);
            Ok(())
        })
        .await
    }

    /// Makes a member an owner, and the caller an admin.
    pub async fn transfer_workspace(&self, caller: &Caller, tenant: TenantId, to: UserId) -> Result<(), Error> {
        self.in_workspace(Operation::WorkspaceTransfer, caller, tenant, async {
            refuse_oneself(caller, to)?;
            annotate_member(to);
            self.store.transfer_workspace(tenant, to, caller.user, self.stamp_of(caller)).await?;
            self.telemetry.metrics().workspace_operation("transfer", tenant);
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
