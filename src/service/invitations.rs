//! Invitations: how people come into workspaces by their own consent.

use super::{Caller, Error, Service};
use crate::auth::InvitationToken;
use crate::domain::{Email, Invitation, InvitationId, Invited, Role, Stamp, TenantId, User, Violations, WorkspaceView};
use crate::store::{PresentedInvitation, StoreError, StoreResult};
use crate::telemetry::{Operation, Subject, annotate, annotate_with};

/// An invitation that was just made, with the secret that is not shown again.
pub struct MadeInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The secret, as its holder presents it.
    pub token: String,
    /// The page that accepts it, with the token.
    pub link: String,
}

impl Service {
    /// Makes an invitation whose link is handed on by hand: for an address, or for anyone, as a member.
    pub async fn create_invitation(
        &self,
        caller: &Caller,
        tenant: TenantId,
        email: Option<&str>,
        role: Role,
    ) -> Result<MadeInvitation, Error> {
        self.in_workspace(Operation::InvitationCreate, caller, tenant, async {
            let email = email.map(Email::parse).transpose();
            let email = email.map_err(|detail| Violations::one("/email", detail))?;
            if email.is_none() && role > Role::Member {
                return Err(Violations::one("/role", "must be member, unless the invitation is for an address").into());
            }
            let (invitation, token) = self.invite(caller, tenant, email, role, false).await?;
            let link = self.accounts.load().links.to_invitation(&token);
            self.telemetry.metrics().workspace_operation("invitation_create", tenant);
            Ok(MadeInvitation { invitation, token, link })
        })
        .await
    }

    /// Makes an invitation and its token, which goes to the address alone if it `is_mailed`. Takes as long whether or not the
    /// address has an account.
    pub(super) async fn invite(
        &self,
        caller: &Caller,
        tenant: TenantId,
        email: Option<Email>,
        role: Role,
        is_mailed: bool,
    ) -> Result<(Invitation, String), Error> {
        let own = self.membership(caller, tenant).await?;
        if role > own.role {
            return Err(Error::Forbidden { needs: role });
        }
        let now = self.clock.now();
        let token = InvitationToken::generate(tenant, self.ids.next(now), &*self.entropy);
        let invitation = Invitation {
            id: token.id,
            tenant,
            email: email.as_ref().map(Email::composed),
            role,
            digest: token.digest(),
            is_mailed,
            invited_by: caller.user,
            created_at: now,
            expires_at: self.clock.after_seconds(self.accounts.load().invitation_token_seconds),
            accepted_by: None,
        };
        let invitation = self.store.invite(invitation, self.stamp_of(caller)).await?;
        annotate_invitation(invitation.id);
        annotate("member.role", role.as_str());
        let token = token.of(invitation.id).encode();
        Ok((invitation, token))
    }

    /// The invitations to a workspace that can still be accepted, newest first.
    pub async fn invitations(&self, caller: &Caller, tenant: TenantId) -> Result<Vec<Invitation>, Error> {
        let pending = async { Ok(self.store.invitations_of(tenant, self.clock.now()).await?) };
        self.in_workspace(Operation::InvitationList, caller, tenant, pending).await
    }

    /// Revokes an invitation that nobody has accepted.
    pub async fn revoke_invitation(&self, caller: &Caller, tenant: TenantId, id: InvitationId) -> Result<(), Error> {
        self.in_workspace(Operation::InvitationRevoke, caller, tenant, async {
            annotate_invitation(id);
            self.store.revoke_invitation(tenant, id, caller.user, self.stamp_of(caller)).await?;
            self.telemetry.metrics().workspace_operation("invitation_revoke", tenant);
            Ok(())
        })
        .await
    }

    /// Makes the caller a member of the workspace that an invitation is to.
    pub async fn accept_invitation(&self, caller: &Caller, token: &str) -> Result<WorkspaceView, Error> {
        self.telemetry
            .observe(Operation::AuthInvitationAccept, Subject::user(caller.user), async {
                caller.session()?;
                let presented = presented(token).ok_or(Error::InvalidOneTimeToken)?;
                let user = self.store.user(caller.user).await?.ok_or(Error::NotAuthenticated)?;
                annotate_invitation(presented.id);
                let accepted = self.store.accept_invitation(presented, caller.user, self.stamp_of(caller)).await;
                let view = accepted.map_err(|error| not_accepted(error, &user.email))?;
                self.telemetry.metrics().workspace_operation("invitation_accept", view.workspace.id);
                Ok(view)
            })
            .await
    }

    /// The invitation that a token proves, if it is good.
    pub async fn invited(&self, token: &str) -> Result<Option<Invited>, Error> {
        let Some(presented) = presented(token) else { return Ok(None) };
        Ok(self.store.invited(presented, self.clock.now()).await?)
    }

    /// Makes an account, which is a member of the workspace at once that an invitation is to, if it comes by one.
    pub(super) async fn create_user(
        &self,
        user: User,
        hash: String,
        invitation: Option<&str>,
        stamp: Stamp,
    ) -> Result<(), Error> {
        let email = user.email.clone();
        let created: StoreResult<()> = match invitation.and_then(presented) {
            Some(presented) => self.store.register_invited(user, hash, presented, stamp).await,
            None => self.store.create_user(user, hash, stamp).await,
        };
        created.map_err(|error| not_accepted(error, &email))
    }
}

/// What a token presents, if it is one.
fn presented(token: &str) -> Option<PresentedInvitation> {
    let token = InvitationToken::parse(token)?;
    Some(PresentedInvitation { tenant: token.tenant, id: token.id, digest: token.digest() })
}

/// Why an invitation was not accepted. It is not said whom it is for.
fn not_accepted(error: StoreError, email: &Email) -> Error {
    match error {
        StoreError::InvitationForAnother => Error::InvitationForAnother(email.as_str().into()),
        other => other.into(),
    }
}

fn annotate_invitation(id: InvitationId) {
    annotate_with("invitation.id", || id.to_string());
}
