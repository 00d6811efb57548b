//! The workspace that a session is in.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use uuid::Uuid;

use super::Tag;
use super::tokens::{TOKEN_TYPE, WithCookies};
use crate::http::extract::SignedIn;
use crate::http::refused::{BY_ID, CONFLICT, FULL, Refused};
use crate::http::state::State;
use crate::http::types::RoleName;

/// `/api/v1/workspaces/{workspace_id}/switch`.
pub(crate) struct SwitchApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Workspaces")]
impl SwitchApi {
    /// Switch to a workspace
    ///
    /// Any member of it may. It becomes the current workspace of this session. The refresh token that is answered is
    /// another one of the session's: those it had before are as good as they were.
    #[oai(path = "/:workspace_id/switch", method = "post", operation_id = "switch_workspace")]
    async fn switch(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<WithCookies<SwitchedBody>, Refused<{ BY_ID | CONFLICT | FULL }>> {
        let switched = state.service.switch_workspace(&caller.0, workspace_id.0.into()).await?;
        let tokens = switched.tokens;
        let body = SwitchedBody {
            message: "Workspace switched successfully".to_owned(),
            workspace_id: workspace_id.0,
            role: switched.role.into(),
            access_token: tokens.access_token.clone(),
            refresh_token: tokens.refresh_token.clone(),
            token_type: TOKEN_TYPE.to_owned(),
            expires_in: tokens.expires_in,
        };
        Ok(WithCookies::set(body, &tokens, &state))
    }
}

/// The workspace that the session is in now, and tokens that say so.
#[derive(Serialize, Object)]
#[oai(rename = "Switched")]
struct SwitchedBody {
    /// What happened.
    message: String,
    /// The workspace's id.
    workspace_id: Uuid,
    /// The caller's role in it.
    role: RoleName,
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Exchange it for a new pair before the access token ends.
    refresh_token: String,
    /// Always `bearer`.
    token_type: String,
    /// How long the access token lasts, in seconds.
    expires_in: u64,
}
