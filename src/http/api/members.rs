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
use crate::domain::{Email, Invitation, Member, PersonName};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, BY_ID, CONFLICT, FULL, INVALID, Refused};
use crate::http::state::State;
use crate::http::types::{Limit, RoleName, Time};
use crate::http::whole_list::{Order, WholeList};
use crate::service::Roster;

/// Operations below `/api/v1/workspaces/{workspace_id}/members`, and those by which members leave and owners hand over.
pub(crate) struct MembersApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Members")]
impl MembersApi {
    /// List members
    ///
    /// For members. Admins also see the addresses that were invited and have not accepted yet, with `is_active` false and the
    /// invitation's id.
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
        let Roster { members, invited } = state.service.members(&caller.0, workspace_id.0.into()).await?;
        let members = members.into_iter().map(MemberBody::from);
        let invited = invited.into_iter().filter(|it| it.email.is_some()).map(MemberBody::from);
        let items = members.chain(invited).map(|body| (body.id, body));
        let (limit, cursor) = (limit.0, cursor.0.as_deref());
        Ok(WholeList::new(items.collect(), Order::OldestFirst, limit, cursor, request.uri())?)
    }

    /// Add a member
    ///
    /// For admins; only owners make owners. The address gets a mail with an invitation and becomes a member by accepting it. The
    /// answer is the same for any address that is not a member's, with an account or without. Its `user_id` is the invitation's
    /// id, which stands for the member before and after. With `members.direct_add`, and in development, the account with the
    /// address becomes a member at once, and it is 404 when there is none.
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
            user_id: added.id.as_uuid(),
            email: added.email.into_string(),
            role: added.role.into(),
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
        /// The member's account, or the invitation.
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
        /// The member's account, or the invitation.
        user_id: Path<Uuid>,
    ) -> Result<Json<RemovedMemberBody>, Refused<{ BY_ID | CONFLICT | FULL }>> {
        state.service.remove_member(&caller.0, workspace_id.0.into(), user_id.0.into()).await?;
        Ok(Json(RemovedMemberBody { message: "Member removed successfully".to_owned(), user_id: user_id.0 }))
    }

    /// Leave a workspace
    ///
    /// For any member, but a workspace always keeps an owner. Takes effect with the next request.
    #[oai(path = "/:workspace_id/leave", method = "post", operation_id = "leave_workspace")]
    async fn leave(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<Json<LeftBody>, Refused<{ BY_ID | CONFLICT | FULL }>> {
        state.service.leave_workspace(&caller.0, workspace_id.0.into()).await?;
        Ok(Json(LeftBody { message: "Workspace left successfully".to_owned(), workspace_id: workspace_id.0 }))
    }

    /// Transfer a workspace
    ///
    /// For owners. Another member becomes an owner, and the caller an admin.
    #[oai(path = "/:workspace_id/transfer", method = "post", operation_id = "transfer_workspace")]
    async fn transfer(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<TransferRequest>,
    ) -> Result<Json<TransferredBody>, Refused<{ BY_ID | BODY | FULL }>> {
        let user_id = body.0.user_id;
        state.service.transfer_workspace(&caller.0, workspace_id.0.into(), user_id.into()).await?;
        Ok(Json(TransferredBody { message: "Workspace transferred successfully".to_owned(), user_id }))
    }
}

/// A new member.
#[derive(Deserialize, Object)]
#[oai(example)]
struct AddMemberRequest {
    /// Their address.
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
    /// The person was invited, or is a member now
    #[oai(status = 201)]
    Added(Json<AddedMemberBody>),
}

/// A member of a workspace.
#[derive(Serialize, Object)]
#[oai(rename = "Member")]
struct MemberBody {
    /// Identifies the member within the workspace: the account's id; before it is accepted, that of the invitation.
    id: Uuid,
    /// The same.
    user_id: Uuid,
    /// The account's address, or the one that was invited.
    user_email: String,
    /// First and last name as far as known, else the address.
    user_name: String,
    /// What the member may do.
    role: RoleName,
    /// Whether the account may sign in; false until an invitation is accepted.
    is_active: bool,
    /// Since when it is a member, or invited.
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

impl From<Invitation> for MemberBody {
    fn from(invitation: Invitation) -> Self {
        let email = invitation.email.map(Email::into_string).unwrap_or_default();
        Self {
            id: invitation.id.as_uuid(),
            user_id: invitation.id.as_uuid(),
            user_email: email.clone(),
            user_name: email.clone(),
            role: invitation.role.into(),
            is_active: false,
            joined_at: Time(invitation.created_at),
            email,
            first_name: None,
            last_name: None,
        }
    }
}

/// The member that was added.
#[derive(Serialize, Object)]
#[oai(rename = "AddedMember")]
struct AddedMemberBody {
    /// What happened.
    message: String,
    /// The invitation's id, or that of the account that is a member now.
    user_id: Uuid,
    /// The address.
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

/// Who is to own the workspace.
#[derive(Deserialize, Object)]
#[oai(example)]
struct TransferRequest {
    /// The member's account.
    user_id: Uuid,
}

impl Example for TransferRequest {
    fn example() -> Self {
        Self { user_id: Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0000) }
    }
}

/// The workspace that was left.
#[derive(Serialize, Object)]
#[oai(rename = "Left")]
struct LeftBody {
    /// What happened.
    message: String,
    /// The workspace's id.
    workspace_id: Uuid,
}

/// The workspace that was handed over.
#[derive(Serialize, Object)]
#[oai(rename = "Transferred")]
struct TransferredBody {
    /// What happened.
    message: String,
    /// The new owner's account.
    user_id: Uuid,
}
