//! Invitations to a workspace.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tag;
use super::workspaces::WorkspaceBody;
use crate::domain::{Email, Invitation};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, BY_ID, CONFLICT, FULL, INVALID, NOT_FOUND, Refused, SIGNED_IN};
use crate::http::state::State;
use crate::http::types::{Limit, RoleName, Time};
use crate::http::whole_list::{Order, WholeList};
use crate::service::MadeInvitation;

/// Operations below `/api/v1/workspaces/{workspace_id}/invitations`.
pub(crate) struct InvitationsApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Members")]
impl InvitationsApi {
    /// Make an invitation
    ///
    /// For admins; only owners invite owners. It is bound to an address, or anyone with the link can accept it and becomes a
    /// member. No mail is sent: the token and the link are in this answer only. Another invitation of the same address replaces
    /// the earlier one.
    #[oai(path = "/:workspace_id/invitations", method = "post", operation_id = "create_invitation")]
    async fn create(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<CreateInvitationRequest>,
    ) -> Result<CreateInvitationResponse, Refused<{ BY_ID | BODY | CONFLICT | FULL }>> {
        let CreateInvitationRequest { email, role } = body.0;
        let (tenant, role) = (workspace_id.0.into(), role.into());
        let made = state.service.create_invitation(&caller.0, tenant, email.as_deref(), role).await?;
        Ok(CreateInvitationResponse::Created(Json(made.into())))
    }

    /// List invitations
    ///
    /// For admins. Those that can still be accepted, newest first, without their tokens.
    #[oai(path = "/:workspace_id/invitations", method = "get", operation_id = "list_invitations")]
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
    ) -> Result<WholeList<InvitationBody>, Refused<{ BY_ID | INVALID }>> {
        let invitations = state.service.invitations(&caller.0, workspace_id.0.into()).await?;
        let items = invitations.into_iter().map(|invitation| (invitation.id.as_uuid(), invitation.into()));
        let (limit, cursor) = (limit.0, cursor.0.as_deref());
        Ok(WholeList::new(items.collect(), Order::NewestFirst, limit, cursor, request.uri())?)
    }

    /// Revoke an invitation
    ///
    /// For admins; only owners revoke the invitation of an owner. It can't be accepted any more.
    #[oai(path = "/:workspace_id/invitations/:invitation_id", method = "delete", operation_id = "revoke_invitation")]
    async fn revoke(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The invitation's id.
        invitation_id: Path<Uuid>,
    ) -> Result<RevokeInvitationResponse, Refused<{ BY_ID | FULL }>> {
        state.service.revoke_invitation(&caller.0, workspace_id.0.into(), invitation_id.0.into()).await?;
        Ok(RevokeInvitationResponse::Revoked)
    }
}

/// `/api/v1/auth/invitations/accept`.
pub(crate) struct AcceptApi;

#[OpenApi(prefix_path = "/api/v1/auth/invitations", tag = "Tag::Auth")]
impl AcceptApi {
    /// Accept an invitation
    ///
    /// For any signed-in user. The invitation must be for their address, or bound to none. One that came by mail also verifies
    /// the address. Without an account, register with the token instead. 404 while the workspace is not in use.
    #[oai(path = "/accept", method = "post", operation_id = "accept_invitation")]
    async fn accept(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<AcceptInvitationRequest>,
    ) -> Result<Json<WorkspaceBody>, Refused<{ SIGNED_IN | BODY | NOT_FOUND | CONFLICT | FULL }>> {
        Ok(Json(state.service.accept_invitation(&caller.0, &body.0.token).await?.into()))
    }
}

/// A new invitation.
#[derive(Deserialize, Object)]
#[oai(example)]
struct CreateInvitationRequest {
    /// The address that it is for; without one, anyone with the link can accept it, as a member.
    #[serde(default)]
    #[oai(nullable)]
    email: Option<String>,
    /// The role that they get.
    role: RoleName,
}

impl Example for CreateInvitationRequest {
    fn example() -> Self {
        Self { email: Some("grace@example.com".to_owned()), role: RoleName::Member }
    }
}

/// The token of an invitation.
#[derive(Deserialize, Object)]
#[oai(example)]
struct AcceptInvitationRequest {
    /// The token, from a mail or a link.
    token: String,
}

impl Example for AcceptInvitationRequest {
    fn example() -> Self {
        Self { token: "the token of an invitation".to_owned() }
    }
}

#[derive(ApiResponse)]
enum CreateInvitationResponse {
    /// The invitation was made
    #[oai(status = 201)]
    Created(Json<MadeInvitationBody>),
}

#[derive(ApiResponse)]
enum RevokeInvitationResponse {
    /// The invitation was revoked
    #[oai(status = 204)]
    Revoked,
}

/// An invitation, without its token.
#[derive(Serialize, Object)]
#[oai(rename = "Invitation")]
struct InvitationBody {
    /// Its id.
    id: Uuid,
    /// The address that it is for; null when anyone with the link can accept it.
    #[oai(nullable)]
    email: Option<String>,
    /// The role that it gives.
    role: RoleName,
    /// The account that made it.
    invited_by: Uuid,
    /// When it was made.
    created_at: Time,
    /// When it can no longer be accepted.
    expires_at: Time,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.as_uuid(),
            email: invitation.email.map(Email::into_string),
            role: invitation.role.into(),
            invited_by: invitation.invited_by.as_uuid(),
            created_at: Time(invitation.created_at),
            expires_at: Time(invitation.expires_at),
        }
    }
}

/// An invitation that was just made.
#[derive(Serialize, Object)]
#[oai(rename = "MadeInvitation")]
struct MadeInvitationBody {
    /// Its id.
    id: Uuid,
    /// The address that it is for; null when anyone with the link can accept it.
    #[oai(nullable)]
    email: Option<String>,
    /// The role that it gives.
    role: RoleName,
    /// The token, for accepting it or registering with it. It is not shown again.
    token: String,
    /// The page that accepts it, with the token.
    link: String,
    /// The account that made it.
    invited_by: Uuid,
    /// When it was made.
    created_at: Time,
    /// When it can no longer be accepted.
    expires_at: Time,
}

impl From<MadeInvitation> for MadeInvitationBody {
    fn from(made: MadeInvitation) -> Self {
        let InvitationBody { id, email, role, invited_by, created_at, expires_at } = made.invitation.into();
        Self { id, email, role, token: made.token, link: made.link, invited_by, created_at, expires_at }
    }
}
