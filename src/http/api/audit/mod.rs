//! The audit view of a workspace.

mod action;
mod body;

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

pub(super) use self::body::AuditEntryBody;
use self::body::AuditPageBody;
use super::Tag;
use crate::domain::{LogPlace, TenantId, Violations};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::refused::{BY_ID, GONE, INVALID, Refused};
use crate::http::state::State;
use crate::http::types::{Limit, within};
use crate::http::{audit_cursor, cursor};
use crate::service::CursorKey;

/// The operation at `/api/v1/workspaces/{workspace_id}/audit`.
pub(crate) struct AuditApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Audit")]
impl AuditApi {
    /// List who did what
    ///
    /// Admins may. What was changed in the workspace, by whom, when and from where, newest first. `trace_id` leads to
    /// the trace of the request.
    #[oai(path = "/:workspace_id/audit", method = "get", operation_id = "list_audit")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// How many at most.
        limit: Query<Option<Limit>>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<AuditPageBody>, Refused<{ BY_ID | INVALID | GONE }>> {
        let tenant = workspace_id.0.into();
        let key = &state.service.signatures.cursor_key;
        cursor::require_current(key, cursor.0.as_deref())?;
        let (limit, from) =
            check(key, tenant, limit.0, cursor.0.as_deref()).map_err(|violations| Problem::validation(&violations))?;
        let page = state.service.audit(&caller.0, tenant, from, limit).await?;
        let next_cursor = page.next.and_then(|place| audit_cursor::encode(key, &place, tenant));
        Ok(Json(AuditPageBody::new(page.items, page.damaged, next_cursor)))
    }
}

/// How many, and from where.
fn check(
    key: &CursorKey,
    tenant: TenantId,
    limit: Option<Limit>,
    cursor: Option<&str>,
) -> Result<(usize, Option<LogPlace>), Violations> {
    Violations::check(|check| {
        let limit = check.field("/limit", within(limit.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX));
        let from = cursor.map(|text| audit_cursor::place(key, text, tenant));
        let from = check.field("/cursor", from.transpose());
        Some((limit?, from?))
    })
}
