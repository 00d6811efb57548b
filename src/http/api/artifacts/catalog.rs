//! A catalog seen as a whole: searched, counted, written to in bulk, sent and taken in.

use std::io;
use std::num::NonZero;
use std::sync::Arc;

use futures_util::{Stream, stream};
use hyper::body::Bytes;
use poem::http::{HeaderValue, header};
use poem::web::Data;
use poem::{IntoResponse as _, Response};
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::body::{ArtifactBody, CreateArtifactRequest, PageBody, StatsBody, TagsBody};
use super::bulk::{self, BulkBody, BulkRequest};
use super::fields::TagPrefixText;
use super::list::{self, ListQuery};
use crate::domain::{ImportLine, TagPrefix, Violations};
use crate::http::api::Tag;
use crate::http::extract::ArtifactsCaller;
use crate::http::json::Json;
use crate::http::ndjson::{self, Line, Ndjson, NdjsonStream};
use crate::http::problem::Problem;
use crate::http::refused::{BODY, BY_ID, CONFLICT, FULL, GONE, INVALID, Refused};
use crate::http::state::State;
use crate::http::types::{Flag, Limit};
use crate::offload::offload;
use crate::service::Export;

/// Operations on all artifacts of a workspace.
pub(crate) struct CatalogApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Artifacts")]
impl CatalogApi {
    /// Search artifacts
    ///
    /// The same as the list, with the same parameters, for searches: with `q`, each artifact has
    /// `highlights`, where what was found is marked.
    ///
    /// `q` is looked for in name, tags, description and metadata, without regard to case and accents, in all forms of an
    /// English word, and also where a word only begins so. A word in the name counts most, then one among the tags.
    ///
    /// | `q` | finds |
    /// |---|---|
    /// | `payment service` | both words, anywhere, in any order |
    /// | `"payment service"` | the words in a row |
    /// | `payment -legacy` | the first without the second |
    /// | `payment OR billing` | either |
    /// | `deplo*` | words that begin so |
    /// | `name:billing` | in the name |
    /// | `tag:"on call"` | with exactly this tag |
    /// | `type:service by:018f…` | of this type, created by this account |
    /// | `meta.owner:alice` | in the metadata under this key |
    ///
    /// When nothing is found, words of five letters and more are also taken for mistyped ones. There is no wrong query:
    /// what can't be read so is words.
    #[oai(path = "/:workspace_id/artifacts/search/advanced", method = "get", operation_id = "search_artifacts")]
    async fn search(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        query: ListQuery,
    ) -> Result<Json<PageBody>, Refused<{ BY_ID | INVALID | GONE }>> {
        Ok(list::answer(&state.service, &caller.0, workspace_id.0.into(), query, true).await?)
    }

    /// Get figures about artifacts
    ///
    /// How many there are, and which tags those have that are not in the trash.
    #[oai(path = "/:workspace_id/artifacts/stats", method = "get", operation_id = "artifact_stats")]
    async fn stats(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<Json<StatsBody>, Refused<{ BY_ID }>> {
        Ok(Json(state.service.artifact_stats(&caller.0, workspace_id.0.into()).await?.into()))
    }

    /// List tags that begin with a text
    ///
    /// For completion while typing: the tags that artifacts outside of the trash have, with how many have each, those that most
    /// have first.
    #[oai(path = "/:workspace_id/artifacts/tags", method = "get", operation_id = "list_artifact_tags")]
    async fn tags(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// What they begin with, in any case; without it, all tags.
        prefix: Query<Option<TagPrefixText>>,
        /// How many at most.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<TagsBody>, Refused<{ BY_ID | INVALID }>> {
        let (prefix, limit) = Violations::check(|check| {
            let prefix = prefix.0.map_or(Ok(TagPrefix::default()), |prefix| TagPrefix::parse(&prefix.0));
            let prefix = check.field("/prefix", prefix);
            let limit = check.field("/limit", list::check_limit(limit.0));
            Some((prefix?, limit?))
        })
        .map_err(|violations| Problem::validation(&violations))?;
        Ok(Json(state.service.artifact_tags(&caller.0, workspace_id.0.into(), prefix, limit).await?.into()))
    }

    /// Write many artifacts
    ///
    /// Up to 1000 operations in one commit, each with a result of its own. With `atomic`, all of them succeed or
    /// nothing happens; the answer is then 409, and `errors` lists the operations that can't be carried out.
    #[oai(path = "/:workspace_id/artifacts/bulk", method = "post", operation_id = "bulk_write_artifacts")]
    async fn bulk(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<BulkRequest>,
    ) -> Result<Json<BulkBody>, Refused<{ BY_ID | BODY | CONFLICT | FULL }>> {
        let atomic = body.0.atomic.0;
        let writes = body.0.writes().map_err(|violations| Problem::validation(&violations))?;
        let named: Vec<Option<Uuid>> = writes.iter().map(bulk::named).collect();
        let outcomes = state.service.write_artifacts(&caller.0, workspace_id.0.into(), writes, atomic).await?;
        Ok(Json(BulkBody::new(named.into_iter().zip(outcomes).collect())))
    }

    /// Export artifacts
    ///
    /// All of them, oldest first, as NDJSON: one artifact a line, sent while they are read. What is there all the time
    /// is sent exactly once. An answer that breaks off was not complete. In the place of an artifact that is damaged in the
    /// database is `{"_damaged": {"id": "…"}}`.
    #[oai(path = "/:workspace_id/artifacts/export", method = "get", operation_id = "export_artifacts")]
    async fn export(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// Also those in the trash; `is_active` says which they are.
        include_deleted: Query<Option<Flag>>,
    ) -> Result<ExportResponse, Refused<{ BY_ID }>> {
        let deleted = Flag::is_set(include_deleted.0);
        let export = state.service.export_artifacts(&caller.0, workspace_id.0.into(), deleted).await?;
        Ok(ExportResponse::of(export))
    }

    /// Import artifacts
    ///
    /// NDJSON, each line the fields of a new artifact; others are ignored, so that an export can be imported, also with names
    /// that an earlier version took and that are refused today. It takes
    /// up to 10 MiB and 10000 lines at a time. All lines are imported, or none when one is not good: `errors` then
    /// says which, and why. Lines that an export has for damaged artifacts are passed over, and counted in `damaged`.
    #[oai(path = "/:workspace_id/artifacts/import", method = "post", operation_id = "import_artifacts")]
    async fn import(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Ndjson<CreateArtifactRequest>,
    ) -> Result<Json<ImportBody>, Refused<{ BY_ID | BODY | CONFLICT | FULL }>> {
        let damaged = NonZero::new(body.damaged as u64).map(NonZero::get);
        let imported = state.service.import_artifacts(&caller.0, workspace_id.0.into(), unchecked(body)).await?;
        Ok(Json(ImportBody { imported: imported as u64, damaged }))
    }
}

#[derive(ApiResponse)]
pub(in crate::http::api) enum ExportResponse {
    /// The artifacts
    #[oai(status = 200)]
    Begun(
        NdjsonStream<ArtifactBody>,
        /// How many there were when it began.
        #[oai(header = "X-Total-Count")]
        u64,
    ),
}

impl ExportResponse {
    /// That of an export that begins.
    pub(in crate::http::api) fn of(export: Export) -> Self {
        let total = export.total;
        Self::Begun(NdjsonStream::new(lines(export)), total)
    }
}

/// What was imported.
#[derive(Serialize, Object)]
#[oai(rename = "Imported")]
pub(in crate::http::api) struct ImportBody {
    /// How many artifacts were created.
    pub imported: u64,
    /// How many lines were passed over that stand for damaged artifacts. Absent when none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub damaged: Option<u64>,
}

/// The lines of a body, unchecked.
pub(in crate::http::api) fn unchecked(body: Ndjson<CreateArtifactRequest>) -> Vec<ImportLine> {
    let line = |line: Line<CreateArtifactRequest>| ImportLine {
        number: line.number,
        artifact: line.value.map(Into::into),
        is_exported: line.is_exported,
    };
    body.lines.into_iter().map(line).collect()
}

/// The lines of a file that is to be imported, unchecked, and how many more stand for what can't be read.
pub(crate) async fn import_lines(file: Bytes) -> Result<(Vec<ImportLine>, usize), Problem> {
    offload(move || {
        let body = Ndjson::<CreateArtifactRequest>::of(&file)?;
        let damaged = body.damaged;
        Ok((unchecked(body), damaged))
    })
    .await
}

/// An export as a file.
pub(crate) fn exported(export: Export) -> Response {
    const NAME: HeaderValue = HeaderValue::from_static("attachment; filename=\"artifacts.ndjson\"");
    let mut response = NdjsonStream::<ArtifactBody>::new(lines(export)).into_response();
    response.headers_mut().insert(header::CONTENT_DISPOSITION, NAME);
    response
}

/// The lines of an export. They are made when they are asked for, so nothing more is once the client has left.
fn lines(export: Export) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold(export, |mut export| async move {
        let artifacts = export.next().await.map_err(io::Error::other);
        let artifacts = artifacts.inspect_err(|error| tracing::error!(%error, "an export was broken off"))?;
        let Some(artifacts) = artifacts else { return Ok(None) };
        let mut lines = Vec::new();
        for artifact in artifacts {
            match artifact {
                Ok(artifact) => serde_json::to_writer(&mut lines, &ArtifactBody::from(artifact))?,
                Err(id) => serde_json::to_writer(&mut lines, &json!({ndjson::DAMAGED: {"id": id}}))?,
            }
            lines.push(b'\n');
        }
        Ok(Some((Bytes::from(lines), export)))
    })
}
