//! The caller's own sessions.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use uuid::Uuid;

use super::Tag;
use crate::domain::{Session, SessionId};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BY_ID, FULL, INVALID, MALFORMED, Refused, SIGNED_IN};
use crate::http::state::State;
use crate::http::types::{Limit, Time};
use crate::http::whole_list::{Order, WholeList};

/// Operations below `/api/v1/auth/sessions`.
pub(crate) struct SessionsApi;

#[OpenApi(prefix_path = "/api/v1/auth/sessions", tag = "Tag::Auth")]
impl SessionsApi {
    /// List the caller's sessions
    ///
    /// Those that live, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_sessions")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// How many at most; without it, all.
        limit: Query<Option<Limit>>,
        /// The `cursor` of the `Link` to the next page.
        cursor: Query<Option<String>>,
        request: &Request,
    ) -> Result<WholeList<SessionBody>, Refused<{ SIGNED_IN | MALFORMED | INVALID }>> {
        let current = caller.0.session()?;
        let sessions = state.service.sessions(&caller.0).await?;
        let items = sessions.into_iter().map(|session| (session.id.as_uuid(), SessionBody::new(session, current)));
        let (limit, cursor) = (limit.0, cursor.0.as_deref());
        Ok(WholeList::new(items.collect(), Order::NewestFirst, limit, cursor, request.uri())?)
    }

    /// End a session
    ///
    /// Its access and refresh tokens are dead from then on.
    #[oai(path = "/:session_id", method = "delete", operation_id = "revoke_session")]
    async fn revoke(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The session's id.
        session_id: Path<Uuid>,
    ) -> Result<RevokeResponse, Refused<{ BY_ID | FULL }>> {
        state.service.revoke_session(&caller.0, session_id.0.into()).await?;
        Ok(RevokeResponse::Revoked)
    }

    /// End all other sessions
    ///
    /// All of the caller's, but the one that the call is made with.
    #[oai(path = "/", method = "delete", operation_id = "revoke_other_sessions")]
    async fn revoke_others(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
    ) -> Result<Json<RevokedBody>, Refused<{ SIGNED_IN | FULL }>> {
        let revoked = state.service.revoke_other_sessions(&caller.0).await?;
        Ok(Json(RevokedBody { message: "All other sessions have ended".to_owned(), revoked }))
    }
}

#[derive(ApiResponse)]
enum RevokeResponse {
    /// The session has ended
    #[oai(status = 204)]
    Revoked,
}

/// How many sessions ended.
#[derive(Serialize, Object)]
#[oai(rename = "SessionsRevoked")]
pub(super) struct RevokedBody {
    /// What happened.
    pub message: String,
    /// How many there were.
    pub revoked: usize,
}

/// A sign-in that has not ended.
#[derive(Serialize, Object)]
#[oai(rename = "Session")]
struct SessionBody {
    /// Its id.
    id: Uuid,
    /// When the account signed in.
    created_at: Time,
    /// When it was last refreshed.
    last_used_at: Time,
    /// When it ends unless it is refreshed before.
    expires_at: Time,
    /// The address it was opened from.
    #[oai(nullable)]
    ip: Option<String>,
    /// What the program called itself that opened it.
    #[oai(nullable)]
    user_agent: Option<String>,
    /// Whether it is the one that the call is made with.
    current: bool,
}

impl SessionBody {
    fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.as_uuid(),
            created_at: Time(session.created_at),
            last_used_at: Time(session.refreshed_at),
            expires_at: Time(session.ends_at()),
            ip: session.ip,
            user_agent: session.user_agent,
            current: session.id == current,
        }
    }
}
