//! What is done with invitations.

use super::{Player, USERS, after, pick, user};
use crate::domain::{Email, Invitation, InvitationId, Role, Stamp};
use crate::store::{Invitations as _, Members as _, PresentedInvitation, StoreError};

impl Player<'_> {
    /// Invites somebody, changes what an invitation gives, revokes it, or has it accepted.
    pub(super) async fn invite(&mut self, which: u8, other: u8, stamp: Stamp) -> Result<(), StoreError> {
        let (store, guest, none) = (self.store, which >> 2, InvitationId::from_bytes([0; 16]));
        let (tenant, id) = pick(&self.invitations, other, (self.tenant(other), none));
        let by = self.owner(tenant);
        match which % 4 {
            0 => store.revoke_invitation(tenant, id, by, stamp).await,
            1 => store.change_role(tenant, id.as_uuid().into(), Role::Admin, by, stamp).await.map(drop),
            2 => {
                let presented = PresentedInvitation { tenant, id, digest: [7; 32] };
                store.accept_invitation(presented, user(guest), stamp).await.map(drop)
            }
            _ => {
                let (tenant, id) = (self.tenant(other), InvitationId::from_bytes(self.id()));
                let email = Email::parse(&format!("user-{}@example.com", guest % USERS)).expect("an address");
                let invitation = Invitation {
                    id,
                    tenant,
                    email: other.is_multiple_of(2).then_some(email),
                    role: Role::Member,
                    digest: [7; 32],
                    is_mailed: other.is_multiple_of(4),
                    invited_by: self.owner(tenant),
                    created_at: stamp.at,
                    expires_at: after(1_000_000),
                    accepted_by: None,
                };
                let made = store.invite(invitation, stamp).await?;
                self.invitations.push((tenant, made.id));
                Ok(())
            }
        }
    }
}
