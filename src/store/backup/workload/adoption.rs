//! What comes from another database.

use super::{Player, SLUGS, change, user};
use crate::domain::{
    Artifact, Email, Membership, Role, Settings, Slug, Stamp, TenantId, Terms, User, Workspace, WorkspaceName,
};
use crate::store::{Adoption as _, StoreError};

impl Player<'_> {
    /// Takes something over, which may be there already.
    pub(super) async fn adopt(&mut self, which: u8, other: u8, stamp: Stamp) -> Result<(), StoreError> {
        match which % 3 {
            0 => self.adopt_user(which, other, stamp).await,
            1 => self.adopt_workspace(which, other, stamp).await,
            _ => {
                let (tenant, id) = self.artifact(other);
                let new = self.new_artifact(tenant, user(which));
                let id = if other.is_multiple_of(2) { id } else { new.id };
                let deleted_at = other.is_multiple_of(3).then_some(stamp.at);
                let description = match change(&stamp).description {
                    crate::domain::Field::Set(text) => text,
                    _ => None,
                };
                let artifact = Artifact { id, description, deleted_at, ..new };
                self.store.adopt_artifacts(tenant, vec![artifact], stamp).await
            }
        }
    }

    async fn adopt_user(&mut self, which: u8, other: u8, stamp: Stamp) -> Result<(), StoreError> {
        let adopted = User {
            id: user(which),
            email: Email::parse(&format!("user-{}@example.net", other % 4)).expect("an address"),
            first_name: None,
            last_name: None,
            is_verified: other.is_multiple_of(2),
            is_active: !other.is_multiple_of(5),
            is_operator: false,
            created_at: stamp.at,
            updated_at: stamp.at,
        };
        let hash = format!("$2b$0{}$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u", 4 + other % 3);
        self.store.adopt_user(adopted, Some(hash), stamp).await
    }

    async fn adopt_workspace(&mut self, which: u8, other: u8, stamp: Stamp) -> Result<(), StoreError> {
        let is_new = other.is_multiple_of(3);
        let tenant = if is_new { TenantId::from_bytes(self.id()) } else { self.tenant(other) };
        let workspace = Workspace {
            id: tenant,
            name: WorkspaceName::parse(&format!("Workspace {other}")).expect("a name"),
            slug: Slug::parse(SLUGS[usize::from(other) % SLUGS.len()]).expect("a slug"),
            description: None,
            settings: Settings::default(),
            is_active: !other.is_multiple_of(7),
            terms: Terms::default(),
            created_at: stamp.at,
            updated_at: stamp.at,
        };
        let role = if other.is_multiple_of(2) { Role::Owner } else { Role::Member };
        let member = Membership { tenant, user: user(which), role, joined_at: stamp.at, is_chosen: true };
        let gone = vec![user(other)];
        self.store.adopt_workspace(workspace, vec![member], gone, stamp).await?;
        if is_new {
            self.tenants.push((tenant, user(which)));
        }
        Ok(())
    }
}
