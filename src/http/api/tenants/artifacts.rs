//! The artifacts of any workspace, out and in: for operators on the machine itself.

use std::num::NonZero;
use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use crate::http::api::Tag;
use crate::http::api::artifacts::{CreateArtifactRequest, ExportResponse, ImportBody, unchecked};
use crate::http::json::Json;
use crate::http::ndjson::Ndjson;
use crate::http::operators::Operator;
use crate::http::refused::{BODY, CONFLICT, FULL, MALFORMED, NOT_FOUND, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::Flag;

/// Operations on what is in a workspace, below `/api/v1/operator/workspaces`.
pub(crate) struct TenantArtifactsApi;

#[OpenApi(prefix_path = "/api/v1/operator/workspaces", tag = "Tag::Operator")]
impl TenantArtifactsApi {
    /// Export the artifacts of a workspace of anybody
    ///
    /// Over the operator socket alone: with a token or an account it is 403. All artifacts as NDJSON, as members export them, also of
    /// a workspace that is suspended. The audit view of the workspace says it.
    #[oai(path = "/:workspace_id/artifacts/export", method = "get", operation_id = "export_operated_workspace")]
    async fn export(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// Also those in the trash; `is_active` says which they are.
        include_deleted: Query<Option<Flag>>,
    ) -> Result<ExportResponse, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        let deleted = Flag::is_set(include_deleted.0);
        let export = state.service.export_tenant(workspace_id.0.into(), deleted, &operator.0).await?;
        Ok(ExportResponse::of(export))
    }

    /// Import artifacts into a workspace of anybody
    ///
    /// Over the operator socket alone: with a token or an account it is 403. NDJSON as members import it: all lines, or none. The
    /// artifacts are those of the owner who has been a member longest; the audit view says that nobody of the workspace made them.
    #[oai(path = "/:workspace_id/artifacts/import", method = "post", operation_id = "import_operated_workspace")]
    async fn import(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Ndjson<CreateArtifactRequest>,
    ) -> Result<Json<ImportBody>, Refused<{ OPERATOR | BODY | NOT_FOUND | CONFLICT | FULL }>> {
        let damaged = NonZero::new(body.damaged as u64).map(NonZero::get);
        let imported = state.service.import_tenant(workspace_id.0.into(), unchecked(body), &operator.0).await?;
        Ok(Json(ImportBody { imported: imported as u64, damaged }))
    }
}
