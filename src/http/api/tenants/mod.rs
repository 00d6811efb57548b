//! Workspaces, for operators.

mod artifacts;
mod body;
mod slug;

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

pub(in crate::http) use self::artifacts::TenantArtifactsApi;
use self::body::{OwnQuotasBody, TenantBody, TenantDetailsBody, TenantPage};
use self::slug::SlugText;
use super::Tag;
use crate::domain::{Slug, TenantId, Violations};
use crate::http::cursor::{self, NO_WORKSPACE};
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::problem::Problem;
use crate::http::refused::{BODY, FULL, GONE, INVALID, MALFORMED, NOT_FOUND, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::{Limit, within};

/// What cursors call the list of workspaces.
const LIST: &str = "workspaces by size";

/// Operations below `/api/v1/operator/workspaces`.
pub(crate) struct TenantsApi;

#[OpenApi(prefix_path = "/api/v1/operator/workspaces", tag = "Tag::Operator")]
impl TenantsApi {
    /// List all workspaces
    ///
    /// For operators. The largest first, by the bytes of their artifacts, with what else each takes up.
    #[oai(path = "/", method = "get", operation_id = "list_operated_workspaces")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        /// Only the workspace with this slug.
        slug: Query<Option<SlugText>>,
        /// How many at most, from 1 to 100.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<TenantPage>, Refused<{ OPERATOR | MALFORMED | INVALID | GONE }>> {
        let key = &state.service.signatures.cursor_key;
        cursor::require_current(key, cursor.0.as_deref())?;
        let (slug, after, limit) = Violations::check(|check| {
            let slug = check.field("/slug", slug.0.map(|slug| Slug::parse(&slug.0)).transpose());
            let after = cursor.0.map(|text| cursor::decode::<(u64, [u8; 16])>(key, &text, LIST, NO_WORKSPACE));
            let after = check.field("/cursor", after.transpose());
            let limit = check.field("/limit", within(limit.0.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX));
            Some((slug?, after?.map(|(bytes, id)| (bytes, TenantId::from_bytes(id))), limit?))
        })
        .map_err(|violations| Problem::validation(&violations))?;
        // One more, to see whether there is a next page.
        let mut tenants = state.service.tenants(slug, after, limit + 1).await?;
        let has_more = tenants.len() > limit;
        tenants.truncate(limit);
        let last = tenants.last().filter(|_| has_more).map(|it| (it.usage.bytes, it.workspace.id.to_bytes()));
        let next_cursor = last.and_then(|last| cursor::encode(key, LIST, NO_WORKSPACE, &last));
        Ok(Json(TenantPage { items: tenants.into_iter().map(TenantBody::from).collect(), next_cursor }))
    }

    /// Show a workspace to its operator
    ///
    /// For operators. With what it takes up, and who owns it.
    #[oai(path = "/:workspace_id", method = "get", operation_id = "get_operated_workspace")]
    async fn get(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<Json<TenantDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND }>> {
        Ok(Json(state.service.tenant(workspace_id.0.into()).await?.into()))
    }

    /// Suspend a workspace
    ///
    /// For operators. Its members and API keys get 403 `workspace_suspended` at once, and can't undo it; nothing in it is lost.
    /// Done again, it changes nothing.
    #[oai(path = "/:workspace_id/suspend", method = "post", operation_id = "suspend_workspace")]
    async fn suspend(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<Json<TenantDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.suspend_tenant(workspace_id.0.into(), true, &operator.0).await?.into()))
    }

    /// Resume a workspace
    ///
    /// For operators. It is no longer suspended, and as it was. Done again, it changes nothing.
    #[oai(path = "/:workspace_id/resume", method = "post", operation_id = "resume_workspace")]
    async fn resume(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<Json<TenantDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.suspend_tenant(workspace_id.0.into(), false, &operator.0).await?.into()))
    }

    /// Set the quotas of a workspace
    ///
    /// For operators. They hold in the place of those that are configured for all, until they are set again. What is left out or
    /// `null` is as for all. What is there already stays, even if it is more.
    #[oai(path = "/:workspace_id/quotas", method = "put", operation_id = "set_workspace_quotas")]
    async fn set_quotas(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<OwnQuotasBody>,
    ) -> Result<Json<TenantDetailsBody>, Refused<{ OPERATOR | BODY | NOT_FOUND | FULL }>> {
        let quotas = body.0.into();
        Ok(Json(state.service.set_tenant_quotas(workspace_id.0.into(), quotas, &operator.0).await?.into()))
    }

    /// Delete a workspace of anybody
    ///
    /// For operators. It is gone at once and for good, with everything in it. Answers what it was.
    #[oai(path = "/:workspace_id", method = "delete", operation_id = "delete_operated_workspace")]
    async fn delete(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<Json<TenantDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.delete_tenant(workspace_id.0.into(), &operator.0).await?.into()))
    }
}
