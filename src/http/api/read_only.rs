//! Whether the server takes writes, for operators.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};

use super::Tag;
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::refused::{BODY, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::Flag;

/// Operations on whether this server takes writes.
pub(crate) struct ReadOnlyApi;

#[OpenApi(prefix_path = "/api/v1/operator", tag = "Tag::Operator")]
impl ReadOnlyApi {
    /// Get whether the server is read-only
    ///
    /// For operators.
    #[oai(path = "/read-only", method = "get", operation_id = "get_read_only")]
    async fn read_only(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<ReadOnlyBody>, Refused<{ OPERATOR }>> {
        Ok(Json(ReadOnlyBody { read_only: Flag(state.service.read_only(&operator.0).await?) }))
    }

    /// Set whether the server is read-only
    ///
    /// For operators. While it is, everything that writes is 503 `read_only`, signing in and refreshing too; reads and
    /// searches go on, and access tokens are good to their end. Housekeeping waits, backups are made. It holds until it is set
    /// again, a reload changes `server.read_only`, or the server starts again, which is then as `server.read_only` says.
    #[oai(path = "/read-only", method = "put", operation_id = "set_read_only")]
    async fn set_read_only(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        body: Json<ReadOnlyBody>,
    ) -> Result<Json<ReadOnlyBody>, Refused<{ OPERATOR | BODY }>> {
        let read_only = state.service.set_read_only(body.0.read_only.0, &operator.0).await?;
        Ok(Json(ReadOnlyBody { read_only: Flag(read_only) }))
    }
}

/// Whether the server takes writes.
#[derive(Serialize, Deserialize, Object)]
#[oai(rename = "ReadOnlySetting")]
struct ReadOnlyBody {
    /// Whether writes are refused.
    read_only: Flag,
}
