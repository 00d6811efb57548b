//! Members of a workspace.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tag;
use crate::domain::{Member, PersonName};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, BY_ID, CONFLICT, FULL, INVALID, Refused};
use crate::http::state::State;
use crate::http::types::{Limit, RoleName, Time};
use crate::http::whole_list::{Order, WholeList};

/// Operations below `/api/v1/workspaces/{workspace_id}/members`.
pub(crate) struct MembersApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Members")]
impl MembersApi {
    /// List members
    ///
    /// Any member of the workspace may.
    #[oai(path = "/:workspace_id/members", method = "get", operation_id = "list_members")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// How many at most; without it, all.
        limit: Query<Option<Limit>>,
        /// The `cursor` of the `Link` to the next page.
        cursor: Query<Option<String>>,
        request: &Request,
    ) -> Result<WholeList<MemberBody>, Refused<{ BY_ID | INVALID }>> {
        let members = state.service.members(&caller.0, workspace_id.0.into()).await?;
        let items = members.into_iter().map(|member| (member.user.id.as_uuid(), member.into()));
        let (limit, cursor) = (limit.0, cursor.0.as_deref());
        Ok(WholeList::new(items.collect(), Order::OldestFirst, limit, cursor, request.uri())?)
    }

    /// Add a member
    ///
    /// Admins may; only an owner makes an owner. The person must have an account.
    #[oai(path = "/:workspace_id/members", method = "post", operation_id = "add_member")]
    async fn add(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<AddMemberRequest>,
    ) -> Result<AddMemberResponse, Refused<{ BY_ID | BODY | CONFLICT | FULL }>> {
        let AddMemberRequest { email, role } = body.0;
        let added = state.service.add_member(&caller.0, workspace_id.0.into(), &email, role.into()).await?;
        Ok(AddMemberResponse::Added(Json(AddedMemberBody {
            message: "Member invited successfully".to_owned(),
            user_id: added.membership.user.as_uuid(),
            email: added.email.into_string(),
            role: added.membership.role.into(),
        })))
    }

    /// Change a member's role
    ///
    /// Owners may, but not their own. A workspace always keeps an owner. It holds from the member's next request on.
    #[oai(path = "/:workspace_id/members/:user_id/role", method = "put", operation_id = "change_member_role")]
    async fn change_role(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The member's account.
        user_id: Path<Uuid>,
        body: Json<ChangeRoleRequest>,
    ) -> Result<Json<ChangedRoleBody>, Refused<{ BY_ID | BODY | CONFLICT | FULL }>> {
        let (tenant, user, role) = (workspace_id.0.into(), user_id.0.into(), body.0.role.into());
        let changed = state.service.change_role(&caller.0, tenant, user, role).await?;
        Ok(Json(ChangedRoleBody {
            message: "Member role updated successfully".to_owned(),
            user_id: user_id.0,
            old_role: changed.from.into(),
            new_role: changed.to.into(),
        }))
    }

    /// Remove a member
    ///
    /// Owners may, but not themselves. A workspace always keeps an owner. It holds from the member's next request on.
    #[oai(path = "/:workspace_id/members/:user_id", method = "delete", operation_id = "remove_member")]
    async fn remove(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The member's account.
        user_id: Path<Uuid>,
    ) -> Result<Json<RemovedMemberBody>, Refused<{ BY_ID | CONFLICT | FULL }>> {
        state.service.remove_member(&caller.0, workspace_id.0.into(), user_id.0.into()).await?;
        Ok(Json(RemovedMemberBody { message: "Member removed successfully".to_owned(), user_id: user_id.0 }))
    }
}

/// A new member.
#[derive(Deserialize, Object)]
#[oai(example)]
struct AddMemberRequest {
    /// The address of their account.
    #[oai(validator(max_length = 254))]
    email: String,
    /// What they may do.
    role: RoleName,
}

impl Example for AddMemberRequest {
    fn example() -> Self {
        Self { email: "grace@example.com".to_owned(), role: RoleName::Member }
    }
}

/// Another role.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ChangeRoleRequest {
    /// What the member may do from now on.
    role: RoleName,
}

impl Example for ChangeRoleRequest {
    fn example() -> Self {
        Self { role: RoleName::Admin }
    }
}

#[derive(ApiResponse)]
enum AddMemberResponse {
    /// The account is now a member
    #[oai(status = 201)]
    Added(Json<AddedMemberBody>),
}

/// A member of a workspace.
#[derive(Serialize, Object)]
#[oai(rename = "Member")]
struct MemberBody {
    /// Identifies the member within the workspace: the account's id.
    id: Uuid,
    /// The account's id.
    user_id: Uuid,
    /// The account's address.
    user_email: String,
    /// First and last name as far as known, else the address.
    user_name: String,
    /// What the member may do.
    role: RoleName,
    /// Whether the account may sign in.
    is_active: bool,
    /// Since when it is a member.
    joined_at: Time,
    /// The account's address.
    email: String,
    /// Given name.
    #[oai(nullable)]
    first_name: Option<String>,
    /// Family name.
    #[oai(nullable)]
    last_name: Option<String>,
}

impl From<Member> for MemberBody {
    fn from(Member { membership, user }: Member) -> Self {
        Self {
            id: user.id.as_uuid(),
            user_id: user.id.as_uuid(),
            user_email: user.email.as_str().to_owned(),
            user_name: user.full_name(),
            role: membership.role.into(),
            is_active: user.is_active,
            joined_at: Time(membership.joined_at),
            email: user.email.into_string(),
            first_name: user.first_name.map(PersonName::into_string),
            last_name: user.last_name.map(PersonName::into_string),
        }
    }
}

/// The member that was added.
#[derive(Serialize, Object)]
#[oai(rename = "AddedMember")]
struct AddedMemberBody {
    /// What happened.
    message: String,
    /// The account's id.
    user_id: Uuid,
    /// The account's address.
    email: String,
    /// What the member may do.
    role: RoleName,
}

/// The role that was changed.
#[derive(Serialize, Object)]
#[oai(rename = "ChangedRole")]
struct ChangedRoleBody {
    /// What happened.
    message: String,
    /// The account's id.
    user_id: Uuid,
    /// What the member might do before.
    old_role: RoleName,
    /// What the member may do now.
    new_role: RoleName,
}

/// The member that was removed.
#[derive(Serialize, Object)]
#[oai(rename = "RemovedMember")]
struct RemovedMemberBody {
    /// What happened.
    message: String,
    /// The account's id.
    user_id: Uuid,
}
