//! Artifacts, one at a time.

mod conflict;
mod difference;
pub(super) mod edit;
mod fields;
pub(super) mod history;
mod metadata;
mod origin;
pub(super) mod page;

use std::sync::Arc;

use super::visitor::Visitor;
use crate::domain::{ArtifactId, Member, TenantId, UserId};
use crate::http::pages::{PageRequest, Problem};
use crate::service::{Error, Service};

/// The workspace and the artifact that a path names.
pub(super) fn named(request: &PageRequest) -> Result<(TenantId, ArtifactId), Problem> {
    Ok((request.id_in_path("workspace_id")?.into(), request.id_in_path("artifact_id")?.into()))
}

/// The people of a workspace, by name.
pub(super) struct People {
    members: Vec<Member>,
    service: Arc<Service>,
}

impl People {
    /// Those of a workspace.
    pub(in crate::console) async fn of(
        request: &PageRequest,
        visitor: &Visitor,
        tenant: TenantId,
    ) -> Result<Self, Error> {
        let service = request.service().clone();
        Ok(Self { members: service.members(&visitor.caller, tenant).await?.members, service })
    }

    /// Who they are.
    pub(in crate::console) fn ids(&self) -> impl Iterator<Item = UserId> {
        self.members.iter().map(|member| member.user.id)
    }

    /// What somebody is called. Who has left the workspace is known by the id alone.
    pub(in crate::console) fn name(&self, visitor: &Visitor, id: UserId) -> String {
        if id == visitor.caller.user {
            return "you".to_owned();
        }
        if self.service.was_deleted(id) {
            return "a deleted account".to_owned();
        }
        let member = self.members.iter().find(|member| member.user.id == id);
        member.map_or_else(|| format!("a former member ({id})"), |member| member.user.full_name())
    }
}
